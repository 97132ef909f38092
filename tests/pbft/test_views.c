#include "lab.h"

#include "crypto/verify_cache.h"
#include "pbft/internal.h"

/* View changes, questions and answers of one replica among scripted ones (OSDI'99 sections 4.4 and 4.5). */

static void begin(struct lab *l, unsigned self)
{
    lab_init(l, 4, self);
    lab_start(l);
}

static enum err want_view(struct lab *l, unsigned signer, uint64_t view)
{
    struct blob *change = lab_view_change(l, signer, view, NULL, 0);
    enum err err = cluster_deliver(&l->c, l->self, blob_bytes(change));

    blob_drop(change);
    return err;
}

/* ---- leaving a view */

/* f+1 others cannot all be liars; the least of the views that they want is one that a correct one wants. */
static void two_others_move_it_to_the_lower_view(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(want_view(&l, 0, 7));
    CHECK_EQ_U64(lab_status(&l).view, 0);
    CHECK_ERR(want_view(&l, 0, 7), ERR_STALE);
    CHECK_ERR(want_view(&l, 0, 5), ERR_STALE); /* it wanted a later one */
    CHECK_ERR(want_view(&l, 2, 5), ERR_STALE); /* nobody speaks for it */
    CHECK_EQ_U64(lab_status(&l).view, 0);
    CHECK_OK(want_view(&l, 3, 5));
    CHECK_EQ_U64(lab_status(&l).view, 5);
    CHECK(lab_status(&l).in_view_change);
    CHECK_EQ_U64(lab_last(&l, MESSAGE_VIEW_CHANGE).view, 5);
    lab_finish(&l);
}

/* A view is opened by its primary with a quorum of VIEW-CHANGEs for this very view. */
static void the_primary_opens_its_view_with_a_quorum(void)
{
    struct lab l;

    begin(&l, 1);
    CHECK_OK(want_view(&l, 0, 1));
    CHECK_OK(want_view(&l, 2, 5));
    CHECK_EQ_U64(lab_status(&l).view, 1);
    CHECK(lab_status(&l).in_view_change);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_NEW_VIEW), 0); /* its own and one other; the third wants another view */
    CHECK_OK(want_view(&l, 3, 1));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_NEW_VIEW), 1);
    CHECK(lab_status(&l).is_primary);
    lab_finish(&l);
}

static void a_backup_opens_no_view(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(want_view(&l, 0, 1));
    CHECK_OK(want_view(&l, 1, 1));
    CHECK_OK(want_view(&l, 3, 1));
    CHECK(lab_status(&l).in_view_change && lab_sent(&l, MESSAGE_NEW_VIEW) == 0);
    lab_finish(&l);
}

/* Executed and not decided: void with the view. */
static void speculation_ends_with_the_view(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    CHECK_OK(want_view(&l, 0, 1));
    CHECK_OK(want_view(&l, 3, 1));
    CHECK(lab_status(&l).in_view_change);
    CHECK_EQ_U64(lab_node(&l)->executed, 0);
    CHECK_EQ_U64(lab_status(&l).executed, 0);
    struct digest block = lab_block(NULL, "x");
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_EQ_U64(lab_status(&l).decided, 0); /* nor is anything decided between views */
    lab_finish(&l);
}

/* Without a quorum that wants to leave, waiting for the next view is not measured: it would leave alone again. */
static void the_next_view_has_until_its_time_out_once_a_quorum_wants_it(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_request(&l, "x"));
    lab_wait(&l, 1500 * MS);
    CHECK(lab_status(&l).view == 1 && lab_status(&l).in_view_change);
    lab_wait(&l, 60000 * MS);
    CHECK_EQ_U64(lab_status(&l).view, 1);
    CHECK_OK(want_view(&l, 0, 1));
    CHECK_OK(want_view(&l, 3, 1));
    lab_wait(&l, 900 * MS);
    CHECK_EQ_U64(lab_status(&l).view, 1);
    lab_wait(&l, 200 * MS);
    CHECK_EQ_U64(lab_status(&l).view, 2);
    lab_finish(&l);
}

