#include "lab.h"

#include "pbft/evidence.h"
#include "pbft/internal.h"

/* What makes one replica vote, execute and decide, and what does not (OSDI'99 section 4.2). Everybody else is
 * scripted: four replicas, replica 0 is the primary of view 0, and mostly replica 2 is the real one. */

static void begin(struct lab *l, unsigned self)
{
    lab_init(l, 4, self);
    lab_start(l);
}

/* ---- how many */

static void each_step_takes_a_quorum_and_no_less(void)
{
    struct digest block = lab_block(NULL, "x");
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    CHECK_EQ_U64(lab_node(&l)->executed, 0); /* one PREPARE, its own */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_COMMIT), 0);
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_COMMIT), 1);
    struct statement vote = lab_last(&l, MESSAGE_COMMIT);
    CHECK(digest_equal(&vote.digest, &block));
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_EQ_U64(lab_status(&l).decided, 0); /* two COMMITs */
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_EQ_U64(lab_status(&l).decided, 1);
    lab_finish(&l);
}

/* The same replica says it twice; that is one voice. */
static void one_voice_counts_once(void)
{
    struct digest block = lab_block(NULL, "x");
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_ERR(lab_prepare(&l, 0, 0, 1, "x"), ERR_STATE); /* the primary's word is its proposal */
    CHECK_EQ_U64(lab_node(&l)->executed, 0);
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_ERR(lab_vote(&l, 2, MESSAGE_COMMIT, 0, 1, &block), ERR_STALE); /* its own comes from itself only */
    CHECK_EQ_U64(lab_status(&l).decided, 0);
    lab_finish(&l);
}

static uint64_t voices_of(const struct blob *entry)
{
    struct cbor_reader r;

    cbor_reader_init(&r, blob_bytes(entry));
    (void)cbor_get_array(&r);
    (void)cbor_get_raw(&r);
    (void)cbor_get_raw(&r);
    return cbor_get_array(&r);
}

/* COMMITs of everybody else are there before this one has executed. It says its own before it decides: when the
 * window moves with the decision there is no later. */
static void nothing_is_decided_before_the_own_vote(void)
{
    struct digest block = lab_block(NULL, "x");
    static const unsigned others[] = {0, 1, 3};
    struct lab l;

    begin(&l, 2);
    for (unsigned i = 0; i < 3; i++)
        CHECK_OK(lab_vote(&l, others[i], MESSAGE_COMMIT, 0, 1, &block));
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    CHECK_EQ_U64(lab_status(&l).decided, 1);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_COMMIT), 1);
    CHECK_EQ_U64(lab_node(&l)->host.disk.height, 1);
    if (lab_node(&l)->host.disk.height == 1) {
        struct blob *stored = cluster_block(lab_node(&l), 1);
        CHECK_EQ_U64(voices_of(stored), 4);
        blob_drop(stored);
    }
    lab_finish(&l);
}

/* Property 7: others' PREPAREs are no reason to execute what the application has not agreed to. */
static void nothing_is_executed_before_the_own_prepare(void)
{
    struct lab l;

    begin(&l, 2);
    l.c.again_until = 10000 * MS;
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 0);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE) + lab_sent(&l, MESSAGE_COMMIT), 0);
    lab_finish(&l);
}

/* ---- what belongs together */

static void a_prepare_comes_with_the_primarys_proposal_of_the_same(void)
{
    struct lab l;

    begin(&l, 2);
    struct claim proposal = lab_proposal(&l, 0, 1, "x"), other = lab_proposal(&l, 0, 1, "y");
    struct claim above = lab_proposal(&l, 0, 2, "x"), later = lab_proposal(&l, 4, 1, "x");
    struct claim prepare = cluster_claim(&l.c, 1, MESSAGE_PREPARE, 0, 1, &proposal.says.digest);
    struct claim backups = cluster_claim(&l.c, 3, MESSAGE_PRE_PREPARE, 0, 1, &proposal.says.digest);
    CHECK_ERR(lab_pair(&l, &prepare, &other), ERR_MISMATCH);
    CHECK_ERR(lab_pair(&l, &prepare, &above), ERR_MISMATCH);
    CHECK_ERR(lab_pair(&l, &prepare, &later), ERR_MISMATCH);
    CHECK_ERR(lab_pair(&l, &prepare, &backups), ERR_STATE);
    struct claim forged = proposal;
    forged.signature[3] ^= 1;
    CHECK_ERR(lab_pair(&l, &prepare, &forged), ERR_SIGNATURE);
    struct claim forged_prepare = prepare;
    forged_prepare.signature[3] ^= 1;
    CHECK_ERR(lab_pair(&l, &forged_prepare, &proposal), ERR_SIGNATURE);
    CHECK_EQ_U64(lab_node(&l)->pbft->log.slots[1].prepare_count, 0);
    CHECK_OK(lab_pair(&l, &prepare, &proposal));
    CHECK_EQ_U64(lab_node(&l)->pbft->log.slots[1].prepare_count, 1);
    lab_finish(&l);
}

