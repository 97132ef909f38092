#include "cluster.h"

#include "pbft/evidence.h"
#include "tap.h"

/* Scripted runs: each one situation of OSDI'99 section 4, or one that has broken other implementations. */

static void finish(struct cluster *c)
{
    if (c->failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "n=%u: %s", c->n, c->failure);
    cluster_free(c);
}

static void submit(struct cluster *c, unsigned from, unsigned count)
{
    for (unsigned k = from; k < from + count; k++)
        cluster_submit(c, k);
}

static enum message_type type_of(struct bytes message)
{
    return (enum message_type)message.data[1];
}

/* ---- without faults */

static void without_faults_no_view_changes_and_then_silence(void)
{
    for (unsigned n = 1; n <= 7; n++) {
        struct cluster c;
        tap_seed(n);
        cluster_init(&c, n, n);
        cluster_start(&c);
        submit(&c, 0, 30);
        CHECK(cluster_run_decided(&c, 20000 * MS));
        cluster_run_until(&c, cluster_now(&c) + 5000 * MS);
        for (unsigned i = 0; i < n; i++) {
            struct pbft_status s = pbft_status(c.nodes[i].pbft);
            CHECK_EQ_U64(s.view, 0);
            CHECK_EQ_U64(s.pending, 0);
            for (unsigned k = 0; k < PBFT_TIMER_COUNT; k++)
                CHECK(cluster_timer(&c.nodes[i], k) < 0);
        }
        CHECK_EQ_U64(c.view_changes, 0);
        finish(&c);
    }
}

/* Busier than the time-out is long: progress must restart the timer. */
static void a_long_run_of_work_times_nobody_out(void)
{
    struct cluster c;

    cluster_init(&c, 4, 1);
    c.config.batch_max = c.config.pipeline = 1;
    c.config.batch_delay_ns = 0;
    c.delay_min = 5 * MS;
    cluster_start(&c);
    submit(&c, 0, 60);
    cluster_run_until(&c, 100 * MS);
    CHECK(cluster_run_decided(&c, 20000 * MS));
    CHECK(cluster_now(&c) > c.config.view_timeout_ns);
    CHECK_EQ_U64(c.view_changes, 0);
    finish(&c);
}

static void the_same_seed_gives_the_same_run(void)
{
    uint64_t steps[2];
    struct digest last[2];

    for (unsigned i = 0; i < 2; i++) {
        struct cluster c;
        cluster_init(&c, 5, 77);
        c.loss = 100;
        c.crash = 300;
        cluster_start(&c);
        submit(&c, 0, 20);
        cluster_run_until(&c, 8000 * MS);
        steps[i] = c.hosts.steps;
        last[i] = c.trace;
        finish(&c);
    }
    CHECK_EQ_U64(steps[0], steps[1]);
    CHECK(digest_equal(&last[0], &last[1]));
}

/* ---- the primary */

static void a_silent_primary_is_replaced(void)
{
    for (unsigned n = 3; n <= 7; n++) {
        struct cluster c;
        tap_seed(n);
        cluster_init(&c, n, n);
        cluster_start(&c);
        cluster_isolate(&c, 0, true);
        submit(&c, 0, 5);
        cluster_run_until(&c, 4000 * MS);
        CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).view, 1);
        CHECK(pbft_status(c.nodes[1].pbft).decided > 0);
        CHECK_EQ_U64(pbft_status(c.nodes[0].pbft).decided, 0);
        cluster_isolate(&c, 0, false);
        CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
        CHECK(pbft_status(c.nodes[0].pbft).view >= 1);
        finish(&c);
    }
}

/* COMMITs of view 0 reach replica 3 only. */
static bool only_three_hears_commits(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    struct claim vote;

    (void)from;
    if (type_of(message) != MESSAGE_COMMIT || to == 3)
        return false;
    return message_parse(&c->members, message, MESSAGE_COMMIT, &vote, NULL) == ERR_OK && vote.says.view == 0;
}

