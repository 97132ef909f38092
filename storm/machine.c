#include "storm/world.h"

#include <string.h>

void machine_timer(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->machine];

    if (!m->up || e->serial != m->timer_serial[e->number] || m->timer_at[e->number] < 0)
        return;
    if (m->paused_until > w->now) {
        machine_timer_put_off(m, e->number, m->paused_until);
        return;
    }
    uint64_t id = draw_id(DRAW_TIMER, m->index * PBFT_TIMER_COUNT + e->number, (uint32_t)e->serial);
    draw_note(&w->draw, id);
    if (draw_value(&w->draw, id) == DRAW_NEVER)
        return;
    struct effects effects = effects_spare(w);
    m->timer_at[e->number] = -1;
    trace_line(w, "machine %u timer %u", m->index, e->number);
    m->view_timer = e->number == PBFT_TIMER_VIEW;
    if (e->number == PBFT_TIMER_TRANSFER)
        catch_up_timer(m);
    else if (m->pbft != NULL)
        pbft_timer(m->pbft, machine_now(m), e->number, &effects);
    disk_settle(m, &effects);
    machine_look(m);
}

static void stop(struct machine *m)
{
    pbft_free(m->pbft);
    m->pbft = NULL;
    m->up = false;
    transfer_free(m->transfer);
    m->transfer = NULL;
    m->shunned = 0;
    application_free(&m->app);
}

static void start_without_disk(struct machine *m)
{
    if (m->world->checker != NULL)
        return;
    stop(m);
    disk_wipe(m);
    m->wiped = true;
    m->amnesia = m->lie == LIE_WIPED;
    machine_start(m);
}

void machine_start(struct machine *m)
{
    struct world *w = m->world;
    struct effects effects = {0};

    m->transfer = catch_up_transfer(m);
    application_load(m);
    m->up = true;
    epoch_resume(m);
    replica_new(m);
    trace_line(w, "machine %u starts at height %llu with %zu records", m->index, (unsigned long long)m->app.decided,
               m->disk.record_count);
    m->starting = true;
    m->disk.doomed = m->disk.doomed || m->disk.doomed_again;
    m->disk.doomed_again = false;
    if (m->pbft == NULL) {
        machine_look(m);
        return;
    }
    if (m->app.decided > 0 && m->app.decided == machine_epoch(m)->base && m->life > 0)
        MARK(w, EPOCH_RESTART_AT_BASE);
    if (!disk_read(m)) {
        start_without_disk(m);
        return;
    }
    if (w->checker != NULL)
        return;
    pbft_start(m->pbft, machine_now(m), &effects);
    struct pbft_status status = pbft_status(m->pbft);
    if (m->life > 0) {
        MARK(w, RESTART);
        if (status.in_view_change)
            MARK(w, RESTART_VIEW_CHANGE);
        if (status.view > 0 && !status.in_view_change)
            MARK(w, RESTART_LATER_VIEW);
        if (m->wiped)
            MARK(w, LIAR_WIPED);
        m->was_behind = false;
    }
    m->view = status.view;
    disk_settle(m, &effects);
    if (outbox_in_flight(&m->outbox) == 0)
        m->starting = false;
    machine_look(m);
}

static void mark_crash(struct world *w, const struct machine *m)
{
    struct pbft_status status = {0};
    unsigned up = 0;

    if (m->pbft != NULL)
        status = pbft_status(m->pbft);
    MARK(w, CRASH);
    if (status.in_view_change)
        MARK(w, CRASH_VIEW_CHANGE);
    if (status.executed > status.decided)
        MARK(w, CRASH_EXECUTED);
    if (m->starting)
        MARK(w, CRASH_RESTARTING);
    if (transfer_running(m->transfer))
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
    disk_crash(m);
    stop(m);
    m->life++;
    m->starting = false;
    m->paused_until = 0;
    for (unsigned i = 0; i < PBFT_TIMER_COUNT; i++)
        m->timer_at[i] = -1;
    if (back_after < 0)
        return;
    world_push(w, w->now + (w->healed ? w->plan.delay_min : back_after), EVENT_RESTART)->machine = m->index;
}

bool machine_behind(const struct machine *m)
{
    return m->app.hinted || m->pbft == NULL || pbft_status(m->pbft).known_decided > m->app.decided;
}

void machine_look(struct machine *m)
{
    struct world *w = m->world;

    if (m->up && m->pbft != NULL && w->checker == NULL) {
        order_look(m);
        if (machine_correct(m))
            evidence_look(m);
    }
    epoch_follow(m);
    if (!m->up || w->checker != NULL)
        return;
    m->starting = m->starting && outbox_in_flight(&m->outbox) > 0;
    if (machine_behind(m) && !m->app.polling) {
        m->app.polling = true;
        if (m->life > 0 && !m->was_behind)
            MARK(w, RESTART_BEHIND);
        m->was_behind = true;
        struct event *e = world_push(w, w->now + (m->pbft != NULL ? w->plan.poll : w->plan.view_timeout), EVENT_POLL);
        e->machine = m->index;
        e->serial = m->life;
    }
    if (w->healed && clients_satisfied(w))
        w->finished = true;
}
