#include "ledger/store.h"

/* Blocks in memory: heights begin wherever the first append says and have no gaps. */
struct memory_store {
    uint64_t first;
    size_t count, cap;
    struct blob **blocks;
};

static enum err memory_append(void *context, uint64_t height, struct bytes block, struct diag *diag)
{
    struct memory_store *m = context;
    if (m->count == 0)
        m->first = height;
    if (height != m->first + m->count)
        return diag_set(diag, ERR_STATE, "block %llu comes after block %llu", (unsigned long long)height,
                        (unsigned long long)(m->first + m->count - 1));
    if (m->count == m->cap) {
        m->cap = m->cap == 0 ? 64 : 2 * m->cap;
        m->blocks = mem_resize(m->blocks, m->cap, sizeof(struct blob *));
    }
    m->blocks[m->count++] = blob_new(block);
    return ERR_OK;
}

static enum err memory_read(void *context, uint64_t height, struct bytes *block)
{
    const struct memory_store *m = context;
    if (height < m->first || height - m->first >= m->count)
        return ERR_MISSING;
    *block = blob_bytes(m->blocks[height - m->first]);
    return ERR_OK;
}

static void memory_free(void *context)
{
    struct memory_store *m = context;
    for (size_t i = 0; i < m->count; i++)
        blob_drop(m->blocks[i]);
    mem_free(m->blocks);
    mem_free(m);
}

struct ledger_store ledger_store_memory(void)
{
    return (struct ledger_store){
        .context = mem_alloc(sizeof(struct memory_store)),
        .append = memory_append,
        .read = memory_read,
        .free = memory_free,
    };
}

void ledger_store_free(struct ledger_store *store)
{
    if (store->free != NULL)
        store->free(store->context);
    *store = (struct ledger_store){0};
}
