#include "evolve/local_cycle.h"

#include "base/dmath.h"
#include "evolve/variation.h"

/* A small steady-state evolution, (mu + 1) with racing: the best genomes so far are
 * parents; a child whose partial cost already exceeds the worst kept one is given up. */

enum { ELITE_MAX = 8 };

struct scored {
    struct genome genome;
    struct digest hash;
    uint64_t cost;
};

struct cycle {
    const struct cycle_job *job;
    struct prng prng;
    unsigned elite_count, elite_size;
    struct scored elite[ELITE_MAX]; /* best first, ties by hash */
    unsigned evaluations;
    uint64_t iterations;
};

/* Adds one run; returns its cost. */
static uint64_t run_once(const struct cycle_job *job, const struct genome *genome, unsigned i, uint64_t *iterations)
{
    struct evaluation evaluation =
        instance_evaluate(job->instances[i], job->schema, genome, job->epoch, job->iteration_limit);
    *iterations += evaluation.work;
    return evaluation.cost;
}

static bool ranks_before(const struct scored *a, const struct scored *b)
{
    return a->cost != b->cost ? a->cost < b->cost : digest_compare(&a->hash, &b->hash) < 0;
}

static void elite_insert(struct cycle *c, const struct scored *s)
{
    unsigned at = c->elite_count;
    for (unsigned i = 0; i < c->elite_count; i++)
        if (digest_equal(&c->elite[i].hash, &s->hash))
            return;
    if (c->elite_count == c->elite_size) {
        if (!ranks_before(s, &c->elite[c->elite_size - 1]))
            return;
        at = c->elite_size - 1;
    } else {
        c->elite_count++;
    }
    for (; at > 0 && ranks_before(s, &c->elite[at - 1]); at--)
        c->elite[at] = c->elite[at - 1];
    c->elite[at] = *s;
}

/* One genome of the budget. True when it ran to its end; then it may enter the elite. */
static bool genome_try(struct cycle *c, const struct genome *genome, uint64_t *cost)
{
    struct scored s = {.genome = *genome, .hash = genome_hash(c->job->schema, genome)};
    uint64_t bar = c->elite_count == c->elite_size ? c->elite[c->elite_size - 1].cost : UINT64_MAX;
    c->evaluations++;
    for (unsigned i = 0; i < c->job->instance_count; i++) {
        s.cost += run_once(c->job, genome, i, &c->iterations);
        if (s.cost > bar)
            return false;
    }
    elite_insert(c, &s);
    *cost = s.cost;
    return true;
}

/* The better of two draws. */
static const struct genome *parent_draw(struct cycle *c)
{
    uint64_t a = prng_below(&c->prng, c->elite_count), b = prng_below(&c->prng, c->elite_count);
    return &c->elite[a < b ? a : b].genome;
}

static void child_draw(struct cycle *c, struct genome *out)
{
    const struct genome_schema *schema = c->job->schema;
    if (prng_below(&c->prng, 8) == 0) {
        genome_random(schema, &c->prng, out);
        return;
    }
    *out = *parent_draw(c);
    if (prng_below(&c->prng, 2) == 0) {
        struct genome other = *parent_draw(c), first = *out;
        variation_cross(schema, &c->prng, &first, &other, out);
    }
    variation_mutate(schema, &c->prng, out);
}

static void cycle_evolve(struct cycle *c)
{
    const struct cycle_job *job = c->job;
    struct genome genome;
    uint64_t cost;
    unsigned archive = job->archive_count < job->evaluations / 2 ? job->archive_count : job->evaluations / 2;
    for (unsigned i = 0; i < archive && c->evaluations < job->evaluations; i++)
        (void)genome_try(c, &job->archive[i], &cost);
    for (unsigned randoms = job->evaluations / 4; randoms > 0 && c->evaluations < job->evaluations; randoms--) {
        genome_random(job->schema, &c->prng, &genome);
        (void)genome_try(c, &genome, &cost);
    }
    while (c->evaluations < job->evaluations) {
        child_draw(c, &genome);
        (void)genome_try(c, &genome, &cost);
    }
}

void cycle_run(const struct cycle_job *job, struct cycle_result *out)
{
    ASSERT(job->instance_count >= 1 && job->instance_count <= WORKLOAD_INSTANCES_MAX * 2);
    ASSERT(job->evaluations >= 1 && job->archive_count <= CYCLE_ARCHIVE_MAX);
    ASSERT(job->migrants >= 1 && job->migrants <= CYCLE_MIGRANTS_MAX);
    struct cycle c = {.job = job, .elite_size = job->migrants > 4 ? job->migrants : 4};
    struct cycle_result result = {0};
    prng_stream(&c.prng, job->seed, "cycle", job->epoch);

    bool complete = genome_try(&c, &job->incumbent, &result.incumbent_cost);
    ASSERT(complete);
    cycle_evolve(&c);

    for (; result.count < job->migrants && result.count < c.elite_count; result.count++)
        result.best[result.count] = (struct cycle_candidate){
            .genome = c.elite[result.count].genome,
            .cost = c.elite[result.count].cost,
        };
    uint64_t gain = result.incumbent_cost - c.elite[0].cost; /* the incumbent was in, so the best is no worse */
    if (gain > 0)
        result.delta_ppm = dmath_muldiv((int64_t)gain, 1000000, (int64_t)result.incumbent_cost);
    result.evaluations = c.evaluations;
    result.iterations = c.iterations;
    *out = result;
}

uint64_t cycle_score(const struct cycle_job *job, const struct genome *candidates, unsigned count, uint64_t *costs)
{
    ASSERT(job->instance_count >= 1 && job->instance_count <= WORKLOAD_INSTANCES_MAX * 2);
    ASSERT(count <= CYCLE_CANDIDATES_MAX);
    uint64_t iterations = 0;
    for (unsigned j = 0; j < count; j++) {
        costs[j] = 0;
        for (unsigned i = 0; i < job->instance_count; i++)
            costs[j] += run_once(job, &candidates[j], i, &iterations);
    }
    return iterations;
}
