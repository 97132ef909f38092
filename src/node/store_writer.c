#include "node/store_writer.h"

#include <inttypes.h>

#include "base/mutate.h"

static enum err prepare(struct store_writer *w, struct diag *diag)
{
    const struct {
        sqlite3_stmt **out;
        const char *text;
    } all[] = {
        {&w->put_record, "INSERT INTO record VALUES (?1, ?2, ?3, ?4)"},
        {&w->forget, "DELETE FROM record WHERE number <= ?1 AND sequence <= ?2 RETURNING digest"},
        {&w->put_block, "INSERT INTO block VALUES (?1, ?2, ?3)"},
        {&w->drop_blocks, "DELETE FROM block WHERE height >= ?1 AND height <= ?2"},
        {&w->put_snapshot, "INSERT INTO snapshot VALUES (?1, ?2, ?3, ?4)"},
        {&w->drop_snapshots, "DELETE FROM snapshot WHERE sequence NOT IN "
                             "(SELECT sequence FROM snapshot ORDER BY sequence DESC LIMIT ?1)"},
        {&w->has_flag, "SELECT count(*) FROM flag WHERE name = ?1"},
    };
    enum err err = store_counters_prepare(w->db, &w->put_counters, diag);

    if (err == ERR_OK)
        err = store_flag_prepare(w->db, &w->put_flag, diag);
    for (unsigned i = 0; i < sizeof all / sizeof all[0] && err == ERR_OK; i++)
        err = sql_prepare(w->db, all[i].text, all[i].out, diag);
    return err;
}

enum err store_writer_init(struct store_writer *w, sqlite3 *db, struct diag *diag)
{
    enum err err;

    *w = (struct store_writer){.db = db};
    err = store_counters_read(db, &w->counters, diag);
    if (err == ERR_OK)
        err = store_counters_check(db, &w->counters, diag);
    if (err == ERR_OK)
        err = store_whole(db, &w->counters, &w->whole, diag);
    if (err == ERR_OK)
        err = prepare(w, diag);
    if (err != ERR_OK)
        store_writer_fini(w);
    w->first = w->counters.last_sequence;
    return err;
}

void store_writer_fini(struct store_writer *w)
{
    sql_close(w->db);
    *w = (struct store_writer){0};
}

enum err store_writer_begin(struct store_writer *w, struct diag *diag)
{
    return sql_run(w->db, "BEGIN IMMEDIATE", diag);
}

enum err store_writer_commit(struct store_writer *w, struct diag *diag)
{
    w->counters.commits++;
    enum err err = store_counters_write(w->put_counters, &w->counters, diag);
    return err == ERR_OK ? sql_run(w->db, "COMMIT", diag) : err;
}

/* ---- records */

static uint64_t sequence_of(struct store_writer *w, uint64_t serial)
{
    uint64_t sequence = w->first + serial;

    ASSERT(sequence > w->counters.last_sequence);
    w->counters.last_sequence = sequence;
    return sequence;
}

enum err store_writer_record(struct store_writer *w, uint64_t serial, uint64_t number, struct bytes record,
                             struct diag *diag)
{
    uint64_t sequence = sequence_of(w, serial);
    struct digest digest = store_row_digest('r', sequence, number, record);

    store_tally(&w->counters.tally, &digest);
    w->counters.records++;
    sql_bind(w->put_record, 1, sequence);
    sql_bind(w->put_record, 2, number);
    sql_bind_bytes(w->put_record, 3, digest_bytes(&digest));
    sql_bind_bytes(w->put_record, 4, record);
    return sql_done(w->put_record, diag);
}

enum err store_writer_forget(struct store_writer *w, uint64_t serial, uint64_t number, struct diag *diag)
{
    enum err err;

    sql_bind(w->forget, 1, number);
    sql_bind(w->forget, 2, MUTATE(STORE_FORGETS_WHAT_CAME_BEHIND, (uint64_t)INT64_MAX, w->first + serial));
    while ((err = sql_step(w->forget, diag)) == ERR_OK) {
        struct digest digest = digest_from(sql_column_bytes(w->forget, 0));
        store_tally(&w->counters.tally, &digest);
        w->counters.records--;
    }
    sqlite3_reset(w->forget);
    return err == ERR_MISSING ? ERR_OK : err;
}

/* ---- blocks */

static bool has_gap(const struct store_writer *w)
{
    return w->whole < w->counters.base;
}

/* Where the block goes, as ledger_append(): above all, or into the gap. */
static bool advance(struct store_writer *w, uint64_t height)
{
    struct store_counters *c = &w->counters;

    if (has_gap(w) && height == w->whole + 1) {
        w->whole = height < c->base ? height : c->top;
        return true;
    }
    if (height != c->top + 1)
        return false;
    w->whole = has_gap(w) ? w->whole : height;
    c->top = height;
    return true;
}

static enum err drop_blocks(struct store_writer *w, uint64_t from, uint64_t to, struct diag *diag)
{
    sql_bind(w->drop_blocks, 1, from);
    sql_bind(w->drop_blocks, 2, to);
    return sql_done(w->drop_blocks, diag);
}

/* After a restart a node does not look for pruned blocks below those that it has, and fetches all of them again. */
static enum err begin_anew(struct store_writer *w, struct diag *diag)
{
    enum err err = w->counters.pruned > 0 ? drop_blocks(w, 0, w->whole, diag) : ERR_OK;