/* One replica decides and is gone; the others must come to the same, although their pools have grown. */
static void what_one_replica_decided_survives(void)
{
    struct cluster c;

    cluster_init(&c, 4, 5);
    c.drop = only_three_hears_commits;
    cluster_start(&c);
    submit(&c, 0, 1);
    cluster_run_until(&c, 150 * MS);
    CHECK_EQ_U64(pbft_status(c.nodes[3].pbft).decided, 1);
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).decided, 0);
    cluster_isolate(&c, 3, true);
    submit(&c, 1, 2);
    cluster_run_until(&c, 6000 * MS);
    CHECK(pbft_status(c.nodes[1].pbft).view >= 1);
    CHECK(pbft_status(c.nodes[1].pbft).decided >= 2);
    cluster_isolate(&c, 3, false);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 30000 * MS));
    finish(&c);
}

static bool one_backup_prepares(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)c;
    (void)from;
    return (type_of(message) == MESSAGE_PREPARE && to != 1) || type_of(message) == MESSAGE_COMMIT;
}

static void the_primary_dies_after_one_backup_prepared(void)
{
    struct cluster c;

    cluster_init(&c, 4, 7);
    c.drop = one_backup_prepares;
    cluster_start(&c);
    submit(&c, 0, 2);
    cluster_run_until(&c, 120 * MS);
    CHECK_EQ_U64(c.nodes[1].executed, 1);
    CHECK_EQ_U64(c.nodes[2].executed, 0);
    struct digest block = c.nodes[1].blocks[0].id;
    cluster_crash(&c, 0);
    c.drop = NULL;
    CHECK(cluster_run_decided(&c, 20000 * MS));
    CHECK(c.agreed_count > 0 && digest_equal(&c.agreed[0], &block));
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).view, 1);
    cluster_restart(&c, 0);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    finish(&c);
}

static bool no_new_views(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)c;
    (void)from;
    (void)to;
    return type_of(message) == MESSAGE_NEW_VIEW;
}

/* One more decision, and then the primary is cut off while there is something to do. The next one, when it is the
 * primary within so long. */
static bool takes_over(struct cluster *c, unsigned request, int64_t within_ns)
{
    CHECK(cluster_run_decided(c, cluster_now(c) + 20000 * MS));
    uint64_t view = pbft_status(c->nodes[1].pbft).view;
    unsigned primary = (unsigned)(view % 4), next = (unsigned)((view + 1) % 4);

    cluster_isolate(c, primary, true);
    submit(c, request, 1);
    cluster_run_until(c, cluster_now(c) + within_ns);
    struct pbft_status status = pbft_status(c->nodes[next].pbft);
    cluster_run_until(c, cluster_now(c) + 16000 * MS);
    cluster_isolate(c, primary, false);
    return status.view == view + 1 && !status.in_view_change;
}

/* Fruitless views: 1 s, then 1, 2, 4, 8, 16, 16 ... And 8, 4, 2, 1, 1 ... with every decision. */
static void time_outs_double_and_come_back(void)
{
    struct cluster c;

    cluster_init(&c, 4, 8);
    cluster_start(&c);
    cluster_isolate(&c, 0, true);
    c.drop = no_new_views;
    submit(&c, 0, 1);
    cluster_run_until(&c, 16000 * MS);
    uint64_t view = pbft_status(c.nodes[1].pbft).view;
    CHECK(view >= 3 && view <= 4);
    cluster_run_until(&c, 63000 * MS);
    CHECK(pbft_status(c.nodes[1].pbft).view <= 7);
    c.drop = NULL;
    cluster_isolate(&c, 0, false);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 60000 * MS));
    CHECK(!takes_over(&c, 1, 3000 * MS));
    for (unsigned k = 2; k < 6; k++) {
        submit(&c, k, 1);
        CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    }
    CHECK(takes_over(&c, 6, 3000 * MS));
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    finish(&c);
}

/* Progress with everything else does not save a primary that passes over one request. */
static void a_censored_request_is_decided(void)
{
    struct cluster c;

    cluster_init(&c, 4, 22);
    c.censored = "request 0";
    cluster_start(&c);
    submit(&c, 0, 1);
    for (unsigned k = 1; k < 45; k++) {
        submit(&c, k, 1);
        cluster_run_until(&c, cluster_now(&c) + 300 * MS);
    }
    CHECK_EQ_U64(pbft_status(c.nodes[2].pbft).view, 1); /* while work went on */
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 1000 * MS));
    CHECK_EQ_U64(c.view_changes, 4);
    finish(&c);
}

