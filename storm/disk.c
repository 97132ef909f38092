#include "storm/world.h"

#include <string.h>

/* Effects are carried out in order; whatever follows a write waits until it is durable. A crash keeps
 * what is durable, and of the writes under way a prefix: the last one of it may be torn, which its
 * checksum shows, so it counts as lost. */

/* ---- the queue */

static struct effect *queue_at(struct disk *d, size_t i)
{
    return &d->queue[(d->queue_head + i) % d->queue_cap];
}

static void queue_push(struct disk *d, const struct effect *e)
{
    if (d->queue_count == d->queue_cap) {
        size_t cap = d->queue_cap == 0 ? 64 : 2 * d->queue_cap;
        struct effect *queue = mem_array(cap, sizeof queue[0]);
        for (size_t i = 0; i < d->queue_count; i++)
            queue[i] = *queue_at(d, i);
        mem_free(d->queue);
        d->queue = queue;
        d->queue_cap = cap;
        d->queue_head = 0;
    }
    *queue_at(d, d->queue_count++) = *e;
}

static struct effect queue_pop(struct disk *d)
{
    struct effect e = *queue_at(d, 0);

    d->queue_head = (d->queue_head + 1) % d->queue_cap;
    d->queue_count--;
    return e;
}

static bool is_write(const struct effect *e)
{
    return e->kind == EFFECT_PERSIST || e->kind == EFFECT_APPEND || e->kind == EFFECT_INSTALL;
}

/* ---- what is durable */

static void record_add(struct disk *d, uint64_t number, struct blob *bytes)
{
    if (d->record_count == d->record_cap) {
        d->record_cap = d->record_cap == 0 ? 32 : 2 * d->record_cap;
        d->records = mem_resize(d->records, d->record_cap, sizeof d->records[0]);
    }
    d->records[d->record_count++] = (struct record){number, blob_hold(bytes)};
}

static void ledger_add(struct machine *m, uint64_t height, struct blob *block)
{
    struct disk *d = &m->disk;

    if (height != d->ledger_base + d->ledger_count + 1) {
        world_fail(m->world, "5 order", "machine %u appends block %llu to %llu", m->index, (unsigned long long)height,
                   (unsigned long long)(d->ledger_base + d->ledger_count));
        return;
    }
    if (d->ledger_count == d->ledger_cap) {
        d->ledger_cap = d->ledger_cap == 0 ? 32 : 2 * d->ledger_cap;
        d->ledger = mem_resize(d->ledger, d->ledger_cap, sizeof d->ledger[0]);
    }
    d->ledger[d->ledger_count++] = blob_hold(block);
    agreement_appended(m, height, blob_bytes(block));
}

static void ledger_clear(struct disk *d)
{
    while (d->ledger_count > 0)
        blob_drop(d->ledger[--d->ledger_count]);
    blob_drop(d->snapshot);
    d->snapshot = NULL;
    d->ledger_base = 0;
}

static void snapshot_put(struct disk *d, uint64_t height, struct blob *snapshot)
{
    ledger_clear(d);
    d->snapshot = blob_hold(snapshot);
    d->ledger_base = height;
}

static void forget(struct machine *m, uint64_t number)
{
    struct disk *d = &m->disk;
    size_t kept = 0;

    stable_forgets(m, number);
    for (size_t i = 0; i < d->record_count; i++) {
        if (d->records[i].number <= number)
            blob_drop(d->records[i].bytes);
        else
            d->records[kept++] = d->records[i];
    }
    d->record_count = kept;
}

static void make_durable(struct machine *m, const struct effect *e)
{
    if (e->kind == EFFECT_APPEND) {
        ledger_add(m, e->number, e->blob);
        return;
    }
    if (e->kind == EFFECT_INSTALL) {
        snapshot_put(&m->disk, e->number, e->blob);
        return;
    }
    record_add(&m->disk, e->number, e->blob);
    durable_written(m, blob_bytes(e->blob));
    if (!machine_correct(m))
        return;
    prepared_persisted(m, blob_bytes(e->blob));
    new_view_persisted(m, blob_bytes(e->blob));
}

/* ---- effects */

