#include "storm/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 4000000, VERDICTS = 1 << 14 };

/* What a machine's clock shows when the world begins: far enough from 0 that it can go back. */
static const int64_t CLOCK_START_NS = 1000 * 1000 * MS;

void world_fail(struct world *w, const char *checker, const char *fmt, ...)
{
    va_list args;

    if (w->checker != NULL)
        return;
    w->checker = checker;
    int used = snprintf(w->failure, sizeof w->failure, "at %lld us: ", (long long)(w->agenda.now_ns / 1000));
    va_start(args, fmt);
    vsnprintf(w->failure + used, sizeof w->failure - (size_t)used, fmt, args);
    va_end(args);
    trace_line(w, "FOUND by %s: %s", checker, w->failure);
}

bool machine_means_well(const struct machine *m)
{
    return m->lie == LIE_NONE || m->lie == LIE_WIPED;
}

bool machine_correct(const struct machine *m)
{
    return m->lie == LIE_NONE ||
           (m->lie == LIE_WIPED && !m->amnesia && !m->forgot && !m->harm.damaged && !m->harm.snapshot_damaged);
}

bool replica_honest(const struct world *w, unsigned replica)
{
    bool forgot = false;

    for (unsigned i = 0; i < w->machine_count; i++)
        forgot = forgot || (w->machines[i].replica == replica && w->machines[i].forgot);
    return w->plan.lies[replica] == LIE_NONE || (w->plan.lies[replica] == LIE_WIPED && !forgot);
}

static void configure(struct world *w)
{
    const struct storm_plan *p = &w->plan;

    claim_forms_init(&w->forms);
    if (p->real_signatures)
        w->verify_cache = verify_cache_new(VERDICTS);
    w->config = (struct pbft_config){
        .verify_cache = w->verify_cache,
        .claim_forms = &w->forms,
        .federation_id = digest_of(bytes_of_text("storm")),
        .membership_epoch = 1 + w->draw.seed % 5,
        .view_timeout_ns = p->view_timeout,
        .view_timeout_max_ns = p->view_timeout_max,
        .batch_delay_ns = p->batch_delay,
        .resend_ns = p->resend,
        .batch_max = p->batch_max,
        .pipeline = p->pipeline,
        .checkpoint_interval = p->interval,
        .window = p->window,
        .pending_max = p->pending_max,
    };
    epochs_begin(w);
}

static void machine_add(struct world *w, unsigned replica)
{
    struct machine *m = &w->machines[w->machine_count];

    *m = (struct machine){.world = w, .index = w->machine_count, .replica = replica, .lie = w->plan.lies[replica]};
    clock_init(&m->clock, &w->agenda, m->index, CLOCK_START_NS, 0);
    disk_init(&m->disk, NULL);
    outbox_init(&m->outbox, &machine_actions, m);
    w->machine_count++;
}

void world_init(struct world *w, const struct draw *draw, unsigned real_percent)
{
    struct storm_plan plan;

    plan_draw(&plan, draw, real_percent);
    world_init_plan(w, draw, &plan);
}

void world_init_plan(struct world *w, const struct draw *draw, const struct storm_plan *plan)
{
    memset(w, 0, sizeof *w);
    draw_copy(&w->draw, draw);
    w->plan = *plan;
    configure(w);
    links_init(w);
    for (unsigned i = 0; i < w->plan.replicas; i++)
        machine_add(w, i);
    for (unsigned i = 0; i < w->plan.n; i++)
        w->strangers = w->strangers || w->plan.lies[i] == LIE_FOREIGN;
    for (unsigned i = 0; i < w->plan.n && w->machine_count < MACHINES_MAX; i++) {
        if (w->plan.lies[i] == LIE_TWINS) {
            machine_add(w, i);
            MARK(w, TWINS);
        }
    }
}

void world_free(struct world *w)
{
    agenda_fini(&w->agenda);
    network_fini(&w->network);
    for (unsigned i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machines[i];
        replica_free(m->live);
        effects_free(&m->out);
        application_free(&m->app);
        outbox_fini(&m->outbox);
        blob_drop(m->checked);
        disk_fini(&m->disk);
        table_free(&m->durable);
        table_free(&m->judged);
        for (unsigned k = 0; k < RECENT_BLOB_MAX; k++)
            blob_drop(m->said[k]);
    }
    checkers_free(&w->checkers);
    verify_cache_free(w->verify_cache);
    effects_free(&w->spare);
    draw_free(&w->draw);
}

static void take(struct world *w, const struct event *e)
{
    switch (e->kind) {
    case EVENT_MESSAGE:
        machines_hear(w, e);
        break;
    case EVENT_LINK:
        network_left(&w->network, e);
        break;
    case EVENT_HEARD_LATE:
        machine_hear(&w->machines[e->node], e);
        break;
    case EVENT_TIMER:
        machine_timer(w, e);
        break;
    case EVENT_DISK:
        machine_written(w, e);
        break;
    case EVENT_CLIENT:
        client_event(w, e);
        break;
    case EVENT_FAULT:
        fault_event(w, e);
        break;
    case EVENT_RESTART:
        if (!w->machines[e->node].up && !w->machines[e->node].gone)
            machine_start(&w->machines[e->node]);
        break;
    case EVENT_HEAL:
        if (!w->healed) {
            faults_heal(w);
            agenda_add(&w->agenda, w->agenda.now_ns + w->plan.bound, EVENT_HEAL);
        } else {
            liveness_expired(w);
        }
        break;
    }
}

void world_begin(struct world *w)
{
    if (w->plan.n == 1)
        MARK(w, REPLICAS_1);
    if (w->plan.n >= 10)
        MARK(w, REPLICAS_MANY);
    if (w->plan.lies[0] != LIE_NONE)
        MARK(w, LIAR_PRIMARY);
    trace_plan(w);
    links_change(w);
    faults_start(w);
    for (unsigned i = 0; i < w->machine_count; i++) {
        if (w->machines[i].replica < w->plan.n)
            machine_start(&w->machines[i]);
        else
            agenda_add(&w->agenda, w->plan.change_at + (int64_t)i * w->plan.view_timeout, EVENT_RESTART)->node = i;
    }
    clients_start(w);
    agenda_add(&w->agenda, w->plan.horizon, EVENT_HEAL);
}

bool world_step(struct world *w)
{
    struct event *e;

    if (w->checker != NULL || w->finished || (e = agenda_take(&w->agenda)) == NULL)
        return false;
    w->steps++;
    take(w, e);
    agenda_done(&w->agenda, e);
    if (w->steps > STEPS_MAX)
        world_fail(w, "16 memory", "no end after %d events", STEPS_MAX);
    return true;
}

void world_run(struct world *w)
{
    world_begin(w);
    while (world_step(w))
        ;
}
