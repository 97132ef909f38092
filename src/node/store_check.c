#include "node/store_check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/mutate.h"
#include "node/store_file.h"
#include "node/store_reader.h"

struct check {
    struct store_reader reader;
    struct store_report *report;
    uint64_t expected; /* height of the next block */
    struct digest parent;
    bool has_parent;
    uint64_t lowest; /* block that is damaged or missing; 0: none */
    uint64_t highest;
};

const char *store_fault_name(enum store_fault fault)
{
    static const char *const names[STORE_FAULT_KINDS] = {
        [STORE_FAULT_FILE] = "file",   [STORE_FAULT_COUNTERS] = "counters", [STORE_FAULT_MARK] = "mark",
        [STORE_FAULT_FLAG] = "flag",   [STORE_FAULT_RECORD] = "record",     [STORE_FAULT_SNAPSHOT] = "snapshot",
        [STORE_FAULT_BLOCK] = "block",
    };
    return names[fault];
}

const char *store_verdict_name(enum store_verdict verdict)
{
    return verdict == STORE_SOUND ? "sound" : verdict == STORE_MENDABLE ? "mendable" : "lost";
}

void store_report_free(struct store_report *r)
{
    mem_free(r->findings);
    *r = (struct store_report){0};
}

/* ---- findings */

static void find(struct check *c, enum store_fault fault, uint64_t number, const char *text)
{
    struct store_report *r = c->report;

    r->findings = mem_resize(r->findings, r->count + 1, sizeof *r->findings);
    r->findings[r->count] = (struct store_finding){.fault = fault, .number = number};
    diag_set(&r->findings[r->count].text, ERR_MISMATCH, "%s", text);
    r->count++;
    if (fault != STORE_FAULT_BLOCK)
        return;
    c->lowest = c->lowest == 0 || number < c->lowest ? number : c->lowest;
    c->highest = number > c->highest ? number : c->highest;
}

/* What SQLite cannot read is damage of the file, whoever asked. */
static void find_err(struct check *c, enum store_fault fault, uint64_t number, enum err err, const struct diag *diag)
{
    if (err != ERR_OK)
        find(c, err == ERR_SYNTAX ? STORE_FAULT_FILE : fault, number, diag->text);
}

/* ---- the file */

static void check_file(struct check *c)
{
    struct diag diag = {0};
    sqlite3_stmt *row;
    enum err err = sql_prepare(c->reader.db, "PRAGMA integrity_check(20)", &row, &diag);

    if (err == ERR_OK) {
        while ((err = sql_step(row, &diag)) == ERR_OK) {
            const char *text = (const char *)sqlite3_column_text(row, 0);
            if (text != NULL && strcmp(text, "ok") != 0)
                find(c, STORE_FAULT_FILE, 0, text);
        }
        sqlite3_finalize(row);
    }
    find_err(c, STORE_FAULT_FILE, 0, err == ERR_MISSING ? ERR_OK : err, &diag);
}

static void check_counters(struct check *c)
{
    struct store_report *r = c->report;
    struct diag diag = {0};
    enum err err = store_counters_read(c->reader.db, &r->counters, &diag);

    if (err == ERR_OK)
        err = store_counters_check(c->reader.db, &r->counters, &diag);
    find_err(c, STORE_FAULT_COUNTERS, 0, err, &diag);
}

/* ---- what is the node's own */

static enum err ignore(void *context, struct bytes record)
{
    (void)context;
    (void)record;
    return ERR_OK;
}

static void check_records(struct check *c)
{
    struct diag diag = {0};

    find_err(c, STORE_FAULT_RECORD, 0, store_reader_records(&c->reader, ignore, NULL, &diag), &diag);
}

static void check_flag(struct check *c, const char *name)
{
    struct diag diag = {0};
    uint64_t value = 0;
    enum err err = store_reader_flag(&c->reader, name, &value, &diag);

    find_err(c, STORE_FAULT_FLAG, 0, err, &diag);
    if (strcmp(name, STORE_RECOVERING) == 0)
        c->report->recovering = err == ERR_OK && value != 0;
}

static void check_flags(struct check *c)
{
    struct diag diag = {0};
    sqlite3_stmt *row;
    enum err err = sql_prepare(c->reader.db, "SELECT name FROM flag", &row, &diag);

    if (err == ERR_OK) {
        while ((err = sql_step(row, &diag)) == ERR_OK) {
            const char *name = (const char *)sqlite3_column_text(row, 0);
            check_flag(c, name != NULL ? name : "");
        }
        sqlite3_finalize(row);
    }
    find_err(c, STORE_FAULT_FLAG, 0, err == ERR_MISSING ? ERR_OK : err, &diag);
}

/* ---- snapshots */

