#include "cluster.h"

#include "pbft/record.h"
#include "tap.h"

/* Situations that storms have found, each as small as it can be said. */

/* Nobody hears a COMMIT of view 0; replica 2 does not hear of view 1. */
static bool late_commits(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    enum message_type type = (enum message_type)message.data[1];
    uint64_t view = c->nodes[from].pbft != NULL ? pbft_status(c->nodes[from].pbft).view : 0;

    return (type == MESSAGE_COMMIT && view == 0) || (type == MESSAGE_NEW_VIEW && to == 2 && view == 1);
}

/* The COMMITs of view 0 of the others, when this one has just left it. */
static void give_commits(struct cluster *c, unsigned to, const struct digest *block)
{
    for (unsigned from = 0; from < 3; from++) {
        struct claim claim = cluster_claim(c, from, MESSAGE_COMMIT, 0, 1, block);
        struct buf cose = {0}, message = {0};
        struct cbor_writer w;
        if (from == to)
            continue;
        claim_encode(&c->members, &claim, &cose);
        cbor_writer_init(&w, &message);
        cbor_put_array(&w, 2);
        cbor_put_uint(&w, MESSAGE_COMMIT);
        cbor_put_raw(&w, bytes_of_buf(&cose));
        cbor_writer_done(&w);
        CHECK_ERR(cluster_deliver(c, to, bytes_of_buf(&message)), ERR_OK);
        buf_free(&cose);
        buf_free(&message);
    }
}

/* A quorum of COMMITs that arrives when all have left the view proves a decision that nobody has taken: waiting for
 * somebody who has it would be waiting for ever. */
static void a_decision_that_came_too_late_for_everybody(void)
{
    struct cluster c;
    struct digest block = {0};
    bool given[3] = {false};

    cluster_init(&c, 4, 1);
    c.drop = late_commits;
    cluster_start(&c);
    cluster_crash(&c, 3);
    cluster_submit(&c, 0);
    while (!(given[0] && given[1] && given[2]) && cluster_now(&c) < 30000 * MS && cluster_step(&c)) {
        if (c.nodes[0].executed == 1)
            block = c.nodes[0].blocks[0].id;
        for (unsigned i = 0; i < 3; i++) {
            if (given[i] || pbft_status(c.nodes[i].pbft).view == 0)
                continue;
            give_commits(&c, i, &block);
            given[i] = true;
            CHECK_EQ_U64(pbft_status(c.nodes[i].pbft).known_decided, 1);
            CHECK_EQ_U64(pbft_status(c.nodes[i].pbft).decided, 0);
        }
    }
    cluster_run_until(&c, cluster_now(&c) + 4000 * MS);
    CHECK(cluster_run_decided(&c, 60000 * MS));
    if (c.failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "%s", c.failure);
    cluster_free(&c);
}

/* Too early, whatever happens, is what begins with '!'. */
static enum err some_too_early(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    (void)context, (void)sequence, (void)count;
    return requests[0].data[0] == '!' ? ERR_AGAIN : ERR_OK;
}

/* A pool that is full of requests whose time does not come must still take one that can be proposed. */
static void early_requests_shut_nobody_out(void)
{
    struct cluster c;
    struct pbft_app app = {.judge = some_too_early};
    struct effects effects = {0};
    struct digest genesis = {0};
    char text[16];

    cluster_init(&c, 4, 1);
    c.config.pending_max = 4;
    c.config.self = 1;
    c.config.key = c.keys[1];
    struct pbft *p = pbft_new(&c.config, &app, 0, &genesis);
    pbft_start(p, 0, &effects);
    for (unsigned i = 0; i < 6; i++) {
        snprintf(text, sizeof text, "%c%u", i < 4 ? '!' : '?', i);
        struct blob *request = blob_new(bytes_of_text(text));
        CHECK_ERR(pbft_request(p, 0, request, &effects), ERR_OK);
        CHECK_EQ_U64(pbft_status(p).pending, i < 4 ? i + 1 : 4);
        blob_drop(request);
    }
    struct blob *early = blob_new(bytes_of_text("!last"));
    CHECK_ERR(pbft_request(p, 0, early, &effects), ERR_LIMIT);
    blob_drop(early);
    effects_free(&effects);
    pbft_free(p);
    cluster_free(&c);
}

/* Only replica 1 prepares in view 0, and it hears of nothing else. */
static bool alone_in_view_0(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    enum message_type type = (enum message_type)message.data[1];

    if (from == 1 || to == 1)
        return from == 1 || c->nodes[from].pbft == NULL || pbft_status(c->nodes[from].pbft).view > 0 ||
               (type != MESSAGE_PRE_PREPARE && type != MESSAGE_PREPARE);
    return type == MESSAGE_PREPARE && pbft_status(c->nodes[from].pbft).view == 0;
}

/* What a replica voted for in its view need not be what a later view decided; to learn that is no divergence. */
static void a_vote_that_came_to_nothing(void)
{
    struct cluster c;

    cluster_init(&c, 4, 1);
    c.drop = alone_in_view_0;
    cluster_start(&c);
    cluster_submit(&c, 0);
    cluster_run_until(&c, 400 * MS);
    CHECK_EQ_U64(c.nodes[1].executed, 1);
    struct digest voted = c.nodes[1].blocks[0].id;
    cluster_crash(&c, 1);
    cluster_submit(&c, 1); /* a later primary proposes both */
    while (c.nodes[2].host.disk.height == 0 && cluster_now(&c) < 30000 * MS && cluster_step(&c))
        ;
    CHECK_EQ_U64(c.nodes[2].host.disk.height, 1);
    CHECK(!digest_equal(&voted, &c.nodes[2].blocks[0].id));
    cluster_restart(&c, 1);
    cluster_fetch_blocks(&c, 1, 2);
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).decided, 1);
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).view, 0);
    if (c.failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "%s", c.failure);
    cluster_free(&c);
}

