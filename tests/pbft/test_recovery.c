#include "lab.h"

#include "pbft/internal.h"

/* One replica that has lost everything, and one that is asked by such a one (pbft/recovery.c). Everybody else is
 * scripted. */

static void begin_wiped(struct lab *l, unsigned n, unsigned self)
{
    lab_init(l, n, self);
    lab_start(l);
    cluster_wipe(&l->c, self);
    cluster_restart(&l->c, self);
    CHECK(lab_status(l).recovering);
}

static const char *text_of(unsigned n)
{
    static char text[16];

    snprintf(text, sizeof text, "r%u", n);
    return text;
}

/* The checkpoint that it asks the others to get to. */
static uint64_t goal(struct lab *l)
{
    lab_forget_sent(l);
    lab_wait(l, 2000 * MS);
    CHECK(lab_sent(l, MESSAGE_QUERY) > 0);
    return lab_last(l, MESSAGE_QUERY).sequence;
}

/* Seven replicas, a quorum of five: one report lies, and of the five lowest the highest holds, for views likewise. */
static void the_bound_is_above_all_that_a_quorum_reports(void)
{
    static const uint64_t sequences[] = {3, 1, 8, 5, UINT64_C(1) << 40, 2}, views[] = {2, 6, 1, 3, 4, 1000};
    struct lab l;

    begin_wiped(&l, 7, 6);
    struct digest nonce = lab_nonce(&l);
    for (unsigned i = 0; i < 4; i++)
        CHECK_OK(lab_report(&l, i, views[i], sequences[i], &nonce));
    CHECK_EQ_U64(goal(&l), 0); /* four are no quorum */
    for (unsigned i = 4; i < 6; i++)
        CHECK_OK(lab_report(&l, i, views[i], sequences[i], &nonce));
    CHECK_EQ_U64(goal(&l), 12); /* 8 may be signed; the first checkpoint above */
    CHECK_EQ_U64(lab_node(&l)->pbft->recovery.floor, 7);
    lab_finish(&l);
}

static void a_report_is_signed_by_another_and_answers_the_question(void)
{
    struct digest other = digest_of(bytes_of_text("another question"));
    struct lab l;

    begin_wiped(&l, 4, 3);
    struct digest nonce = lab_nonce(&l);
    CHECK_ERR(lab_report(&l, 0, 0, 1, &other), ERR_STALE);
    CHECK_ERR(lab_vote(&l, 0, MESSAGE_REPORT, 0, 1, &nonce), ERR_STALE); /* to somebody else */
    CHECK_ERR(lab_report(&l, 3, 0, 1, &nonce), ERR_STALE);
    struct claim forged = cluster_claim(&l.c, 1, MESSAGE_REPORT, 0, 0, &nonce);
    struct digest_context d;
    digest_init(&d);
    digest_add(&d, nonce.b, DIGEST_SIZE);
    digest_add(&d, l.c.fingerprints[3].b, DIGEST_SIZE);
    forged.says.digest = digest_final(&d);
    CHECK_ERR(lab_claim(&l, &forged, bytes_of(NULL, 0)), ERR_SIGNATURE);
    CHECK_EQ_U64(lab_node(&l)->pbft->recovery.reports, 0);
    CHECK_OK(lab_report(&l, 1, 0, 1, &nonce));
    CHECK_ERR(lab_report(&l, 1, 0, 2, &nonce), ERR_STALE);
    CHECK_EQ_U64(lab_node(&l)->pbft->recovery.reports, 1);
    lab_finish(&l);
}

static unsigned bound(const struct lab *l)
{
    unsigned count = 0;

    for (unsigned type = MESSAGE_PRE_PREPARE; type <= MESSAGE_NEW_VIEW; type++)
        count += lab_sent(l, (enum message_type)type);
    return count;
}

/* Blocks from elsewhere, with a stable checkpoint at each interval. */
static void learn_up_to(struct lab *l, unsigned last)
{
    for (unsigned n = (unsigned)lab_node(l)->decided + 1; n <= last; n++)
        lab_learn(l, text_of(n));
    struct digest id = lab_node(l)->blocks[last - 1].id;
    (void)lab_stable(l, last, &id, 3);
    CHECK_EQ_U64(lab_status(l).stable, last);
}