/* A NEW-VIEW of an earlier view, or a second one of this. */
static void a_late_new_view_changes_nothing(void)
{
    struct lab_proof proof = {1, 0, "x"};
    struct blob *changes[3], *later[3];
    struct lab l;

    begin(&l, 2);
    static const unsigned others[] = {0, 1, 3};
    for (unsigned i = 0; i < 3; i++) {
        changes[i] = lab_view_change(&l, others[i], 1, &proof, 1);
        later[i] = lab_view_change(&l, others[i], 3, &proof, 1);
    }
    struct blob *first = lab_new_view(&l, 1, changes), *third = lab_new_view(&l, 3, later);
    CHECK_OK(cluster_deliver(&l.c, 2, blob_bytes(third)));
    CHECK_EQ_U64(lab_status(&l).view, 3);
    CHECK_ERR(cluster_deliver(&l.c, 2, blob_bytes(first)), ERR_STALE);
    CHECK_ERR(cluster_deliver(&l.c, 2, blob_bytes(third)), ERR_STALE);
    CHECK(lab_status(&l).view == 3 && lab_status(&l).view_changes == 1);
    blob_drop(first);
    blob_drop(third);
    for (unsigned i = 0; i < 3; i++) {
        blob_drop(changes[i]);
        blob_drop(later[i]);
    }
    lab_finish(&l);
}

/* A timer that fires before its time is one that was armed anew. */
static void a_timer_that_fires_early_does_nothing(void)
{
    struct effects effects = {0};
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_request(&l, "x"));
    CHECK(cluster_timer(lab_node(&l), PBFT_TIMER_VIEW) > cluster_now(&l.c));
    pbft_timer(lab_node(&l)->pbft, cluster_now(&l.c), PBFT_TIMER_VIEW, &effects);
    cluster_settle(&l.c, 2, &effects);
    CHECK_EQ_U64(lab_status(&l).view, 0);
    CHECK(cluster_timer(lab_node(&l), PBFT_TIMER_VIEW) > cluster_now(&l.c));
    lab_wait(&l, 1100 * MS);
    CHECK_EQ_U64(lab_status(&l).view, 1);
    lab_finish(&l);
}

/* ---- answers */

/* A VIEW-CHANGE for a view that is open already: its sender is told where we are, if it is its sender. */
static void a_late_view_change_is_answered(void)
{
    struct claim claim;
    struct bytes body;
    struct lab l;

    begin(&l, 2);
    lab_enter(&l, 1, NULL, 0);
    lab_wait(&l, 1000 * MS);
    lab_forget_sent(&l);
    struct blob *change = lab_view_change(&l, 3, 1, NULL, 0);
    CHECK_OK(message_parse(&l.c.members, blob_bytes(change), MESSAGE_VIEW_CHANGE, &claim, &body));
    claim.signature[2] ^= 1;
    CHECK_ERR(lab_claim(&l, &claim, body), ERR_SIGNATURE);
    claim.signature[2] ^= 1;
    CHECK_ERR(lab_claim(&l, &claim, bytes_of("\x80", 1)), ERR_MISMATCH);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_STATUS), 0);
    CHECK_ERR(lab_claim(&l, &claim, body), ERR_STALE);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_STATUS), 1);
    CHECK_EQ_U64((uint64_t)l.sent[MESSAGE_STATUS].to, 3);
    blob_drop(change);
    lab_finish(&l);
}

static void a_peer_that_is_behind_gets_what_it_lacks(void)
{
    struct lab l;

    begin(&l, 0);
    for (unsigned n = 1; n <= 4; n++) {
        char text[8];
        snprintf(text, sizeof text, "r%u", n);
        CHECK_OK(lab_request(&l, text));
        lab_wait(&l, 3 * MS);
        lab_decide(&l, 0, n, text);
    }
    struct digest block = lab_node(&l)->blocks[3].id;
    lab_wait(&l, 1000 * MS);
    lab_forget_sent(&l);
    CHECK_OK(lab_peer_status(&l, 3, 0, 3, true, 0));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_COMMIT), 1);      /* of 4 */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 1); /* with the batch */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_STATUS), 1);      /* how far we are */
    CHECK_EQ_U64((uint64_t)l.sent[MESSAGE_STATUS].to, 3);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_STABLE), 0);
    CHECK_OK(lab_stable(&l, 4, &block, 3));
    lab_wait(&l, 1000 * MS);
    CHECK_OK(lab_peer_status(&l, 3, 0, 3, true, 0));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_STABLE), 1);
    CHECK_EQ_U64((uint64_t)l.sent[MESSAGE_STABLE].to, 3);
    lab_wait(&l, 1000 * MS);
    lab_forget_sent(&l);
    CHECK_OK(lab_peer_status(&l, 3, 0, 4, true, 4)); /* that one lacks nothing */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_STABLE) + lab_sent(&l, MESSAGE_STATUS) + lab_sent(&l, MESSAGE_PRE_PREPARE), 0);
    lab_finish(&l);
}