/* Returns how many are sound. */
static unsigned check_snapshots(struct check *c)
{
    const struct ledger_store *l = &c->reader.ledger;
    unsigned sound = 0;

    for (unsigned i = 0; i < SNAPSHOTS_KEPT; i++) {
        struct blob *snapshot = NULL;
        struct diag diag = {0};
        uint64_t height = 0;
        enum err err = l->snapshot(l->context, i, &height, &snapshot);
        blob_drop(snapshot);
        if (err == ERR_MISSING)
            break;
        if (err == ERR_OK && sound++ == 0)
            c->report->snapshot = height;
        diag_set(&diag, err, "snapshot at height %" PRIu64 ": %s", height, err_text(err));
        find_err(c, STORE_FAULT_SNAPSHOT, height, err, &diag);
    }
    return sound;
}

/* ---- blocks */

static void missing(struct check *c, uint64_t to)
{
    struct diag diag = {0};

    diag_set(&diag, ERR_MISSING, "block %" PRIu64 " is not there", c->expected);
    find(c, STORE_FAULT_BLOCK, c->expected, diag.text);
    c->highest = to > c->highest ? to : c->highest;
}

/* The blocks between those whose height is given and this one: the gap below an installed state, or lost. */
static void expect(struct check *c, uint64_t height)
{
    const struct store_report *r = c->report;

    if (c->expected == r->whole + 1 && r->whole < r->counters.base && height > r->counters.base) {
        c->expected = r->counters.base + 1;
        c->has_parent = false;
    }
    if (height > c->expected) {
        missing(c, height - 1);
        c->has_parent = false;
    }
    c->expected = height + 1;
}

static enum err check_block(struct check *c, uint64_t height, struct bytes bytes, struct diag *diag)
{
    struct blob *blob = blob_new(bytes);
    struct block block;
    enum err err = block_decode(blob, &block);
    bool follows = !c->has_parent;

    blob_drop(blob);
    if (err != ERR_OK) {
        c->has_parent = false;
        return diag_set(diag, err, "block %" PRIu64 ": %s", height, err_text(err));
    }
    follows = follows || MUTATE(STORE_PARENT_UNCHECKED, true, digest_equal(&block.header.parent_id, &c->parent));
    if (block.header.height != height)
        err = diag_set(diag, ERR_MISMATCH, "block %" PRIu64 " says that it is block %" PRIu64, height,
                       block.header.height);
    else if (!digest_equal(&block.header.federation_id, &c->report->federation_id))
        err = diag_set(diag, ERR_MISMATCH, "block %" PRIu64 " is another federation's", height);
    else if (!follows)
        err = diag_set(diag, ERR_MISMATCH, "block %" PRIu64 " is not the child of the block below it", height);
    c->parent = block_id(&block.header);
    c->has_parent = true;
    block_fini(&block);
    return err;
}

static void check_row(struct check *c, sqlite3_stmt *row)
{
    uint64_t height = sql_column(row, 0);
    struct bytes bytes = sql_column_bytes(row, 2);
    struct digest digest = store_row_digest('b', height, 0, bytes);
    struct diag diag = {0};

    expect(c, height);
    c->report->blocks++;
    enum err err = store_row_check(row, 1, &digest, &diag, "block %" PRIu64, height);
    if (err == ERR_OK)
        err = check_block(c, height, bytes, &diag);
    else
        c->has_parent = false;
    if (err != ERR_OK)
        find(c, STORE_FAULT_BLOCK, height, diag.text);
}

static void check_blocks(struct check *c)
{
    struct store_report *r = c->report;
    struct diag diag = {0};
    sqlite3_stmt *row;
    enum err err = store_whole(c->reader.db, &r->counters, &r->whole, &diag);

    c->expected = r->first = r->needed = r->counters.pruned + 1;
    if (err == ERR_OK)
        err = store_needed(c->reader.db, &r->counters, &r->needed, &diag);
    if (err == ERR_OK)
        err = sql_prepare(c->reader.db, "SELECT height, digest, bytes FROM block ORDER BY height", &row, &diag);
    if (err == ERR_OK) {
        while ((err = sql_step(row, &diag)) == ERR_OK)
            check_row(c, row);
        sqlite3_finalize(row);
    }
    find_err(c, STORE_FAULT_BLOCK, c->expected, err == ERR_MISSING ? ERR_OK : err, &diag);
}

/* ---- the verdict */

/* A node starts from its latest snapshot, or from the one before it if the blocks lead on from there
 * (replica/states.h); it asks others for blocks that are missing below its latest snapshot (replica/backfill.h), and
 * for no others. */
