#include "storm/campaign.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/pool.h"
#include "storm/world.h"

enum { FINDINGS_PRINTED = 20 };

/* An assertion inside of a machine, or a fault of its memory, ends its seed and not the campaign: it leads back to
 * guarded_run. */
static _Thread_local sigjmp_buf *landing;

static void on_abort(int number)
{
    (void)number;
    if (landing != NULL)
        siglongjmp(*landing, 1);
}

static void world_outcome(const struct world *w, struct outcome *out)
{
    out->checker = w->checker;
    memcpy(out->failure, w->failure, sizeof out->failure);
    out->steps = w->steps;
    out->acts = w->acts;
    out->trace = w->trace;
    out->virtual_ns = w->agenda.now_ns;
    out->marks = w->marks;
    out->replicas = w->plan.n;
}

bool guarded_run(struct world *w, void (*body)(struct world *w, void *context), void *context)
{
    sigjmp_buf here;

    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    landing = &here;
    if (sigsetjmp(here, 1) == 0) {
        body(w, context);
        landing = NULL;
        return true;
    }
    landing = NULL;
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

void seed_check(uint64_t seed, unsigned real_percent, struct outcome *out)
{
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

/* ---- many */

struct work {
    const struct campaign *c;
    pthread_mutex_t lock;
    uint64_t done, findings, steps;
    const char *first_checker;
    int64_t virtual_ms, began_ns;
    struct marks seeds, total;
};

static int64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void collect(struct work *work, uint64_t seed, const struct outcome *o)
{
    work->done++;
    work->steps += o->steps;
    work->virtual_ms += o->virtual_ns / MS;
    for (unsigned i = 0; i < MARK_COUNT; i++) {
        work->seeds.hits[i] += o->marks.hits[i] > 0;
        work->total.hits[i] += o->marks.hits[i];
    }
    if (o->checker == NULL)
        return;
    if (work->findings == 0)
        work->first_checker = o->checker;
    if (work->findings++ >= FINDINGS_PRINTED)
        return;
    printf("seed %" PRIu64 " (n=%u): %s: %s\n  again: ./dev storm --trace %" PRIu64 "\n", seed, o->replicas, o->checker,
           o->failure, seed);
    fflush(stdout);
}

static bool is_over(const struct work *work)
{
    const struct campaign *c = work->c;

    return (c->until_found && work->findings > 0) ||
           (c->deadline_ns != 0 && clock_ns() - work->began_ns >= c->deadline_ns);
}

static bool run_one(void *context, uint64_t index)
{
    struct work *work = context;
    const struct campaign *c = work->c;
    struct outcome o;
    bool goes_on;

    seed_check(c->first + index, c->real_percent, &o);
    pthread_mutex_lock(&work->lock);
    collect(work, c->first + index, &o);
    goes_on = !is_over(work);
    pthread_mutex_unlock(&work->lock);
    return goes_on;
}

static void report(const struct work *work)
{
    double seconds = (double)(clock_ns() - work->began_ns) / 1e9;

    printf("%" PRIu64 " seeds from %" PRIu64 ", %" PRIu64 " findings; %" PRIu64 " events, %.1f simulated hours, "
           "%.1f s: %.0f events/s, %.2f ms a seed\n",
           work->done, work->c->first, work->findings, work->steps, (double)work->virtual_ms / 3.6e6, seconds,
           (double)work->steps / seconds, 1e3 * seconds / (double)(work->done > 0 ? work->done : 1));
    if (work->c->until_found && work->findings > 0)
        printf("found after %" PRIu64 " seeds by %s\n", work->done, work->first_checker);
    if (work->c->print_marks)
        marks_print(stdout, &work->seeds, &work->total);
}

uint64_t campaign_run(const struct campaign *c)
{
    struct work work = {.c = c, .began_ns = clock_ns()};

    pthread_mutex_init(&work.lock, NULL);
    pool_each(c->threads, c->count, run_one, &work);
    pthread_mutex_destroy(&work.lock);
    report(&work);
    return work.findings;
}