static void note(struct machine *m, const struct effect *e)
{
    struct world *w = m->world;

    if (strcmp(e->name, "pbft.prepared") == 0) {
        MARK(w, PREPARED);
    } else if (strcmp(e->name, "pbft.view_change") == 0) {
        MARK(w, VIEW_CHANGE);
        if (++m->left_in_a_row == 2)
            MARK(w, VIEW_CHANGE_TWICE);
        if (e->number > m->view + 1)
            MARK(w, VIEW_SKIPPED);
        m->view = e->number;
    } else if (strcmp(e->name, "pbft.new_view") == 0) {
        MARK(w, NEW_VIEW);
        if (e->number >= 5)
            MARK(w, VIEW_5);
        m->view = e->number;
        m->left_in_a_row = 0;
    } else if (strcmp(e->name, "pbft.recovered") == 0) {
        m->amnesia = false;
        MARK(w, RECOVERED);
        if (m->pbft != NULL && pbft_status(m->pbft).listening)
            MARK(w, RECOVERED_LISTENS);
        if (m->recoveries++ > 0)
            MARK(w, RECOVERED_AGAIN);
    } else if (strcmp(e->name, "pbft.stable") == 0) {
        MARK(w, STABLE);
        stable_noted(m, e->number);
    } else if (strcmp(e->name, "pbft.refused") == 0) {
        MARK(w, BATCH_REFUSED);
    } else if (strncmp(e->name, "transfer.", 9) == 0) {
        transfer_noted(m, e->name, e->number);
    } else if (strcmp(e->name, "pbft.divergence") == 0) {
        if (machine_correct(m))
            world_fail(w, "4 equal roots", "machine %u executed what was not decided at %llu", m->index,
                       (unsigned long long)e->number);
    } else if (strcmp(e->name, "pbft.bad_record") == 0 && machine_correct(m)) {
        world_fail(w, "7 durable", "machine %u cannot use its own record %llu", m->index,
                   (unsigned long long)e->number);
    }
}

static void mark_recovered(struct machine *m, enum message_type type, struct bytes rest)
{
    if (m->recoveries > 0 && type <= MESSAGE_COMMIT)
        MARK(m->world, RECOVERED_VOTES);
    if (type == MESSAGE_PRE_PREPARE && rest.len == 1)
        MARK(m->world, FILLED);
}

static void check_sent(struct machine *m, struct bytes message)
{
    enum message_type type = message.len > 1 ? (enum message_type)message.data[1] : MESSAGE_TYPES_END;
    struct claim claim;
    struct bytes rest = {0};

    if ((!machine_correct(m) && (!m->amnesia || m->forgot)) || !pbft_owns(message) || statement_subject(type) == NULL ||
        type > MESSAGE_NEW_VIEW)
        return;
    const struct epoch *epoch = epoch_of_message(m->world, message);
    bool alone = message.data[0] == (CBOR_ARRAY << 5 | 2);
    if (message_parse(&epoch->members, message, type, &claim, alone ? NULL : &rest) != ERR_OK) {
        world_fail(m->world, "6 signing", "machine %u sends what nobody could parse", m->index);
        return;
    }
    if ((int)claim.signer != epoch->number_of[m->replica])
        return; /* passed on */
    signing_sent(m, epoch, &claim);
    mark_recovered(m, type, rest);
    durable_sent(m, &claim);
    judged_sent(m, &claim);
    calm_asked(m, epoch, &claim);
    stable_sent(m, &claim);
}

/* What pbft sends goes to replicas of the epoch in which it did. */
static void send(struct machine *m, const struct effect *e)
{
    const struct epoch *epoch = epoch_named(m->world, e->number);

    if (e->to >= TO_REPLICA) {
        network_send(m, (unsigned)(e->to - TO_REPLICA), e->blob);
        return;
    }
    for (unsigned i = 0; epoch != NULL && i < epoch->members.n; i++) {
        if (epoch->replica_of[i] != m->replica && (e->to == PEER_OTHERS || e->to == (int32_t)i))
            network_send(m, epoch->replica_of[i], e->blob);
    }
}

static void carry_out(struct machine *m, const struct effect *e)
{
    struct world *w = m->world;

    switch (e->kind) {
    case EFFECT_SEND:
        check_sent(m, blob_bytes(e->blob));
        send(m, e);
        break;
    case EFFECT_FORGET:
        forget(m, e->number);
        break;
    case EFFECT_TIMER_SET:
        machine_timer_set(m, e->timer, e->at_ns);
        break;
    case EFFECT_TIMER_STOP:
        m->timer_at[e->timer] = -1;
        break;
    case EFFECT_NOTE:
        note(m, e);
        break;
    case EFFECT_PERSIST:
    case EFFECT_APPEND:
    case EFFECT_INSTALL:
    case EFFECT_JOB:
    case EFFECT_ANCHOR:
    case EFFECT_RECOVERED:
        world_fail(w, "5 order", "an effect of kind %d", (int)e->kind);
        break;
    }
}

