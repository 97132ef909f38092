#include "ledger/ledger.h"

void ledger_init(struct ledger *l, struct ledger_store blocks, struct ledger_store above)
{
    *l = (struct ledger){.blocks = blocks, .above = above};
}

void ledger_fini(struct ledger *l)
{
    ledger_store_free(&l->blocks);
    ledger_store_free(&l->above);
    blob_drop(l->snapshot);
    *l = (struct ledger){0};
}

static bool has_gap(const struct ledger *l)
{
    return l->height < l->snapshot_height;
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

void ledger_install(struct ledger *l, uint64_t height, struct blob *snapshot, struct ledger_store fresh)
{
    ASSERT(height > l->top);
    blob_drop(l->snapshot);
    ledger_store_free(&l->above);
    l->snapshot = blob_hold(snapshot);
    l->snapshot_height = height;
    l->above = fresh;
    l->top = height;
}

static enum err view_read(void *context, uint64_t height, struct blob **block)
{
    const struct ledger *l = context;
    const struct ledger_store *store = has_gap(l) && height > l->snapshot_height ? &l->above : &l->blocks;

    return store->read(store->context, height, block);
}

static enum err view_snapshot(void *context, struct bytes *snapshot)
{
    const struct ledger *l = context;

    if (l->snapshot == NULL)
        return ERR_MISSING;
    *snapshot = blob_bytes(l->snapshot);
    return ERR_OK;
}

struct ledger_store ledger_view(struct ledger *l)
{
    return (struct ledger_store){.context = l, .read = view_read, .snapshot = view_snapshot};
}
