#include <string.h>

#include "cluster.h"
#include "cluster_parts.h"
#include "tap.h"

/* A replica that has lost its records: what it may say, and how it comes back. */

struct watched {
    unsigned node, votes, early;
};

static bool binds(const struct effect *e)
{
    return e != NULL && e->kind == EFFECT_SEND && pbft_owns(blob_bytes(e->blob)) &&
           e->blob->data[1] <= MESSAGE_NEW_VIEW;
}

/* The NEW-VIEW of a view that another one is in already: it signs nothing when it passes that on. */
static bool passes_on(const struct cluster *c, unsigned node, const struct effect *e)
{
    struct claim claim;

    if (e->blob->data[1] != MESSAGE_NEW_VIEW || !cluster_first_claim(c, blob_bytes(e->blob), &claim))
        return false;
    for (unsigned i = 0; i < c->n; i++) {
        const struct pbft *p = c->nodes[i].pbft;
        if (i != node && p != NULL && !pbft_status(p).in_view_change && pbft_status(p).view >= claim.says.view)
            return true;
    }
    return false;
}

static void watch(struct cluster *c, unsigned node, unsigned timer, const struct effect *effect)
{
    struct watched *w = c->watcher;

    (void)timer;
    if (node != w->node || !binds(effect) || passes_on(c, node, effect))
        return;
    w->early += c->nodes[node].wiped;
    w->votes += effect->blob->data[1] <= MESSAGE_COMMIT;
}

static void finish(struct cluster *c)
{
    if (c->failure[0] != 0)
        tap_note("%s", c->failure);
    CHECK(c->failure[0] == 0);
    cluster_free(c);
}

static void begin(struct cluster *c, unsigned n, uint64_t seed, struct watched *w)
{
    cluster_init(c, n, seed);
    c->watcher = w;
    c->watch = watch;
    cluster_start(c);
    for (unsigned k = 0; k < 3; k++)
        cluster_submit(c, k);
    CHECK(cluster_run_decided(c, 20000 * MS));
}

static bool recovers(struct cluster *c, unsigned node)
{
    cluster_restart(c, node);
    cluster_run_until(c, cluster_now(c) + 20000 * MS);
    return !c->nodes[node].wiped && !pbft_status(c->nodes[node].pbft).recovering;
}

/* Nobody asks for anything: null batches fill up to the checkpoint. Then its vote is needed and comes. */
static void it_recovers_while_all_is_quiet_and_votes_in_a_later_view(void)
{
    struct watched w = {.node = 3};
    struct cluster c;

    begin(&c, 4, 1, &w);
    cluster_wipe(&c, 3);
    CHECK(recovers(&c, 3));
    CHECK_EQ_U64(w.early, 0);
    struct pbft_status s = pbft_status(c.nodes[3].pbft);
    CHECK(s.listening && s.stable > 0 && s.view == 0);
    CHECK_EQ_U64(s.decided, pbft_status(c.nodes[1].pbft).decided);
    w.votes = 0;
    cluster_isolate(&c, 0, true);
    cluster_submit(&c, 3);
    cluster_run_until(&c, cluster_now(&c) + 60000 * MS);
    CHECK(w.votes > 0 && !pbft_status(c.nodes[3].pbft).listening);
    CHECK(c.nodes[3].decided > s.decided);
    cluster_isolate(&c, 0, false);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 60000 * MS));
    finish(&c);
}

static void it_follows_the_others_without_a_word(void)
{
    struct watched w = {.node = 2};
    struct cluster c;

    begin(&c, 4, 2, &w);
    cluster_wipe(&c, 2);
    cluster_restart(&c, 2);
    for (unsigned k = 3; k < 30; k++)
        cluster_submit(&c, k);
    w.votes = 0;
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 60000 * MS));
    CHECK_EQ_U64(w.votes + w.early, 0); /* nobody has left view 0 */
    finish(&c);
}

static bool no_query(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    (void)from;
    (void)to;
    return message.data[1] == MESSAGE_QUERY && cluster_now(c) < 8000 * MS;
}