/* False: the machine is down now. */
static bool write_one(struct machine *m)
{
    struct disk *d = &m->disk;

    if (d->full) {
        MARK(m->world, DISK_FULL);
        machine_crash(m, -1);
        return false;
    }
    if (d->doomed && d->doomed_writes == 0) {
        d->doomed = false;
        MARK(m->world, CRASH_AT_WRITE);
        machine_crash(m, m->world->plan.view_timeout);
        return false;
    }
    d->doomed_writes -= d->doomed;
    struct effect e = queue_pop(d);
    make_durable(m, &e);
    d->writes++;
    blob_drop(e.blob);
    return true;
}

/* All that need not wait. */
static void drain(struct machine *m)
{
    struct disk *d = &m->disk;
    struct world *w = m->world;

    while (d->queue_count > 0 && d->writing == 0 && w->checker == NULL) {
        if (!is_write(queue_at(d, 0))) {
            struct effect e = queue_pop(d);
            carry_out(m, &e);
            blob_drop(e.blob);
        } else if (w->plan.write_delay == 0) {
            if (!write_one(m))
                return;
        } else {
            while (d->writing < d->queue_count && is_write(queue_at(d, d->writing)))
                d->writing++;
            struct event *event = world_push(w, w->now + w->plan.write_delay, EVENT_DISK);
            event->machine = m->index;
            event->serial = ++d->write_serial;
        }
    }
}

void disk_settle(struct machine *m, struct effects *effects)
{
    m->world->acts++;
    memory_step(m, effects);
    calm_step(m, effects);
    diverged_step(m, effects);
    for (size_t i = 0; i < effects->count; i++) {
        repeat_effect(m, &effects->items[i]);
        trace_effect(m->world, m, &effects->items[i]);
        queue_push(&m->disk, &effects->items[i]);
    }
    effects->count = 0; /* the queue has the blobs */
    if (m->world->spare.items == NULL)
        m->world->spare = *effects;
    else
        effects_free(effects);
    drain(m);
}

struct effects effects_spare(struct world *w)
{
    struct effects effects = w->spare;

    w->spare = (struct effects){0};
    return effects;
}

void disk_event(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->machine];
    struct disk *d = &m->disk;

    if (!m->up || e->serial != d->write_serial || d->writing == 0)
        return;
    if (m->paused_until > w->now) {
        struct event *again = world_push(w, m->paused_until, EVENT_DISK);
        again->machine = e->machine;
        again->serial = e->serial;
        return;
    }
    w->acts++;
    for (; d->writing > 0; d->writing--) {
        if (!write_one(m))
            return;
    }
    drain(m);
    machine_look(m);
}

/* ---- loss */

void disk_crash(struct machine *m)
{
    struct world *w = m->world;
    struct disk *d = &m->disk;
    uint64_t id = draw_id(DRAW_DISK, m->index, d->crashes++);
    size_t kept = d->writing > 0 && !d->full ? draw_value(&w->draw, id) % (d->writing + 1) : 0;

    if (d->doom != DOOM_DRAWN)
        kept = d->doom == DOOM_AFTER;
    d->doom = DOOM_DRAWN;
    if (d->writing > 0) {
        draw_note(&w->draw, id);
        if (kept < d->writing)
            MARK(w, CRASH_LOSES_WRITES);
        if (kept > 0)
            MARK(w, CRASH_KEEPS_SOME);
    }
    while (d->queue_count > 0) {
        struct effect e = queue_pop(d);
        if (kept > 0) {
            kept--;
            make_durable(m, &e);
        }
        blob_drop(e.blob);
    }
    d->writing = 0;
    d->doomed = false;
    d->doomed_writes = 0;
    d->write_serial++;
}

void disk_wipe(struct machine *m)
{
    struct disk *d = &m->disk;

    d->damaged = false;
    while (d->record_count > 0)
        blob_drop(d->records[--d->record_count].bytes);
    ledger_clear(d);
}

void disk_free(struct disk *d)
{
    while (d->record_count > 0)
        blob_drop(d->records[--d->record_count].bytes);
    ledger_clear(d);
    while (d->queue_count > 0)
        blob_drop(queue_pop(d).blob);
    mem_free(d->records);
    mem_free(d->ledger);
    mem_free(d->queue);
}