/* Recovered in view 0, with votes from view 3 on. */
static void recover(struct lab *l, unsigned self)
{
    begin_wiped(l, 4, self);
    struct digest nonce = lab_nonce(l);
    for (unsigned i = 0; i < 4; i++) {
        if (i != self)
            CHECK_OK(lab_report(l, i, 2, 8, &nonce));
    }
    lab_forget_sent(l);
    learn_up_to(l, 8);
    CHECK(lab_status(l).recovering); /* it may have signed for 8 */
    CHECK_EQ_U64(bound(l), 0);       /* no CHECKPOINT either */
    learn_up_to(l, 12);
    CHECK(!lab_status(l).recovering && lab_status(l).listening);
    CHECK_EQ_U64(bound(l), 0);
}

static void it_is_back_when_a_checkpoint_above_is_stable_and_knows_its_floor(void)
{
    struct lab l;

    recover(&l, 3);
    for (unsigned i = 0; i < 2; i++) { /* then again after a crash */
        CHECK(!lab_status(&l).recovering && lab_status(&l).listening);
        CHECK_EQ_U64(lab_node(&l)->pbft->recovery.floor, 3);
        lab_restart(&l);
    }
    CHECK_OK(lab_propose(&l, 0, 13, "x"));
    CHECK_OK(lab_prepare(&l, 1, 0, 13, "x"));
    CHECK_OK(lab_prepare(&l, 2, 0, 13, "x"));
    CHECK_EQ_U64(lab_node(&l)->executed, 13); /* it follows, without a word */
    struct digest block = lab_node(&l)->blocks[12].id;
    for (unsigned i = 0; i < 3; i++)
        CHECK_OK(lab_vote(&l, i, MESSAGE_COMMIT, 0, 13, &block));
    CHECK_EQ_U64(lab_status(&l).decided, 13);
    CHECK_EQ_U64(bound(&l), 0);
    lab_finish(&l);
}

/* Others have voted for the block that closes this membership epoch, so it may have voted in the next one: it must not
 * be taken for whole here, where nothing can be above that block. */
static void it_does_not_recover_in_an_epoch_before_its_last(void)
{
    struct lab l;

    lab_init(&l, 4, 3);
    l.c.closing = "r4";
    lab_start(&l);
    cluster_wipe(&l.c, 3);
    cluster_restart(&l.c, 3);
    struct digest nonce = lab_nonce(&l);
    for (unsigned i = 0; i < 3; i++)
        CHECK_OK(lab_report(&l, i, 0, i == 0 ? 3 : 4, &nonce)); /* one is behind */
    learn_up_to(&l, 4);
    CHECK(lab_status(&l).closed && lab_status(&l).recovering);
    CHECK_EQ_U64(bound(&l), 0);
    lab_finish(&l);
}

/* Another one is wiped and asks: the views that this one may have been in count. */
static void a_report_of_one_that_listens_names_its_floor(void)
{
    struct digest nonce = digest_of(bytes_of_text("nonce"));
    struct lab l;

    recover(&l, 3);
    CHECK_OK(lab_vote(&l, 1, MESSAGE_QUERY, 0, 0, &nonce));
    CHECK_EQ_U64(lab_last(&l, MESSAGE_REPORT).view, 3);
    CHECK_EQ_U64(lab_last(&l, MESSAGE_REPORT).sequence, 12);
    lab_finish(&l);
}

/* It leaves for a view that it cannot have asked for before. */
static void its_first_view_change_is_above_its_floor(void)
{
    struct blob *change;
    struct lab l;

    recover(&l, 3);
    CHECK_OK(lab_request(&l, "x"));
    for (unsigned i = 0; i < 2; i++) { /* two others want view 2: no reason for this one */
        struct digest id = lab_node(&l)->blocks[11].id;
        change = lab_view_change_at(&l, i, 2, 12, &id, NULL, 0);
        CHECK_OK(cluster_deliver(&l.c, 3, blob_bytes(change)));
        blob_drop(change);
    }
    CHECK_EQ_U64(lab_status(&l).view, 0);
    lab_wait(&l, 1500 * MS);
    CHECK_EQ_U64(lab_status(&l).view, 4);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_VIEW_CHANGE) > 0, 1);
    lab_finish(&l);
}

