#include "lab.h"

#include "pbft/internal.h"

/* What one replica knows again after a crash. Everybody else is scripted; see lab.h. */

static void begin(struct lab *l, unsigned self)
{
    lab_init(l, 4, self);
    lab_start(l);
}

/* What replica 2 tells replica 3, which has lost its memory, that it may have voted for. */
static struct statement report(struct lab *l)
{
    struct digest nonce = digest_of(bytes_of_text("nonce"));

    CHECK_OK(lab_vote(l, 3, MESSAGE_QUERY, 0, 0, &nonce));
    CHECK_EQ_U64(lab_sent(l, MESSAGE_REPORT), 1);
    struct statement says = lab_last(l, MESSAGE_REPORT);
    lab_forget_sent(l);
    return says;
}

/* A vote binds its signer before anything is decided: others take from its report how far votes can have gone. */
static void what_was_voted_for_is_reported(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_EQ_U64(report(&l).sequence, 0);
    lab_wait(&l, 1000 * MS);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_EQ_U64(report(&l).sequence, 1);
    lab_restart(&l);
    lab_wait(&l, 200 * MS);
    CHECK_EQ_U64(report(&l).sequence, 1);
    lab_finish(&l);
}

/* A NEW-VIEW binds its primary to all that it proposes again. */
static void what_a_new_view_proposed_is_reported(void)
{
    struct lab_proof proofs[] = {{1, 0, "x"}, {2, 0, "y"}, {3, 0, "z"}};
    struct lab l;

    begin(&l, 1);
    for (unsigned i = 0; i < 4; i++) {
        if (i == 1)
            continue;
        struct blob *change = lab_view_change(&l, i, 1, proofs, 3);
        (void)cluster_deliver(&l.c, 1, blob_bytes(change));
        blob_drop(change);
    }
    CHECK(lab_sent(&l, MESSAGE_NEW_VIEW) > 0);
    CHECK_EQ_U64(report(&l).sequence, 3);
    CHECK_EQ_U64(report(&l).view, 1);
    lab_restart(&l);
    CHECK_EQ_U64(report(&l).sequence, 3);
    CHECK_EQ_U64(report(&l).view, 1);
    lab_finish(&l);
}

/* The block that comes out is another one than before the crash; the replica has signed for the first. */
static void no_second_commit_after_an_execution_that_goes_wrong(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_COMMIT), 1);
    l.c.nodes[2].errs_at = 1;
    lab_restart(&l);
    lab_wait(&l, 300 * MS);
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 1);
    lab_finish(&l); /* two COMMITs of one replica would be its failure */
}

static void what_was_prepared_is_executed_again_and_goes_into_the_view_change(void)
{
    struct view_change change;
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    lab_restart(&l);
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    CHECK_OK(lab_request(&l, "y"));
    lab_wait(&l, 1500 * MS);
    REQUIRE(lab_sent(&l, MESSAGE_VIEW_CHANGE) > 0);
    struct view_rules rules = {&l.c.members, l.c.config.window, 0, {{0}}, NULL};
    CHECK_OK(view_change_parse(&rules, blob_bytes(l.sent[MESSAGE_VIEW_CHANGE].last), true, &change));
    struct plan plan;
    plan_make(&rules, &change, 1, &plan);
    struct digest x = lab_digest("x");
    CHECK(plan.max_s == 1 && digest_equal(&plan.items[0].digest, &x));
    plan_fini(&plan);
    lab_finish(&l);
}

/* The primary goes on above what it has proposed. */
static void the_primary_proposes_no_second_batch_for_a_sequence(void)
{
    struct lab l;

    begin(&l, 0);
    CHECK_OK(lab_request(&l, "x"));
    lab_wait(&l, 3 * MS);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 1);
    lab_restart(&l);
    lab_forget_sent(&l);
    CHECK_OK(lab_request(&l, "y"));
    lab_wait(&l, 100 * MS);
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 2, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    lab_wait(&l, 3 * MS);
    CHECK_EQ_U64(lab_last(&l, MESSAGE_PRE_PREPARE).sequence, 2);
    lab_finish(&l);
}

