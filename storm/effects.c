#include "storm/world.h"

#include <string.h>

/* What a machine's replica asks for, and what becomes of its writes. A crash keeps what is durable, and of the sync
 * that runs a prefix: the last write of it may be torn, which its checksum shows, so it counts as lost. */

/* ---- what is durable */

static void forget(void *context, uint64_t number)
{
    struct machine *m = context;

    stable_forgets(m, number);
    disk_forget(&m->disk, number);
}

/* Looks at what has become durable, and drops it. */
static void look_at(struct machine *m, const struct disk_write *w)
{
    struct bytes bytes = blob_bytes(w->blob);

    if (w->kind == DISK_BLOCK) {
        if (w->number <= m->disk.blocks.base)
            MARK(m->world, BACKFILL);
        agreement_appended(m, w->number, bytes);
    } else if (w->kind == DISK_RECORD) {
        durable_written(m, bytes);
        if (machine_correct(m)) {
            stable_persisted(m, bytes);
            prepared_persisted(m, bytes);
            new_view_persisted(m, bytes);
        }
    }
    blob_drop(w->blob);
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
    } else if (strcmp(name, "damaged_snapshot") == 0) {
        m->harm.snapshot_passed_over = true;
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

    trace_line(w, "        machine %u: %s %llu %llu", m->index, name, (unsigned long long)number,
               (unsigned long long)other);
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

static void die_of_write(struct machine *m)
{
    if (m->disk.full) {
        MARK(m->world, DISK_FULL);
        machine_crash(m, -1);
    } else {
        MARK(m->world, CRASH_AT_WRITE);
        machine_crash(m, m->world->plan.view_timeout);
    }
}

/* How many were due; the machine may be down afterwards. */
static unsigned finish_writes(struct machine *m)
{
    struct world *w = m->world;
    enum disk_result result = DISK_IDLE;
    struct disk_write write;
    unsigned count = 0;

    while (w->checker == NULL && (result = disk_finish(&m->disk, w->agenda.now_ns, &write)) == DISK_DONE) {
        count++;
        look_at(m, &write);
        outbox_durable(&m->outbox, write.serial);
    }
    if (result == DISK_FAILS)
        die_of_write(m);
    return count + (result == DISK_FAILS);
}

static void begin(struct machine *m, enum disk_kind kind, uint64_t serial, uint64_t number, struct blob *bytes)
{
    struct world *w = m->world;
    int64_t done;
    bool opens = disk_begin(&m->disk, w->agenda.now_ns, w->plan.write_delay, kind, serial, number, bytes, &done);

    if (done <= w->agenda.now_ns) {
        (void)finish_writes(m);
    } else if (opens) {
        struct event *e = agenda_add(&w->agenda, done, EVENT_DISK);
        e->node = m->index;
        e->life = m->life;
    }
}

static void persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    begin(context, DISK_RECORD, serial, number, record);
}

static void append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct machine *m = context;

    trace_line(m->world, "        machine %u appends block %llu", m->index, (unsigned long long)height);
    begin(m, DISK_BLOCK, serial, height, block);
}

static void snapshot(void *context, uint64_t serial, uint64_t height, struct blob *bytes)
{
    struct machine *m = context;

    trace_line(m->world, "        machine %u stores the state at %llu", m->index, (unsigned long long)height);
    begin(m, DISK_SNAPSHOT, serial, height, bytes);
}

const struct outbox_actions machine_actions = {
    .persist = persist,
    .append = append,
    .snapshot = snapshot,
    .forget = forget,
    .send = send,
    .timer_set = timer_set,
    .timer_stop = timer_stop,
    .note = note,
};

uint64_t machine_writes_allowed(const struct world *w)
{
    return UINT64_C(8) << w->draw.seed % 4;
}

void machine_settle(struct machine *m, struct effects *effects)
{
    m->world->acts++;
    memory_step(m, effects);
    calm_step(m, effects);
    diverged_step(m, effects);
    repeat_step(m, effects);
    outbox_carry(&m->outbox, effects);
    if (m->world->spare.items == NULL)
        m->world->spare = *effects;
    else
        effects_free(effects);
}

struct effects effects_spare(struct world *w)
{
    struct effects effects = w->spare;

    w->spare = (struct effects){0};
    return effects;
}

void machine_written(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->node];

    if (!m->up || e->life != m->life)
        return;
    if (m->paused_until > w->agenda.now_ns) {
        (void)agenda_again(&w->agenda, m->paused_until, e);
        return;
    }
    if (finish_writes(m) == 0)
        return;
    w->acts++;
    if (!m->up)
        return;
    machine_durable(m);
    machine_look(m);
}

/* ---- reading, for the replica */

static enum err read_block(void *context, uint64_t height, struct blob **out)
{
    const struct machine *m = context;
    bool old = m->live != NULL && height <= m->app.kept && height + m->world->plan.retention <= m->disk.blocks.top;

    return height == 0 || old ? ERR_MISSING : m->disk.ledger.read(m->disk.ledger.context, height, out);
}

static enum err read_snapshot(void *context, unsigned number, uint64_t *height, struct blob **out)
{
    const struct machine *m = context;

    return m->disk.ledger.snapshot(m->disk.ledger.context, number, height, out);
}

void machine_store(struct machine *m)
{
    m->store = (struct ledger_store){.context = m, .read = read_block, .snapshot = read_snapshot};
}

/* ---- loss */

void machine_loses_writes(struct machine *m)
{
    struct world *w = m->world;
    struct disk *d = &m->disk;
    uint64_t id = draw_id(DRAW_DISK, m->index, m->harm.crashes++);
    size_t syncing = disk_syncing(d), kept = d->full ? 0 : draw_value(&w->draw, id) % (syncing + 1);

    if (m->harm.doom != DOOM_DRAWN)
        kept = m->harm.doom == DOOM_AFTER && syncing > 0;
    m->harm.doom = DOOM_DRAWN;
    if (syncing > 0) {
        draw_note(&w->draw, id);
        if (kept < syncing)
            MARK(w, CRASH_LOSES_WRITES);
        if (kept > 0)
            MARK(w, CRASH_KEEPS_SOME);
    }
    for (; kept > 0; kept--) {
        struct disk_write write;

        disk_keep(d, &write);
        look_at(m, &write);
    }
    disk_crash(d, w->agenda.now_ns);
    outbox_reset(&m->outbox);
}