/* It asks before it changes its view, too: whoever is in a later one says how that came about. */
static void a_peer_in_an_earlier_view_gets_what_leads_to_ours(void)
{
    struct lab l;

    begin(&l, 1);
    for (unsigned i = 0; i < 4; i++) {
        if (i != 1)
            (void)want_view(&l, i, 1);
    }
    CHECK(lab_status(&l).is_primary);
    lab_wait(&l, 1000 * MS);
    lab_forget_sent(&l);
    CHECK_OK(lab_peer_status(&l, 3, 1, 0, true, 0));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_NEW_VIEW), 0);
    CHECK_OK(lab_peer_status(&l, 2, 1, 0, false, 0)); /* between views */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_NEW_VIEW), 1);
    CHECK_OK(want_view(&l, 0, 4));
    CHECK_OK(want_view(&l, 3, 4));
    CHECK(lab_status(&l).in_view_change);
    lab_wait(&l, 1000 * MS);
    lab_forget_sent(&l);
    CHECK_OK(lab_peer_status(&l, 2, 1, 0, true, 0));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_VIEW_CHANGE), 1);
    CHECK_EQ_U64((uint64_t)l.sent[MESSAGE_VIEW_CHANGE].to, 2);
    lab_finish(&l);
}

static void a_status_is_its_senders_and_one_alone_is_not_believed(void)
{
    struct digest none = {0};
    struct lab l;

    begin(&l, 2);
    struct claim claim = cluster_claim(&l.c, 3, MESSAGE_STATUS, 0, 9, &none);
    CHECK_ERR(lab_claim(&l, &claim, bytes_of("\x80", 1)), ERR_MISMATCH);
    CHECK_OK(lab_peer_status(&l, 3, 0, 9, true, 0));
    CHECK_EQ_U64(lab_status(&l).known_decided, 0);
    CHECK_ERR(lab_peer_status(&l, 3, 0, 8, true, 0), ERR_STALE); /* its highest word stays */
    CHECK_EQ_U64(lab_status(&l).known_decided, 0);
    CHECK_ERR(lab_peer_status(&l, 2, 0, 9, true, 0), ERR_STALE);
    CHECK_EQ_U64(lab_status(&l).known_decided, 0);
    CHECK_OK(lab_peer_status(&l, 1, 0, 7, true, 0));
    CHECK_EQ_U64(lab_status(&l).known_decided, 7);
    lab_finish(&l);
}

/* Nor does one that says that it is in a later view make this one ask about it. */
static void one_word_of_a_later_view_is_no_reason_to_ask(void)
{
    struct lab l;

    begin(&l, 2);
    lab_wait(&l, 5000 * MS);
    CHECK(cluster_timer(lab_node(&l), PBFT_TIMER_RESEND) < 0);
    CHECK_OK(lab_peer_status(&l, 3, 5, 0, true, 0));
    CHECK(cluster_timer(lab_node(&l), PBFT_TIMER_RESEND) < 0);
    CHECK_OK(lab_peer_status(&l, 1, 4, 0, true, 0));
    CHECK(cluster_timer(lab_node(&l), PBFT_TIMER_RESEND) >= 0);
    lab_finish(&l);
}

static void a_forged_status_counts_for_nobody(void)
{
    uint8_t body[] = {0x82, 0xf5, 0x00};
    struct lab l;

    begin(&l, 2);
    struct digest digest = digest_of(bytes_of(body, sizeof body));
    for (unsigned i = 0; i < 4; i++) {
        struct claim claim = cluster_claim(&l.c, i, MESSAGE_STATUS, 0, 9, &digest);
        claim.signature[5] ^= 1;
        CHECK_ERR(lab_claim(&l, &claim, bytes_of(body, sizeof body)), i == 2 ? ERR_STALE : ERR_SIGNATURE);
    }
    CHECK_EQ_U64(lab_status(&l).known_decided, 0);
    lab_finish(&l);
}

/* A STATUS in which everything is zero, with a wrong signature. */
static enum err forged_status(struct lab *l, unsigned signer, uint64_t view, uint64_t decided)
{
    const uint8_t body[] = {0x85, 0x00, 0x00, 0x00, 0x80, 0x80};
    struct digest digest = digest_of(bytes_of(body, sizeof body));
    struct claim claim = cluster_claim(&l->c, signer, MESSAGE_STATUS, view, decided, &digest);

    claim.signature[5] ^= 1;
    return lab_claim(l, &claim, bytes_of(body, sizeof body));
}

