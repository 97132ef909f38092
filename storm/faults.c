#include "storm/world.h"

#include <string.h>

enum { CLOCK_FAST = 500, CLOCK_SLOW = 300 }; /* thousandths */

/* Each fault begins at its time and ends after its length, at the latest when the faults end. */

static bool in_half(const struct fault *f, unsigned replica)
{
    return f->detail >> replica & 1;
}

/* The replicas node, node + 1, ... : a quorum of them. */
static bool in_quorum(const struct world *w, const struct fault *f, unsigned replica)
{
    return (replica + w->plan.n - f->node) % w->plan.n < w->plan.quorum;
}

static bool cuts_link(const struct world *w, const struct fault *f, unsigned from, unsigned to)
{
    switch (f->kind) {
    case FAULT_CUT:
        return from == f->node && to == f->other;
    case FAULT_DEAF:
        return to == f->node;
    case FAULT_MUTED:
        return from == f->node;
    case FAULT_ISOLATE:
    case FAULT_ISOLATE_PRIMARY:
        return from == f->node || to == f->node;
    case FAULT_SPLIT:
        return in_half(f, from) != in_half(f, to);
    case FAULT_JUST_QUORUM:
        return !in_quorum(w, f, from) || !in_quorum(w, f, to);
    default:
        return false;
    }
}

static void cut_links(struct world *w, const struct fault *f, bool on)
{
    for (unsigned from = 0; from < w->plan.replicas; from++) {
        for (unsigned to = 0; to < w->plan.replicas; to++) {
            if (from != to && cuts_link(w, f, from, to))
                network_cut(&w->network, from, to, on);
        }
    }
}

unsigned world_primary(const struct world *w)
{
    uint64_t view = 0;
    unsigned epoch = 0;

    for (unsigned i = 0; i < w->machine_count; i++) {
        const struct machine *m = &w->machines[i];
        if (machine_pbft(m) == NULL || !machine_correct(m) || m->epoch < epoch || (m->epoch == epoch && m->view < view))
            continue;
        epoch = m->epoch;
        view = m->view;
    }
    return w->epochs[epoch].replica_of[view % w->epochs[epoch].members.n];
}

static void machine_fault(struct world *w, struct machine *m, const struct fault *f)
{
    int64_t jump = (int64_t)(f->detail % (uint64_t)(4 * w->plan.view_timeout));

    switch (f->kind) {
    case FAULT_CRASH:
    case FAULT_CRASH_PRIMARY:
    case FAULT_CRASH_ALL:
        machine_crash(m, f->lasts);
        m->harm.doomed_again = f->detail % 4 == 0;
        break;
    case FAULT_CRASH_AT_WRITE:
        disk_doom(&m->disk, f->detail % 24);
        break;
    case FAULT_PAUSE:
        if (m->up)
            MARK(w, PAUSED);
        m->paused_until = w->agenda.now_ns + f->lasts / 2;
        break;
    case FAULT_CLOCK_JUMP:
        MARK(w, CLOCK_JUMP);
        clock_change(&m->clock, jump, m->clock.rate_ppm);
        break;
    case FAULT_CLOCK_BACK:
        MARK(w, CLOCK_BACK);
        machine_crash(m, f->lasts);
        clock_change(&m->clock, -jump, m->clock.rate_ppm);
        break;
    case FAULT_CLOCK_RATE:
        MARK(w, CLOCK_RATE);
        clock_change(&m->clock, 0, 1000 * ((int64_t)(f->detail % (CLOCK_FAST + CLOCK_SLOW + 1)) - CLOCK_SLOW));
        break;
    case FAULT_FULL_DISK:
        disk_fill(&m->disk, true);
        break;
    case FAULT_UNSURE:
        m->unsure = true;
        break;
    case FAULT_DAMAGED_DISK:
        machine_crash(m, f->lasts);
        machine_damage(m, f->detail);
        break;
    case FAULT_WIPED_DISK:
        MARK(w, DISK_WIPED);
        machine_crash(m, f->lasts);
        machine_wipe(m);
        m->harm.doomed_again = f->detail % 4 == 0;
        m->wiped = true;
        m->amnesia = m->lie == LIE_WIPED;
        break;
    default:
        break;
    }
}

