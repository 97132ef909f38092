#include "world/disk.h"
#include "tap.h"

static void writes_are_synced_in_groups(void)
{
    struct disk d;

    disk_init(&d, NULL);
    CHECK_EQ_I64(disk_sync_ns(&d, 0, 10), 10);
    CHECK_EQ_I64(disk_sync_ns(&d, 0, 10), 10); /* with the first */
    CHECK_EQ_I64(disk_sync_ns(&d, 3, 10), 20); /* that sync has begun: the next one */
    CHECK_EQ_I64(disk_sync_ns(&d, 9, 10), 20);
    CHECK_EQ_I64(disk_sync_ns(&d, 10, 10), 20); /* it begins just now */
    CHECK_EQ_I64(disk_sync_ns(&d, 11, 10), 30);
    CHECK_EQ_I64(disk_sync_ns(&d, 500, 10), 510);
    disk_crash(&d, 501);
    CHECK_EQ_I64(disk_sync_ns(&d, 502, 10), 512);
    disk_fini(&d);
}

static void no_delay_is_no_delay(void)
{
    struct disk d;

    disk_init(&d, NULL);
    for (int64_t t = 0; t < 5; t++)
        CHECK_EQ_I64(disk_sync_ns(&d, t, 0), t);
    disk_fini(&d);
}

static void records_and_blocks(void)
{
    struct blob *blob = blob_new(bytes_of_text("record")), *block;
    struct disk d;

    disk_init(&d, NULL);
    for (uint64_t i = 0; i < 200; i++)
        disk_put_record(&d, i % 10, blob);
    disk_forget(&d, 4);
    CHECK_EQ_U64(d.count, 100);
    for (size_t i = 0; i < d.count; i++)
        CHECK_EQ_U64(d.records[i].number, 5 + i % 5);
    CHECK_EQ_U64(blob->holders, 101);
    disk_put_block(&d, 1, bytes_of_text("one"));
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
    TAP_RUN(records_and_blocks);
    return tap_done();
}
