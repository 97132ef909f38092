/* How a node begins: from its files to a machine that is wired to its loop, its store and its network. */
#define _GNU_SOURCE

#include <errno.h>
#include <sodium.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "node/log.h"
#include "node/parts.h"
#include "node/protocol.h"
#include "node/store_check.h"

/* Threads more than the configuration says, where a batch system does the work of a job, which then only waits. */
enum { JOBS_THAT_WAIT = 4 };

static enum err read_files(struct node *n, struct diag *diag)
{
    const struct node_config *c = n->config;
    int index;
    enum err err = scenario_load(c->scenario, &n->scenario, diag);

    if (err != ERR_OK)
        return err;
    index = scenario_find_node(&n->scenario, c->node);
    if (index < 0)
        return diag_set(diag, ERR_UNKNOWN, "%s: there is no node \"%s\"", c->scenario, c->node);
    n->index = (unsigned)index;
    err = file_read(c->genesis, GENESIS_SIZE_MAX, &n->genesis, diag);
    if (err != ERR_OK)
        return err;
    n->federation_id = digest_of(bytes_of_buf(&n->genesis));
    err = contacts_read(c, &n->contacts, diag);
    return err == ERR_OK ? site_open(&n->scenario, n->index, n->scenario.seed, &n->site, diag) : err;
}

/* A store that is not there and was there once means that the disk was lost. */
static enum err open_store(struct node *n, struct diag *diag)
{
    uint64_t recovering = 0;
    enum err err = store_open(n->config->store, &n->federation_id, false, &n->store, diag);

    if (err != ERR_OK)
        return err;
    if (store_is_new(n->store))
        log_line(LOG_WARNING, "recovering", "store=%s reason=\"it was not there; the others are asked first\"",
                 n->config->store);
    store_keep(n->store, n->config->keep_blocks);
    err = store_flag(n->store, STORE_RECOVERING, &recovering, diag);
    n->recovering = recovering != 0;
    return err;
}

static uint64_t microseconds(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The seed of a real node's draws is a secret of its own; that of a rehearsal on real processes is the scenario's. */
static uint64_t draws_of(const struct node *n)
{
    struct secret_key simulated;
    bool is_simulated;
    struct digest d;

    key_simulated(n->scenario.seed, n->config->node, &simulated);
    is_simulated = digest_equal(&simulated.fingerprint, &n->contacts.key.fingerprint);
    key_wipe(&simulated);
    if (is_simulated)
        return scenario_draws(n->scenario.seed, n->index);
    key_derive(&n->contacts.key, "prismfed-draws-v1", &d);
    return be64_get(d.b);
}

struct restoring {
    struct node *node;
    struct trace_life *life;
};

static enum err restore_record(void *context, struct bytes record)
{
    struct restoring *r = context;
    struct trace_life *life = r->life;

    if (r->node->trace != NULL) {
        life->records = mem_resize(life->records, life->record_count + 1, sizeof(struct blob *));
        life->records[life->record_count++] = blob_new(record);
    }
    return fed_restore(r->node->fed, record);
}

static enum err restore(struct node *n, struct trace_life *life, struct diag *diag)
{
    struct restoring context = {n, life};
    enum err err = store_records(n->store, restore_record, &context, diag);

    if (err != ERR_OK)
        return diag_prefix(diag, err, "%s", n->config->store);
    err = fed_restored(n->fed);
    if (err != ERR_OK)
        return diag_set(diag, err, "%s: some of the node's own records are lost", n->config->store);
    life->height = fed_state(n->fed)->height;
    return n->trace == NULL || trace_file_life(n->trace, life) == ERR_OK
               ? ERR_OK
               : diag_set(diag, ERR_IO, "%s: the trace cannot be written", n->config->trace);
}

static enum err open_machine(struct node *n, struct diag *diag)
{
    struct fed_config config = {
        .key = n->contacts.key,
        .next_key = n->contacts.next_key,
        .seed = draws_of(n),
        .last_epoch = n->config->last_epoch,
        .partial_ledger = n->config->keep_blocks > 0,
        .recovering = n->recovering,
        .sequence_floor = n->recovering ? microseconds() : 0,
    };
    enum err err;

    randombytes_buf(config.nonce.b, sizeof config.nonce.b);
    scenario_machine(&n->scenario, &config);
    err = fed_new(bytes_of_buf(&n->genesis), &config, store_ledger(n->store), &n->fed, diag);
    key_wipe(&config.key);
    key_wipe(&config.next_key);
    if (err != ERR_OK)
        return err;
    struct trace_life life = {n->federation_id, n->contacts.key.fingerprint, .config = config};
    err = restore(n, &life, diag);
    trace_life_fini(&life);
    if (err != ERR_OK)
        return err;
    err = protocol_check(fed_state(n->fed), diag);
    if (err != ERR_OK)
        return err;
    if (fed_member(n->fed) < 0)
        log_line(LOG_WARNING, "stranger",
                 "key=%s reason=\"it is no member's yet; the node waits until the log has it\"", n->config->key);
    (void)contacts_take_next_key(&n->contacts, fed_state(n->fed));
    err = site_check(&n->site, fed_state(n->fed),
                     fed_member(n->fed) >= 0 ? state_member(fed_state(n->fed), (unsigned)fed_member(n->fed)) : NULL,
                     diag);
    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "%s", n->config->scenario);
}

