#include "replica/log.h"

#include <string.h>

#include "tap.h"
#include "transfer/messages.h"

/* Own checkpoints of one replica: when it stores its state, and from which of the stored ones it starts. */

enum { HEIGHT = 40, CLOSING = 10 };

static struct log chain;

static struct blob *snapshot_of(uint64_t height)
{
    struct blob *proof, *state;

    log_state(&chain, height, &proof, &state);
    struct blob *snapshot = snapshot_encode(&(struct snapshot){height, blob_bytes(proof), blob_bytes(state)});
    blob_drop(proof);
    blob_drop(state);
    return snapshot;
}

/* ---- storing */

/* Each comes right behind its block, and is the one that others would have given. */
static unsigned check_stored(const struct node *n)
{
    for (unsigned i = 0; i < n->said.stored_count; i++) {
        const struct storing *stored = &n->said.stored[i];
        if (!CHECK_EQ_U64(stored->top, stored->height))
            return 0;
        CHECK(stored->height % INTERVAL == 0 || stored->height == chain.closing);
        struct blob *expected = snapshot_of(stored->height);
        CHECK_EQ_BYTES(blob_bytes(stored->bytes), blob_bytes(expected));
        blob_drop(expected);
    }
    return n->said.stored_count;
}

static void each_checkpoint_is_stored(void)
{
    for (unsigned self = 0; self < PEERS; self++) { /* with a vote and without */
        struct diag diag = {0};
        struct node n;
        unsigned stored = 0;

        log_make(&chain, HEIGHT, CLOSING);
        REQUIRE_OK(node_new(&n, &chain, self, NULL, true, &diag));
        node_start(&n, false);
        for (uint64_t h = 1; h <= HEIGHT; h += 4) {
            CHECK_OK(node_receive(&n, self == 1 ? 2 : 1, blocks_of(&chain, h, h + 3, HEIGHT)));
            CHECK_EQ_U64(n.height, h + 3);
            stored += check_stored(&n);
        }
        CHECK_EQ_U64(stored, HEIGHT / INTERVAL + 1);
        node_free(&n);
        log_free(&chain);
    }
}

/* A snapshot says nothing of a gap below it. */
static void none_is_stored_above_a_gap(void)
{
    struct diag diag = {0};
    struct node n;

    log_make(&chain, HEIGHT, 0);
    struct blob *snapshot = snapshot_of(16);
    struct shelf shelf = {.log = &chain, .from = 17, .to = 20, .whole = 6, .snapshots = {{16, snapshot}}};
    struct ledger_store store = shelf_store(&shelf);
    REQUIRE_OK(node_new(&n, &chain, LEARNER, &store, true, &diag));
    node_start(&n, true);
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 21, 25, HEIGHT)));
    CHECK_EQ_U64(check_stored(&n), 0);
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 7, 16, HEIGHT)));
    CHECK(node_noted(&n, "replica.whole"));
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 26, 33, HEIGHT)));
    CHECK_EQ_U64(check_stored(&n), 1);
    node_free(&n);
    blob_drop(snapshot);
    log_free(&chain);
}

/* ---- starting */

/* How a start on this store goes; n is to be freed when it goes well. */
static enum err start_on(struct node *n, unsigned self, struct shelf *shelf, struct diag *diag)
{
    struct ledger_store store = shelf_store(shelf);
    enum err err = node_new(n, &chain, self, &store, true, diag);

    if (err == ERR_OK) {
        CHECK_EQ_U64(n->height, shelf->to);
        CHECK_EQ_U64(n->sum, chain.sums[shelf->to]);
        CHECK(digest_equal(&n->id, &chain.ids[shelf->to]));
        node_start(n, true);
        CHECK_EQ_U64(node_appended(n), 0);
    }
    return err;
}