/* Its signature is looked at as soon as something comes of it. */
static void a_status_that_was_answered_is_not_verified_again(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_ERR(forged_status(&l, 3, 0, 0), ERR_SIGNATURE); /* would be answered */
    CHECK_OK(lab_peer_status(&l, 3, 0, 0, true, 0));
    lab_forget_sent(&l);
    CHECK_OK(forged_status(&l, 3, 0, 0));
    for (enum message_type type = MESSAGE_PRE_PREPARE; type < MESSAGE_TYPES_END; type++)
        CHECK_EQ_U64(lab_sent(&l, type), 0);
    CHECK_ERR(forged_status(&l, 3, 5, 0), ERR_SIGNATURE);
    CHECK_ERR(forged_status(&l, 3, 0, 9), ERR_SIGNATURE);
    lab_wait(&l, 5000 * MS);
    CHECK_ERR(forged_status(&l, 3, 0, 0), ERR_SIGNATURE); /* may be answered again */
    lab_finish(&l);
}

/* What one peer may draw from it has a limit for a while. */
static void batches_are_given_to_who_asks_for_them_and_so_many(void)
{
    struct digest x = lab_digest("x"), y = lab_digest("y");
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_ERR(lab_vote(&l, 3, MESSAGE_FETCH, 0, 1, &y), ERR_MISSING);
    CHECK_ERR(lab_vote(&l, 3, MESSAGE_FETCH, 0, 2, &x), ERR_MISSING);
    CHECK_ERR(lab_vote(&l, 2, MESSAGE_FETCH, 0, 1, &x), ERR_STALE);
    struct claim forged = cluster_claim(&l.c, 3, MESSAGE_FETCH, 0, 1, &x);
    forged.signature[2] ^= 1;
    CHECK_ERR(lab_claim(&l, &forged, bytes_of(NULL, 0)), ERR_SIGNATURE);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_BATCH), 0);
    for (unsigned i = 0; i < 2 * ANSWERS_MAX; i++)
        CHECK_OK(lab_vote(&l, 3, MESSAGE_FETCH, 0, 1, &x));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_BATCH), ANSWERS_MAX);
    CHECK_OK(lab_vote(&l, 1, MESSAGE_FETCH, 0, 1, &x)); /* others have their own */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_BATCH), ANSWERS_MAX + 1);
    lab_wait(&l, 160 * MS);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_FETCH, 0, 1, &x));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_BATCH), ANSWERS_MAX + 2);
    lab_finish(&l);
}

/* ---- until it is heard */

/* Who waits asks, and asks again; what it has said before it does not say again unasked. */
static void who_waits_asks_again(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    lab_forget_sent(&l);
    lab_wait(&l, 900 * MS);
    CHECK(lab_sent(&l, MESSAGE_STATUS) > 1);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE) + lab_sent(&l, MESSAGE_COMMIT), 0);
    lab_finish(&l);
}

/* It knows what is proposed from a PREPARE, and the PRE-PREPARE itself was lost. */
static void a_batch_that_is_missing_is_fetched(void)
{
    struct digest x = lab_digest("x");
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 0);
    lab_wait(&l, 600 * MS);
    struct statement fetch = lab_last(&l, MESSAGE_FETCH);
    CHECK(fetch.sequence == 1 && digest_equal(&fetch.digest, &x));
    lab_finish(&l);
}

/* ---- proofs whose signatures it knows */

/* A VIEW-CHANGE of replica 1 that proves a batch with this PRE-PREPARE and these two PREPAREs. */
static enum err change_with(struct lab *l, uint64_t view, const struct claim *proposal, const struct claim *prepares)
{
    struct digest base = {0};
    struct buf proof = {0}, body = {0};

    proof_encode(proposal, prepares, 2, &proof);
    view_change_body(0, &base, bytes_of(NULL, 0), &(struct bytes){proof.data, proof.len}, 1, &body);
    struct digest digest = digest_of(bytes_of_buf(&body));
    struct claim claim = cluster_claim(&l->c, 1, MESSAGE_VIEW_CHANGE, view, 0, &digest);
    enum err err = lab_claim(l, &claim, bytes_of_buf(&body));
    buf_free(&proof);
    buf_free(&body);
    return err;
}

static struct claim prepare_by(struct lab *l, unsigned signer, const char *request)
{
    struct digest digest = lab_digest(request);
    return cluster_claim(&l->c, signer, MESSAGE_PREPARE, 0, 1, &digest);
}