static void network_failed(void *context, enum err err, const struct diag *diag)
{
    struct node *n = context;

    n->diag = *diag;
    node_fail(n, err);
}

static enum err open_network(struct node *n, struct diag *diag)
{
    enum err err =
        contacts_open(&n->contacts, n->loop, &n->federation_id, n->fed, &node_hears, network_failed, n, diag);

    if (err == ERR_OK && n->config->control != NULL)
        err = control_new(n->loop, n->config->control, node_answer, n, &n->control, diag);
    if (err == ERR_OK)
        err = operations_open(n, diag);
    return err;
}

static void queue_says(void *context, const char *text)
{
    (void)context;
    log_line(LOG_WARNING, "queue", "reason=\"%s\"", text);
}

static void told_to_stop(void *context, uint32_t events)
{
    (void)events;
    loop_stop(((struct node *)context)->loop);
}

static enum err open_loop(struct node *n, struct diag *diag)
{
    unsigned threads = pool_threads(n->config->threads) + (programs_wait(n->site.programs) ? JOBS_THAT_WAIT : 0);
    enum err err = loop_new(&n->loop, diag);

    if (err != ERR_OK)
        return err;
    programs_hear(n->site.programs, queue_says, NULL);
    for (uint32_t i = 0; i < FED_TIMER_END; i++)
        n->timers[i] = (struct node_timer){{.rings = node_timer_rings, .context = &n->timers[i]}, n, i};
    n->signals = (struct loop_watch){told_to_stop, n, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (n->signals.fd < 0)
        return diag_set(diag, ERR_IO, "eventfd: %s", strerror(errno));
    n->durable = (struct loop_watch){node_store_has_news, n, store_fd(n->store)};
    err = loop_watch(n->loop, &n->signals, EPOLLIN);
    if (err == ERR_OK)
        err = loop_watch(n->loop, &n->durable, EPOLLIN);
    if (err != ERR_OK)
        return diag_set(diag, err, "epoll: %s", strerror(errno));
    return jobs_new(n->loop, threads, node_job_done, n, &n->jobs, diag);
}

enum err node_create(const struct node_config *config, struct diag *diag)
{
    struct node *n = mem_alloc(sizeof *n);
    enum err err;

    n->config = config;
    n->signals.fd = -1;
    outbox_init(&n->outbox, &node_asks, n);
    err = read_files(n, diag);
    gauges_init(&n->gauges, (int64_t)n->scenario.view_timeout_ns);
    if (err == ERR_OK)
        err = store_open(config->store, &n->federation_id, true, &n->store, diag);
    if (err == ERR_OK && !store_is_new(n->store))
        err = diag_set(diag, ERR_STATE, "%s: there is one already; prismfed node run goes on with it", config->store);
    if (err == ERR_OK && config->key_memory != NULL)
        err = key_memory_create(config->key_memory, diag);
    node_close(n);
    return err;
}

enum err node_open(const struct node_config *config, const char *folder, struct node **out, struct diag *diag)
{
    struct node *n = mem_alloc(sizeof *n);
    enum err err;

    n->config = config;
    n->signals.fd = -1;
    log_format_set(config->log_format);
    outbox_init(&n->outbox, &node_asks, n);
    err = read_files(n, diag);
    if (err == ERR_OK)
        err = contacts_guard(&n->contacts, diag);
    if (err == ERR_OK)
        err = open_store(n, diag);
    if (err == ERR_OK && config->trace != NULL)
        err = trace_file_open(config->trace, &n->trace, diag);
    if (err == ERR_OK)
        err = open_machine(n, diag);
    if (err == ERR_OK)
        err = open_loop(n, diag);
    if (err == ERR_OK && folder != NULL)
        visit_by_folder(n, folder);
    else if (err == ERR_OK)
        err = open_network(n, diag);
    if (err == ERR_OK)
        err = sinking_start(config, &n->scenario, bytes_of_buf(&n->genesis), &n->contacts.key, &n->sinking, diag);
    if (err != ERR_OK) {
        node_close(n);
        store_advise(config->store, diag);
        return err;
    }
    *out = n;
    return ERR_OK;
}