static void begin(struct world *w, struct fault *f)
{
    trace_line(w, "fault begins: %s at replica %u", fault_name(f->kind), f->node);
    if (f->kind == FAULT_CRASH_PRIMARY || f->kind == FAULT_ISOLATE_PRIMARY)
        f->node = world_primary(w);
    if (f->kind == FAULT_SLOW_KIND)
        w->slow = f;
    if (f->kind == FAULT_CLOG)
        links_clog(w, f->node, f->other, w->agenda.now_ns + f->lasts);
    cut_links(w, f, true);
    if (f->kind == FAULT_THIN)
        links_change(w);
    for (unsigned i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machines[i];
        if (m->replica == f->node || f->kind == FAULT_CRASH_ALL)
            machine_fault(w, m, f);
    }
}

/* The application can judge again, and says so. */
static void make_sure(struct machine *m)
{
    m->unsure = false;
    if (machine_pbft(m) == NULL)
        return;
    machine_begin(m);
    replica_poke(m->live);
    machine_end(m);
}

static void end(struct world *w, const struct fault *f)
{
    trace_line(w, "fault ends: %s at replica %u", fault_name(f->kind), f->node);
    cut_links(w, f, false);
    if (f->kind == FAULT_THIN)
        links_change(w);
    if (w->slow == f)
        w->slow = NULL;
    for (unsigned i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machines[i];
        if (m->replica == f->node && f->kind == FAULT_UNSURE)
            make_sure(m);
        if (m->replica == f->node && f->kind == FAULT_CLOCK_RATE)
            clock_change(&m->clock, 0, 0);
        if (m->replica != f->node || f->kind != FAULT_FULL_DISK)
            continue;
        disk_fill(&m->disk, false);
        if (!m->up)
            machine_start(m);
    }
}

void fault_event(struct world *w, const struct event *e)
{
    if (w->healed)
        return;
    if (e->number == 1)
        begin(w, &w->plan.faults[e->node]);
    else
        end(w, &w->plan.faults[e->node]);
}

void faults_start(struct world *w)
{
    for (unsigned i = 0; i < w->plan.fault_count; i++) {
        const struct fault *f = &w->plan.faults[i];
        if (f->kind == FAULT_NONE)
            continue;
        struct event *e = agenda_add(&w->agenda, f->at, EVENT_FAULT);
        e->node = i;
        e->number = 1;
        agenda_add(&w->agenda, f->at + f->lasts, EVENT_FAULT)->node = i;
    }
}

/* Correct replicas that must converge: all of them, or only a quorum; then the others are lost for good. */
static void choose_core(struct world *w)
{
    unsigned first = (unsigned)(w->draw.seed % w->plan.n), kept = 0;

    if (!w->plan.core_alone || w->plan.change_count > 0)
        return;
    MARK(w, CORE_ALONE);
    for (unsigned i = 0; i < w->plan.n; i++) {
        struct machine *m = &w->machines[(first + i) % w->plan.n];
        if (!machine_correct(m) || kept++ < w->plan.quorum)
            continue;
        machine_crash(m, -1);
        m->gone = true;
    }
}

void faults_heal(struct world *w)
{
    trace_line(w, "the faults end");
    w->healed = true;
    w->slow = NULL;
    links_heal(w);
    choose_core(w);
    for (unsigned i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machines[i];
        m->paused_until = 0;
        clock_change(&m->clock, 0, 0);
        m->harm.doomed_again = false;
        disk_spare(&m->disk);
        disk_fill(&m->disk, false);
        if (m->unsure)
            make_sure(m);
        if (!m->up && !m->gone)
            machine_start(m);
    }
    for (unsigned i = 0; i < w->machine_count && !w->finished; i++)
        machine_look(&w->machines[i]);
}