static void many_replicas_fit_their_messages(void)
{
    struct cluster c;

    cluster_init(&c, 16, 23);
    c.config.view_timeout_ns = 3000 * MS;
    cluster_start(&c);
    submit(&c, 0, 4);
    CHECK(cluster_run_decided(&c, 3000 * MS));
    cluster_isolate(&c, 0, true);
    submit(&c, 4, 4);
    cluster_run_until(&c, cluster_now(&c) + 8000 * MS);
    CHECK_EQ_U64(pbft_status(c.nodes[2].pbft).view, 1);
    cluster_isolate(&c, 0, false);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 5000 * MS));
    finish(&c);
}

static void an_equivocating_primary_leaves_evidence(void)
{
    struct cluster c;
    struct buf first = {0}, second = {0};
    unsigned witnesses = 0;

    cluster_init(&c, 4, 9);
    c.nodes[0].liar = true;
    cluster_start(&c);
    submit(&c, 0, 3);
    CHECK(cluster_run_decided(&c, 30000 * MS));
    struct voters voters = {c.n, c.quorum, c.config.keys, c.fingerprints, NULL};
    for (unsigned i = 1; i < 4; i++) {
        unsigned replica = 99, culprit = 99;
        buf_clear(&first);
        buf_clear(&second);
        if (!pbft_take_evidence(c.nodes[i].pbft, &first, &second, &replica))
            continue;
        witnesses++;
        CHECK_EQ_U64(replica, 0);
        CHECK_OK(evidence_check(bytes_of_buf(&first), bytes_of_buf(&second), &voters, &culprit));
        CHECK_EQ_U64(culprit, 0);
        CHECK(!pbft_take_evidence(c.nodes[i].pbft, &first, &second, &replica));
    }
    CHECK(witnesses >= 1);
    buf_free(&first);
    buf_free(&second);
    finish(&c);
}

/* ---- restarts */

static bool no_commits(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)c;
    (void)from;
    (void)to;
    return type_of(message) == MESSAGE_COMMIT;
}

static void all_restart_between_prepare_and_commit(void)
{
    struct cluster c;

    cluster_init(&c, 4, 10);
    c.drop = no_commits;
    cluster_start(&c);
    submit(&c, 0, 1);
    cluster_run_until(&c, 100 * MS);
    CHECK_EQ_U64(c.nodes[2].executed, 1);
    struct digest block = c.nodes[2].blocks[0].id;
    for (unsigned i = 0; i < 4; i++)
        cluster_crash(&c, i);
    c.drop = NULL;
    for (unsigned i = 0; i < 4; i++)
        cluster_restart(&c, i);
    CHECK_EQ_U64(pbft_status(c.nodes[2].pbft).executed, 1); /* prepared, so executed again */
    CHECK(cluster_run_decided(&c, 20000 * MS));
    CHECK(digest_equal(&c.agreed[0], &block));
    CHECK_EQ_U64(c.view_changes, 0);
    finish(&c);
}

static void a_restarted_replica_is_in_the_view_it_left(void)
{
    struct cluster c;

    cluster_init(&c, 4, 11);
    cluster_start(&c);
    cluster_isolate(&c, 0, true);
    submit(&c, 0, 2);
    cluster_run_until(&c, 3000 * MS);
    CHECK_EQ_U64(pbft_status(c.nodes[2].pbft).view, 1);
    cluster_crash(&c, 2);
    cluster_restart(&c, 2);
    CHECK_EQ_U64(pbft_status(c.nodes[2].pbft).view, 1);
    CHECK(!pbft_status(c.nodes[2].pbft).in_view_change);
    /* and in the middle of a view change it goes on with that */
    cluster_isolate(&c, 1, true);
    submit(&c, 2, 1);
    cluster_run_until(&c, cluster_now(&c) + 2000 * MS);
    struct pbft_status before = pbft_status(c.nodes[2].pbft);
    CHECK(before.in_view_change && before.view == 2);
    cluster_crash(&c, 2);
    cluster_restart(&c, 2);
    CHECK(pbft_status(c.nodes[2].pbft).in_view_change);
    CHECK_EQ_U64(pbft_status(c.nodes[2].pbft).view, 2);
    cluster_heal(&c);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 30000 * MS));
    finish(&c);
}

