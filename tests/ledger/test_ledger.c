#include "ledger/ledger.h"
#include "tap.h"

/* Blocks are any bytes here. */

static struct ledger l;

static void begin(void)
{
    ledger_init(&l, ledger_store_new(NULL), ledger_store_new(NULL));
}

static void install(uint64_t height)
{
    struct blob *snapshot = blob_new(bytes_of_text("snapshot"));

    ledger_install(&l, height, snapshot, ledger_store_new(NULL));
    blob_drop(snapshot);
}

static enum err append(uint64_t height)
{
    char text[16];

    snprintf(text, sizeof text, "%u", (unsigned)height);
    return ledger_append(&l, height, bytes_of_text(text), NULL);
}

static void keep(uint64_t height)
{
    struct blob *snapshot = blob_new(bytes_of_text("own"));

    ledger_keep(&l, height, snapshot);
    blob_drop(snapshot);
}

/* Height of the snapshot with this number, and whether it is an own one; 0: there is none. */
static uint64_t snapshot_at(unsigned number, bool *own)
{
    struct ledger_store view = ledger_view(&l);
    struct blob *snapshot;
    uint64_t height;

    if (view.snapshot(view.context, number, &height, &snapshot) != ERR_OK)
        return 0;
    *own = bytes_equal(blob_bytes(snapshot), bytes_of_text("own"));
    blob_drop(snapshot);
    return height;
}

static bool has(uint64_t height)
{
    struct ledger_store view = ledger_view(&l);
    struct blob *block = NULL;
    bool found;
    char text[16];

    snprintf(text, sizeof text, "%u", (unsigned)height);
    found = view.read(view.context, height, &block) == ERR_OK && bytes_equal(blob_bytes(block), bytes_of_text(text));
    blob_drop(block);
    return found;
}

static void without_a_gap_it_is_a_store(void)
{
    bool own;

    begin();
    CHECK_OK(append(1));
    CHECK_OK(append(2));
    CHECK_ERR(append(2), ERR_STATE);
    CHECK_ERR(append(4), ERR_STATE);
    CHECK_EQ_U64(l.height, 2);
    CHECK_EQ_U64(l.top, 2);
    CHECK(has(1) && has(2) && !has(3) && !has(0));
    CHECK_EQ_U64(snapshot_at(0, &own), 0);
    ledger_fini(&l);
}

static void a_gap_is_filled_from_below(void)
{
    bool own;

    begin();
    CHECK_OK(append(1));
    install(4);
    CHECK_OK(append(5));
    CHECK_ERR(append(3), ERR_STATE);
    CHECK_OK(append(2));
    CHECK(has(1) && has(2) && !has(3) && !has(4) && has(5));
    CHECK_EQ_U64(l.height, 2);
    CHECK_EQ_U64(l.top, 5);
    CHECK_OK(append(6));
    CHECK_OK(append(3));
    CHECK_OK(append(4));
    CHECK_EQ_U64(l.height, 6);
    for (uint64_t h = 1; h <= 6; h++)
        CHECK(has(h));
    CHECK_OK(append(7));
    CHECK(has(7) && l.top == 7);
    CHECK_EQ_U64(snapshot_at(0, &own), 4); /* a restart begins there */
    CHECK(!own);
    ledger_fini(&l);
}

static void a_later_state_replaces_what_stood_on_the_first(void)
{
    begin();
    install(3);
    CHECK_OK(append(4));
    CHECK_OK(append(1));
    install(9);
    CHECK(has(1) && !has(4));
    CHECK_OK(append(10));
    for (uint64_t h = 2; h <= 9; h++)
        CHECK_OK(append(h));
    CHECK(has(4) && has(10));
    CHECK_EQ_U64(l.height, 10);
    ledger_fini(&l);
}

static void the_latest_snapshots_stay_and_so_do_the_blocks(void)
{
    bool own = false;

    begin();
    for (uint64_t h = 1; h <= 9; h++) {
        CHECK_OK(append(h));
        if (h % 3 == 0)
            keep(h);
    }
    CHECK_OK(append(10));
    CHECK(snapshot_at(0, &own) == 9 && own);
    CHECK(snapshot_at(1, &own) == 6 && own);
    CHECK_EQ_U64(snapshot_at(2, &own), 0);
    install(20);
    CHECK(snapshot_at(0, &own) == 20 && !own);
    CHECK(snapshot_at(1, &own) == 9 && own);
    CHECK_OK(append(21));
    for (uint64_t h = 11; h <= 20; h++)
        CHECK_OK(append(h));
    keep(21);
    for (uint64_t h = 1; h <= 21; h++)
        CHECK(has(h));
    CHECK(snapshot_at(0, &own) == 21 && own);
    CHECK(snapshot_at(1, &own) == 20 && !own);
    struct blob *held = blob_hold(l.snapshots[0].bytes);
    ledger_damage(&l, 8);
    CHECK(snapshot_at(0, &own) == 21 && !own);
    CHECK_EQ_BYTES(blob_bytes(held), bytes_of_text("own")); /* a holding of before is as it was */
    blob_drop(held);
    ledger_fini(&l);
}

int main(void)
{
    TAP_RUN(without_a_gap_it_is_a_store);
    TAP_RUN(a_gap_is_filled_from_below);
    TAP_RUN(a_later_state_replaces_what_stood_on_the_first);
    TAP_RUN(the_latest_snapshots_stay_and_so_do_the_blocks);
    return tap_done();
}