/* The others want later views while it recovers: it goes nowhere. Its time is not measured either. */
static void it_leaves_no_view_while_it_recovers(void)
{
    struct lab l;

    begin_wiped(&l, 4, 3);
    CHECK_OK(lab_request(&l, "x"));
    for (unsigned i = 0; i < 3; i++) {
        struct blob *change = lab_view_change(&l, i, 5, NULL, 0);
        CHECK_OK(cluster_deliver(&l.c, 3, blob_bytes(change)));
        blob_drop(change);
    }
    lab_wait(&l, 20000 * MS);
    CHECK_EQ_U64(lab_status(&l).view, 0);
    CHECK_EQ_U64(bound(&l), 0);
    lab_finish(&l);
}

/* It was the primary of view 0 and may have proposed anything. */
static void a_wiped_primary_proposes_nothing(void)
{
    struct lab l;

    begin_wiped(&l, 4, 0);
    CHECK_OK(lab_request(&l, "x"));
    lab_wait(&l, 100 * MS);
    CHECK_EQ_U64(bound(&l), 0);
    lab_finish(&l);
    recover(&l, 0);
    CHECK_OK(lab_request(&l, "x"));
    lab_wait(&l, 100 * MS);
    CHECK_EQ_U64(bound(&l), 0);
    lab_finish(&l);
}

/* ---- those who are asked */

static void who_has_no_memory_reports_nothing(void)
{
    struct digest nonce = digest_of(bytes_of_text("nonce"));
    struct lab l;

    begin_wiped(&l, 4, 3);
    CHECK_ERR(lab_vote(&l, 1, MESSAGE_QUERY, 0, 0, &nonce), ERR_STATE);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_REPORT), 0);
    lab_finish(&l);
    lab_init(&l, 4, 2);
    lab_start(&l);
    struct claim forged = cluster_claim(&l.c, 1, MESSAGE_QUERY, 0, 0, &nonce);
    forged.signature[0] ^= 1;
    CHECK_ERR(lab_claim(&l, &forged, bytes_of(NULL, 0)), ERR_SIGNATURE);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_REPORT), 0);
    CHECK_OK(lab_vote(&l, 1, MESSAGE_QUERY, 0, 0, &nonce));
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_REPORT), 1);
    CHECK_EQ_U64((uint64_t)l.sent[MESSAGE_REPORT].to, 1);
    lab_finish(&l);
}

/* Null batches up to the checkpoint that the wiped one waits for; not for every wish. */
static void an_idle_primary_fills_up_to_the_checkpoint(void)
{
    struct digest nonce = digest_of(bytes_of_text("nonce"));
    struct lab l;

    lab_init(&l, 4, 0);
    lab_start(&l);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_QUERY, 0, 100, &nonce)); /* further than any window */
    lab_wait(&l, 10 * MS);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), 0);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_QUERY, 0, 4, &nonce));
    for (unsigned n = 1; n <= 4; n++) {
        lab_wait(&l, 3 * MS);
        CHECK_EQ_U64(lab_last(&l, MESSAGE_PRE_PREPARE).sequence, n);
        lab_decide(&l, 0, n, NULL);
    }
    lab_wait(&l, 10 * MS);
    unsigned before = lab_sent(&l, MESSAGE_PRE_PREPARE);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_QUERY, 0, 8, &nonce)); /* so soon again */
    lab_wait(&l, 10 * MS);
    CHECK_EQ_U64(lab_sent(&l, MESSAGE_PRE_PREPARE), before);
    lab_wait(&l, 9000 * MS);
    CHECK_OK(lab_vote(&l, 3, MESSAGE_QUERY, 0, 8, &nonce));
    lab_wait(&l, 10 * MS);
    CHECK(lab_sent(&l, MESSAGE_PRE_PREPARE) > before);
    lab_finish(&l);
}

int main(void)
{
    key_library_init();
    TAP_RUN(the_bound_is_above_all_that_a_quorum_reports);
    TAP_RUN(a_report_is_signed_by_another_and_answers_the_question);
    TAP_RUN(it_is_back_when_a_checkpoint_above_is_stable_and_knows_its_floor);
    TAP_RUN(it_does_not_recover_in_an_epoch_before_its_last);
    TAP_RUN(a_report_of_one_that_listens_names_its_floor);
    TAP_RUN(its_first_view_change_is_above_its_floor);
    TAP_RUN(it_leaves_no_view_while_it_recovers);
    TAP_RUN(a_wiped_primary_proposes_nothing);
    TAP_RUN(who_has_no_memory_reports_nothing);
    TAP_RUN(an_idle_primary_fills_up_to_the_checkpoint);
    return tap_done();
}
