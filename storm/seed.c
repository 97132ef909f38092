#include "storm/seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storm/guard.h"
#include "storm/world.h"

/* One world of the consensus from its seed, and what became of it. */

static void world_outcome(struct world *w, struct outcome *out)
{
    out->checker = w->checker;
    memcpy(out->failure, w->failure, sizeof out->failure);
    out->steps = w->steps;
    out->acts = w->acts;
    out->trace = w->trace;
    out->virtual_ns = w->agenda.now_ns;
    links_mark(w);
    out->marks = w->marks;
    out->replicas = w->plan.n;
}

struct guarded {
    struct world *world;
    void (*body)(struct world *w, void *context);
    void *context;
};

static void call_body(void *context)
{
    const struct guarded *g = context;

    g->body(g->world, g->context);
}

bool guarded_run(struct world *w, void (*body)(struct world *w, void *context), void *context)
{
    struct guarded g = {w, body, context};

    if (guard_call(call_body, &g))
        return true;
    w->checker = NULL;
    world_fail(w, "0 own invariant", "the machine aborted");
    return false;
}

static void run_whole(struct world *w, void *context)
{
    (void)context;
    world_run(w);
}

static void run_plan(const struct storm_plan *plan, const struct draw *draw, bool tracing, bool hashing,
                     struct outcome *out, uint64_t **noted, size_t *noted_count)
{
    struct world *w = mem_alloc(sizeof *w);

    world_init_plan(w, draw, plan);
    w->draw.recording = noted != NULL;
    w->tracing = tracing;
    w->hashing = hashing;
    bool sound = guarded_run(w, run_whole, NULL);
    world_outcome(w, out);
    if (noted != NULL) {
        *noted = w->draw.noted;
        *noted_count = w->draw.noted_count;
        w->draw.noted = NULL;
    }
    if (!sound)
        return;
    world_free(w);
    mem_free(w);
}

void plan_run(const struct storm_plan *plan, const struct draw *draw, bool tracing, struct outcome *out,
              uint64_t **noted, size_t *noted_count)
{
    run_plan(plan, draw, tracing, true, out, noted, noted_count);
}

static void seed_run(const struct draw *draw, unsigned real_percent, bool hashing, struct outcome *out)
{
    struct storm_plan plan;

    plan_draw(&plan, draw, real_percent);
    run_plan(&plan, draw, false, hashing, out, NULL, NULL);
}

void seed_check(const struct campaign *c, uint64_t seed, struct outcome *out)
{
    unsigned real_percent = c->real_percent;
    struct draw draw;
    struct outcome again;
    bool twice = seed % 32 == 0;

    draw_init(&draw, seed);
    seed_run(&draw, real_percent, twice, out);
    if (!twice || out->checker != NULL)
        return;
    seed_run(&draw, real_percent, true, &again);
    if (again.trace != out->trace || again.steps != out->steps) {
        out->checker = "17 repeat";
        snprintf(out->failure, sizeof out->failure, "the second run differs");
        return;
    }
    if (seed % 128 != 0)
        return;
    seed_run(&draw, 100, false, &again);
    if (again.steps != out->steps || again.checker != NULL) {
        out->checker = "17 repeat";
        snprintf(out->failure, sizeof out->failure,
                 "with real signatures it takes %" PRIu64 " events, not %" PRIu64 "%s%s", again.steps, out->steps,
                 again.checker != NULL ? " and fails: " : "", again.checker != NULL ? again.checker : "");
    }
}