    if (w->counters.pruned > 0)
        w->counters.pruned = w->whole = 0;
    return err;
}

enum err store_writer_block(struct store_writer *w, uint64_t height, struct bytes block, struct diag *diag)
{
    struct digest digest = store_row_digest('b', height, 0, block);
    enum err err = height == 1 && has_gap(w) ? begin_anew(w, diag) : ERR_OK;

    if (err != ERR_OK)
        return err;
    if (!advance(w, height))
        return diag_set(diag, ERR_STATE, "block %" PRIu64 " is neither above block %" PRIu64 " nor above %" PRIu64,
                        height, w->counters.top, w->whole);
    sql_bind(w->put_block, 1, height);
    sql_bind_bytes(w->put_block, 2, digest_bytes(&digest));
    sql_bind_bytes(w->put_block, 3, block);
    return sql_done(w->put_block, diag);
}

enum err store_writer_prune(struct store_writer *w, uint64_t height, struct diag *diag)
{
    struct store_counters *c = &w->counters;

    if (height <= c->pruned)
        return ERR_OK;
    if (height >= c->top)
        return diag_set(diag, ERR_STATE, "the last block, %" PRIu64 ", cannot go", c->top);
    c->pruned = height;
    if (has_gap(w) && height > w->whole)
        w->whole = height < c->base ? height : c->top;
    return drop_blocks(w, 0, height, diag);
}

enum err store_writer_reopen(struct store_writer *w, uint64_t from, uint64_t to, struct diag *diag)
{
    struct store_counters *c = &w->counters;

    ASSERT(from > 0 && from <= to && to <= c->top);
    if (c->pruned > 0) {
        c->pruned = to;
        return drop_blocks(w, 0, to, diag);
    }
    c->base = to;
    w->whole = from - 1;
    return drop_blocks(w, from, to, diag);
}

void store_writer_start_above(struct store_writer *w, uint64_t height)
{
    ASSERT(w->counters.top == 0);
    w->whole = w->counters.top = w->counters.pruned = height;
}

void store_writer_keep(struct store_writer *w, uint64_t blocks)
{
    w->keep = blocks;
}

/* No more at once than a transaction bears. */
static enum err drop_old(struct store_writer *w, struct diag *diag)
{
    const struct store_counters *c = &w->counters;
    uint64_t needed, to = c->top > w->keep ? c->top - w->keep : 0, most = c->pruned + STORE_PRUNED_AT_ONCE;
    enum err err = store_needed(w->db, c, &needed, diag);

    if (err != ERR_OK)
        return err;
    to = to < needed - 1 || MUTATE(STORE_KEEPS_TOO_FEW, true, false) ? to : needed - 1;
    return store_writer_prune(w, to < most ? to : most, diag);
}

/* ---- snapshots */

/* A state above all blocks is installed. */
static enum err install(struct store_writer *w, uint64_t height, struct diag *diag)
{
    enum err err = ERR_OK;

    if (MUTATE(STORE_KEEPS_ABOVE_A_GAP, false, has_gap(w)))
        err = drop_blocks(w, w->whole + 1, w->counters.top, diag);
    w->counters.base = w->counters.top = height;
    return err;
}

enum err store_writer_snapshot(struct store_writer *w, uint64_t serial, uint64_t height, struct bytes snapshot,
                               struct diag *diag)
{
    uint64_t sequence = sequence_of(w, serial);
    struct digest digest = store_row_digest('s', sequence, height, snapshot);
    struct store_counters *c = &w->counters;
    enum err err = ERR_OK;

    if (height < c->top)
        return diag_set(diag, ERR_STATE, "a snapshot at height %" PRIu64 " comes after block %" PRIu64, height, c->top);
    if (height > c->top)
        err = install(w, height, diag);
    if (err != ERR_OK)
        return err;
    sql_bind(w->put_snapshot, 1, sequence);
    sql_bind(w->put_snapshot, 2, height);
    sql_bind_bytes(w->put_snapshot, 3, digest_bytes(&digest));
    sql_bind_bytes(w->put_snapshot, 4, snapshot);
    err = sql_done(w->put_snapshot, diag);
    c->snapshots += c->snapshots < SNAPSHOTS_KEPT;
    sql_bind(w->drop_snapshots, 1, SNAPSHOTS_KEPT);
    if (err == ERR_OK)
        err = sql_done(w->drop_snapshots, diag);
    return err == ERR_OK && w->keep > 0 ? drop_old(w, diag) : err;
}

/* ---- flags */

static enum err is_set(struct store_writer *w, const char *name, bool *out, struct diag *diag)
{
    ASSERT(sqlite3_bind_text(w->has_flag, 1, name, -1, SQLITE_STATIC) == SQLITE_OK);
    enum err err = sql_step(w->has_flag, diag);
    if (err == ERR_OK)
        *out = sql_column(w->has_flag, 0) > 0;
    sqlite3_reset(w->has_flag);
    return err;
}

enum err store_writer_flag(struct store_writer *w, const char *name, uint64_t value, struct diag *diag)
{
    bool was_set;
    enum err err = is_set(w, name, &was_set, diag);

    if (err != ERR_OK)
        return err;
    w->counters.flags += !was_set;
    return store_flag_put(w->put_flag, name, value, diag);
}
