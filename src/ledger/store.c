#include "ledger/store.h"

/* Blocks one behind the other, and where each ends: heights begin wherever the first append says and have no gaps. */
struct spooled_store {
    uint64_t first, count;
    struct spool *blocks, *ends; /* ends: 8 bytes each, big-endian */
};

static enum err spooled_append(void *context, uint64_t height, struct bytes block, struct diag *diag)
{
    struct spooled_store *s = context;
    uint8_t end[8];
    if (s->count == 0)
        s->first = height;
    if (height != s->first + s->count)
        return diag_set(diag, ERR_STATE, "block %llu comes after block %llu", (unsigned long long)height,
                        (unsigned long long)(s->first + s->count - 1));
    spool_add(s->blocks, block);
    be64_put(end, spool_size(s->blocks));
    spool_add(s->ends, bytes_of(end, sizeof end));
    s->count++;
    return ERR_OK;
}

static enum err spooled_read(void *context, uint64_t height, struct blob **block)
{
    struct spooled_store *s = context;
    uint8_t ends[16] = {0};
    if (height < s->first || height - s->first >= s->count)
        return ERR_MISSING;
    uint64_t index = height - s->first;
    enum err err = index == 0 ? spool_read(s->ends, 0, ends + 8, 8) : spool_read(s->ends, 8 * (index - 1), ends, 16);
    if (err != ERR_OK)
        return err;
    uint64_t begin = be64_get(ends);
    struct blob *blob = blob_sized((size_t)(be64_get(ends + 8) - begin));
    err = spool_read(s->blocks, begin, blob->data, blob->len);
    if (err != ERR_OK)
        blob_drop(blob);
    else
        *block = blob;
    return err;
}

static void spooled_free(void *context)
{
    struct spooled_store *s = context;
    spool_free(s->blocks);
    spool_free(s->ends);
    mem_free(s);
}

struct ledger_store ledger_store_new(struct spool_room *room)
{
    struct spooled_store *s = mem_alloc(sizeof *s);
    s->blocks = spool_new(room);
    s->ends = spool_new(room);
    return (struct ledger_store){
        .context = s,
        .append = spooled_append,
        .read = spooled_read,
        .free = spooled_free,
    };
}

void ledger_store_free(struct ledger_store *store)
{
    if (store->free != NULL)
        store->free(store->context);
    *store = (struct ledger_store){0};
}

enum err ledger_store_block(const struct ledger_store *store, uint64_t height, struct block *out)
{
    struct blob *bytes;
    enum err err = store->read(store->context, height, &bytes);

    if (err != ERR_OK)
        return err;
    err = block_decode(bytes, out);
    blob_drop(bytes);
    return err;
}
