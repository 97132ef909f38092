#include "base/file.h"
#include "store_scratch.h"
#include "tap.h"
#include "world/disk.h"

/* The durable store of a node does what the rehearsal's virtual disk does. */

static struct store *s;
static uint64_t serial;

static void ask(enum store_kind kind, uint64_t number, uint64_t seed, size_t len)
{
    struct blob *blob = scratch_blob(seed, len);

    store_write(s, kind, ++serial, number, blob);
    blob_drop(blob);
}

static void reopen(void)
{
    store_close(s);
    s = scratch_open();
    serial = 0;
}

static void begin(void)
{
    scratch_clear();
    s = scratch_open();
    serial = 0;
}

/* ---- one after the other */

static void a_new_store_is_empty(void)
{
    struct buf records = {0};
    struct blob *blob;
    uint64_t height, flag = 9;

    begin();
    CHECK(store_is_new(s));
    CHECK_OK(scratch_records(s, &records));
    CHECK_EQ_U64(records.len, 0);
    const struct ledger_store *l = store_ledger(s);
    CHECK_ERR(l->read(l->context, 1, &blob), ERR_MISSING);
    CHECK_ERR(l->read(l->context, UINT64_MAX, &blob), ERR_MISSING);
    CHECK_ERR(l->snapshot(l->context, 0, &height, &blob), ERR_MISSING);
    CHECK_OK(store_flag(s, "recovering", &flag, scratch_diag()));
    CHECK_EQ_U64(flag, 0);
    reopen();
    CHECK(!store_is_new(s));
    store_close(s);
    buf_free(&records);
}

static enum err count_len(void *context, struct bytes record)
{
    uint64_t *sum = context;

    *sum = 1000 * *sum + record.len;
    return ERR_OK;
}

static void records_keep_their_order(void)
{
    uint64_t sum = 0;

    begin();
    ask(STORE_RECORD, 5, 1, 1);
    ask(STORE_RECORD, 3, 2, 2);
    ask(STORE_RECORD, 4, 3, 0);
    CHECK_OK(scratch_wait(s, 3));
    ask(STORE_RECORD, 3, 4, 4);
    CHECK_OK(scratch_wait(s, 4));
    CHECK_OK(store_records(s, count_len, &sum, NULL));
    CHECK_EQ_U64(sum, 1002000004);
    store_forget(s, 3, 4); /* the fourth came behind it */
    reopen();
    sum = 0;
    CHECK_OK(store_records(s, count_len, &sum, NULL));
    CHECK_EQ_U64(sum, 1004);
    store_close(s);
}

static void flags_are_durable_when_they_are_set(void)
{
    uint64_t flag = 0;

    begin();
    ask(STORE_RECORD, 1, 1, 10);
    CHECK_OK(store_flag_set(s, "life", 7, NULL));
    CHECK_OK(scratch_wait(s, 1)); /* at once */
    CHECK_OK(store_flag(s, "life", &flag, NULL));
    CHECK_EQ_U64(flag, 7);
    CHECK_OK(store_flag_set(s, "life", 8, NULL));
    reopen();
    CHECK_OK(store_flag(s, "life", &flag, NULL));
    CHECK_EQ_U64(flag, 8);
    store_close(s);
}

/* In the transaction that makes it: there is no time at which it could be killed and taken for one that never lost
 * anything.
 */
static void one_that_was_lost_says_so(void)
{
    uint64_t flag = 0;

    scratch_clear();
    REQUIRE_OK(store_open(scratch_path(), &scratch_federation, false, &s, scratch_diag()));
    CHECK(store_is_new(s));
    CHECK_OK(store_flag(s, STORE_RECOVERING, &flag, NULL));
    CHECK_EQ_U64(flag, 1);
    CHECK_OK(store_flag_set(s, STORE_RECOVERING, 0, NULL));
    store_close(s);
    REQUIRE_OK(store_open(scratch_path(), &scratch_federation, false, &s, scratch_diag()));
    CHECK_OK(store_flag(s, STORE_RECOVERING, &flag, NULL));
    CHECK_EQ_U64(flag, 0);
    store_close(s);
}

