#include "evolve/local_cycle.h"

#include "base/dmath.h"
#include "base/mutate.h"
#include "evolve/search.h"

/* The frame around an optimiser: budget, incumbent and archive first, and what is handed out in the end. */

static void order_shuffle(struct search *s)
{
    unsigned count = s->job->instance_count;
    for (unsigned i = 0; i < count; i++) {
        unsigned j = (unsigned)prng_below(&s->prng, i + 1);
        s->order[i] = s->order[j];
        s->order[j] = i;
    }
}

/* The sum of merits that a cost stands for; the cost of nothing is 1000. */
static uint64_t merit_of(uint64_t cost, unsigned instances)
{
    return cost <= 1000 ? 0 : (uint64_t)(dmath_log((double)cost / 1000.0) * 1e6 * (double)instances + 0.5);
}

static void known_keep(struct search *s)
{
    const struct cycle_job *job = s->job;
    for (unsigned i = 0; i < job->known_count; i++) {
        struct tried t = {.genome = job->known[i].genome, .is_known = true};
        t.hash = genome_hash(job->schema, &t.genome);
        t.merit = merit_of(job->known[i].cost, job->instance_count);
        search_keep(s, &t);
    }
}

static bool pool_has(const struct search *s, const struct digest *hash)
{
    for (unsigned i = 0; i < s->count; i++)
        if (digest_equal(&s->pool[i].hash, hash))
            return true;
    return false;
}

static bool archive_has(const struct cycle_job *job, const struct digest *hash)
{
    for (unsigned i = 0; i < job->archive_count; i++) {
        struct digest other = genome_hash(job->schema, &job->archive[i]);
        if (digest_equal(&other, hash))
            return true;
    }
    return false;
}

static bool initial_next(void *context, struct search *s, struct tried *out)
{
    unsigned count = MUTATE(EVOLVE_INITIAL_FORGOTTEN, 0, s->job->initial_count), *next = context;
    while (*next < count) {
        out->genome = s->job->initial[(*next)++];
        struct digest hash = genome_hash(s->job->schema, &out->genome);
        out->is_new = !archive_has(s->job, &hash);
        if (!pool_has(s, &hash))
            return true;
    }
    return false;
}

/* What the site's user has: as long as the budget lasts. */
static void initial_try(struct search *s)
{
    unsigned next = 0;
    search_stream(s, &(struct search_source){.next = initial_next, .context = &next});
}

struct archive_source {
    unsigned next;
    uint64_t until; /* runs_left */
};

static bool archive_next(void *context, struct search *s, struct tried *out)
{
    const struct cycle_job *job = s->job;
    struct archive_source *a = context;
    while (a->next < job->archive_count && s->runs_left > a->until) {
        out->genome = job->archive[a->next++];
        struct digest hash = genome_hash(job->schema, &out->genome);
        if (!pool_has(s, &hash))
            return true;
    }
    return false;
}

/* What is known already is not paid for again; at most half of the budget goes to what is not. */
static void archive_try(struct search *s)
{
    struct archive_source a = {.until = s->runs_left / 2};
    search_stream(s, &(struct search_source){.next = archive_next, .context = &a});
}

/* New genomes that ran on all instances, best first: everybody has the others already. The incumbent where there is
 * none. */
static void result_take(const struct search *s, const struct tried *incumbent, struct cycle_result *out)
{
    const struct cycle_job *job = s->job;
    struct cycle_result r = {.evaluations = s->evaluations, .iterations = s->iterations};
    r.incumbent_cost = search_cost(incumbent->merit, job->instance_count);
    for (unsigned i = 0; i < s->count && r.count < job->migrants; i++) {
        const struct tried *t = &s->pool[i];
        if (MUTATE(EVOLVE_CLAIMS_WHAT_IS_KNOWN, true, t->is_new))
            r.best[r.count++] = (struct cycle_candidate){t->genome, search_cost(t->merit, job->instance_count)};
    }
    if (r.count == 0)
        r.best[r.count++] = (struct cycle_candidate){job->incumbent, r.incumbent_cost};
    if (r.best[0].cost < r.incumbent_cost)
        r.delta_ppm = dmath_muldiv((int64_t)(r.incumbent_cost - r.best[0].cost), PPM, (int64_t)r.incumbent_cost);
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
    s->batch = (struct batch){.schema = job->schema, .limit = job->iteration_limit, .pool = job->pool};
    s->runs_left = (uint64_t)job->evaluations * job->instance_count;
    prng_stream(&s->prng, job->seed, "cycle", job->epoch);
    order_shuffle(s);
    search_first(s, &job->incumbent, &incumbent);
    known_keep(s);
    initial_try(s);
    archive_try(s);
    optimiser_run(job->optimiser, s);
    result_take(s, &incumbent, out);
    mem_free(s);
}

uint64_t cycle_score(const struct cycle_job *job, const struct genome *candidates, unsigned count, uint64_t *costs)
{
    struct batch batch = {.schema = job->schema, .limit = job->iteration_limit, .pool = job->pool};
    unsigned instances = job->instance_count;
    struct batch_run *runs = mem_array((uint64_t)count * instances, sizeof runs[0]);
    uint64_t iterations = 0;
    ASSERT(instances >= 1 && instances <= SEARCH_INSTANCES_MAX);
    ASSERT(count <= CYCLE_CANDIDATES_MAX);
    for (unsigned j = 0; j < count; j++)
        for (unsigned i = 0; i < instances; i++)
            runs[j * instances + i] = (struct batch_run){&candidates[j], job->instances[i], job->epoch, {0}};
    batch_evaluate(&batch, runs, (uint64_t)count * instances);
    for (unsigned j = 0; j < count; j++) {
        uint64_t merit = 0;
        for (unsigned i = 0; i < instances; i++) {
            iterations += runs[j * instances + i].answer.work;
            merit += search_merit(runs[j * instances + i].answer.cost);
        }
        costs[j] = search_cost(merit, instances);
        search_tell(job, costs[j]);
    }
    mem_free(runs);
    return iterations;
}