static void a_proposal_is_the_primarys_and_names_its_batch(void)
{
    struct lab l;

    begin(&l, 2);
    struct digest x = lab_digest("x"), y = lab_digest("y");
    struct bytes text = bytes_of_text("x");
    struct buf batch = {0};
    batch_encode(&text, 1, &batch);
    struct claim backups = cluster_claim(&l.c, 1, MESSAGE_PRE_PREPARE, 0, 1, &x);
    CHECK_ERR(lab_claim(&l, &backups, bytes_of_buf(&batch)), ERR_STATE);
    struct claim wrong = cluster_claim(&l.c, 0, MESSAGE_PRE_PREPARE, 0, 1, &y);
    CHECK_ERR(lab_claim(&l, &wrong, bytes_of_buf(&batch)), ERR_MISMATCH);
    struct claim forged = cluster_claim(&l.c, 0, MESSAGE_PRE_PREPARE, 0, 1, &x);
    forged.signature[7] ^= 1;
    CHECK_ERR(lab_claim(&l, &forged, bytes_of_buf(&batch)), ERR_SIGNATURE);
    struct claim later = cluster_claim(&l.c, 1, MESSAGE_PRE_PREPARE, 1, 1, &x);
    CHECK_ERR(lab_claim(&l, &later, bytes_of_buf(&batch)), ERR_STATE); /* not in this view */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 0);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    buf_free(&batch);
    lab_finish(&l);
}

/* ---- contradictions */

static unsigned convictions(struct lab *l, unsigned *culprit)
{
    struct voters voters = {l->c.n, l->c.quorum, l->c.config.keys, l->c.fingerprints, NULL};
    struct buf first = {0}, second = {0};
    unsigned count = 0, replica;

    while (pbft_take_evidence(lab_node(l)->pbft, &first, &second, &replica)) {
        CHECK_OK(evidence_check(bytes_of_buf(&first), bytes_of_buf(&second), &voters, culprit));
        CHECK_EQ_U64(*culprit, replica);
        buf_clear(&first);
        buf_clear(&second);
        count++;
    }
    buf_free(&first);
    buf_free(&second);
    return count;
}

static void who_proposes_two_things_is_convicted_and_the_first_stands(void)
{
    unsigned culprit = 99;
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_ERR(lab_propose(&l, 0, 1, "y"), ERR_DUPLICATE);
    CHECK_EQ_U64(convictions(&l, &culprit), 1);
    CHECK_EQ_U64(culprit, 0);
    CHECK_ERR(lab_propose(&l, 0, 1, "z"), ERR_DUPLICATE);
    CHECK_EQ_U64(convictions(&l, &culprit), 0); /* one pair for each replica is enough */
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    struct digest block = lab_block(NULL, "x");
    struct statement vote = lab_last(&l, MESSAGE_COMMIT);
    CHECK(digest_equal(&vote.digest, &block));
    lab_finish(&l);
}

/* The second proposal comes beside somebody's PREPARE. */
static void who_proposes_two_things_to_two_backups_is_convicted(void)
{
    unsigned culprit = 99;
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "y"));
    CHECK_EQ_U64(lab_node(&l)->executed, 0); /* of another digest */
    CHECK_EQ_U64(convictions(&l, &culprit), 1);
    CHECK_EQ_U64(culprit, 0);
    lab_finish(&l);
}

