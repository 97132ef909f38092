#include "lab.h"

#include "pbft/internal.h"

/* Checkpoints, the window, and blocks that come by catch-up, at one replica among scripted ones. */

static const char *text_of(unsigned n)
{
    static char text[16];

    snprintf(text, sizeof text, "r%u", n);
    return text;
}

static void begin(struct lab *l, unsigned self)
{
    lab_init(l, 4, self);
    lab_start(l);
}

static void decide_four(struct lab *l)
{
    for (unsigned n = 1; n <= 4; n++)
        lab_decide(l, 0, n, text_of(n));
}

static struct digest block_at(const struct lab *l, uint64_t sequence)
{
    return lab_node(l)->blocks[sequence - 1].id;
}

/* ---- checkpoints */

static void a_checkpoint_takes_a_quorum_that_says_the_same(void)
{
    struct digest other = digest_of(bytes_of_text("another"));
    struct lab l;

    begin(&l, 2);
    decide_four(&l);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_CHECKPOINT), 1);
    struct digest block = block_at(&l, 4);
    CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_EQ_U64(lab_status(&l).stable, 0);
    CHECK_OK(lab_vote(&l, 1, MESSAGE_CHECKPOINT, 0, 4, &other));
    CHECK_EQ_U64(lab_status(&l).stable, 0);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_EQ_U64(lab_status(&l).stable, 4);
    CHECK_ERR(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &block), ERR_STALE);
    lab_finish(&l);
}

static void checkpoints_stand_where_they_belong(void)
{
    struct digest id = digest_of(bytes_of_text("id"));
    struct lab l;

    begin(&l, 2);
    CHECK_ERR(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 3, &id), ERR_RANGE);
    CHECK_ERR(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 1, 4, &id), ERR_RANGE);
    CHECK_ERR(lab_vote(&l, 2, MESSAGE_CHECKPOINT, 0, 4, &id), ERR_STALE);
    struct claim forged = cluster_claim(&l.c, 0, MESSAGE_CHECKPOINT, 0, 4, &id);
    forged.signature[1] ^= 1;
    CHECK_ERR(lab_claim(&l, &forged, bytes_of(NULL, 0)), ERR_SIGNATURE);
    CHECK_ERR(lab_stable(&l, 4, &id, 2), ERR_RANGE);
    CHECK_OK(lab_stable(&l, 4, &id, 3));
    CHECK_EQ_U64(lab_status(&l).stable, 0); /* not decided here yet */
    CHECK_EQ_U64(lab_status(&l).known_decided, 4);
    CHECK_ERR(lab_stable(&l, 4, &id, 3), ERR_STALE);
    lab_finish(&l);
}

/* One liar sends checkpoints of every sequence that there may be: what the correct ones say about the next is kept. */
static void the_latest_checkpoints_of_a_peer_are_kept(void)
{
    struct lab l;

    begin(&l, 2);
    unsigned kept = lab_node(&l)->pbft->checkpoints.kept;
    struct digest id = digest_of(bytes_of_text("id"));
    for (unsigned i = 1; i <= kept; i++)
        CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 8 + 4 * i, &id));
    CHECK_ERR(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 8, &id), ERR_STALE); /* lower than all of them */
    CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 12 + 4 * kept, &id));
    lab_finish(&l);
}

/* A quorum vouches for another block than the one that we decided: one of us is on a fork. */
static void a_checkpoint_of_another_block_is_a_divergence(void)
{
    struct digest other = digest_of(bytes_of_text("another"));
    struct lab l;

    begin(&l, 2);
    decide_four(&l);
    CHECK_OK(lab_stable(&l, 4, &other, 3));
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 1);
    CHECK_EQ_U64(lab_status(&l).stable, 0);
    lab_finish(&l);
}

