#include "world/disk.h"
#include "tap.h"

/* Begins a write; when its sync ends. */
static int64_t begin(struct disk *d, int64_t now_ns, int64_t takes_ns, bool opens)
{
    static uint64_t serial;
    struct blob *blob = blob_new(bytes_of_text("record"));
    int64_t done_ns;

    serial++;
    CHECK(disk_begin(d, now_ns, takes_ns, DISK_RECORD, serial, serial, blob, &done_ns) == opens);
    blob_drop(blob);
    return done_ns;
}

static void writes_are_synced_in_groups(void)
{
    struct disk d;

    disk_init(&d, NULL);
    CHECK_EQ_I64(begin(&d, 0, 10, true), 10);
    CHECK_EQ_I64(begin(&d, 0, 10, false), 10); /* with the first */
    CHECK_EQ_I64(begin(&d, 3, 10, true), 20);  /* that sync has begun: the next one */
    CHECK_EQ_I64(begin(&d, 9, 10, false), 20);
    CHECK_EQ_U64(disk_finish(&d, 9), 0);
    CHECK_EQ_U64(disk_finish(&d, 10), 1);
    CHECK_EQ_U64(disk_finish(&d, 10), 2);
    CHECK_EQ_U64(disk_finish(&d, 10), 0);
    CHECK_EQ_U64(d.count, 2);
    CHECK_EQ_I64(begin(&d, 10, 10, false), 20); /* it begins just now */
    CHECK_EQ_I64(begin(&d, 11, 10, true), 30);
    CHECK_EQ_I64(begin(&d, 500, 10, true), 510);
    disk_crash(&d, 501);
    CHECK_EQ_U64(disk_finish(&d, 1000), 0); /* what was under way is lost */
    CHECK_EQ_U64(d.count, 2);
    CHECK_EQ_I64(begin(&d, 502, 10, true), 512);
    disk_fini(&d);
}

static void no_delay_is_no_delay(void)
{
    struct disk d;

    disk_init(&d, NULL);
    for (int64_t t = 0; t < 5; t++) {
        CHECK_EQ_I64(begin(&d, t, 0, true), t);
        CHECK(disk_finish(&d, t) > 0);
    }
    disk_fini(&d);
}

/* One that never catches up does not keep what it has done. */
static void a_busy_disk_stays_small(void)
{
    struct disk d;

    disk_init(&d, NULL);
    for (int64_t t = 0; t < 10000; t++) {
        (void)begin(&d, t, 2, t % 2 == 1 || t == 0);
        disk_finish(&d, t);
    }
    CHECK(d.write_cap <= 64);
    disk_fini(&d);
}

static void write_now(struct disk *d, enum disk_kind kind, uint64_t number, struct blob *blob)
{
    int64_t done_ns;

    CHECK(disk_begin(d, 0, 0, kind, 1, number, blob, &done_ns));
    CHECK_EQ_U64(disk_finish(d, 0), 1);
}

static void records_and_blocks(void)
{
    struct blob *blob = blob_new(bytes_of_text("record")), *block = blob_new(bytes_of_text("one"));
    struct disk d;

    disk_init(&d, NULL);
    for (uint64_t i = 0; i < 200; i++)
        write_now(&d, DISK_RECORD, i % 10, blob);
    disk_forget(&d, 4);
    CHECK_EQ_U64(d.count, 100);
    for (size_t i = 0; i < d.count; i++)
        CHECK_EQ_U64(d.records[i].number, 5 + i % 5);
    CHECK_EQ_U64(blob->holders, 101);
    write_now(&d, DISK_BLOCK, 1, block);
    blob_drop(block);
    CHECK_EQ_U64(d.height, 1);
    CHECK_OK(d.ledger.read(d.ledger.context, 1, &block));
    CHECK_EQ_BYTES(blob_bytes(block), bytes_of_text("one"));
    blob_drop(block);
    CHECK_ERR(d.ledger.read(d.ledger.context, 2, &block), ERR_MISSING);
    disk_fini(&d);
    CHECK_EQ_U64(blob->holders, 1);
    blob_drop(blob);
}

int main(void)
{
    TAP_RUN(writes_are_synced_in_groups);
    TAP_RUN(no_delay_is_no_delay);
    TAP_RUN(a_busy_disk_stays_small);
    TAP_RUN(records_and_blocks);
    return tap_done();
}