static void expect_start(struct shelf *shelf, uint64_t from, bool damaged)
{
    for (unsigned self = 1; self < PEERS; self++) {
        struct diag diag = {0};
        struct node n;

        if (CHECK_OK(start_on(&n, self, shelf, &diag))) {
            CHECK_EQ_U64(n.installed, from > 0);
            CHECK_EQ_U64(n.applied, shelf->to - from);
            CHECK_EQ_U64(node_noted(&n, "replica.damaged_snapshot"), damaged);
            CHECK(replica_restarted(n.replica));
        } else {
            tap_note("%s", diag.text);
        }
        node_free(&n);
    }
}

static void expect_refusal(struct shelf *shelf)
{
    struct diag diag = {0};
    struct node n;

    CHECK(start_on(&n, 1, shelf, &diag) != ERR_OK);
    CHECK(strstr(diag.text, "snapshot of the store at height 32") != NULL);
    node_free(&n);
}

/* Cut, of another height, with a state that is not the certified one, or not to be read at all. */
static struct blob *damage(const struct blob *whole, unsigned how)
{
    struct blob *bad = blob_new(bytes_of(whole->data, how == 0 ? whole->len - 1 : whole->len));

    if (how == 1)
        bad->data[3] ^= 1;
    if (how == 2)
        bad->data[bad->len - 12] ^= 1;
    if (how < 3)
        return bad;
    blob_drop(bad);
    return how == 3 ? snapshot_of(16) : NULL;
}

static void a_start_takes_the_latest_that_is_whole(void)
{
    log_make(&chain, HEIGHT, CLOSING);
    struct blob *late = snapshot_of(32), *early = snapshot_of(24);
    struct shelf shelf = {.log = &chain, .from = 1, .to = HEIGHT, .snapshots = {{32, late}, {24, early}}};
    expect_start(&shelf, 32, false);
    shelf.to = 32; /* nothing above it */
    expect_start(&shelf, 32, false);
    shelf.to = HEIGHT;
    for (unsigned how = 0; how < 5; how++) {
        struct blob *bad = damage(late, how);
        shelf.snapshots[0].bytes = bad;
        shelf.snapshots[1].bytes = early;
        expect_start(&shelf, 24, true);
        shelf.snapshots[1].bytes = bad;
        expect_start(&shelf, 0, true);
        shelf.to = 31; /* what led to it is lost */
        expect_refusal(&shelf);
        shelf.snapshots[1].bytes = early;
        expect_refusal(&shelf);
        shelf.to = HEIGHT;
        shelf.snapshots[1].bytes = bad;
        shelf.from = 33; /* nothing below it */
        expect_refusal(&shelf);
        shelf.from = 1;
        blob_drop(bad);
    }
    shelf.snapshots[0].height = 0;
    expect_start(&shelf, 0, false);
    blob_drop(late);
    blob_drop(early);
    log_free(&chain);
}

/* The block below it is another one: somebody has mixed up two ledgers. */
static void it_stands_on_the_ledger(void)
{
    struct diag diag = {0};
    struct node n;

    log_make(&chain, HEIGHT, 0);
    struct blob *snapshot = snapshot_of(32), *other = log_forge(&chain, 32, 99, &chain.ids[31], 3);
    struct shelf shelf = {
        .log = &chain, .from = 1, .to = HEIGHT, .snapshots = {{32, snapshot}}, .odd = 32, .other = other};
    struct ledger_store store = shelf_store(&shelf);
    CHECK_ERR(node_new(&n, &chain, 1, &store, true, &diag), ERR_MISMATCH);
    CHECK(strstr(diag.text, "block 32 of the store") != NULL);
    node_free(&n);
    blob_drop(other);
    blob_drop(snapshot);
    log_free(&chain);
}

int main(void)
{
    TAP_RUN(each_checkpoint_is_stored);
    TAP_RUN(none_is_stored_above_a_gap);
    TAP_RUN(a_start_takes_the_latest_that_is_whole);
    TAP_RUN(it_stands_on_the_ledger);
    return tap_done();
}