static void nothing_is_prepared_above_the_window(void)
{
    struct lab l;

    begin(&l, 2);
    for (unsigned n = 1; n <= 8; n++)
        lab_decide(&l, 0, n, text_of(n));
    lab_forget_sent(&l);
    CHECK_OK(lab_propose(&l, 0, 9, "r9"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 0); /* kept for when the window moves */
    CHECK_ERR(lab_propose(&l, 0, 13, "r13"), ERR_RANGE);
    struct digest block = block_at(&l, 4);
    CHECK_OK(lab_stable(&l, 4, &block, 3));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    CHECK_ERR(lab_propose(&l, 0, 4, "r4"), ERR_STALE);
    lab_finish(&l);
}

/* A NEW-VIEW of replicas whose window is far ahead: what does not fit into ours is taken up when it has moved. */
static void what_a_new_view_proposes_is_taken_up_when_the_window_has_moved(void)
{
    struct lab_proof proofs[8];
    char texts[8][8];
    struct blob *changes[3];
    struct digest id = {{0}};
    struct lab l;

    begin(&l, 2);
    for (unsigned n = 1; n <= 8; n++)
        id = lab_block(n > 1 ? &id : NULL, text_of(n));
    for (unsigned i = 0; i < 8; i++) {
        snprintf(texts[i], sizeof texts[i], "p%u", i);
        proofs[i] = (struct lab_proof){9 + i, 0, texts[i]};
    }
    changes[0] = lab_view_change_at(&l, 0, 1, 8, &id, proofs, 8);
    changes[1] = lab_view_change_at(&l, 1, 1, 8, &id, proofs, 8);
    changes[2] = lab_view_change_at(&l, 3, 1, 8, &id, proofs, 8);
    struct blob *message = lab_new_view(&l, 1, changes);
    CHECK_OK(cluster_deliver(&l.c, 2, blob_bytes(message)));
    CHECK(lab_status(&l).view == 1 && lab_status(&l).known_decided == 8);
    for (unsigned n = 1; n <= 8; n++)
        lab_learn(&l, text_of(n));
    CHECK_EQ_U64(lab_status(&l).stable, 8);
    CHECK_OK(lab_propose(&l, 1, 16, "p7")); /* brings the batch */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    blob_drop(message);
    for (unsigned i = 0; i < 3; i++)
        blob_drop(changes[i]);
    lab_finish(&l);
}

/* ---- catch-up */

/* Two executions of ours are void: the first was decided otherwise, and the second stands on it. */
static void what_was_executed_on_another_block_is_executed_again(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_OK(lab_propose(&l, 0, 2, "z"));
    CHECK_OK(lab_prepare(&l, 3, 0, 2, "z"));
    CHECK_EQ_U64(lab_node(&l)->executed, 2);
    lab_learn(&l, "y");
    struct digest y = lab_block(NULL, "y"), z = lab_block(&y, "z");
    CHECK_EQ_U64(lab_status(&l).decided, 1);
    CHECK_EQ_U64(lab_status(&l).executed, lab_node(&l)->executed);
    REQUIRE(lab_node(&l)->executed == 2);
    struct digest second = block_at(&l, 2);
    CHECK(digest_equal(&second, &z));
    lab_finish(&l);
}

/* The block above it was executed on what is void now, and is not executed again: the epoch is closed. */
static void no_block_outlives_the_one_that_it_stands_on(void)
{
    struct digest other = digest_of(bytes_of_text("another"));
    static const unsigned others[] = {0, 1, 3};
    struct lab l;

    begin(&l, 2);
    l.c.closing = "y";
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_OK(lab_propose(&l, 0, 2, "z"));
    CHECK_OK(lab_prepare(&l, 3, 0, 2, "z"));
    CHECK_EQ_U64(lab_node(&l)->executed, 2);
    lab_learn(&l, "y");
    CHECK(lab_status(&l).closed);
    CHECK_EQ_U64(lab_status(&l).executed, 1);
    for (unsigned i = 0; i < 3; i++)
        CHECK_OK(lab_vote(&l, others[i], MESSAGE_COMMIT, 0, 2, &other));
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 0); /* it has no block there */
    lab_finish(&l);
}

/* Requests that it had executed, and that were not decided, are to be proposed again. */
static void what_catch_up_undoes_can_be_proposed_again(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_request(&l, "x"));
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->pbft->pool.free_count, 0);
    lab_learn(&l, "y");
    CHECK_EQ_U64(lab_node(&l)->pbft->pool.free_count, 1);
    lab_finish(&l);
}

/* Who was on a fork and has learned what the others decided takes part again. */
static void who_diverged_comes_back_by_catch_up(void)
{
    struct digest y = lab_block(NULL, "y");
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 1, &y));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 1, &y));
    CHECK_OK(lab_vote(&l, 3, MESSAGE_COMMIT, 0, 1, &y));
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 1);
    lab_learn(&l, "y");
    lab_forget_sent(&l);
    CHECK_OK(lab_propose(&l, 0, 2, "z"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    lab_finish(&l);
}

/* ---- the next membership epoch */

static void the_next_epoch_inherits_the_requests(void)
{
    struct pbft_app app = {0};
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_request(&l, "x"));
    CHECK_OK(lab_request(&l, "y"));
    lab_decide(&l, 0, 1, "x");
    struct pbft_config config = l.c.config;
    struct digest block = block_at(&l, 1);
    config.self = 2;
    config.key = l.c.keys[2];
    config.membership_epoch++;
    struct pbft *next = pbft_new(&config, &app, 1, &block);
    pbft_inherit(next, lab_node(&l)->pbft);
    CHECK_EQ_U64(pbft_status(next).pending, 1);
    pbft_free(next);
    lab_finish(&l);
}

/* The new epoch's first record replaces all of the old one's. */
static void the_next_epoch_forgets_the_old_ones_records(void)
{
    struct lab l;

    begin(&l, 2);
    l.c.closing = "x";
    lab_decide(&l, 0, 1, "x");
    CHECK(lab_node(&l)->host.disk.count > 1);
    l.c.config.membership_epoch++;
    cluster_renew(&l.c, 2);
    CHECK_EQ_U64(lab_node(&l)->host.disk.count, 1);
    CHECK_EQ_U64(lab_status(&l).stable, 1);
    lab_finish(&l);
}

int main(void)
{
    key_library_init();
    TAP_RUN(a_checkpoint_takes_a_quorum_that_says_the_same);
    TAP_RUN(checkpoints_stand_where_they_belong);
    TAP_RUN(the_latest_checkpoints_of_a_peer_are_kept);
    TAP_RUN(a_checkpoint_of_another_block_is_a_divergence);
    TAP_RUN(nothing_is_prepared_above_the_window);
    TAP_RUN(what_a_new_view_proposes_is_taken_up_when_the_window_has_moved);
    TAP_RUN(what_was_executed_on_another_block_is_executed_again);
    TAP_RUN(no_block_outlives_the_one_that_it_stands_on);
    TAP_RUN(what_catch_up_undoes_can_be_proposed_again);
    TAP_RUN(who_diverged_comes_back_by_catch_up);
    TAP_RUN(the_next_epoch_inherits_the_requests);
    TAP_RUN(the_next_epoch_forgets_the_old_ones_records);
    return tap_done();
}