static void judge(struct check *c, unsigned sound)
{
    struct store_report *r = c->report;
    bool latest = true;

    r->verdict = r->count == 0 ? STORE_SOUND : STORE_MENDABLE;
    for (size_t i = 0; i < r->count; i++) {
        latest &= r->findings[i].fault != STORE_FAULT_SNAPSHOT || r->findings[i].number < r->snapshot;
        if (r->findings[i].fault != STORE_FAULT_BLOCK && r->findings[i].fault != STORE_FAULT_SNAPSHOT)
            r->verdict = STORE_LOST;
    }
    if (r->verdict == STORE_MENDABLE && (sound == 0 || c->highest > r->snapshot))
        r->verdict = STORE_LOST;
    if (r->verdict != STORE_MENDABLE || c->lowest == 0)
        return;
    if (!latest) { /* then the blocks above the one before it are needed, and mending is by the latest */
        r->verdict = STORE_LOST;
        return;
    }
    r->mend_from = c->lowest;
    r->mend_to = r->snapshot;
}

/* First what the mark says: a running node writes it behind each transaction. */
static void check_mark(struct check *c, uint64_t mark)
{
    struct diag diag = {0};

    if (c->report->counters.commits >= mark)
        return;
    diag_set(&diag, ERR_STATE, "it ends with transaction %" PRIu64 ", and %" PRIu64 " were durable",
             c->report->counters.commits, mark);
    find(c, STORE_FAULT_MARK, 0, diag.text);
}

static void check_all(struct check *c, uint64_t mark)
{
    check_file(c);
    check_counters(c);
    check_mark(c, mark);
    check_records(c);
    check_flags(c);
    unsigned sound = check_snapshots(c);
    check_blocks(c);
    judge(c, sound);
}

/* By the header of the database file (https://sqlite.org/fileformat2.html#the_database_header). */
static bool was_a_store(const char *path)
{
    static const uint8_t application[4] = {STORE_APPLICATION >> 24, STORE_APPLICATION >> 16 & 0xff,
                                           STORE_APPLICATION >> 8 & 0xff, STORE_APPLICATION & 0xff};
    uint8_t header[72] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? pread(fd, header, sizeof header, 0) : -1;

    if (fd >= 0)
        close(fd);
    return n == sizeof header && memcmp(header, "SQLite format 3", 16) == 0 &&
           memcmp(header + 68, application, sizeof application) == 0;
}

static enum err open_reader(struct check *c, const char *path, struct diag *diag)
{
    sqlite3 *db;
    enum err err = sql_open(path, SQL_READ, &db, diag);

    if (err != ERR_OK)
        return err;
    err = store_rows_check(db, NULL, &c->report->federation_id, diag);
    if (err == ERR_MISMATCH) { /* it is a store, at least */
        find(c, STORE_FAULT_COUNTERS, 0, diag->text);
        err = ERR_OK;
    }
    if (err != ERR_OK) {
        sql_close(db);
        return err;
    }
    err = store_reader_init(&c->reader, db, diag);
    return err == ERR_OK ? sql_run(c->reader.db, "BEGIN", diag) : err;
}

enum err store_check(const char *path, struct store_report *out, struct diag *diag)
{
    struct store_report report = {0};
    struct check c = {.report = &report};
    uint64_t mark = store_mark_peek(path);
    enum err err = open_reader(&c, path, diag);

    if (err == ERR_OK) {
        check_all(&c, mark);
    } else if (err == ERR_SYNTAX && was_a_store(path)) {
        find(&c, STORE_FAULT_FILE, 0, diag->text);
        report.verdict = STORE_LOST;
        err = ERR_OK;
    }
    store_reader_fini(&c.reader);
    if (err == ERR_OK)
        *out = report;
    else
        store_report_free(&report);
    return err;
}

void store_advise(const char *path, struct diag *diag)
{
    struct store_report report;
    struct diag before = *diag;

    if (store_check(path, &report, NULL) != ERR_OK)
        return;
    if (report.verdict != STORE_SOUND)
        diag_set(diag, ERR_STATE, "%s (%s is %s: prismfed store check says what is damaged, and what can be done)",
                 before.text, path, store_verdict_name(report.verdict));
    store_report_free(&report);
}

enum err store_mend(const char *path, const struct store_report *report, struct diag *diag)
{
    struct store_file f;
    enum err err;

    ASSERT(report->verdict == STORE_MENDABLE);
    if (report->mend_from == 0) /* a snapshot is damaged: the one before it will do until there are two later ones */
        return ERR_OK;
    err = store_file_open(path, NULL, false, &f, diag);
    if (err != ERR_OK)
        return err;
    err = store_writer_begin(&f.writer, diag);
    if (err == ERR_OK)
        err = store_writer_reopen(&f.writer, report->mend_from, report->mend_to, diag);
    if (err == ERR_OK)
        err = store_file_commit(&f, diag);
    store_file_close(&f);
    return err;
}