/* Others have not decided, and a later view decides the same again: it needs the COMMIT of those who had. */
static void who_decided_votes_for_the_same_in_a_later_view(bool by_catch_up, bool crash)
{
    struct lab_proof proof = {1, 0, "x"};
    struct digest block = lab_block(NULL, "x");
    struct lab l;

    begin(&l, 2);
    if (by_catch_up) {
        lab_learn(&l, "x");
    } else {
        lab_decide(&l, 0, 1, "x");
    }
    CHECK_EQ_U64(lab_status(&l).decided, 1);
    if (crash)
        lab_restart(&l);
    lab_forget_sent(&l);
    lab_enter(&l, 1, &proof, 1);
    CHECK_OK(lab_propose(&l, 1, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 1, 1, "x"));
    struct statement vote = lab_last(&l, MESSAGE_COMMIT);
    CHECK(vote.view == 1 && vote.sequence == 1 && digest_equal(&vote.digest, &block));
    lab_finish(&l);
}

static void a_decided_block_is_voted_for_again(void)
{
    who_decided_votes_for_the_same_in_a_later_view(false, false);
    who_decided_votes_for_the_same_in_a_later_view(false, true);
    who_decided_votes_for_the_same_in_a_later_view(true, false);
    who_decided_votes_for_the_same_in_a_later_view(true, true);
}

/* After the window has moved the records below are gone; what the view rests on stands in the snapshot. */
static void the_view_outlives_the_records_that_made_it(void)
{
    char text[8];
    struct lab l;

    begin(&l, 2);
    l.c.config.batch_max = 1;
    lab_enter(&l, 1, NULL, 0);
    for (unsigned n = 1; n <= 4; n++) {
        snprintf(text, sizeof text, "r%u", n);
        lab_decide(&l, 1, n, text);
    }
    struct digest block = lab_node(&l)->blocks[3].id;
    CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_EQ_U64(lab_status(&l).stable, 4);
    lab_restart(&l);
    CHECK(lab_status(&l).view == 1 && !lab_status(&l).in_view_change);
    CHECK_EQ_U64(lab_status(&l).stable, 4);
    lab_decide(&l, 1, 5, "r5");
    lab_finish(&l);
}

/* In the middle of a view change, too: the VIEW-CHANGE is the same one. */
static void a_view_change_outlives_the_window(void)
{
    struct lab l;

    begin(&l, 2);
    for (unsigned n = 1; n <= 4; n++) {
        char text[8];
        snprintf(text, sizeof text, "r%u", n);
        lab_decide(&l, 0, n, text);
    }
    CHECK_OK(lab_request(&l, "more"));
    lab_wait(&l, 1500 * MS);
    CHECK(lab_status(&l).in_view_change);
    struct blob *said = blob_hold(lab_node(&l)->pbft->peers[2].change.message);
    struct digest block = lab_node(&l)->blocks[3].id;
    CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_EQ_U64(lab_status(&l).stable, 4);
    lab_forget_sent(&l);
    lab_restart(&l);
    CHECK(lab_status(&l).in_view_change && lab_status(&l).view == 1);
    const struct blob *again = lab_node(&l)->pbft->peers[2].change.message;
    REQUIRE(again != NULL);
    CHECK_EQ_BYTES(blob_bytes(again), blob_bytes(said));
    blob_drop(said);
    lab_finish(&l);
}

