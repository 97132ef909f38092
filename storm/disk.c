#include "storm/world.h"

#include <string.h>

/* What a machine writes is durable when its sync ends, group by group: what is asked for while one runs waits for the
 * next. A crash keeps what is durable, and of the writes under way a prefix: the last one of it may be torn, which its
 * checksum shows, so it counts as lost. */

/* ---- writes under way: a ring */

static struct disk_write *write_at(struct disk *d, size_t i)
{
    return &d->queue[(d->queue_head + i) % d->queue_cap];
}

static void write_push(struct disk *d, const struct disk_write *w)
{
    if (d->queue_count == d->queue_cap) {
        size_t cap = d->queue_cap == 0 ? 64 : 2 * d->queue_cap;
        struct disk_write *queue = mem_array(cap, sizeof queue[0]);
        for (size_t i = 0; i < d->queue_count; i++)
            queue[i] = *write_at(d, i);
        mem_free(d->queue);
        d->queue = queue;
        d->queue_cap = cap;
        d->queue_head = 0;
    }
    d->queue_count++;
    *write_at(d, d->queue_count - 1) = *w;
}

static struct disk_write write_pop(struct disk *d)
{
    struct disk_write w = *write_at(d, 0);

    d->queue_head = (d->queue_head + 1) % d->queue_cap;
    d->queue_count--;
    return w;
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

static void list_push(struct blob ***items, uint64_t *count, uint64_t *cap, struct blob *block)
{
    if (*count == *cap) {
        *cap = *cap == 0 ? 32 : 2 * *cap;
        *items = mem_resize(*items, *cap, sizeof(*items)[0]);
    }
    (*items)[(*count)++] = block;
}

static void ledger_add(struct machine *m, uint64_t height, struct blob *block)
{
    struct disk *d = &m->disk;

    if (height <= d->ledger_base && height == d->below_count + 1) {
        MARK(m->world, BACKFILL);
        list_push(&d->below, &d->below_count, &d->below_cap, blob_hold(block));
        agreement_appended(m, height, blob_bytes(block));
        return;
    }
    if (height != d->ledger_base + d->ledger_count + 1) {
        world_fail(m->world, "5 order", "machine %u appends block %llu to %llu", m->index, (unsigned long long)height,
                   (unsigned long long)(d->ledger_base + d->ledger_count));
        return;
    }
    list_push(&d->ledger, &d->ledger_count, &d->ledger_cap, blob_hold(block));
    agreement_appended(m, height, blob_bytes(block));
}

static void ledger_clear(struct disk *d)
{
    while (d->ledger_count > 0)
        blob_drop(d->ledger[--d->ledger_count]);
    while (d->below_count > 0)
        blob_drop(d->below[--d->below_count]);
    for (unsigned i = 0; i < SNAPSHOTS_KEPT; i++)
        blob_drop(d->snapshots[i].bytes);
    memset(d->snapshots, 0, sizeof d->snapshots);
    d->ledger_base = 0;
}

/* Of a state above all blocks: those that are there without a gap from the first one on stay below it. */
static void ledger_jump(struct disk *d, uint64_t height)
{
    bool whole = d->below_count == d->ledger_base;

    for (uint64_t i = 0; i < d->ledger_count; i++) {
        if (whole)
            list_push(&d->below, &d->below_count, &d->below_cap, d->ledger[i]);
        else
            blob_drop(d->ledger[i]);
    }
    d->ledger_count = 0;
    d->ledger_base = height;
}

static void snapshot_put(struct machine *m, uint64_t height, struct blob *snapshot)
{
    struct disk *d = &m->disk;

    if (height > d->ledger_base + d->ledger_count)
        ledger_jump(d, height);
    else if (height != d->ledger_base + d->ledger_count)
        world_fail(m->world, "5 order", "machine %u stores the state at %llu behind block %llu", m->index,
                   (unsigned long long)height, (unsigned long long)(d->ledger_base + d->ledger_count));
    blob_drop(d->snapshots[SNAPSHOTS_KEPT - 1].bytes);
    for (unsigned i = SNAPSHOTS_KEPT - 1; i > 0; i--)
        d->snapshots[i] = d->snapshots[i - 1];
    d->snapshots[0] = (struct stored_snapshot){height, blob_hold(snapshot)};
}

static void forget(void *context, uint64_t number)
{
    struct machine *m = context;
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

static void make_durable(struct machine *m, const struct disk_write *w)
{
    if (w->kind == DISK_BLOCK) {
        ledger_add(m, w->number, w->bytes);
        return;
    }
    if (w->kind == DISK_SNAPSHOT) {
        snapshot_put(m, w->number, w->bytes);
        return;
    }
    record_add(&m->disk, w->number, w->bytes);
    durable_written(m, blob_bytes(w->bytes));
    if (!machine_correct(m))
        return;
    stable_persisted(m, blob_bytes(w->bytes));
    prepared_persisted(m, blob_bytes(w->bytes));
    new_view_persisted(m, blob_bytes(w->bytes));
}

/* ---- effects */

static void note_catch_up(struct machine *m, uint64_t applied)
{
    struct world *w = m->world;

    MARK(w, CATCH_UP);
    if (applied >= 4)
        MARK(w, CATCH_UP_LONG);
    if (m->before.in_view_change)
        MARK(w, CATCH_UP_VIEW_CHANGE);
    if (m->wiped)
        MARK(w, CATCH_UP_AFTER_WIPE);
}

static void note_replica(struct machine *m, const char *name, uint64_t number, uint64_t other)
{
    struct world *w = m->world;

    if (strcmp(name, "catch_up") == 0) {
        note_catch_up(m, other);
    } else if (strcmp(name, "bad_block") == 0) {
        MARK(w, BAD_BLOCK);
        transfer_blamed(m, (unsigned)number);
    } else if (strcmp(name, "gone") == 0) {
        MARK(w, BLOCKS_GONE);
    } else if (strcmp(name, "laggard") == 0) {
        MARK(w, EPOCH_LAGGARD);
    } else if (strcmp(name, "hint") == 0) {
        MARK(w, EPOCH_HINT);
    } else if (strcmp(name, "whole") == 0) {
        MARK(w, BACKFILL_WHOLE);
    } else if (strcmp(name, "membership") == 0) {
        m->view = m->left_in_a_row = 0;
    } else if (strcmp(name, "divergence") == 0 && machine_correct(m)) {
        world_fail(w, "4 equal roots", "machine %u cannot execute what is certified at %llu", m->index,
                   (unsigned long long)number);
    }
}

static void note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct machine *m = context;
    struct world *w = m->world;

    (void)other;
    if (strcmp(name, "pbft.prepared") == 0) {
        MARK(w, PREPARED);
    } else if (strcmp(name, "pbft.view_change") == 0) {
        MARK(w, VIEW_CHANGE);
        if (w->thin_links > 0)
            MARK(w, VIEW_CHANGE_THIN);
        if (++m->left_in_a_row == 2)
            MARK(w, VIEW_CHANGE_TWICE);
        if (number > m->view + 1)
            MARK(w, VIEW_SKIPPED);
        m->view = number;
    } else if (strcmp(name, "pbft.new_view") == 0) {
        MARK(w, NEW_VIEW);
        if (number >= 5)
            MARK(w, VIEW_5);
        m->view = number;
        m->left_in_a_row = 0;
    } else if (strcmp(name, "pbft.recovered") == 0) {
        m->amnesia = false;
        replica_recovered(m->live);
        MARK(w, RECOVERED);
        if (replica_status(m->live).listening)
            MARK(w, RECOVERED_LISTENS);
        if (m->recoveries++ > 0)
            MARK(w, RECOVERED_AGAIN);
    } else if (strcmp(name, "pbft.stable") == 0) {
        MARK(w, STABLE);
        stable_noted(m, number);
    } else if (strcmp(name, "pbft.refused") == 0) {
        MARK(w, BATCH_REFUSED);
    } else if (strncmp(name, "replica.", 8) == 0) {
        note_replica(m, name + 8, number, other);
    } else if (strncmp(name, "transfer.", 9) == 0) {
        transfer_noted(m, name, number);
    } else if (strcmp(name, "pbft.divergence") == 0) {
        if (machine_correct(m))
            world_fail(w, "4 equal roots", "machine %u executed what was not decided at %llu", m->index,
                       (unsigned long long)number);
    } else if (strcmp(name, "pbft.bad_record") == 0 && machine_correct(m)) {
        world_fail(w, "7 durable", "machine %u cannot use its own record %llu", m->index, (unsigned long long)number);
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

static void send(void *context, const struct effect *e)
{
    struct machine *m = context;

    if (m->checked != e->blob) { /* a broadcast is one effect for each who gets it, in a row */
        check_sent(m, blob_bytes(e->blob));
        blob_drop(m->checked);
        m->checked = blob_hold(e->blob);
    }
    machine_send(m, (unsigned)e->to, e->blob);
}

static void timer_set(void *context, uint32_t timer, int64_t at)
{
    struct machine *m = context;

    clock_timer_set(&m->clock, timer, at);
}

static void timer_stop(void *context, uint32_t timer)
{
    struct machine *m = context;

    clock_timer_stop(&m->clock, timer);
}

/* ---- writing */

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
    struct disk_write w = write_pop(d);
    make_durable(m, &w);
    d->writes++;
    blob_drop(w.bytes);
    outbox_durable(&m->outbox, w.serial);
    return true;
}

static void begin(struct machine *m, enum disk_kind kind, uint64_t serial, uint64_t number, struct blob *bytes)
{
    write_push(&m->disk, &(struct disk_write){kind, serial, number, blob_hold(bytes)});
    if (m->world->plan.write_delay == 0)
        (void)write_one(m);
}

static void persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    begin(context, DISK_RECORD, serial, number, record);
}

static void append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    begin(context, DISK_BLOCK, serial, height, block);
}

