#include "cluster.h"

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
    while (!(given[0] && given[1] && given[2]) && c.now < 30000 * MS && cluster_step(&c)) {
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
    cluster_run_until(&c, c.now + 4000 * MS);
    CHECK(cluster_run_decided(&c, 60000 * MS));
    if (c.failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "%s", c.failure);
    cluster_free(&c);
}

/* Too early, whatever happens, is what begins with '!'. */
static enum err some_too_early(void *context, struct bytes request)
{
    (void)context;
    return request.data[0] == '!' ? ERR_AGAIN : ERR_OK;
}

/* A pool that is full of requests whose time does not come must still take one that can be proposed. */
static void early_requests_shut_nobody_out(void)
{
    struct cluster c;
    struct pbft_app app = {.check_request = some_too_early};
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
    while (c.nodes[2].ledger_count == 0 && c.now < 30000 * MS && cluster_step(&c))
        ;
    CHECK_EQ_U64(c.nodes[2].ledger_count, 1);
    CHECK(!digest_equal(&voted, &c.nodes[2].blocks[0].id));
    cluster_restart(&c, 1);
    cluster_fetch_blocks(&c, 1, 2);
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).decided, 1);
    CHECK_EQ_U64(pbft_status(c.nodes[1].pbft).view, 0);
    if (c.failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "%s", c.failure);
    cluster_free(&c);
}

int main(void)
{
    key_library_init();
    TAP_RUN(a_decision_that_came_too_late_for_everybody);
    TAP_RUN(a_vote_that_came_to_nothing);
    TAP_RUN(early_requests_shut_nobody_out);
    return tap_done();
}