static void records_do_not_grow_with_the_log(void)
{
    struct cluster c;
    size_t most = 0;

    cluster_init(&c, 4, 12);
    c.config.batch_max = 1;
    cluster_start(&c);
    for (unsigned k = 0; k < 60; k++) {
        submit(&c, k, 1);
        CHECK(cluster_run_decided(&c, cluster_now(&c) + 5000 * MS));
        cluster_run_until(&c, cluster_now(&c) + 50 * MS);
        for (unsigned i = 0; i < 4; i++)
            most = c.nodes[i].host.disk.count > most ? c.nodes[i].host.disk.count : most;
    }
    CHECK_EQ_U64(pbft_status(c.nodes[0].pbft).decided, 60);
    CHECK_EQ_U64(pbft_status(c.nodes[0].pbft).stable, 60);
    CHECK(most < 12 * c.config.checkpoint_interval);
    finish(&c);
}

static void strange_records_are_refused(void)
{
    struct cluster c;
    static const char *const bad[] = {"", "\x80", "\x81\x07", "\x81\x01", "\x82\x03", "text"};

    cluster_init(&c, 4, 13);
    cluster_start(&c);
    struct pbft_config config = c.config;
    struct pbft_app app = {0};
    struct digest id = {{0}};
    config.key = c.keys[0];
    struct pbft *p = pbft_new(&config, &app, 0, &id);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(pbft_restore(p, bytes_of_text(bad[i])) != ERR_OK);
    pbft_free(p);
    finish(&c);
}

/* ---- falling behind */

static void who_was_away_catches_up(void)
{
    for (unsigned n = 4; n <= 7; n += 3) {
        struct cluster c;
        tap_seed(n);
        cluster_init(&c, n, n);
        c.config.batch_max = 1;
        cluster_start(&c);
        cluster_isolate(&c, 3, true);
        submit(&c, 0, 30);
        cluster_run_until(&c, 6000 * MS);
        CHECK(pbft_status(c.nodes[0].pbft).decided > c.config.window + c.config.checkpoint_interval);
        CHECK_EQ_U64(pbft_status(c.nodes[3].pbft).decided, 0);
        cluster_isolate(&c, 3, false);
        CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
        submit(&c, 30, 8);
        CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
        cluster_run_until(&c, cluster_now(&c) + 1000 * MS);
        CHECK_EQ_U64(pbft_status(c.nodes[3].pbft).stable, pbft_status(c.nodes[0].pbft).stable);
        finish(&c);
    }
}

static bool no_checkpoints(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)c;
    (void)from;
    (void)to;
    return type_of(message) == MESSAGE_CHECKPOINT || type_of(message) == MESSAGE_STABLE;
}

static void nobody_goes_above_the_high_water_mark(void)
{
    struct cluster c;

    cluster_init(&c, 4, 14);
    c.config.batch_max = 1;
    c.config.view_timeout_ns = 60000 * MS;
    c.config.view_timeout_max_ns = 60000 * MS;
    c.drop = no_checkpoints;
    cluster_start(&c);
    submit(&c, 0, 20);
    cluster_run_until(&c, 5000 * MS);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ_U64(pbft_status(c.nodes[i].pbft).decided, c.config.window);
        CHECK_EQ_U64(pbft_status(c.nodes[i].pbft).stable, 0);
    }
    c.drop = NULL;
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    CHECK_EQ_U64(c.view_changes, 0);
    finish(&c);
}

static bool three_hears_checkpoints_late(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)c;
    (void)from;
    return to == 3 && (type_of(message) == MESSAGE_CHECKPOINT || type_of(message) == MESSAGE_STABLE);
}

