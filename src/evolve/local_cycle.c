#include "evolve/local_cycle.h"

#include "base/dmath.h"
#include "evolve/search.h"

/* The frame around an optimiser: budget, incumbent and archive first, and what is handed out in the end. */

/* The geometric mean that a sum of merits stands for, in thousandths. */
static uint64_t cost_of(uint64_t merit, unsigned instances)
{
    return (uint64_t)(dmath_exp((double)merit / 1e6 / (double)instances) * 1000.0 + 0.5);
}

static void order_shuffle(struct search *s)
{
    unsigned count = s->job->instance_count;
    for (unsigned i = 0; i < count; i++) {
        unsigned j = (unsigned)prng_below(&s->prng, i + 1);
        s->order[i] = s->order[j];
        s->order[j] = i;
    }
}

static void not_new(struct search *s, const struct digest *hash)
{
    for (unsigned i = 0; i < s->count; i++)
        if (digest_equal(&s->pool[i].hash, hash))
            s->pool[i].is_new = false;
}

/* At most half of the budget goes to what is known already. */
static void archive_try(struct search *s)
{
    const struct cycle_job *job = s->job;
    uint64_t until = s->runs_left / 2;
    for (unsigned i = 0; i < job->archive_count && !search_over(s) && s->runs_left > until; i++) {
        struct digest hash = genome_hash(job->schema, &job->archive[i]);
        (void)search_try(s, &job->archive[i], NULL);
        not_new(s, &hash);
    }
}

static void result_take(const struct search *s, const struct tried *incumbent, struct cycle_result *out)
{
    const struct cycle_job *job = s->job;
    struct cycle_result r = {.evaluations = s->evaluations, .iterations = s->iterations};
    r.incumbent_cost = cost_of(incumbent->merit, job->instance_count);
    for (unsigned i = 0; i < s->count && r.count < job->migrants; i++) {
        const struct tried *t = &s->pool[i];
        if (!t->is_known)
            r.best[r.count++] = (struct cycle_candidate){t->genome, cost_of(t->merit, job->instance_count)};
    }
    if (r.best[0].cost < r.incumbent_cost)
        r.delta_ppm = dmath_muldiv((int64_t)(r.incumbent_cost - r.best[0].cost), 1000000, (int64_t)r.incumbent_cost);
    *out = r;
}

void cycle_run(const struct cycle_job *job, struct cycle_result *out)
{
    struct search *s = mem_alloc(sizeof *s);
    struct tried incumbent;
    ASSERT(job->instance_count >= 1 && job->instance_count <= SEARCH_INSTANCES_MAX);
    ASSERT(job->evaluations >= 1 && job->archive_count <= CYCLE_ARCHIVE_MAX);
    ASSERT(job->migrants >= 1 && job->migrants <= CYCLE_MIGRANTS_MAX);
    s->job = job;
    s->runs_left = (uint64_t)job->evaluations * job->instance_count;
    prng_stream(&s->prng, job->seed, "cycle", job->epoch);
    order_shuffle(s);
    bool complete = search_try(s, &job->incumbent, &incumbent);
    ASSERT(complete);
    not_new(s, &incumbent.hash);
    archive_try(s);
    optimiser_run(job->optimiser, s);
    result_take(s, &incumbent, out);
    mem_free(s);
}

uint64_t cycle_score(const struct cycle_job *job, const struct genome *candidates, unsigned count, uint64_t *costs)
{
    uint64_t iterations = 0;
    ASSERT(job->instance_count >= 1 && job->instance_count <= SEARCH_INSTANCES_MAX);
    ASSERT(count <= CYCLE_CANDIDATES_MAX);
    for (unsigned j = 0; j < count; j++) {
        uint64_t merit = 0;
        for (unsigned i = 0; i < job->instance_count; i++) {
            struct evaluation e =
                instance_evaluate(job->instances[i], job->schema, &candidates[j], job->epoch, job->iteration_limit);
            iterations += e.work;
            merit += search_merit(e.cost);
        }
        costs[j] = cost_of(merit, job->instance_count);
    }
    return iterations;
}