static void who_votes_for_two_things_is_convicted(void)
{
    struct digest one = lab_digest("one"), two = lab_digest("two");
    unsigned culprit = 99;
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    CHECK_ERR(lab_prepare(&l, 1, 0, 1, "y"), ERR_DUPLICATE);
    CHECK_EQ_U64(convictions(&l, &culprit), 1);
    CHECK_EQ_U64(culprit, 1);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_COMMIT, 0, 1, &one));
    CHECK_ERR(lab_vote(&l, 3, MESSAGE_COMMIT, 0, 1, &two), ERR_DUPLICATE);
    CHECK_EQ_U64(convictions(&l, &culprit), 1);
    CHECK_EQ_U64(culprit, 3);
    CHECK_OK(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &one));
    CHECK_ERR(lab_vote(&l, 0, MESSAGE_CHECKPOINT, 0, 4, &two), ERR_DUPLICATE);
    CHECK_EQ_U64(convictions(&l, &culprit), 1);
    CHECK_EQ_U64(culprit, 0);
    lab_finish(&l);
}

/* What a quorum has said needs no more voices: one more is kept, but its signature is not looked at. When the same
 * replica seems to contradict it, both are: a forger's word convicts nobody, and does not keep the replica's out. */
static void a_vote_too_many_is_verified_when_it_is_contradicted(void)
{
    struct digest block = lab_block(NULL, "x"), other = lab_digest("other");
    unsigned culprit = 99;
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_EQ_U64(lab_status(&l).decided, 1);
    const struct slot *s = &lab_node(&l)->pbft->log.slots[1];
    struct claim forged = cluster_claim(&l.c, 3, MESSAGE_COMMIT, 0, 1, &block);
    forged.signature[5] ^= 1;
    CHECK_OK(lab_claim(&l, &forged, bytes_of(NULL, 0)));
    CHECK(s->commits[3].unverified);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_COMMIT, 0, 1, &other));
    CHECK_EQ_U64(convictions(&l, &culprit), 0);
    CHECK(!s->commits[3].unverified && digest_equal(&s->commits[3].says.digest, &other));
    struct claim proposal = lab_proposal(&l, 0, 1, "x");
    struct claim prepare = cluster_claim(&l.c, 1, MESSAGE_PREPARE, 0, 1, &proposal.says.digest);
    CHECK_OK(lab_pair(&l, &prepare, &proposal));
    CHECK(s->prepares[1].unverified);
    CHECK_ERR(lab_prepare(&l, 1, 0, 1, "y"), ERR_DUPLICATE);
    CHECK_EQ_U64(convictions(&l, &culprit), 1);
    CHECK_EQ_U64(culprit, 1);
    lab_finish(&l);
}

/* Another vote in another view, or the same again, convicts nobody; the later view's is kept. */
static void a_vote_of_an_earlier_view_replaces_none_of_a_later(void)
{
    struct digest one = lab_digest("one"), two = lab_digest("two");
    unsigned culprit = 99;
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 1, 1, &one));
    CHECK_ERR(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 1, &two), ERR_STALE);
    CHECK_EQ_U64(lab_node(&l)->pbft->log.slots[1].commits[1].says.view, 1);
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 2, 1, &two));
    CHECK_EQ_U64(convictions(&l, &culprit), 0);
    lab_finish(&l);
}

/* ---- the others decided something else */

static void commits_to_another(struct lab *l, uint64_t view, uint64_t sequence)
{
    struct digest other = lab_digest("another block");
    static const unsigned others[] = {0, 1, 3};

    for (unsigned i = 0; i < 3; i++)
        CHECK_OK(lab_vote(l, others[i], MESSAGE_COMMIT, view, sequence, &other));
}

/* Its execution went wrong, or it is on a fork: it must not go on. */
static void who_executed_something_else_is_silent(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    commits_to_another(&l, 0, 1);
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 1);
    CHECK_EQ_U64(lab_status(&l).decided, 0);
    lab_forget_sent(&l);
    CHECK_OK(lab_propose(&l, 0, 2, "y"));
    CHECK_OK(lab_prepare(&l, 1, 0, 2, "y"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE) + lab_sent(&l, MESSAGE_COMMIT), 0);
    lab_finish(&l);
}