static void snapshot(void *context, uint64_t serial, uint64_t height, struct blob *bytes)
{
    begin(context, DISK_SNAPSHOT, serial, height, bytes);
}

const struct outbox_actions disk_actions = {
    .persist = persist,
    .append = append,
    .snapshot = snapshot,
    .forget = forget,
    .send = send,
    .timer_set = timer_set,
    .timer_stop = timer_stop,
    .note = note,
};

/* The next sync, of all that waits for one. */
static void sync_begin(struct machine *m)
{
    struct disk *d = &m->disk;
    struct world *w = m->world;

    if (d->writing > 0 || d->queue_count == 0)
        return;
    d->writing = d->queue_count;
    struct event *event = agenda_add(&w->agenda, w->agenda.now_ns + w->plan.write_delay, EVENT_DISK);
    event->node = m->index;
    event->serial = ++d->write_serial;
}

uint64_t disk_writes_allowed(const struct world *w)
{
    return UINT64_C(8) << w->draw.seed % 4;
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
    }
    outbox_carry(&m->outbox, effects);
    if (m->world->spare.items == NULL)
        m->world->spare = *effects;
    else
        effects_free(effects);
    sync_begin(m);
}

struct effects effects_spare(struct world *w)
{
    struct effects effects = w->spare;

    w->spare = (struct effects){0};
    return effects;
}

