#include "pbft/internal.h"
#include "storm/world.h"
#include "world/start.h"

#include <string.h>

/* With such a retention nothing is ever gone. */
enum { WHOLE_LEDGER = 1000 };

/* The log stands on it. */
static const struct digest GENESIS;

void machine_timer(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->node];

    if (!m->up || !clock_timer_rings(&m->clock, e))
        return;
    if (m->paused_until > w->agenda.now_ns) {
        clock_timer_put_off(&m->clock, e->number, m->paused_until);
        return;
    }
    uint64_t id = draw_id(DRAW_TIMER, m->index * PBFT_TIMER_COUNT + e->number, (uint32_t)e->serial);
    draw_note(&w->draw, id);
    if (draw_value(&w->draw, id) == DRAW_NEVER)
        return;
    clock_timer_stop(&m->clock, e->number);
    trace_line(w, "machine %u timer %u", m->index, e->number);
    m->view_timer = e->number == PBFT_TIMER_VIEW;
    machine_begin(m);
    enum err err = replica_timer(m->live, e->number);
    ASSERT(err == ERR_OK || err == ERR_UNKNOWN);
    machine_end(m);
}

const struct pbft *machine_pbft(const struct machine *m)
{
    return m->live != NULL ? replica_pbft(m->live) : NULL;
}

void machine_begin(struct machine *m)
{
    const struct pbft *p = machine_pbft(m);

    m->voted = p != NULL;
    if (p != NULL) {
        m->before.view = p->view.number;
        m->before.executed = p->executions.executed;
        m->before.decided = p->executions.decided;
        m->before.stable = p->checkpoints.stable.sequence;
        m->before.in_view_change = p->view.state != VIEW_ACTIVE;
        m->before.pending = p->pool.count;
    } else {
        memset(&m->before, 0, sizeof m->before);
    }
    m->out = effects_spare(m->world);
    replica_begin(m->live, clock_now(&m->clock), &m->out);
}

void machine_end(struct machine *m)
{
    replica_end(m->live);
    machine_settle(m, &m->out);
    m->out = (struct effects){0};
    if (m->up && m->outbox.written - m->told >= machine_writes_allowed(m->world))
        MARK(m->world, HELD);
    machine_durable(m);
    machine_look(m);
}

void machine_durable(struct machine *m)
{
    uint64_t durable = m->outbox.durable;

    if (!m->up || m->world->checker != NULL || durable - m->told < machine_writes_allowed(m->world) / 2)
        return;
    m->told = durable;
    machine_begin(m);
    replica_durable(m->live, durable);
    machine_end(m);
}

static void stop(struct machine *m)
{
    replica_free(m->live);
    m->live = NULL;
    m->up = false;
    m->told = 0;
    m->epoch = 0;
    application_free(&m->app);
}

static void start_without_disk(struct machine *m)
{
    if (m->world->checker != NULL)
        return;
    stop(m);
    machine_wipe(m);
    m->wiped = true;
    m->amnesia = m->lie == LIE_WIPED;
    machine_start(m);
}

/* From what its disk has. False: it cannot be used, because a snapshot is damaged. */
static bool read_ledger(struct machine *m)
{
    struct world *w = m->world;
    const struct storm_plan *plan = &w->plan;
    struct replica_app app = application_callbacks(m);
    struct replica_config config = {
        .peers = plan->replicas,
        .self = m->replica,
        .pbft = w->config,
        .poll_ns = plan->poll,
        .transfer_ns = plan->resend,
        .chunk_size = plan->chunk,
        .state_gap = plan->transfer_gap,
        .writes_in_flight = machine_writes_allowed(w),
        .recent = plan->retention < REPLICA_RECENT ? (unsigned)plan->retention : REPLICA_RECENT,
        .whole_ledger = plan->retention >= WHOLE_LEDGER,
    };
    struct replica *live = NULL;
    struct diag diag = {0};

    config.pbft.recovering = m->amnesia;
    config.pbft.nonce = start_nonce(m->index, m->life);
    m->epoch = 0;
    machine_store(m);
    enum err err = replica_new(&config, &app, &m->store, &GENESIS, &live, &diag);
    m->live = live;
    if (err != ERR_OK && m->harm.snapshot_damaged) {
        MARK(w, DAMAGE_NOTICED);
        return false;
    }
    if (err != ERR_OK)
        world_fail(w, "7 durable", "machine %u cannot read its ledger: %s", m->index, diag.text);
    return true;
}