/* Two COMMITs of others and the own one, which is for something else, are no quorum for anything. */
static void less_than_a_quorum_decides_nothing_else(void)
{
    struct digest other = lab_digest("another block");
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 1, 0, 1, "x"));
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 0, 1, &other));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 1, &other));
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 0);
    CHECK_EQ_U64(lab_status(&l).known_decided, 0);
    lab_finish(&l);
}

/* A quorum of an earlier view decided what nobody carried on; a later view may execute another block there. */
static void late_commits_of_an_earlier_view_are_no_divergence(void)
{
    struct lab l;

    begin(&l, 2);
    lab_enter(&l, 1, NULL, 0);
    CHECK_OK(lab_propose(&l, 1, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 1, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    commits_to_another(&l, 0, 1);
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 0);
    lab_finish(&l);
}

/* What was undone with its view is not what this replica says now. */
static void an_undone_block_is_no_divergence(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    lab_enter(&l, 1, NULL, 0);
    CHECK_EQ_U64(lab_node(&l)->executed, 0);
    struct digest block = lab_block(NULL, "y");
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 1, 1, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 1, 1, &block));
    CHECK_OK(lab_vote(&l, 3, MESSAGE_COMMIT, 1, 1, &block));
    CHECK_EQ_U64(lab_noted(&l, "pbft.divergence"), 0);
    CHECK_OK(lab_propose(&l, 1, 1, "y"));
    CHECK_OK(lab_prepare(&l, 3, 1, 1, "y"));
    CHECK_EQ_U64(lab_status(&l).decided, 1);
    lab_finish(&l);
}

/* ---- views */

static void what_an_earlier_view_prepared_is_not_executed_in_this_one(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    lab_enter(&l, 1, NULL, 0);
    CHECK_EQ_U64(lab_node(&l)->executed, 0);
    CHECK_OK(lab_propose(&l, 1, 1, "y"));
    CHECK_EQ_U64(lab_node(&l)->executed, 0);
    CHECK_OK(lab_prepare(&l, 3, 1, 1, "y"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    struct digest block = lab_block(NULL, "y");
    CHECK(digest_equal(&lab_node(&l)->blocks[0].id, &block));
    lab_finish(&l);
}

/* Its primary may have sent this before the NEW-VIEW that binds it, or instead of it. */
static void a_proposal_before_the_new_view_does_not_count(void)
{
    struct lab_proof proof = {1, 0, "y"};
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_request(&l, "z"));
    lab_wait(&l, 1500 * MS);
    CHECK(lab_status(&l).in_view_change && lab_status(&l).view == 1);
    CHECK_ERR(lab_propose(&l, 1, 1, "x"), ERR_STATE);
    lab_enter(&l, 1, &proof, 1);
    lab_forget_sent(&l);
    (void)lab_propose(&l, 1, 1, "x");
    CHECK_OK(lab_propose(&l, 1, 1, "y")); /* brings the batch */
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    struct statement vote = lab_last(&l, MESSAGE_PREPARE);
    struct digest y = lab_digest("y");
    CHECK(digest_equal(&vote.digest, &y));
    lab_finish(&l);
}

/* A refused batch may be asked about again and again; the answer is for the view. */
static void a_refused_batch_stays_refused(void)
{
    struct bytes twice[2] = {bytes_of_text("x"), bytes_of_text("x")};
    struct buf batch = {0};
    struct lab l;

    begin(&l, 2);
    batch_encode(twice, 2, &batch);
    struct digest digest = digest_of(bytes_of_buf(&batch));
    struct claim claim = cluster_claim(&l.c, 0, MESSAGE_PRE_PREPARE, 0, 1, &digest);
    CHECK_OK(lab_claim(&l, &claim, bytes_of_buf(&batch)));
    for (unsigned i = 0; i < 3; i++) {
        struct effects effects = {0};
        pbft_poke(lab_node(&l)->pbft, cluster_now(&l.c), &effects);
        cluster_settle(&l.c, 2, &effects);
    }
    CHECK_EQ_U64(lab_noted(&l, "pbft.refused"), 1);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 0);
    buf_free(&batch);
    lab_finish(&l);
}