static uint64_t checkpoint_of(const struct cluster *c, struct bytes message)
{
    struct claim claim;

    if (message_parse(&c->members, message, MESSAGE_CHECKPOINT, &claim, NULL) != ERR_OK)
        return 0;
    return claim.says.sequence;
}

struct signed_for {
    unsigned node, times;
    uint64_t sequence;
};

static void watch_signing(struct cluster *c, unsigned node, unsigned timer, const struct effect *e)
{
    struct signed_for *w = c->watcher;

    (void)timer;
    if (node == w->node && e != NULL && e->kind == EFFECT_SEND)
        w->times += checkpoint_of(c, blob_bytes(e->blob)) == w->sequence;
}

/* Else a checkpoint that most have passed by catch-up never becomes stable, and who recovers waits for it. */
static void who_takes_blocks_by_catch_up_signs_the_checkpoints_on_the_way(void)
{
    struct cluster c;
    struct signed_for w = {.node = 3, .sequence = 4};

    cluster_init(&c, 4, 1);
    c.watcher = &w;
    c.watch = watch_signing;
    c.no_catch_up = true;
    cluster_start(&c);
    cluster_isolate(&c, 3, true);
    for (unsigned k = 0; c.nodes[0].host.disk.height < 6 && k < 60; k++) {
        cluster_submit(&c, k);
        cluster_run_until(&c, cluster_now(&c) + 1000 * MS);
    }
    CHECK(c.nodes[0].host.disk.height >= 6);
    CHECK_EQ_U64(w.times, 0);
    cluster_fetch_blocks(&c, 3, 0);
    CHECK(c.nodes[3].decided >= 6);
    CHECK_EQ_U64(w.times, 1);
    cluster_free(&c);
}

/* The block was durable and its checkpoint's record was not yet. */
static void a_crash_between_a_block_and_its_checkpoint(void)
{
    struct cluster c;
    struct signed_for w = {.node = 1, .sequence = 4};
    struct cluster_node *node = &c.nodes[1];

    cluster_init(&c, 4, 1);
    c.watcher = &w;
    c.watch = watch_signing;
    cluster_start(&c);
    for (unsigned k = 0; node->host.disk.height < 4 && k < 60; k++) {
        cluster_submit(&c, k);
        while (node->host.disk.height < 4 && !cluster_decided_all(&c) && cluster_step(&c))
            ;
    }
    CHECK_EQ_U64(node->host.disk.height, 4);
    CHECK_EQ_U64(w.times, 1);
    CHECK_EQ_U64(pbft_status(node->pbft).stable, 0);
    cluster_crash(&c, 1);
    size_t last = node->host.disk.count - 1;
    CHECK(record_kind(blob_bytes(node->host.disk.records[last].blob)) == RECORD_CLAIM);
    disk_damage(&node->host.disk, DAMAGE_LOST, last, 0);
    w.times = 0;
    cluster_restart(&c, 1);
    CHECK(w.times >= 1);
    cluster_free(&c);
}

/* Nobody ever hears of the first one. */
static bool first_checkpoint(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)from;
    (void)to;
    return checkpoint_of(c, message) == 4;
}

/* It lies above what the wiped replica may have voted for, and the others have passed it: they must fill up to another.
 */
static void a_wiped_replica_waits_for_a_checkpoint_that_is_not_signed(void)
{
    struct cluster c;

    cluster_init(&c, 4, 1);
    c.drop = first_checkpoint;
    cluster_start(&c);
    cluster_submit(&c, 0);
    CHECK(cluster_run_decided(&c, 20000 * MS));
    cluster_wipe(&c, 3);
    cluster_restart(&c, 3);
    while (c.nodes[0].host.disk.height < 4 && cluster_now(&c) < 40000 * MS && cluster_step(&c))
        ;
    CHECK_EQ_U64(c.nodes[0].host.disk.height, 4);
    CHECK_EQ_U64(pbft_status(c.nodes[0].pbft).stable, 0);
    CHECK(pbft_status(c.nodes[3].pbft).recovering);
    cluster_run_until(&c, cluster_now(&c) + 60000 * MS);
    CHECK(!pbft_status(c.nodes[3].pbft).recovering);
    if (c.failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "%s", c.failure);
    cluster_free(&c);
}

/* It heard nothing while the others decided, and has nothing to propose: what it was given seems to be too early. */
static void who_holds_a_request_that_seems_too_early_asks(void)
{
    struct cluster c;

    cluster_init(&c, 4, 1);
    c.censored = "request 0";
    c.censor = 3;
    cluster_start(&c);
    cluster_isolate(&c, 3, true);
    cluster_submit(&c, 0);
    cluster_run_until(&c, 5000 * MS);
    CHECK_EQ_U64(c.nodes[0].decided, 1);
    CHECK_EQ_U64(c.nodes[3].decided, 0);
    cluster_isolate(&c, 3, false);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 5000 * MS));
    cluster_free(&c);
}

int main(void)
{
    key_library_init();
    TAP_RUN(a_decision_that_came_too_late_for_everybody);
    TAP_RUN(a_vote_that_came_to_nothing);
    TAP_RUN(early_requests_shut_nobody_out);
    TAP_RUN(who_takes_blocks_by_catch_up_signs_the_checkpoints_on_the_way);
    TAP_RUN(a_crash_between_a_block_and_its_checkpoint);
    TAP_RUN(a_wiped_replica_waits_for_a_checkpoint_that_is_not_signed);
    TAP_RUN(who_holds_a_request_that_seems_too_early_asks);
    return tap_done();
}