static void what_is_out_of_order_stops_it(void)
{
    uint64_t durable;

    begin();
    ask(STORE_BLOCK, 1, 1, 10);
    ask(STORE_RECORD, 1, 1, 10);
    CHECK_OK(scratch_wait(s, 2));
    ask(STORE_BLOCK, 3, 1, 10);
    CHECK_ERR(scratch_wait(s, 3), ERR_STATE);
    ask(STORE_BLOCK, 2, 1, 10);
    CHECK_ERR(store_finished(s, &durable, scratch_diag()), ERR_STATE);
    CHECK_EQ_U64(durable, 2);
    CHECK(strstr(scratch_diag()->text, "block 3") != NULL);
    CHECK_ERR(store_flag_set(s, "life", 1, NULL), ERR_STATE);
    reopen();
    ask(STORE_BLOCK, 2, 1, 10);
    CHECK_OK(scratch_wait(s, 1));
    ask(STORE_SNAPSHOT, 1, 1, 10);
    CHECK_ERR(scratch_wait(s, 2), ERR_STATE);
    store_close(s);
}

static void it_is_one_federation_s(void)
{
    const struct digest other = {{8}};
    struct store *another;

    begin();
    store_close(s);
    CHECK_ERR(store_open(scratch_path(), &other, true, &another, scratch_diag()), ERR_STATE);
    CHECK(strstr(scratch_diag()->text, "federation 0707") != NULL);
}

static void no_other_file_is_touched(void)
{
    struct store *another;
    struct buf text = {0}, again = {0};

    scratch_clear();
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&text, "line %u of somebody's file\n", i);
    REQUIRE_OK(file_write(scratch_path(), bytes_of_buf(&text), NULL));
    CHECK_ERR(store_open(scratch_path(), &scratch_federation, true, &another, scratch_diag()), ERR_SYNTAX);
    REQUIRE_OK(file_read(scratch_path(), 1 << 20, &again, NULL));
    CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&text));
    CHECK_ERR(store_open("/nowhere/at/all", &scratch_federation, true, &another, scratch_diag()), ERR_IO);
    buf_free(&text);
    buf_free(&again);
}

/* ---- pruning */

static void blocks(uint64_t from, uint64_t to)
{
    for (uint64_t h = from; h <= to; h++)
        ask(STORE_BLOCK, h, h, 50);
}

static bool has(uint64_t height)
{
    const struct ledger_store *l = store_ledger(s);
    struct blob *block;
    enum err err = l->read(l->context, height, &block);

    if (err == ERR_OK)
        blob_drop(block);
    return err == ERR_OK;
}

/* Blocks 5 to 10, states at 5 and 10. */
static void begin_pruned(void)
{
    begin();
    blocks(1, 5);
    ask(STORE_SNAPSHOT, 5, 5, 50);
    blocks(6, 10);
    ask(STORE_SNAPSHOT, 10, 10, 50);
    CHECK_OK(scratch_wait(s, serial));
    CHECK_ERR(store_prune(s, 5, scratch_diag()), ERR_STATE);
    CHECK_OK(store_prune(s, 4, scratch_diag()));
    CHECK(!has(4) && has(5) && store_pruned(s) == 4);
    CHECK_OK(store_prune(s, 3, scratch_diag()));
    CHECK_EQ_U64(store_pruned(s), 4);
}

static void old_blocks_are_dropped(void)
{
    begin_pruned();
    reopen();
    CHECK(!has(4) && has(5) && store_pruned(s) == 4);
    blocks(11, 12);
    CHECK_OK(scratch_wait(s, serial));
    store_close(s);
    begin();
    blocks(1, 700);
    ask(STORE_SNAPSHOT, 700, 1, 50);
    CHECK_OK(scratch_wait(s, serial));
    CHECK_OK(store_prune(s, 699, scratch_diag())); /* in several steps */
    CHECK(!has(1) && !has(699) && has(700));
    store_close(s);
}