/* The others' window has moved, ours not yet: what they propose above our mark is kept for later. */
static void just_above_the_mark_is_kept(void)
{
    struct cluster c;

    cluster_init(&c, 4, 15);
    c.config.batch_max = 1;
    c.drop = three_hears_checkpoints_late;
    c.no_catch_up = true;
    cluster_start(&c);
    submit(&c, 0, 11);
    cluster_run_until(&c, 600 * MS);
    CHECK_EQ_U64(pbft_status(c.nodes[0].pbft).decided, 11);
    CHECK_EQ_U64(pbft_status(c.nodes[3].pbft).decided, 8);
    CHECK_EQ_U64(pbft_status(c.nodes[3].pbft).stable, 0);
    c.drop = NULL;
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 5000 * MS));
    CHECK_EQ_U64(c.view_changes, 0);
    finish(&c);
}

/* A replica that has the blocks from elsewhere still takes its part in a later view. */
static void catch_up_in_the_middle_of_a_view_change(void)
{
    struct cluster c;

    cluster_init(&c, 4, 16);
    cluster_start(&c);
    cluster_isolate(&c, 3, true);
    submit(&c, 0, 12);
    cluster_run_until(&c, 2000 * MS);
    CHECK(pbft_status(c.nodes[0].pbft).decided >= 4);
    cluster_isolate(&c, 3, false);
    cluster_isolate(&c, 0, true);
    submit(&c, 12, 1);
    cluster_run_until(&c, cluster_now(&c) + 1100 * MS);
    cluster_fetch_blocks(&c, 3, 1);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 1 * MS) || cluster_now(&c) > 0);
    cluster_run_until(&c, cluster_now(&c) + 8000 * MS);
    CHECK(pbft_status(c.nodes[3].pbft).view >= 1);
    CHECK_EQ_U64(pbft_status(c.nodes[3].pbft).decided, pbft_status(c.nodes[1].pbft).decided);
    cluster_isolate(&c, 0, false);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    finish(&c);
}

/* ---- the application's word */

static void no_vote_before_the_application_agrees(void)
{
    struct cluster c;

    cluster_init(&c, 4, 17);
    c.again_until = 500 * MS;
    cluster_start(&c);
    submit(&c, 0, 2);
    cluster_run_until(&c, 400 * MS);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ_U64(c.nodes[i].executed, 0);
    cluster_run_until(&c, 501 * MS);
    for (unsigned i = 0; i < 4; i++) {
        struct effects effects = {0};
        pbft_poke(c.nodes[i].pbft, cluster_now(&c), &effects);
        cluster_settle(&c, i, &effects);
    }
    CHECK(cluster_run_decided(&c, 5000 * MS));
    CHECK_EQ_U64(c.view_changes, 0);
    finish(&c);
}

static void an_expected_proposal_that_does_not_come_costs_the_view(void)
{
    struct cluster c;

    cluster_init(&c, 4, 18);
    cluster_start(&c);
    for (unsigned i = 1; i < 4; i++) {
        struct effects effects = {0};
        pbft_expect(c.nodes[i].pbft, cluster_now(&c), true, &effects);
        cluster_settle(&c, i, &effects);
    }
    cluster_run_until(&c, 1200 * MS);
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).view, 1);
    for (unsigned i = 1; i < 4; i++) {
        struct effects effects = {0};
        pbft_expect(c.nodes[i].pbft, cluster_now(&c), false, &effects);
        cluster_settle(&c, i, &effects);
    }
    cluster_run_until(&c, 20000 * MS);
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).view, 1);
    finish(&c);
}

/* ---- what strangers and liars send */

