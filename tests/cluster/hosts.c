#include "cluster/hosts.h"

#include "world/start.h"

/* ---- what machines ask for */

static void finish_writes(struct host *h)
{
    struct disk_write w;

    while (disk_finish(&h->disk, h->all->agenda.now_ns, &w) == DISK_DONE) {
        blob_drop(w.blob);
        outbox_durable(&h->outbox, w.serial);
    }
}

static void begin_write(struct host *h, enum disk_kind kind, uint64_t serial, uint64_t number, struct blob *blob)
{
    int64_t done_ns;

    (void)disk_begin(&h->disk, h->all->agenda.now_ns, 0, kind, serial, number, blob, &done_ns);
    finish_writes(h);
    if (outbox_in_flight(&h->outbox) > h->in_flight_max)
        h->in_flight_max = outbox_in_flight(&h->outbox);
}

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct host *h = context;

    if (h->all->runs->actions.persist != NULL)
        h->all->runs->actions.persist(h, serial, number, record);
    begin_write(h, DISK_RECORD, serial, number, record);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct host *h = context;

    if (h->all->runs->actions.append != NULL)
        h->all->runs->actions.append(h, serial, height, block);
    begin_write(h, DISK_BLOCK, serial, height, block);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *bytes)
{
    struct host *h = context;

    if (h->all->runs->actions.snapshot != NULL)
        h->all->runs->actions.snapshot(h, serial, height, bytes);
    begin_write(h, DISK_SNAPSHOT, serial, height, bytes);
}

static void do_forget(void *context, uint64_t number)
{
    struct host *h = context;

    if (h->all->runs->actions.forget != NULL)
        h->all->runs->actions.forget(h, number);
    disk_forget(&h->disk, number);
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct host *h = context;

    clock_timer_set(&h->clock, timer, at_ns);
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct host *h = context;

    clock_timer_stop(&h->clock, timer);
}

/* The machine hears what has become durable. */
static void tell_durable(struct host *h)
{
    while (h->up && h->all->runs->durable != NULL && h->told < h->outbox.durable) {
        h->told = h->outbox.durable;
        h->all->runs->durable(h, h->told);
    }
}

void host_settle(struct host *h, struct effects *effects)
{
    bool dies = h->dies && h->dies_after <= effects->count;

    if (dies)
        effects_cut(effects, h->dies_after);
    else if (h->dies)
        h->dies_after -= effects->count;
    outbox_carry(&h->outbox, effects);
    effects_free(effects);
    if (dies) {
        host_crash(h);
        h->all->runs->died(h);
    }
    tell_durable(h);
}

enum network_fate host_send(struct host *h, unsigned to, struct blob *message)
{
    return network_send(&h->all->network, &(struct event){.from = h->index, .node = to, .blob = message}, 0);
}

/* ---- lives */

void host_crash(struct host *h)
{
    h->all->runs->stop(h);
    h->up = false;
    h->life++;
    h->told = 0;
    h->dies = false;
    outbox_reset(&h->outbox);
    clock_timers_stop(&h->clock);
    disk_crash(&h->disk, h->all->agenda.now_ns);
}

void host_disk_stops(struct host *h, bool stops)
{
    disk_stick(&h->disk, stops);
    finish_writes(h);
    tell_durable(h);
}

void disk_copy_records(struct disk *to, const struct disk *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct disk_write w;
        int64_t done_ns;

        (void)disk_begin(to, 0, 0, DISK_RECORD, 1, from->records[i].number, from->records[i].blob, &done_ns);
        enum disk_result result = disk_finish(to, INT64_MAX, &w);
        ASSERT(result == DISK_DONE);
        blob_drop(w.blob);
    }
}

struct digest host_nonce(const struct host *h)
{
    return start_nonce(h->index, h->life);
}

/* ---- the cluster */

static uint64_t draw(void *context, unsigned from, unsigned to, enum chance chance, uint64_t bound)
{
    struct hosts *all = context;

    (void)from, (void)to, (void)chance;
    return prng_below(&all->prng, bound);
}

static unsigned link_of(const struct hosts *all, unsigned from, unsigned to)
{
    return from * all->count + to;
}

void hosts_init(struct hosts *all, unsigned count, const struct host_runs *runs, uint64_t seed)
{
    ASSERT(count <= HOSTS_MAX);
    *all = (struct hosts){.runs = runs, .count = count, .actions = runs->actions};
    all->actions.persist = do_persist;
    all->actions.append = do_append;
    all->actions.snapshot = do_snapshot;
    all->actions.forget = do_forget;
    all->actions.timer_set = do_timer_set;
    all->actions.timer_stop = do_timer_stop;
    prng_stream(&all->prng, seed, "cluster", count);
    network_init(&all->network, &all->agenda, count, count, draw, all);
    for (unsigned i = 0; i < count; i++)
        network_join(&all->network, i, i);
}

void host_init(struct hosts *all, unsigned index, struct host *h)
{
    *h = (struct host){.all = all, .index = index};
    all->host[index] = h;
    clock_init(&h->clock, &all->agenda, index, 0, 0);
    disk_init(&h->disk, NULL);
    outbox_init(&h->outbox, &all->actions, h);
}

static void event_free(struct hosts *all, struct event *e)
{
    if (e->kind >= EVENT_OWN && all->runs->drop != NULL)
        all->runs->drop(e);
    agenda_done(&all->agenda, e);
}

void hosts_fini(struct hosts *all)
{
    struct event *e;

    while ((e = agenda_take(&all->agenda)) != NULL)
        event_free(all, e);
    agenda_fini(&all->agenda);
    network_fini(&all->network);
    for (unsigned i = 0; i < all->count; i++) {
        struct host *h = all->host[i];

        if (h->up)
            all->runs->stop(h);
        outbox_fini(&h->outbox);
        disk_fini(&h->disk);
    }
}

struct event *hosts_add(struct hosts *all, int64_t at_ns, int kind, unsigned node)
{
    struct event *e = agenda_add(&all->agenda, at_ns, kind);

    e->node = node;
    e->life = all->host[node]->life;
    return e;
}

static void happen(struct hosts *all, const struct event *e)
{
    if (e->kind == EVENT_LINK) {
        network_left(&all->network, e);
        return;
    }
    struct host *h = all->host[e->node];
    if (e->kind == EVENT_MESSAGE) {
        if (network_deliver(&all->network, e, h->up))
            all->runs->message(h, e);
    } else if (e->kind == EVENT_TIMER) {
        if (!h->up || !clock_timer_rings(&h->clock, e))
            return;
        clock_timer_stop(&h->clock, e->number);
        all->runs->timer(h, e->number);
    } else {
        all->runs->happens(all, e);
    }
}

bool hosts_step(struct hosts *all)
{
    struct event *e = agenda_take(&all->agenda);

    if (e == NULL)
        return false;
    all->steps++;
    happen(all, e);
    event_free(all, e);
    return true;
}

void hosts_set_link(struct hosts *all, unsigned from, unsigned to, const struct link_traits *traits)
{
    network_set_traits(&all->network, link_of(all, from, to), traits);
}

void hosts_set_traits(struct hosts *all, const struct link_traits *traits)
{
    for (unsigned from = 0; from < all->count; from++) {
        for (unsigned to = 0; to < all->count; to++)
            hosts_set_link(all, from, to, traits);
    }
}

void hosts_cut(struct hosts *all, unsigned from, unsigned to, bool cut)
{
    if (network_hears(&all->network, from, to) == cut)
        network_cut(&all->network, from, to, cut);
}