/* In the next view somebody else proposes, and the answer may be another. */
static void a_refusal_ends_with_its_view(void)
{
    struct bytes twice[2] = {bytes_of_text("x"), bytes_of_text("x")};
    struct buf batch = {0};
    struct lab l;

    begin(&l, 2);
    batch_encode(twice, 2, &batch);
    struct digest digest = digest_of(bytes_of_buf(&batch));
    struct claim claim = cluster_claim(&l.c, 0, MESSAGE_PRE_PREPARE, 0, 1, &digest);
    CHECK_OK(lab_claim(&l, &claim, bytes_of_buf(&batch)));
    CHECK_EQ_U64(lab_noted(&l, "pbft.refused"), 1);
    lab_enter(&l, 1, NULL, 0);
    CHECK_OK(lab_propose(&l, 1, 1, "x"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    buf_free(&batch);
    lab_finish(&l);
}

/* What a quorum had prepared the application was asked about then, and it is not asked again: its answer may depend on
 * the time. */
static void what_a_new_view_proposes_again_is_not_judged_again(void)
{
    struct lab_proof proof = {1, 0, "y"};
    struct lab l;

    begin(&l, 2);
    l.c.again_until = 60000 * MS;
    lab_enter(&l, 1, &proof, 1);
    CHECK_OK(lab_propose(&l, 1, 1, "y"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1);
    lab_finish(&l);
}

/* ---- the primary */

static void prepare_all(struct lab *l, uint64_t sequence, const char *request)
{
    CHECK_OK(lab_prepare(l, 1, 0, sequence, request));
    CHECK_OK(lab_prepare(l, 2, 0, sequence, request));
}

static void the_primary_has_as_many_in_flight_as_it_may(void)
{
    struct lab l;
    char text[8];

    lab_init(&l, 4, 0);
    l.c.config.batch_max = 1;
    l.c.config.pipeline = 3;
    lab_start(&l);
    for (unsigned i = 1; i <= 5; i++) {
        snprintf(text, sizeof text, "r%u", i);
        CHECK_OK(lab_request(&l, text));
    }
    for (unsigned i = 1; i <= 3; i++) {
        CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), i);
        snprintf(text, sizeof text, "r%u", i);
        prepare_all(&l, i, text);
    }
    CHECK_EQ_U64(lab_node(&l)->executed, 3);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 3);
    struct digest block = lab_node(&l)->blocks[0].id;
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_OK(lab_vote(&l, 2, MESSAGE_COMMIT, 0, 1, &block));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 4);
    lab_finish(&l);
}

/* A batch that is not full waits for others, but not for ever. */
static void a_batch_that_is_not_full_goes_after_its_delay(void)
{
    struct lab l;

    begin(&l, 0);
    CHECK_OK(lab_request(&l, "x"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 0);
    lab_wait(&l, 3 * MS);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 1);
    lab_finish(&l);
}

/* Three requests of two megabytes: backups refuse what is too large, so the primary must not propose it. */
static void the_primary_proposes_what_backups_can_take(void)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof *requests);
    size_t size = 2000000;
    char *text = mem_alloc(size + 1);
    unsigned count = 0;
    struct bytes rest;
    struct claim claim;
    struct lab l;

    begin(&l, 0);
    for (unsigned i = 0; i < 4; i++) {
        memset(text, 'a' + (int)i, size);
        text[size] = '\0';
        CHECK_OK(lab_request(&l, text));
    }
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 1);
    REQUIRE(lab_sent(&l, MESSAGE_PRE_PREPARE) == 1);
    CHECK_OK(
        message_parse(&l.c.members, blob_bytes(l.sent[MESSAGE_PRE_PREPARE].last), MESSAGE_PRE_PREPARE, &claim, &rest));
    CHECK_OK(batch_decode(rest, requests, &count));
    CHECK_EQ_U64(count, 2);
    mem_free(text);
    mem_free(requests);
    lab_finish(&l);
}

