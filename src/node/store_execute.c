#include "node/store_execute.h"

#include "fed/fed.h"
#include "node/store_reader.h"

/* ---- several files */

struct store_chain {
    unsigned count;
    struct store_reader *readers; /* owned */
    struct digest federation_id;
    uint64_t top;
    struct ledger_store ledger;
};

static enum err read_block(void *context, uint64_t height, struct blob **block)
{
    const struct store_chain *c = context;
    enum err err = ERR_MISSING;

    for (unsigned i = 0; i < c->count && err == ERR_MISSING; i++)
        err = c->readers[i].ledger.read(c->readers[i].ledger.context, height, block);
    return err;
}

static enum err read_snapshot(void *context, unsigned number, uint64_t *height, struct blob **snapshot)
{
    const struct store_chain *c = context;
    const struct ledger_store *last = &c->readers[c->count - 1].ledger;

    return last->snapshot(last->context, number, height, snapshot);
}

static enum err open_one(struct store_chain *c, const char *path, struct diag *diag)
{
    struct store_reader *r = &c->readers[c->count];
    struct store_counters counters;
    struct digest id;
    enum err err = store_reader_open(r, path, c->count > 0 ? &c->federation_id : NULL, &id, diag);

    if (err != ERR_OK)
        return err;
    err = store_counters_read(r->db, &counters, diag);
    c->count++;
    c->federation_id = id;
    if (err == ERR_OK)
        c->top = counters.top;
    return err;
}

enum err store_chain_open(const char *const *paths, unsigned count, struct store_chain **out, struct diag *diag)
{
    struct store_chain *c = mem_alloc(sizeof *c);
    enum err err = ERR_OK;

    ASSERT(count > 0);
    c->readers = mem_array(count, sizeof *c->readers);
    c->ledger = (struct ledger_store){.context = c, .read = read_block, .snapshot = read_snapshot};
    for (unsigned i = 0; i < count && err == ERR_OK; i++)
        err = open_one(c, paths[i], diag);
    if (err == ERR_OK)
        *out = c;
    else
        store_chain_close(c);
    return err;
}

void store_chain_close(struct store_chain *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < c->count; i++)
        store_reader_fini(&c->readers[i]);
    mem_free(c->readers);
    mem_free(c);
}

const struct ledger_store *store_chain_ledger(const struct store_chain *c)
{
    return &c->ledger;
}

uint64_t store_chain_top(const struct store_chain *c)
{
    return c->top;
}

/* ---- execution */

/* A ledger, and where its execution begins. */
struct watched {
    const struct ledger_store *ledger;
    uint64_t from;
};

static enum err watched_read(void *context, uint64_t height, struct blob **block)
{
    const struct watched *w = context;

    return w->ledger->read(w->ledger->context, height, block);
}

static enum err watched_snapshot(void *context, unsigned number, uint64_t *height, struct blob **snapshot)
{
    struct watched *w = context;
    enum err err = w->ledger->snapshot(w->ledger->context, number, height, snapshot);

    if (err == ERR_OK)
        w->from = *height + 1;
    return err;
}

/* Nobody: it has no part in the federation. */
static const struct fed_config reader_config = {
    .view_timeout_ns = 1000000000,
    .view_timeout_max_ns = 1000000000,
    .batch_delay_ns = 1,
    .resend_ns = 1000000000,
    .submit_ns = 1000000000,
    .submit_max_ns = 1000000000,
    .poll_ns = 1000000000,
    .pipeline = 1,
    .last_epoch = UINT64_MAX,
};

enum err store_execute(struct bytes genesis, const struct ledger_store *ledger, bool from_first,
                       struct store_execution *out, struct diag *diag)
{
    struct watched watched = {.ledger = ledger, .from = 1};
    struct ledger_store store = {.context = &watched, .read = watched_read};
    struct fed_config config = reader_config;
    uint8_t seed[KEY_SEED_SIZE] = {0};
    struct fed *fed;

    if (!from_first)
        store.snapshot = watched_snapshot;
    key_from_seed(seed, &config.key);
    enum err err = fed_new(genesis, &config, &store, &fed, diag);
    if (err != ERR_OK)
        return err;
    const struct federation_state *s = fed_state(fed);
    *out = (struct store_execution){s->height, watched.from, s->block_id, state_root(s)};
    fed_free(fed);
    return ERR_OK;
}