/* After the start: it knows of the damage, or took what it must not. */
static void check_snapshot(struct machine *m)
{
    struct harm *h = &m->harm;

    if (h->snapshot_damaged && !h->snapshot_passed_over)
        world_fail(m->world, "7 durable", "machine %u starts from a damaged snapshot", m->index);
    if (h->snapshot_damaged)
        MARK(m->world, SNAPSHOT_PASSED_OVER);
    h->snapshot_damaged = false;
}

static void mark_restart(struct machine *m)
{
    struct world *w = m->world;
    struct pbft_status status = replica_status(m->live);

    if (m->life == 0)
        return;
    MARK(w, RESTART);
    if (status.in_view_change)
        MARK(w, RESTART_VIEW_CHANGE);
    if (status.view > 0 && !status.in_view_change)
        MARK(w, RESTART_LATER_VIEW);
    if (m->wiped)
        MARK(w, LIAR_WIPED);
    m->was_behind = false;
}

static void forget_checks(struct machine *m)
{
    m->calm = (struct calm){0};
    m->diverged = false;
    memset(m->answers, 0, sizeof m->answers);
}

void machine_start(struct machine *m)
{
    struct world *w = m->world;

    if (!read_ledger(m)) {
        start_without_disk(m);
        return;
    }
    if (w->checker != NULL)
        return;
    forget_checks(m);
    m->up = true;
    trace_line(w, "machine %u starts at height %llu with %zu records", m->index, (unsigned long long)m->app.decided,
               m->disk.count);
    m->starting = true;
    if (m->harm.doomed_again && !m->disk.doomed)
        disk_doom(&m->disk, 0);
    m->harm.doomed_again = false;
    if (replica_votes(m->live) && m->app.decided > 0 && m->app.decided == machine_epoch(m)->base && m->life > 0)
        MARK(w, EPOCH_RESTART_AT_BASE);
    if (replica_votes(m->live) && !machine_read(m)) {
        start_without_disk(m);
        return;
    }
    if (w->checker != NULL)
        return;
    machine_begin(m);
    replica_start(m->live, m->life > 0);
    mark_restart(m);
    m->view = replica_status(m->live).view;
    replica_end(m->live);
    machine_settle(m, &m->out);
    m->out = (struct effects){0};
    check_snapshot(m);
    if (outbox_in_flight(&m->outbox) == 0)
        m->starting = false;
    machine_look(m);
}

static void mark_crash(struct world *w, const struct machine *m)
{
    struct pbft_status status = {0};
    unsigned up = 0;

    if (m->live != NULL)
        status = replica_status(m->live);
    MARK(w, CRASH);
    if (status.in_view_change)
        MARK(w, CRASH_VIEW_CHANGE);
    if (status.executed > status.decided)
        MARK(w, CRASH_EXECUTED);
    if (m->starting)
        MARK(w, CRASH_RESTARTING);
    if (m->live != NULL && replica_transferring(m->live))
        MARK(w, TRANSFER_CRASH);
    for (unsigned i = 0; i < w->machine_count; i++)
        up += w->machines[i].up;
    if (up == 1)
        MARK(w, CRASH_ALL);
}

void machine_crash(struct machine *m, int64_t back_after)
{
    struct world *w = m->world;

    if (!m->up)
        return;
    w->acts++;
    mark_crash(w, m);
    trace_line(w, "machine %u crashes", m->index);
    machine_loses_writes(m);
    stop(m);
    m->life++;
    m->starting = false;
    m->paused_until = 0;
    clock_timers_stop(&m->clock);
    if (back_after < 0)
        return;
    agenda_add(&w->agenda, w->agenda.now_ns + (w->healed ? w->plan.delay_min : back_after), EVENT_RESTART)->node =
        m->index;
}

static bool lags(const struct machine *m)
{
    const struct pbft *p = machine_pbft(m);
    return !replica_level(m->live) || (p != NULL && pbft_known_decided(p) > m->app.decided);
}

void machine_look(struct machine *m)
{
    struct world *w = m->world;

    if (!m->up || w->checker != NULL)
        return;
    if (machine_pbft(m) != NULL)
        order_look(m);
    m->starting = m->starting && outbox_in_flight(&m->outbox) > 0;
    if (!m->was_behind && lags(m)) {
        if (m->life > 0)
            MARK(w, RESTART_BEHIND);
        m->was_behind = true;
    }
    if (w->healed && clients_satisfied(w))
        w->finished = true;
}
