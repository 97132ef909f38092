#include "evolve/local_cycle.h"
#include "tap.h"

#include "genome/sample.h"

static struct workload work;

static struct cycle_job *job_new(uint64_t seed)
{
    struct cycle_job *job = mem_alloc(sizeof *job);
    job->schema = workload_schema();
    job->epoch = 3;
    job->seed = seed;
    genome_default(job->schema, &job->incumbent);
    job->evaluations = 24;
    job->iteration_limit = 2000;
    job->migrants = 3;
    job->instance_count = work.count;
    for (unsigned i = 0; i < work.count; i++)
        job->instances[i] = &work.instances[i];
    return job;
}

static uint64_t full_cost(const struct cycle_job *job, const struct genome *genome)
{
    uint64_t cost;
    (void)cycle_score(job, genome, 1, &cost);
    return cost;
}

static void it_keeps_its_promises(void)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cycle_job *job = job_new(seed);
        struct cycle_result r;
        tap_seed(seed);
        cycle_run(job, &r);
        CHECK_EQ_U64(r.evaluations, 24);
        CHECK(r.iterations > 0 && r.iterations <= 24 * job->iteration_limit * work.count);
        CHECK_EQ_U64(r.incumbent_cost, full_cost(job, &job->incumbent));
        CHECK(r.count >= 1 && r.count <= 3);
        CHECK(r.best[0].cost <= r.incumbent_cost);
        for (unsigned i = 0; i < r.count; i++) {
            CHECK_EQ_U64(r.best[i].cost, full_cost(job, &r.best[i].genome)); /* a claim can be run again */
            if (i == 0)
                continue;
            struct digest a = genome_hash(job->schema, &r.best[i - 1].genome);
            struct digest b = genome_hash(job->schema, &r.best[i].genome);
            CHECK(r.best[i - 1].cost < r.best[i].cost ||
                  (r.best[i - 1].cost == r.best[i].cost && digest_compare(&a, &b) < 0));
        }
        int64_t gain = (int64_t)(r.incumbent_cost - r.best[0].cost);
        CHECK_EQ_I64(r.delta_ppm, gain * 1000000 / (int64_t)r.incumbent_cost);
        mem_free(job);
    }
}

static void it_is_a_pure_function(void)
{
    struct cycle_job *job = job_new(7);
    struct cycle_result a, b;
    memset(&a, 0x55, sizeof a);
    memset(&b, 0xaa, sizeof b);
    cycle_run(job, &a);
    cycle_run(job, &b);
    CHECK_EQ_U64(a.iterations, b.iterations);
    CHECK_EQ_U64(a.best[0].cost, b.best[0].cost);
    CHECK(sample_equal(&a.best[0].genome, &b.best[0].genome));
    job->seed = 8;
    cycle_run(job, &b);
    CHECK(a.iterations != b.iterations);
    mem_free(job);
}

/* The same on every compiler and architecture: from drawing the instances to the last mutation. */
static void it_is_pinned(void)
{
    struct cycle_job *job = job_new(7);
    struct cycle_result r;
    char hex[2 * DIGEST_SIZE + 1];
    cycle_run(job, &r);
    struct digest hash = genome_hash(job->schema, &r.best[0].genome);
    digest_hex(&hash, hex);
    CHECK_EQ_TEXT(hex, "a16e801a0504067061c85a8a44efa5401c2f9d0e3ad1fce20feec7990f2c6303");
    CHECK_EQ_U64(r.iterations, 129503);
    mem_free(job);
}

/* Evolution must be worth its budget: far below the default's cost within it. */
static void it_finds_better_genomes(void)
{
    uint64_t before = 0, after = 0;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct cycle_job *job = job_new(seed);
        struct cycle_result r;
        cycle_run(job, &r);
        before += r.incumbent_cost;
        after += r.best[0].cost;
        mem_free(job);
    }
    CHECK(after * 2 < before);
}

static void the_archive_is_looked_at(void)
{
    struct cycle_job *job = job_new(1);
    struct cycle_result r, again;
    cycle_run(job, &r);
    job->archive_count = 1;
    job->archive[0] = r.best[0].genome;
    job->evaluations = 2;
    cycle_run(job, &again);
    CHECK_EQ_U64(again.evaluations, 2);
    CHECK_EQ_U64(again.best[0].cost, r.best[0].cost);
    mem_free(job);
}

static void one_evaluation_is_the_incumbent(void)
{
    struct cycle_job *job = job_new(1);
    struct cycle_result r;
    job->evaluations = 1;
    cycle_run(job, &r);
    CHECK_EQ_U64(r.count, 1);
    CHECK_EQ_U64(r.evaluations, 1);
    CHECK_EQ_I64(r.delta_ppm, 0);
    CHECK_EQ_U64(r.best[0].cost, r.incumbent_cost);
    mem_free(job);
}

/* Once the elite is good, most children are given up before they have seen all instances. */
static void racing_saves_work(void)
{
    struct cycle_job *job = job_new(2);
    struct cycle_result r;
    struct prng prng;
    uint64_t cost, random_work = 0;
    prng_seed(&prng, 71);
    for (unsigned i = 0; i < 20; i++) {
        struct genome genome;
        genome_random(job->schema, &prng, &genome);
        random_work += cycle_score(job, &genome, 1, &cost);
    }
    job->evaluations = 100;
    cycle_run(job, &r);
    tap_note("%llu iterations an evaluation, %llu for a random genome", (unsigned long long)r.iterations / 100,
             (unsigned long long)random_work / 20);
    CHECK(r.iterations / 100 < random_work / 20 * 3 / 4);
    mem_free(job);
}

static void scores_are_the_single_costs(void)
{
    struct cycle_job *job = job_new(1);
    struct genome genomes[3];
    struct prng prng;
    uint64_t costs[3], iterations = 0, none;
    prng_seed(&prng, 70);
    for (unsigned i = 0; i < 3; i++)
        genome_random(job->schema, &prng, &genomes[i]);
    uint64_t spent = cycle_score(job, genomes, 3, costs);
    for (unsigned j = 0; j < 3; j++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < work.count; i++) {
            struct evaluation e =
                instance_evaluate(&work.instances[i], job->schema, &genomes[j], job->epoch, job->iteration_limit);
            sum += e.cost;
            iterations += e.work;
        }
        CHECK_EQ_U64(costs[j], sum);
    }
    CHECK_EQ_U64(spent, iterations);
    CHECK_EQ_U64(cycle_score(job, genomes, 0, &none), 0);
    mem_free(job);
}

int main(void)
{
    struct workload_spec spec = {.family = "queen", .instances = 4, .size_min = 6, .size_max = 8};
    if (workload_build(&spec, 12, "test", &work, NULL) != ERR_OK)
        return 1;
    TAP_RUN(it_keeps_its_promises);
    TAP_RUN(it_is_a_pure_function);
    TAP_RUN(it_is_pinned);
    TAP_RUN(it_finds_better_genomes);
    TAP_RUN(the_archive_is_looked_at);
    TAP_RUN(one_evaluation_is_the_incumbent);
    TAP_RUN(racing_saves_work);
    TAP_RUN(scores_are_the_single_costs);
    workload_fini(&work);
    return tap_done();
}