/* What it had proposed and the next view dropped is to be proposed again, when it is its turn. */
static void an_undone_proposal_is_proposed_again(void)
{
    struct blob *change;
    struct lab l;

    begin(&l, 0);
    CHECK_OK(lab_request(&l, "x"));
    lab_wait(&l, 3 * MS);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 1);
    lab_enter(&l, 1, NULL, 0);
    lab_forget_sent(&l);
    for (unsigned i = 1; i < 4; i++) {
        change = lab_view_change(&l, i, 4, NULL, 0);
        (void)cluster_deliver(&l.c, 0, blob_bytes(change));
        blob_drop(change);
    }
    lab_wait(&l, 3 * MS);
    CHECK(lab_status(&l).is_primary && lab_status(&l).view == 4);
    CHECK(lab_sent(&l, MESSAGE_NEW_VIEW) > 0);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 1);
    lab_finish(&l);
}

/* On top of an execution that may be undone nothing is refused for good. */
static void a_request_is_kept_while_its_double_may_be_undone(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    CHECK_OK(lab_request(&l, "x"));
    CHECK_EQ_U64(lab_status(&l).pending, 1);
    lab_enter(&l, 1, NULL, 0);
    CHECK_EQ_U64(lab_status(&l).pending, 1);
    CHECK_OK(lab_propose(&l, 1, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 1, 1, "x"));
    struct digest block = lab_block(NULL, "x");
    CHECK_OK(lab_vote(&l, 0, MESSAGE_COMMIT, 1, 1, &block));
    CHECK_OK(lab_vote(&l, 1, MESSAGE_COMMIT, 1, 1, &block));
    CHECK_EQ_U64(lab_status(&l).pending, 0);
    CHECK_ERR(lab_request(&l, "x"), ERR_STALE);
    lab_finish(&l);
}

/* Replica 1 opens view 1 with what others had prepared, and executes it. A client gives it the same request. */
static void execute_as_primary_of_view_1(struct lab *l)
{
    struct lab_proof proof = {1, 0, "x"};
    struct bytes text = bytes_of_text("x");
    struct buf batch = {0}, message = {0};
    struct cbor_writer w;

    begin(l, 1);
    for (unsigned i = 0; i < 4; i++) {
        if (i == 1)
            continue;
        struct blob *change = lab_view_change(l, i, 1, &proof, 1);
        (void)cluster_deliver(&l->c, 1, blob_bytes(change));
        blob_drop(change);
    }
    CHECK(lab_status(l).is_primary && lab_status(l).view == 1);
    CHECK_EQ_U64(lab_sent(l, MESSAGE_FETCH), 1);
    batch_encode(&text, 1, &batch);
    cbor_writer_init(&w, &message);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, MESSAGE_BATCH);
    cbor_put_raw(&w, bytes_of_buf(&batch));
    cbor_writer_done(&w);
    CHECK_OK(cluster_deliver(&l->c, 1, bytes_of_buf(&message)));
    CHECK_OK(lab_prepare(l, 2, 1, 1, "x"));
    CHECK_EQ_U64(lab_node(l)->executed, 0);
    CHECK_OK(lab_prepare(l, 3, 1, 1, "x"));
    CHECK_EQ_U64(lab_node(l)->executed, 1);
    CHECK_EQ_U64(lab_sent(l, MESSAGE_PREPARE), 0); /* its word is the NEW-VIEW */
    buf_free(&batch);
    buf_free(&message);
}

static void the_primary_refuses_nothing_for_good_on_top_of_speculation(void)
{
    struct lab l;

    execute_as_primary_of_view_1(&l);
    CHECK_OK(lab_request(&l, "x"));
    CHECK_EQ_U64(lab_status(&l).pending, 1);
    lab_enter(&l, 2, NULL, 0);
    CHECK_EQ_U64(lab_node(&l)->executed, 0);
    CHECK_EQ_U64(lab_status(&l).pending, 1);
    CHECK(cluster_timer(lab_node(&l), PBFT_TIMER_VIEW) >= 0); /* undone, so the primary owes it again */
    lab_finish(&l);
}

/* The primary of a new view has a batch that it never voted for: after a crash it must have it still. */
static void the_primary_of_a_new_view_remembers_its_batches(void)
{
    struct lab l;

    execute_as_primary_of_view_1(&l);
    lab_restart(&l);
    CHECK_EQ_U64(lab_status(&l).view, 1);
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    lab_finish(&l);
}

/* ---- the end of the membership epoch */

