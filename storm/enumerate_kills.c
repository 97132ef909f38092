#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storm/enumerate.h"

/* Requests never stop, so decisions should not either. Told of each kill: the time from it to the decision that ends
 * the longest silence at the slowest of the other replicas. So what was under way when the primary died does not count
 * as an answer to its death. */

enum { BOUND = 2, WATCHED = 16 }; /* view time-outs */

struct variant {
    const char *text;
    int64_t back_after;   /* of the killed primary, in hundredths of a time-out; < 0: never */
    int64_t from, until;  /* kills happen in this time, likewise */
    int64_t outage_until; /* from 50 on the first primary is cut off until then; 0: it is not */
};

static const struct variant VARIANTS[] = {
    {"for good", -1, 0, 200, 0},
    {"back within a tenth of a time-out", 10, 0, 200, 0},
    {"back after a time-out and a half", 150, 0, 200, 0},
    {"for good, the primary after one that was cut off", -1, 152, 400, 152},
};

struct kill {
    const struct variant *variant;
    uint64_t event; /* before this one */
    bool done, counting;
    unsigned victim;
    int64_t at;
    int64_t last[REPLICAS_MAX], silence[REPLICAS_MAX], answered[REPLICAS_MAX];
    uint64_t decided[REPLICAS_MAX];
};

static void kill_primary(struct world *w, struct kill *k)
{
    const struct variant *v = k->variant;

    k->done = true;
    k->at = w->agenda.now_ns;
    k->victim = world_primary(w);
    for (unsigned i = 0; i < w->plan.n; i++) {
        k->last[i] = w->agenda.now_ns;
        k->decided[i] = w->machines[i].app.decided;
    }
    machine_crash(&w->machines[k->victim], v->back_after < 0 ? -1 : w->plan.view_timeout * v->back_after / 100);
}

/* Silences that begin within half a time-out. False: all of them have ended. */
static bool look(const struct world *w, struct kill *k)
{
    int64_t late = k->at + w->plan.view_timeout / 2;
    bool waiting = false;

    for (unsigned i = 0; i < w->plan.n; i++) {
        if (i == k->victim)
            continue;
        if (w->machines[i].app.decided != k->decided[i] && k->last[i] <= late) {
            if (w->agenda.now_ns - k->last[i] >= k->silence[i]) {
                k->silence[i] = w->agenda.now_ns - k->last[i];
                k->answered[i] = w->agenda.now_ns - k->at;
            }
            k->last[i] = w->agenda.now_ns;
            k->decided[i] = w->machines[i].app.decided;
        }
        waiting = waiting || k->last[i] <= late;
    }
    return waiting;
}

/* Also counts the events of the time in which kills happen: k->counting. */
static void run(struct world *w, void *context)
{
    struct kill *k = context;
    int64_t unit = w->plan.view_timeout / 100, next;
    uint64_t events = 0;

    world_begin(w);
    while (agenda_peek(&w->agenda, &next) && (!k->counting || next <= k->variant->until * unit)) {
        if (next >= k->variant->from * unit && !k->done && events++ == k->event)
            kill_primary(w, k);
        if (!world_step(w) || (k->done && !look(w, k)))
            break;
        if (k->done && w->agenda.now_ns > k->at + WATCHED * w->plan.view_timeout)
            world_fail(w, "14 liveness", "no decision any more");
    }
    if (k->counting)
        k->event = events;
}

static struct storm_plan plan_of(const struct variant *v)
{
    struct storm_plan plan = script_plan(0);

    if (v->outage_until == 0)
        return plan;
    plan.fault_count = 1;
    plan.faults[0] = (struct fault){.kind = FAULT_ISOLATE_PRIMARY,
                                    .at = plan.view_timeout / 2,
                                    .lasts = plan.view_timeout * (v->outage_until - 50) / 100};
    return plan;
}

/* ---- the distribution */

struct times {
    int64_t *all;
    size_t count, cap;
};

static void times_add(struct times *t, int64_t time)
{
    if (t->count == t->cap) {
        t->cap = t->cap == 0 ? 1024 : 2 * t->cap;
        t->all = mem_resize(t->all, t->cap, sizeof t->all[0]);
    }
    t->all[t->count++] = time;
}

static int by_length(const void *a, const void *b)
{
    int64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void print_times(const struct variant *v, struct times *t, int64_t timeout)
{
    double unit = (double)timeout;

    qsort(t->all, t->count, sizeof t->all[0], by_length);
    if (t->count > 0)
        printf("%8zu %7.2f %7.2f %7.2f %7.2f  %s\n", t->count, (double)t->all[0] / unit,
               (double)t->all[t->count / 2] / unit, (double)t->all[t->count - 1 - t->count / 100] / unit,
               (double)t->all[t->count - 1] / unit, v->text);
}

static void kill_once(const struct variant *v, const struct storm_plan *plan, uint64_t seed, uint64_t event,
                      bool tracing, struct times *times, uint64_t *findings)
{
    struct kill k = {.variant = v, .event = event};
    uint64_t before = *findings;
    int64_t worst = 0;

    script_run(plan, seed, tracing, event, run, &k, findings);
    if (*findings > before)
        return;
    for (unsigned i = 0; i < plan->n; i++)
        worst = k.answered[i] > worst ? k.answered[i] : worst;
    times_add(times, worst);
    if (worst > BOUND * plan->view_timeout && (*findings)++ < 10)
        printf("seed %" PRIu64 ", place %" PRIu64 ": 14 liveness: %.2f time-outs until a decision\n", seed, event,
               (double)worst / (double)plan->view_timeout);
}

int enumerate_kills(const struct enumeration *e)
{
    uint64_t findings = 0;

    printf("   kills     min  median     p99     max  view time-outs until the others decide again; the killed "
           "primary:\n");
    for (unsigned i = 0; i < sizeof VARIANTS / sizeof VARIANTS[0]; i++) {
        struct storm_plan plan = plan_of(&VARIANTS[i]);
        struct times times = {0};
        for (uint64_t seed = e->first; seed < e->first + e->seeds; seed++) {
            struct kill count = {.variant = &VARIANTS[i], .event = UINT64_MAX, .counting = true};
            script_run(&plan, seed, false, 0, run, &count, &findings);
            for (uint64_t event = seed % e->every; event < count.event; event += e->every) {
                if (e->only < 0 || event == (uint64_t)e->only)
                    kill_once(&VARIANTS[i], &plan, seed, event, e->only >= 0, &times, &findings);
            }
        }
        print_times(&VARIANTS[i], &times, plan.view_timeout);
        mem_free(times.all);
    }
    printf("%" PRIu64 " findings; the bound is %d time-outs\n", findings, BOUND);
    return findings > 0;
}