void disk_event(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->node];
    struct disk *d = &m->disk;

    if (!m->up || e->serial != d->write_serial || d->writing == 0)
        return;
    if (m->paused_until > w->agenda.now_ns) {
        agenda_again(&w->agenda, m->paused_until, e);
        return;
    }
    w->acts++;
    for (; d->writing > 0 && w->checker == NULL; d->writing--) {
        if (!write_one(m))
            return;
    }
    sync_begin(m);
    machine_durable(m);
    machine_look(m);
}

/* ---- reading, for the replica */

static enum err disk_block(void *context, uint64_t height, struct blob **out)
{
    const struct machine *m = context;
    const struct disk *d = &m->disk;
    uint64_t base = d->ledger_base, end = base + d->ledger_count;
    bool old = m->live != NULL && height <= m->app.kept && height + m->world->plan.retention <= end;

    if (height == 0 || height > end || (height <= base && height > d->below_count) || old)
        return ERR_MISSING;
    *out = blob_hold(height <= base ? d->below[height - 1] : d->ledger[height - base - 1]);
    return ERR_OK;
}

static enum err disk_snapshot(void *context, unsigned number, uint64_t *height, struct blob **out)
{
    const struct machine *m = context;

    if (number >= SNAPSHOTS_KEPT || m->disk.snapshots[number].bytes == NULL)
        return ERR_MISSING;
    *height = m->disk.snapshots[number].height;
    *out = blob_hold(m->disk.snapshots[number].bytes);
    return ERR_OK;
}

void disk_store(struct machine *m)
{
    m->store = (struct ledger_store){.context = m, .read = disk_block, .snapshot = disk_snapshot};
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
        struct disk_write write = write_pop(d);
        if (kept > 0) {
            kept--;
            make_durable(m, &write);
        }
        blob_drop(write.bytes);
    }
    outbox_reset(&m->outbox);
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
        blob_drop(write_pop(d).bytes);
    mem_free(d->records);
    mem_free(d->ledger);
    mem_free(d->below);
    mem_free(d->queue);
}