/* What was verified when it came is not verified again where a VIEW-CHANGE proves something with it. */
static void a_proof_of_known_words_costs_one_verification(void)
{
    struct verify_cache *asked = verify_cache_new(64);
    struct lab l;

    lab_init(&l, 4, 3);
    l.c.config.verify_cache = asked;
    lab_start(&l);
    CHECK_OK(lab_propose(&l, 0, 1, "a"));
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "a"));
    struct claim proposal = lab_proposal(&l, 0, 1, "a");
    struct claim prepares[2] = {prepare_by(&l, 1, "a"), prepare_by(&l, 3, "a")};
    uint64_t before = verify_cache_hits(asked) + verify_cache_misses(asked);
    CHECK_OK(change_with(&l, 1, &proposal, prepares));
    CHECK_EQ_U64(verify_cache_hits(asked) + verify_cache_misses(asked), before + 1); /* that of the VIEW-CHANGE */
    lab_finish(&l);
    verify_cache_free(asked);
}

static void begin_with_a_vote(struct lab *l)
{
    begin(l, 3);
    CHECK_OK(lab_propose(l, 0, 1, "a"));
    CHECK_OK(lab_prepare(l, 1, 0, 1, "a"));
}

/* A word is known with its signature, its digest and its view, or it is not known. */
static void what_resembles_a_known_word_is_verified(void)
{
    struct lab l;

    begin_with_a_vote(&l);
    struct claim proposal = lab_proposal(&l, 0, 1, "a");
    struct claim prepares[2] = {prepare_by(&l, 1, "a"), prepare_by(&l, 3, "a")};
    prepares[0].signature[63] ^= 1;
    CHECK_ERR(change_with(&l, 1, &proposal, prepares), ERR_SIGNATURE);
    prepares[0].signature[63] ^= 1;
    proposal.signature[0] ^= 1;
    CHECK_ERR(change_with(&l, 1, &proposal, prepares), ERR_SIGNATURE);
    proposal.signature[0] ^= 1;
    proposal.says.digest = lab_digest("b"); /* the proof names it once, for all of them */
    CHECK_ERR(change_with(&l, 1, &proposal, prepares), ERR_SIGNATURE);
    proposal.says.digest = lab_digest("a");
    proposal.says.view = 4; /* of the same primary */
    CHECK_ERR(change_with(&l, 5, &proposal, prepares), ERR_SIGNATURE);
    proposal.says.view = 0;
    CHECK_OK(change_with(&l, 5, &proposal, prepares));
    lab_finish(&l);
}

/* A vote that came when the matter was settled was kept as it came. */
static void a_vote_that_was_kept_unverified_is_not_known(void)
{
    struct lab l;

    begin_with_a_vote(&l);
    struct claim proposal = lab_proposal(&l, 0, 1, "a");
    struct claim prepares[2] = {prepare_by(&l, 1, "a"), prepare_by(&l, 2, "a")};
    prepares[1].signature[5] ^= 1;
    CHECK_OK(lab_pair(&l, &prepares[1], &proposal));
    CHECK_ERR(change_with(&l, 1, &proposal, prepares), ERR_SIGNATURE);
    lab_finish(&l);
}

int main(void)
{
    key_library_init();
    TAP_RUN(two_others_move_it_to_the_lower_view);
    TAP_RUN(the_primary_opens_its_view_with_a_quorum);
    TAP_RUN(a_backup_opens_no_view);
    TAP_RUN(speculation_ends_with_the_view);
    TAP_RUN(the_next_view_has_until_its_time_out_once_a_quorum_wants_it);
    TAP_RUN(a_late_new_view_changes_nothing);
    TAP_RUN(a_timer_that_fires_early_does_nothing);
    TAP_RUN(a_late_view_change_is_answered);
    TAP_RUN(a_peer_that_is_behind_gets_what_it_lacks);
    TAP_RUN(a_peer_in_an_earlier_view_gets_what_leads_to_ours);
    TAP_RUN(a_status_is_its_senders_and_one_alone_is_not_believed);
    TAP_RUN(one_word_of_a_later_view_is_no_reason_to_ask);
    TAP_RUN(a_forged_status_counts_for_nobody);
    TAP_RUN(a_status_that_was_answered_is_not_verified_again);
    TAP_RUN(batches_are_given_to_who_asks_for_them_and_so_many);
    TAP_RUN(who_waits_asks_again);
    TAP_RUN(a_batch_that_is_missing_is_fetched);
    TAP_RUN(a_proof_of_known_words_costs_one_verification);
    TAP_RUN(what_resembles_a_known_word_is_verified);
    TAP_RUN(a_vote_that_was_kept_unverified_is_not_known);
    return tap_done();
}