/* A state was installed: the blocks below it have no end that a restart would find (replica/backfill.h). */
static void pruned_blocks_are_fetched_again(void)
{
    begin_pruned();
    ask(STORE_SNAPSHOT, 20, 20, 50);
    blocks(21, 22);
    CHECK_OK(scratch_wait(s, serial));
    CHECK_ERR(store_prune(s, 8, scratch_diag()), ERR_STATE);
    reopen();
    blocks(1, 3);
    CHECK_OK(scratch_wait(s, serial));
    CHECK(has(3) && !has(7) && has(21) && store_pruned(s) == 0);
    reopen();
    blocks(4, 20);
    blocks(23, 24);
    CHECK_OK(scratch_wait(s, serial));
    store_close(s);
}

/* Nobody fills the gap: later states say so. */
static void a_gap_is_pruned(void)
{
    begin_pruned();
    ask(STORE_SNAPSHOT, 20, 20, 50);
    for (uint64_t h = 21; h <= 30; h++) {
        blocks(h, h);
        if (h % 5 == 0)
            ask(STORE_SNAPSHOT, h, h, 50);
    }
    CHECK_OK(scratch_wait(s, serial));
    CHECK_ERR(store_prune(s, 25, scratch_diag()), ERR_STATE);
    CHECK_OK(store_prune(s, 24, scratch_diag()));
    CHECK(!has(5) && !has(24) && has(25));
    reopen();
    blocks(31, 31);
    CHECK_OK(scratch_wait(s, serial));
    store_close(s);
}

/* Behind each state at a fifth block: what is older than twelve blocks, and no block that a start may need. */
static void a_store_keeps_so_many_blocks(void)
{
    begin();
    store_keep(s, 12);
    for (uint64_t h = 1; h <= 40; h++) {
        blocks(h, h);
        if (h % 5 == 0)
            ask(STORE_SNAPSHOT, h, h, 50);
    }
    CHECK_OK(scratch_wait(s, serial));
    CHECK(store_pruned(s) == 28 && !has(28) && has(29));
    store_keep(s, 1);
    blocks(41, 45);
    ask(STORE_SNAPSHOT, 45, 45, 50);
    CHECK_OK(scratch_wait(s, serial));
    CHECK(store_pruned(s) == 39 && !has(39) && has(40));
    reopen(); /* keeps all, until it is told otherwise */
    blocks(46, 50);
    ask(STORE_SNAPSHOT, 50, 50, 50);
    CHECK_OK(scratch_wait(s, serial));
    CHECK_EQ_U64(store_pruned(s), 39);
    store_close(s);
}

/* ---- beside the virtual disk */

static struct disk disk;
static struct prng prng;

static void both(enum store_kind kind, uint64_t number)
{
    uint64_t seed = prng_next(&prng);
    size_t len = prng_below(&prng, prng_below(&prng, 8) == 0 ? 9000 : 200);
    struct blob *blob = scratch_blob(seed, len);
    struct disk_write w;
    int64_t done_ns;

    store_write(s, kind, ++serial, number, blob);
    disk_begin(&disk, 1, 0, (enum disk_kind)kind, serial, number, blob, &done_ns);
    CHECK(disk_finish(&disk, 1, &w) == DISK_DONE);
    blob_drop(w.blob);
    blob_drop(blob);
}

static void add_block(void)
{
    const struct ledger *l = &disk.blocks;
    bool fills = l->height < l->base && prng_below(&prng, 2) == 0;

    both(STORE_BLOCK, (fills ? l->height : l->top) + 1);
}

static void forget(void)
{
    uint64_t number = prng_below(&prng, 20);

    store_forget(s, serial, number);
    disk_forget(&disk, number);
}

