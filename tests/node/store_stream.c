#include "store_stream.h"

#include "store_scratch.h"

enum { SNAPSHOT_EVERY = 20 };

static enum store_kind kind_of(uint64_t n)
{
    return n % SNAPSHOT_EVERY == 0 ? STORE_SNAPSHOT : n % 2 == 1 ? STORE_RECORD : STORE_BLOCK;
}

/* Blocks among the first n. */
static uint64_t blocks_of(uint64_t n)
{
    return n / 2 - n / SNAPSHOT_EVERY;
}

static size_t len_of(uint64_t n)
{
    return (size_t)(n * 37 % 700 + (n % 7 == 0 ? 20000 : 0)); /* some take several pages */
}

void stream_write(struct store *s, uint64_t serial, uint64_t n)
{
    struct blob *blob = scratch_blob(n, len_of(n));

    store_write(s, kind_of(n), serial, kind_of(n) == STORE_RECORD ? n : blocks_of(n), blob);
    blob_drop(blob);
}

/* ---- what is there */

struct found {
    uint64_t records; /* so many, of the first writes that are one */
    bool in_order;
};

static enum err find_record(void *context, struct bytes record)
{
    struct found *f = context;
    uint64_t n = 2 * f->records++ + 1;

    f->in_order &= scratch_is(record, n, len_of(n));
    return ERR_OK;
}

static bool has_block(struct store *s, uint64_t n)
{
    const struct ledger_store *l = store_ledger(s);
    struct blob *block;

    if (l->read(l->context, blocks_of(n), &block) != ERR_OK)
        return false;
    bool same = scratch_is(blob_bytes(block), n, len_of(n));
    blob_drop(block);
    return same;
}

static bool has_snapshot(struct store *s, uint64_t n)
{
    const struct ledger_store *l = store_ledger(s);
    struct blob *snapshot = NULL;
    uint64_t height;
    enum err err = l->snapshot(l->context, 0, &height, &snapshot);
    bool same = err == ERR_OK && scratch_is(blob_bytes(snapshot), n, len_of(n)) && height == blocks_of(n);

    blob_drop(snapshot);
    return same;
}

static bool has_more_blocks(struct store *s, uint64_t n)
{
    const struct ledger_store *l = store_ledger(s);
    struct blob *more;
    enum err err = l->read(l->context, blocks_of(n) + 1, &more);

    if (err == ERR_OK)
        blob_drop(more);
    return err != ERR_MISSING;
}

/* Behind the last record one more write may be there, which is none. */
uint64_t stream_found(struct store *s)
{
    struct found f = {.in_order = true};
    bool whole = store_records(s, find_record, &f, scratch_diag()) == ERR_OK && f.in_order;
    uint64_t n = f.records > 0 ? 2 * f.records - 1 : 0;

    for (uint64_t i = 1; i <= n && whole; i++)
        whole = kind_of(i) != STORE_BLOCK || has_block(s, i);
    n += kind_of(n + 1) == STORE_BLOCK ? has_block(s, n + 1)
                                       : kind_of(n + 1) == STORE_SNAPSHOT && has_snapshot(s, n + 1);
    whole = whole && (n < SNAPSHOT_EVERY || has_snapshot(s, n - n % SNAPSHOT_EVERY)) && !has_more_blocks(s, n);
    return whole ? n : STREAM_BROKEN;
}