static void a_proposal_the_application_refuses_costs_the_view(void)
{
    struct cluster c;
    struct bytes twice[2] = {bytes_of_text("request 0"), bytes_of_text("request 0")};
    struct buf batch = {0}, cose = {0}, message = {0};
    struct cbor_writer w;

    cluster_init(&c, 4, 19);
    cluster_start(&c);
    batch_encode(twice, 2, &batch);
    struct digest digest = digest_of(bytes_of_buf(&batch));
    struct claim claim = cluster_claim(&c, 0, MESSAGE_PRE_PREPARE, 0, 1, &digest);
    claim_encode(&c.members, &claim, &cose);
    cbor_writer_init(&w, &message);
    cbor_put_array(&w, 3);
    cbor_put_uint(&w, MESSAGE_PRE_PREPARE);
    cbor_put_raw(&w, bytes_of_buf(&cose));
    cbor_put_raw(&w, bytes_of_buf(&batch));
    for (unsigned i = 1; i < 4; i++)
        CHECK_OK(cluster_deliver(&c, i, bytes_of_buf(&message)));
    c.nodes[0].liar = true;
    cluster_isolate(&c, 0, true);
    submit(&c, 0, 1);
    CHECK(cluster_run_decided(&c, 10000 * MS));
    CHECK(pbft_status(c.nodes[1].pbft).view >= 1);
    buf_free(&batch);
    buf_free(&cose);
    buf_free(&message);
    finish(&c);
}

static unsigned flips;

/* What stands beside a PREPARE is not looked at by who knows it. */
static size_t looked_at(struct bytes message)
{
    struct cbor_reader r;

    if (type_of(message) != MESSAGE_PREPARE)
        return message.len;
    cbor_reader_init(&r, message);
    (void)cbor_get_array(&r);
    (void)cbor_get_uint(&r);
    struct bytes claim = cbor_get_raw(&r);
    return (size_t)(claim.data - message.data) + claim.len;
}

/* Every message is followed by a copy with one flipped bit. */
static bool and_a_flipped_copy(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)from;
    struct blob *copy = blob_new(message);
    struct effects effects = {0};
    struct pbft *p = c->nodes[to].pbft;

    if (p != NULL && cluster_now(c) > 20 * MS) {
        struct pbft_status before = pbft_status(p), after;
        copy->data[prng_below(&c->hosts.prng, looked_at(message))] ^= (uint8_t)(1 << prng_below(&c->hosts.prng, 8));
        if (pbft_receive(p, cluster_now(c), copy, &effects) != ERR_OK) {
            after = pbft_status(p);
            if (before.view != after.view || before.in_view_change != after.in_view_change ||
                before.executed != after.executed || before.decided != after.decided || before.stable != after.stable ||
                before.known_decided != after.known_decided)
                cluster_fail(c, "a refused message changed %u", to);
            flips++;
        }
        for (size_t i = 0; i < effects.count; i++) {
            if (effects.items[i].kind == EFFECT_SEND || effects.items[i].kind == EFFECT_PERSIST)
                cluster_fail(c, "a damaged message has an effect on %u", to);
        }
        cluster_settle(c, to, &effects);
    }
    blob_drop(copy);
    return false;
}

static void damaged_messages_change_nothing(void)
{
    struct cluster c;

    tap_seed(20);
    cluster_init(&c, 4, 20);
    c.drop = and_a_flipped_copy;
    cluster_start(&c);
    submit(&c, 0, 12);
    cluster_run_until(&c, 500 * MS);
    cluster_isolate(&c, 0, true);
    submit(&c, 12, 2);
    cluster_run_until(&c, 4000 * MS);
    cluster_isolate(&c, 0, false);
    CHECK(cluster_run_decided(&c, 20000 * MS));
    CHECK(flips > 100);
    finish(&c);
}