static void a_closing_block_that_is_undone_closes_nothing(void)
{
    struct lab l;

    begin(&l, 2);
    l.c.closing = "x";
    CHECK_OK(lab_propose(&l, 0, 1, "x"));
    CHECK_OK(lab_prepare(&l, 3, 0, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    CHECK_OK(lab_propose(&l, 0, 2, "y"));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 1); /* nothing above it */
    lab_enter(&l, 1, NULL, 0);
    CHECK(cluster_timer(lab_node(&l), PBFT_TIMER_VIEW) < 0); /* nobody owes anything */
    CHECK_OK(lab_propose(&l, 1, 1, "y"));
    CHECK_OK(lab_propose(&l, 1, 2, "z"));
    CHECK_OK(lab_prepare(&l, 3, 1, 1, "y"));
    CHECK_OK(lab_prepare(&l, 3, 1, 2, "z"));
    CHECK_EQ_U64(lab_node(&l)->executed, 2);
    lab_finish(&l);
}

/* More liars than tolerated may have proofs for what lies above it. Who executes no more than the epoch has is safe. */
static void nothing_is_executed_above_the_closing_block(void)
{
    struct lab_proof proofs[] = {{1, 0, "x"}, {2, 0, "y"}};
    struct lab l;

    begin(&l, 2);
    l.c.closing = "x";
    lab_enter(&l, 1, proofs, 2);
    for (unsigned i = 0; i < 2; i++)
        CHECK_OK(lab_propose(&l, 1, proofs[i].sequence, proofs[i].request));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PREPARE), 2);
    CHECK_OK(lab_prepare(&l, 3, 1, 2, "y")); /* that first: then both are prepared in one step */
    CHECK_OK(lab_prepare(&l, 3, 1, 1, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 1);
    lab_finish(&l);
}

/* Only the primary proposes. */
static void a_backup_proposes_nothing(void)
{
    struct lab l;

    begin(&l, 2);
    CHECK_OK(lab_request(&l, "x"));
    lab_wait(&l, 900 * MS);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 0);
    lab_finish(&l);
}

int main(void)
{
    key_library_init();
    TAP_RUN(each_step_takes_a_quorum_and_no_less);
    TAP_RUN(one_voice_counts_once);
    TAP_RUN(nothing_is_decided_before_the_own_vote);
    TAP_RUN(nothing_is_executed_before_the_own_prepare);
    TAP_RUN(a_prepare_comes_with_the_primarys_proposal_of_the_same);
    TAP_RUN(a_proposal_is_the_primarys_and_names_its_batch);
    TAP_RUN(who_proposes_two_things_is_convicted_and_the_first_stands);
    TAP_RUN(who_proposes_two_things_to_two_backups_is_convicted);
    TAP_RUN(who_votes_for_two_things_is_convicted);
    TAP_RUN(a_vote_too_many_is_verified_when_it_is_contradicted);
    TAP_RUN(a_vote_of_an_earlier_view_replaces_none_of_a_later);
    TAP_RUN(who_executed_something_else_is_silent);
    TAP_RUN(less_than_a_quorum_decides_nothing_else);
    TAP_RUN(late_commits_of_an_earlier_view_are_no_divergence);
    TAP_RUN(an_undone_block_is_no_divergence);
    TAP_RUN(what_an_earlier_view_prepared_is_not_executed_in_this_one);
    TAP_RUN(a_proposal_before_the_new_view_does_not_count);
    TAP_RUN(a_refused_batch_stays_refused);
    TAP_RUN(a_refusal_ends_with_its_view);
    TAP_RUN(what_a_new_view_proposes_again_is_not_judged_again);
    TAP_RUN(the_primary_has_as_many_in_flight_as_it_may);
    TAP_RUN(a_batch_that_is_not_full_goes_after_its_delay);
    TAP_RUN(the_primary_proposes_what_backups_can_take);
    TAP_RUN(an_undone_proposal_is_proposed_again);
    TAP_RUN(a_request_is_kept_while_its_double_may_be_undone);
    TAP_RUN(the_primary_refuses_nothing_for_good_on_top_of_speculation);
    TAP_RUN(the_primary_of_a_new_view_remembers_its_batches);
    TAP_RUN(a_closing_block_that_is_undone_closes_nothing);
    TAP_RUN(nothing_is_executed_above_the_closing_block);
    TAP_RUN(a_backup_proposes_nothing);
    return tap_done();
}
