#include "cluster.h"

#include "pbft/internal.h"
#include "tap.h"

/* A block closes the membership epoch. Storms do the same with other members, faults and liars. */

static void begin(struct cluster *c, unsigned n, uint64_t seed)
{
    cluster_init(c, n, seed);
    c->closing = "request 4";
    c->config.batch_max = 1;
    cluster_start(c);
}

static void finish(struct cluster *c)
{
    if (c->failure[0] != '\0')
        tap_complain(__FILE__, __LINE__, "n=%u: %s", c->n, c->failure);
    cluster_free(c);
}

static bool all_closed(const struct cluster *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (c->nodes[i].pbft == NULL || !pbft_status(c->nodes[i].pbft).closed)
            return false;
    }
    return true;
}

static void close_all(struct cluster *c, unsigned requests)
{
    for (unsigned k = 0; k < requests; k++)
        cluster_submit(c, k);
    while (!all_closed(c) && cluster_now(c) < 60000 * MS && cluster_step(c))
        ;
    CHECK(all_closed(c));
}

static void renew_all(struct cluster *c)
{
    c->config.membership_epoch++;
    c->closing = NULL;
    for (unsigned i = 0; i < c->n; i++)
        cluster_renew(c, i);
}

static void nothing_happens_above_the_closing_block(void)
{
    struct cluster c;

    begin(&c, 4, 1);
    close_all(&c, 12);
    uint64_t height = c.nodes[0].decided;
    cluster_run_until(&c, cluster_now(&c) + 20000 * MS);
    for (unsigned i = 0; i < 4; i++) {
        struct pbft_status s = pbft_status(c.nodes[i].pbft);
        CHECK_EQ_U64(s.decided, height);
        CHECK_EQ_U64(s.executed, height);
        CHECK_EQ_U64(s.view, 0); /* requests wait, and nobody is blamed for it */
        CHECK(s.pending > 0);
    }
    finish(&c);
}

static void the_next_epoch_goes_on_with_the_requests(void)
{
    for (unsigned n = 1; n <= 7; n++) {
        struct cluster c;
        tap_seed(n);
        begin(&c, n, n);
        close_all(&c, 12);
        uint64_t height = c.nodes[0].decided;
        renew_all(&c);
        CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
        CHECK(c.nodes[0].decided > height);
        CHECK_EQ_U64(c.view_changes, 0);
        for (unsigned i = 0; i < n; i++)
            CHECK_EQ_U64(pbft_status(c.nodes[i].pbft).pending, 0);
        finish(&c);
    }
}

/* What the old epoch persisted is no memory of the next one's. */
static void records_of_the_old_epoch_are_skipped(void)
{
    struct cluster c;

    begin(&c, 4, 3);
    close_all(&c, 8);
    struct cluster_node *node = &c.nodes[2];
    size_t old = node->host.disk.count;
    CHECK(old > 0);
    c.config.membership_epoch++;
    c.closing = NULL;
    cluster_crash(&c, 2); /* between the closing block and the next epoch's first record */
    cluster_restart(&c, 2);
    CHECK_EQ_U64(pbft_status(node->pbft).stable, node->decided);
    for (unsigned i = 0; i < 4; i++) {
        if (i != 2)
            cluster_renew(&c, i);
    }
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    cluster_crash(&c, 2);
    cluster_restart(&c, 2);
    CHECK_EQ_U64(c.failure[0], '\0');
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    finish(&c);
}

/* Messages of the old epoch are refused in the new one and the other way round; they tell only which epoch they name.
 */
static void messages_of_another_epoch_do_not_count(void)
{
    struct cluster c;
    struct digest digest = digest_of(bytes_of_text("anything"));
    uint64_t epoch = 0;

    begin(&c, 4, 4);
    close_all(&c, 8);
    struct claim claim = cluster_claim(&c, 1, MESSAGE_COMMIT, 0, c.nodes[0].decided + 1, &digest);
    struct blob *message = message_make(&c.members, &claim, bytes_of(NULL, 0));
    CHECK_OK(cluster_deliver(&c, 0, blob_bytes(message)));
    CHECK(pbft_membership_epoch(blob_bytes(message), &epoch));
    CHECK_EQ_U64(epoch, 1);
    renew_all(&c);
    CHECK_ERR(cluster_deliver(&c, 0, blob_bytes(message)), ERR_MISMATCH);
    CHECK(!pbft_membership_epoch(bytes_of(message->data, message->len / 2), &epoch));
    CHECK(!pbft_membership_epoch(bytes_of_text("\x83\x08\x01"), &epoch));
    blob_drop(message);
    finish(&c);
}

/* Who missed it learns of the closing block like of any other, and goes no further. */
static void a_laggard_learns_that_the_epoch_is_closed(void)
{
    struct cluster c;

    begin(&c, 4, 5);
    cluster_isolate(&c, 3, true);
    for (unsigned k = 0; k < 8; k++)
        cluster_submit(&c, k);
    cluster_run_until(&c, 3000 * MS);
    CHECK(pbft_status(c.nodes[0].pbft).closed);
    CHECK(!pbft_status(c.nodes[3].pbft).closed);
    cluster_isolate(&c, 3, false);
    cluster_run_until(&c, 8000 * MS);
    CHECK(pbft_status(c.nodes[3].pbft).closed);
    CHECK_EQ_U64(c.nodes[3].decided, c.nodes[0].decided);
    renew_all(&c);
    CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
    finish(&c);
}

/* A view change that comes between: the closing block is decided in the next view. */
static void the_primary_fails_while_it_closes(void)
{
    for (uint64_t seed = 10; seed < 30; seed++) {
        struct cluster c;
        tap_seed(seed);
        begin(&c, 4, seed);
        for (unsigned k = 0; k < 8; k++)
            cluster_submit(&c, k);
        while (c.nodes[1].pbft->executions.closing == 0 && cluster_step(&c))
            ;
        cluster_isolate(&c, 0, true);
        cluster_run_until(&c, cluster_now(&c) + 4000 * MS);
        cluster_isolate(&c, 0, false);
        while (!all_closed(&c) && cluster_now(&c) < 60000 * MS && cluster_step(&c))
            ;
        CHECK(all_closed(&c));
        renew_all(&c);
        CHECK(cluster_run_decided(&c, cluster_now(&c) + 20000 * MS));
        finish(&c);
    }
}

int main(void)
{
    TAP_RUN(nothing_happens_above_the_closing_block);
    TAP_RUN(the_next_epoch_goes_on_with_the_requests);
    TAP_RUN(records_of_the_old_epoch_are_skipped);
    TAP_RUN(messages_of_another_epoch_do_not_count);
    TAP_RUN(a_laggard_learns_that_the_epoch_is_closed);
    TAP_RUN(the_primary_fails_while_it_closes);
    return tap_done();
}
