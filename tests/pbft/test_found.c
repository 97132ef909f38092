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

int main(void)
{
    key_library_init();
    TAP_RUN(a_decision_that_came_too_late_for_everybody);
    return tap_done();
}