/* What it asks first is lost, and then there is a decision more often than it would ask again. */
static void it_recovers_while_all_is_busy(void)
{
    struct watched w = {.node = 2};
    struct cluster c;

    begin(&c, 4, 2, &w);
    c.drop = no_query;
    cluster_wipe(&c, 2);
    cluster_restart(&c, 2);
    for (unsigned k = 3; cluster_now(&c) < 14000 * MS; k++) {
        cluster_submit(&c, k);
        cluster_run_until(&c, cluster_now(&c) + 50 * MS);
    }
    CHECK(!pbft_status(c.nodes[2].pbft).recovering);
    CHECK_EQ_U64(w.early, 0);
    finish(&c);
}

static void one_after_the_other(void)
{
    struct watched w = {.node = 1};
    struct cluster c;

    begin(&c, 4, 3, &w);
    for (unsigned round = 0; round < 8; round++) {
        cluster_wipe(&c, round % 4);
        cluster_submit(&c, 3 + round);
        CHECK(recovers(&c, round % 4));
    }
    CHECK_EQ_U64(w.early, 0);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 60000 * MS));
    finish(&c);
}

/* Crashes before it has recovered, at every moment: it asks again, with another nonce. */
static void it_crashes_on_the_way(void)
{
    for (unsigned at = 0; at < 60; at++) {
        struct watched w = {.node = 3};
        struct cluster c;
        tap_seed(at);
        begin(&c, 4, 100 + at, &w);
        cluster_wipe(&c, 3);
        cluster_restart(&c, 3);
        for (unsigned i = 0; i < at; i++)
            (void)cluster_step(&c);
        cluster_crash(&c, 3);
        CHECK(recovers(&c, 3));
        CHECK_EQ_U64(w.early, 0);
        finish(&c);
    }
}

static enum err report(struct cluster *c, unsigned from, unsigned to, uint64_t sequence, const struct digest *nonce)
{
    struct digest_context d;

    digest_init(&d);
    digest_add(&d, nonce->b, DIGEST_SIZE);
    digest_add(&d, c->fingerprints[to].b, DIGEST_SIZE);
    struct digest digest = digest_final(&d);
    struct claim claim = cluster_claim(c, from, MESSAGE_REPORT, 0, sequence, &digest);
    struct buf cose = {0}, out = {0};
    struct cbor_writer w;
    claim_encode(&c->members, &claim, &cose);
    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, MESSAGE_REPORT);
    cbor_put_raw(&w, bytes_of_buf(&cose));
    cbor_writer_done(&w);
    enum err err = cluster_deliver(c, to, bytes_of_buf(&out));
    buf_free(&cose);
    buf_free(&out);
    return err;
}

/* An old report says nothing about what was signed since; a liar cannot keep it out for ever. */
static void reports_are_fresh_and_liars_do_not_move_the_bound(void)
{
    struct watched w = {.node = 6};
    struct cluster c;

    begin(&c, 7, 5, &w);
    struct digest old = host_nonce(&c.nodes[6].host);
    cluster_wipe(&c, 6);
    cluster_restart(&c, 6);
    struct digest nonce = host_nonce(&c.nodes[6].host);
    CHECK_ERR(report(&c, 1, 6, 0, &old), ERR_STALE);
    CHECK_OK(report(&c, 1, 6, UINT64_C(1) << 50, &nonce));
    CHECK_ERR(report(&c, 1, 6, 0, &nonce), ERR_STALE); /* the first word counts */
    cluster_run_until(&c, cluster_now(&c) + 20000 * MS);
    CHECK(!pbft_status(c.nodes[6].pbft).recovering);
    CHECK_ERR(report(&c, 2, 6, 0, &nonce), ERR_STALE);
    CHECK_EQ_U64(w.early, 0);
    finish(&c);
}

int main(void)
{
    TAP_RUN(it_recovers_while_all_is_quiet_and_votes_in_a_later_view);
    TAP_RUN(it_follows_the_others_without_a_word);
    TAP_RUN(it_recovers_while_all_is_busy);
    TAP_RUN(one_after_the_other);
    TAP_RUN(it_crashes_on_the_way);
    TAP_RUN(reports_are_fresh_and_liars_do_not_move_the_bound);
    return tap_done();
}
