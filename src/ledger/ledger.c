#include "ledger/ledger.h"

void ledger_init(struct ledger *l, struct ledger_store blocks, struct ledger_store above)
{
    *l = (struct ledger){.blocks = blocks, .above = above};
}

void ledger_fini(struct ledger *l)
{
    ledger_store_free(&l->blocks);
    ledger_store_free(&l->above);
    for (unsigned i = 0; i < SNAPSHOTS_KEPT; i++)
        blob_drop(l->snapshots[i].bytes);
    *l = (struct ledger){0};
}

static bool has_gap(const struct ledger *l)
{
    return l->height < l->base;
}

/* The last block below the snapshot has come. */
static enum err close_gap(struct ledger *l, struct diag *diag)
{
    struct blob *block;
    enum err err = ERR_OK;

    while (l->height < l->top && err == ERR_OK) {
        err = l->above.read(l->above.context, l->height + 1, &block);
        if (err != ERR_OK)
            break;
        err = l->blocks.append(l->blocks.context, l->height + 1, blob_bytes(block), diag);
        l->height += err == ERR_OK;
        blob_drop(block);
    }
    ledger_store_free(&l->above);
    return err;
}

enum err ledger_append(struct ledger *l, uint64_t height, struct bytes block, struct diag *diag)
{
    enum err err = ERR_STATE;

    if (has_gap(l) && height == l->top + 1) {
        err = l->above.append(l->above.context, height, block, diag);
        l->top += err == ERR_OK;
        return err;
    }
    if (height != l->height + 1)
        return diag_set(diag, ERR_STATE, "block %llu comes after block %llu", (unsigned long long)height,
                        (unsigned long long)l->height);
    bool gap = has_gap(l);
    err = l->blocks.append(l->blocks.context, height, block, diag);
    if (err != ERR_OK)
        return err;
    l->height++;
    if (!gap)
        l->top = l->height;
    else if (!has_gap(l))
        err = close_gap(l, diag);
    return err;
}

static void keep(struct ledger *l, uint64_t height, struct blob *snapshot)
{
    blob_drop(l->snapshots[SNAPSHOTS_KEPT - 1].bytes);
    for (unsigned i = SNAPSHOTS_KEPT - 1; i > 0; i--)
        l->snapshots[i] = l->snapshots[i - 1];
    l->snapshots[0] = (struct ledger_snapshot){height, blob_hold(snapshot)};
}

void ledger_keep(struct ledger *l, uint64_t height, struct blob *snapshot)
{
    ASSERT(height == l->top);
    keep(l, height, snapshot);
}

void ledger_damage(struct ledger *l, uint64_t bit)
{
    struct blob *old = l->snapshots[0].bytes, *bad;

    ASSERT(old != NULL);
    bad = blob_new(blob_bytes(old)); /* others may hold the old one */
    bad->data[bit / 8 % bad->len] ^= (uint8_t)(1 << bit % 8);
    l->snapshots[0].bytes = bad;
    blob_drop(old);
}

void ledger_install(struct ledger *l, uint64_t height, struct blob *snapshot, struct ledger_store fresh)
{
    ASSERT(height > l->top);
    keep(l, height, snapshot);
    ledger_store_free(&l->above);
    l->base = l->top = height;
    l->above = fresh;
}

static enum err view_read(void *context, uint64_t height, struct blob **block)
{
    const struct ledger *l = context;
    const struct ledger_store *store = has_gap(l) && height > l->base ? &l->above : &l->blocks;

    return store->read(store->context, height, block);
}

static enum err view_snapshot(void *context, unsigned number, uint64_t *height, struct blob **snapshot)
{
    const struct ledger *l = context;

    if (number >= SNAPSHOTS_KEPT || l->snapshots[number].bytes == NULL)
        return ERR_MISSING;
    *height = l->snapshots[number].height;
    *snapshot = blob_hold(l->snapshots[number].bytes);
    return ERR_OK;
}

struct ledger_store ledger_view(struct ledger *l)
{
    return (struct ledger_store){.context = l, .read = view_read, .snapshot = view_snapshot};
}