/* Crashed between a block and the record of its checkpoint: it signs it now. But none of what is only executed. */
static void checkpoints_are_signed_for_what_is_decided_alone(void)
{
    struct lab l;

    begin(&l, 2);
    for (unsigned n = 1; n <= 3; n++) {
        char text[8];
        snprintf(text, sizeof text, "r%u", n);
        lab_decide(&l, 0, n, text);
    }
    CHECK_OK(lab_propose(&l, 0, 4, "r4"));
    CHECK_OK(lab_prepare(&l, 3, 0, 4, "r4"));
    CHECK_EQ_U64(lab_node(&l)->executed, 4);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_CHECKPOINT), 0);
    lab_restart(&l);
    CHECK_EQ_U64(lab_node(&l)->executed, 4);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_CHECKPOINT), 0);
    struct digest block = lab_node(&l)->blocks[3].id;
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 4, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 4, &block));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_CHECKPOINT), 1);
    size_t records = lab_node(&l)->host.disk.count;
    lab_restart(&l);
    CHECK_EQ_U64(lab_node(&l)->host.disk.count, records); /* all of that is known */
    lab_wait(&l, 200 * MS);
    CHECK(lab_sent(&l, MESSAGE_CHECKPOINT) > 1); /* until it is stable */
    lab_finish(&l);
}

/* A checkpoint below the last block, whose record the crash came before: the ids of decided blocks are known again. */
static void a_missed_checkpoint_below_the_last_block_is_signed(void)
{
    struct lab l;

    begin(&l, 2);
    cluster_wipe(&l.c, 2);
    cluster_restart(&l.c, 2);
    for (unsigned n = 1; n <= 5; n++) {
        char text[8];
        snprintf(text, sizeof text, "r%u", n);
        lab_learn(&l, text);
    }
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_CHECKPOINT), 0); /* it was recovering then */
    l.c.nodes[2].wiped = false;
    lab_restart(&l);
    CHECK_EQ_U64(lab_last(&l, MESSAGE_CHECKPOINT).sequence, 4);
    lab_finish(&l);
}

/* The disk lost blocks that were called durable: the records are worth nothing then. */
static void records_ahead_of_the_ledger_are_refused(void)
{
    struct digest genesis = {{0}};
    struct pbft_app app = {0};
    struct lab l;
    enum err err = ERR_OK;

    begin(&l, 2);
    for (unsigned n = 1; n <= 4; n++) {
        char text[8];
        snprintf(text, sizeof text, "r%u", n);
        lab_decide(&l, 0, n, text);
    }
    struct digest block = lab_node(&l)->blocks[3].id;
    CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_CHECKPOINT, 0, 4, &block));
    CHECK_EQ_U64(lab_status(&l).stable, 4);
    struct pbft_config config = l.c.config;
    config.self = 2;
    config.key = l.c.keys[2];
    struct pbft *p = pbft_new(&config, &app, 0, &genesis);
    for (size_t i = 0; i < lab_node(&l)->host.disk.count && err == ERR_OK; i++)
        err = pbft_restore(p, blob_bytes(lab_node(&l)->host.disk.records[i].blob));
    CHECK_ERR(err, ERR_STATE);
    pbft_free(p);
    config.membership_epoch = 0;
    p = pbft_new(&config, &app, 4, &block);
    CHECK_ERR(pbft_restore(p, blob_bytes(lab_node(&l)->host.disk.records[0].blob)),
              ERR_STATE); /* of an epoch to come */
    pbft_free(p);
    lab_finish(&l);
}

int main(void)
{
    key_library_init();
    TAP_RUN(what_was_voted_for_is_reported);
    TAP_RUN(what_a_new_view_proposed_is_reported);
    TAP_RUN(no_second_commit_after_an_execution_that_goes_wrong);
    TAP_RUN(what_was_prepared_is_executed_again_and_goes_into_the_view_change);
    TAP_RUN(the_primary_proposes_no_second_batch_for_a_sequence);
    TAP_RUN(a_decided_block_is_voted_for_again);
    TAP_RUN(the_view_outlives_the_records_that_made_it);
    TAP_RUN(a_view_change_outlives_the_window);
    TAP_RUN(checkpoints_are_signed_for_what_is_decided_alone);
    TAP_RUN(a_missed_checkpoint_below_the_last_block_is_signed);
    TAP_RUN(records_ahead_of_the_ledger_are_refused);
    return tap_done();
}