/* A view change to a view far away by f replicas moves nobody; neither do junk and foreign messages. */
static void one_liar_moves_nobody(void)
{
    struct cluster c;
    struct pbft_status s;

    cluster_init(&c, 4, 21);
    cluster_start(&c);
    for (uint64_t view = 1; view < 50; view++) {
        struct buf body = {0}, cose = {0}, message = {0};
        struct cbor_writer w;
        cbor_writer_init(&w, &body);
        cbor_put_array(&w, 4);
        cbor_put_uint(&w, 0);
        cbor_put_bytes(&w, bytes_of((uint8_t[DIGEST_SIZE]){0}, DIGEST_SIZE));
        cbor_put_array(&w, 0);
        cbor_put_array(&w, 0);
        struct digest digest = digest_of(bytes_of_buf(&body));
        struct claim claim = cluster_claim(&c, 3, MESSAGE_VIEW_CHANGE, view << 50, 0, &digest);
        claim_encode(&c.members, &claim, &cose);
        cbor_writer_init(&w, &message);
        cbor_put_array(&w, 3);
        cbor_put_uint(&w, MESSAGE_VIEW_CHANGE);
        cbor_put_raw(&w, bytes_of_buf(&cose));
        cbor_put_raw(&w, bytes_of_buf(&body));
        CHECK_OK(cluster_deliver(&c, 1, bytes_of_buf(&message)));
        buf_free(&body);
        buf_free(&cose);
        buf_free(&message);
    }
    s = pbft_status(c.nodes[1].pbft);
    CHECK(s.view == 0 && !s.in_view_change);
    CHECK_ERR(cluster_deliver(&c, 1, bytes_of_text("junk")), ERR_TYPE);
    CHECK_ERR(cluster_deliver(&c, 1, bytes_of_text("\x82\x0f\x00")), ERR_UNKNOWN);
    submit(&c, 0, 2);
    CHECK(cluster_run_decided(&c, 3000 * MS));
    CHECK_EQ_U64(c.view_changes, 0);
    finish(&c);
}

/* A replica whose disk is behind hears what the others decide and signs nothing; when it is let go it follows. */
static void a_held_replica_writes_nothing(void)
{
    struct cluster *c = mem_alloc(sizeof *c);
    struct effects effects = {0};

    cluster_init(c, 4, 11);
    c->no_catch_up = true;
    c->config.checkpoint_interval = 64; /* so that what it missed is still there */
    c->config.window = 128;
    cluster_start(c);
    struct cluster_node *held = &c->nodes[3];
    pbft_hold(held->pbft, cluster_now(c), true, &effects);
    cluster_settle(c, 3, &effects);
    size_t records = held->host.disk.count;
    for (unsigned k = 0; k < 20; k++)
        cluster_submit(c, k);
    cluster_run_until(c, cluster_now(c) + 900 * MS); /* before its patience with the primary ends */
    CHECK(c->nodes[0].decided > 0 && c->nodes[1].decided == c->nodes[0].decided);
    CHECK_EQ_U64(held->host.disk.count, records);
    CHECK_EQ_U64(held->decided, 0);
    pbft_hold(held->pbft, cluster_now(c), false, &effects);
    cluster_settle(c, 3, &effects);
    CHECK_EQ_U64(held->decided, c->nodes[0].decided);
    CHECK_EQ_TEXT(c->failure, "");
    cluster_free(c);
    mem_free(c);
}

int main(void)
{
    TAP_RUN(a_held_replica_writes_nothing);
    key_library_init();
    TAP_RUN(without_faults_no_view_changes_and_then_silence);
    TAP_RUN(a_long_run_of_work_times_nobody_out);
    TAP_RUN(the_same_seed_gives_the_same_run);
    TAP_RUN(a_silent_primary_is_replaced);
    TAP_RUN(what_one_replica_decided_survives);
    TAP_RUN(the_primary_dies_after_one_backup_prepared);
    TAP_RUN(time_outs_double_and_come_back);
    TAP_RUN(a_censored_request_is_decided);
    TAP_RUN(many_replicas_fit_their_messages);
    TAP_RUN(an_equivocating_primary_leaves_evidence);
    TAP_RUN(all_restart_between_prepare_and_commit);
    TAP_RUN(a_restarted_replica_is_in_the_view_it_left);
    TAP_RUN(records_do_not_grow_with_the_log);
    TAP_RUN(strange_records_are_refused);
    TAP_RUN(who_was_away_catches_up);
    TAP_RUN(nobody_goes_above_the_high_water_mark);
    TAP_RUN(just_above_the_mark_is_kept);
    TAP_RUN(catch_up_in_the_middle_of_a_view_change);
    TAP_RUN(no_vote_before_the_application_agrees);
    TAP_RUN(an_expected_proposal_that_does_not_come_costs_the_view);
    TAP_RUN(a_proposal_the_application_refuses_costs_the_view);
    TAP_RUN(damaged_messages_change_nothing);
    TAP_RUN(one_liar_moves_nobody);
    return tap_done();
}
