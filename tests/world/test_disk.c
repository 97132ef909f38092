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

/* Serial of the next write that is durable by now; 0: none. */
static uint64_t finish(struct disk *d, int64_t now_ns)
{
    struct disk_write w;

    if (disk_finish(d, now_ns, &w) != DISK_DONE)
        return 0;
    blob_drop(w.blob);
    return w.serial;
}

static void writes_are_synced_in_groups(void)
{
    struct disk d;

    disk_init(&d, NULL);
    CHECK_EQ_I64(begin(&d, 0, 10, true), 10);
    CHECK_EQ_I64(begin(&d, 0, 10, false), 10); /* with the first */
    CHECK_EQ_I64(begin(&d, 3, 10, true), 20);  /* that sync has begun: the next one */
    CHECK_EQ_I64(begin(&d, 9, 10, false), 20);
    CHECK_EQ_U64(finish(&d, 9), 0);
    CHECK_EQ_U64(finish(&d, 10), 1);
    CHECK_EQ_U64(finish(&d, 10), 2);
    CHECK_EQ_U64(finish(&d, 10), 0);
    CHECK_EQ_U64(d.count, 2);
    CHECK_EQ_I64(begin(&d, 10, 10, false), 20); /* it begins just now */
    CHECK_EQ_I64(begin(&d, 11, 10, true), 30);
    CHECK_EQ_I64(begin(&d, 500, 10, true), 510);
    disk_crash(&d, 501);
    CHECK_EQ_U64(finish(&d, 1000), 0); /* what was under way is lost */
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
        CHECK(finish(&d, t) > 0);
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
        finish(&d, t);
    }
    CHECK(d.write_cap <= 64);
    disk_fini(&d);
}

static void write_now(struct disk *d, enum disk_kind kind, uint64_t number, struct blob *blob)
{
    int64_t done_ns;

    CHECK(disk_begin(d, 0, 0, kind, 1, number, blob, &done_ns));
    CHECK_EQ_U64(finish(d, 0), 1);
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

/* Numbers of the records. */
static void expect_records(const struct disk *d, size_t count, const uint64_t *numbers)
{
    REQUIRE(CHECK_EQ_U64(d->count, count));
    for (size_t i = 0; i < count; i++)
        CHECK_EQ_U64(d->records[i].number, numbers[i]);
}

static void begin_number(struct disk *d, int64_t now_ns, uint64_t number)
{
    struct blob *blob = blob_new(bytes_of_text("a record"));
    int64_t done_ns;

    (void)disk_begin(d, now_ns, 10, DISK_RECORD, number, number, blob, &done_ns);
    blob_drop(blob);
}

/* Of the sync that runs a crash may keep the first ones; those that wait for the next are lost. */
static void a_crash_keeps_a_prefix(void)
{
    struct disk_write w;
    struct disk d;

    disk_init(&d, NULL);
    for (uint64_t i = 1; i <= 3; i++)
        begin_number(&d, 0, i);
    begin_number(&d, 1, 4);
    CHECK_EQ_U64(disk_syncing(&d), 3);
    for (unsigned i = 0; i < 2; i++) {
        disk_keep(&d, &w);
        blob_drop(w.blob);
    }
    disk_crash(&d, 5);
    CHECK_EQ_U64(disk_syncing(&d), 0);
    expect_records(&d, 2, (const uint64_t[]){1, 2});
    CHECK_EQ_U64(d.written, 2);
    disk_fini(&d);
}

static void full_doomed_and_stuck(void)
{
    struct disk_write w;
    struct disk d;

    disk_init(&d, NULL);
    for (uint64_t i = 1; i <= 4; i++)
        begin_number(&d, 0, i);
    disk_stick(&d, true);
    CHECK_EQ_U64(finish(&d, 100), 0);
    disk_stick(&d, false);
    disk_doom(&d, 2);
    CHECK_EQ_U64(finish(&d, 100), 1);
    CHECK_EQ_U64(finish(&d, 100), 2);
    CHECK(disk_finish(&d, 100, &w) == DISK_FAILS);
    disk_spare(&d);
    disk_fill(&d, true);
    CHECK(disk_finish(&d, 5, &w) == DISK_IDLE);
    CHECK(disk_finish(&d, 100, &w) == DISK_FAILS);
    disk_fill(&d, false);
    CHECK_EQ_U64(finish(&d, 100), 3);
    disk_doom(&d, 0);
    disk_crash(&d, 100);
    begin_number(&d, 200, 5);
    CHECK_EQ_U64(finish(&d, 300), 5); /* the crash has ended it */
    disk_wipe(&d);
    CHECK_EQ_U64(d.count, 0);
    disk_fini(&d);
}

static void damage(void)
{
    static const char text[] = "a record";
    struct disk d;

    disk_init(&d, NULL);
    for (uint64_t i = 1; i <= 4; i++) {
        begin_number(&d, 0, i);
        CHECK_EQ_U64(finish(&d, 1000), i);
    }
    disk_damage(&d, DAMAGE_FLIPPED, 0, UINT64_C(3) << 32 | 2);
    CHECK_EQ_U64(d.records[0].blob->data[2], (uint8_t)text[2] ^ 8);
    disk_damage(&d, DAMAGE_TORN, 1, 8 + 3);
    CHECK_EQ_BYTES(blob_bytes(d.records[1].blob), bytes_of_text("a r"));
    disk_damage(&d, DAMAGE_MISDIRECTED, 3, 1);
    CHECK(d.records[3].blob == d.records[1].blob);
    disk_damage(&d, DAMAGE_LOST, 1, 0);
    expect_records(&d, 3, (const uint64_t[]){1, 3, 4});
    CHECK_EQ_BYTES(blob_bytes(d.records[1].blob), bytes_of_text(text));
    disk_fini(&d);
}

int main(void)
{
    TAP_RUN(writes_are_synced_in_groups);
    TAP_RUN(no_delay_is_no_delay);
    TAP_RUN(a_busy_disk_stays_small);
    TAP_RUN(records_and_blocks);
    TAP_RUN(a_crash_keeps_a_prefix);
    TAP_RUN(full_doomed_and_stuck);
    TAP_RUN(damage);
    return tap_done();
}