static void do_any(void)
{
    uint64_t what = prng_below(&prng, 20);

    if (what < 8)
        add_block();
    else if (what < 15)
        both(STORE_RECORD, prng_below(&prng, 20));
    else if (what < 17)
        forget();
    else if (what < 19)
        both(STORE_SNAPSHOT, disk.blocks.top);
    else
        both(STORE_SNAPSHOT, disk.blocks.top + 1 + prng_below(&prng, 6));
}

static void compare_blocks(void)
{
    const struct ledger_store *got = store_ledger(s), *want = &disk.ledger;

    for (uint64_t h = 0; h <= disk.blocks.top + 2; h++) {
        struct blob *a = NULL, *b = NULL;
        enum err err = want->read(want->context, h, &b);
        CHECK_ERR(got->read(got->context, h, &a), err);
        if (a != NULL && b != NULL)
            CHECK_EQ_BYTES(blob_bytes(a), blob_bytes(b));
        blob_drop(a);
        blob_drop(b);
    }
}

static void compare_snapshots(void)
{
    const struct ledger_store *got = store_ledger(s), *want = &disk.ledger;

    for (unsigned i = 0; i <= SNAPSHOTS_KEPT; i++) {
        struct blob *a = NULL, *b = NULL;
        uint64_t at = 0, wanted_at = 0;
        enum err err = want->snapshot(want->context, i, &wanted_at, &b);
        CHECK_ERR(got->snapshot(got->context, i, &at, &a), err);
        CHECK_EQ_U64(at, wanted_at);
        if (a != NULL && b != NULL)
            CHECK_EQ_BYTES(blob_bytes(a), blob_bytes(b));
        blob_drop(a);
        blob_drop(b);
    }
}

static void compare_records(void)
{
    struct buf got = {0}, want = {0};

    CHECK_OK(scratch_records(s, &got));
    for (size_t i = 0; i < disk.count; i++) {
        uint8_t len[8];
        be64_put(len, disk.records[i].blob->len);
        buf_add(&want, len, sizeof len);
        buf_add(&want, disk.records[i].blob->data, disk.records[i].blob->len);
    }
    CHECK_EQ_BYTES(bytes_of_buf(&got), bytes_of_buf(&want));
    buf_free(&got);
    buf_free(&want);
}

static void one_history(uint64_t seed)
{
    prng_seed(&prng, seed);
    tap_seed(seed);
    begin();
    disk_init(&disk, NULL);
    for (unsigned round = 0; round < 40; round++) {
        for (uint64_t n = prng_below(&prng, 8) + 1; n > 0; n--)
            do_any();
        if (prng_below(&prng, 4) == 0) {
            reopen();
        } else {
            uint64_t value = 0;
            CHECK_OK(store_flag_set(s, "life", round, NULL)); /* what was forgotten, too */
            CHECK_OK(store_flag(s, "life", &value, NULL));
            CHECK_EQ_U64(value, round);
        }
        CHECK_OK(scratch_wait(s, serial));
        compare_blocks();
        compare_snapshots();
        compare_records();
    }
    store_close(s);
    disk_fini(&disk);
}

static void it_reads_as_the_virtual_disk(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++)
        one_history(seed);
}

int main(void)
{
    TAP_RUN(a_new_store_is_empty);
    TAP_RUN(records_keep_their_order);
    TAP_RUN(flags_are_durable_when_they_are_set);
    TAP_RUN(one_that_was_lost_says_so);
    TAP_RUN(what_is_out_of_order_stops_it);
    TAP_RUN(it_is_one_federation_s);
    TAP_RUN(no_other_file_is_touched);
    TAP_RUN(old_blocks_are_dropped);
    TAP_RUN(pruned_blocks_are_fetched_again);
    TAP_RUN(a_gap_is_pruned);
    TAP_RUN(a_store_keeps_so_many_blocks);
    TAP_RUN(it_reads_as_the_virtual_disk);
    scratch_end();
    return tap_done();
}
