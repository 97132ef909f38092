#include "evolve/local_cycle.h"
#include "tap.h"

#include "base/dmath.h"
#include "genome/distance.h"
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
        CHECK(r.evaluations >= 24); /* more than the budget's, where some were given up early */
        CHECK(r.iterations > 0 && r.iterations <= 24 * job->iteration_limit * work.count);
        CHECK_EQ_U64(r.incumbent_cost, full_cost(job, &job->incumbent));
        CHECK(r.count >= 1 && r.count <= 3);
        for (unsigned i = 0; i < r.count; i++) {
            CHECK_EQ_U64(r.best[i].cost, full_cost(job, &r.best[i].genome)); /* a claim can be run again */
            CHECK(i == 0 || r.best[i - 1].cost <= r.best[i].cost);
        }
        int64_t gain = r.best[0].cost < r.incumbent_cost ? (int64_t)(r.incumbent_cost - r.best[0].cost) : 0;
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
    CHECK_EQ_TEXT(hex, "dd124dd7490c5fe810459995d9e47fe8aed1272ffccecb1732a24c0e13998638");
    CHECK_EQ_U64(r.iterations, 150319);
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

/* Known to all, so not handed out again: but what is new lies near it. */
static void the_archive_is_the_start(void)
{
    uint64_t with = 0, without = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct cycle_job *job = job_new(seed);
        struct cycle_result good, r;
        job->evaluations = 100;
        cycle_run(job, &good);
        job->seed += 100;
        job->evaluations = 12;
        cycle_run(job, &r);
        without += genome_distance(job->schema, &r.best[0].genome, &good.best[0].genome);
        job->archive_count = 1;
        job->archive[0] = good.best[0].genome;
        cycle_run(job, &r);
        with += genome_distance(job->schema, &r.best[0].genome, &good.best[0].genome);
        for (unsigned i = 0; i < r.count; i++)
            CHECK(!sample_equal(&r.best[i].genome, &job->archive[0]));
        mem_free(job);
    }
    tap_note("%llu ppm away with an archive, %llu without", (unsigned long long)with / 8,
             (unsigned long long)without / 8);
    CHECK(with < without);
}

/* A known genome costs no run, is a parent, and is never handed out itself. */
static void what_is_known_is_not_paid_again(void)
{
    struct cycle_job *job = job_new(1);
    struct cycle_result r, again;
    cycle_run(job, &r);
    job->archive_count = 1;
    job->archive[0] = r.best[0].genome;
    job->known_count = 1;
    job->known[0] = r.best[0];
    job->evaluations = 1;
    cycle_run(job, &again);
    CHECK_EQ_U64(again.evaluations, 1);
    CHECK_EQ_U64(again.count, 1);
    CHECK(sample_equal(&again.best[0].genome, &job->incumbent));
    job->evaluations = 24;
    cycle_run(job, &again);
    for (unsigned i = 0; i < again.count; i++)
        CHECK(!sample_equal(&again.best[i].genome, &r.best[0].genome));
    mem_free(job);
}

/* What the site's user has is tried before anything is drawn, and handed out as new; what the archive has is not. */
static void what_the_user_has_comes_first(void)
{
    struct cycle_job *job = job_new(1);
    struct genome mine[2];
    struct cycle_result r;
    job->evaluations = 200;
    cycle_run(job, &r);
    CHECK(!sample_equal(&r.best[0].genome, &job->incumbent));
    mine[0] = mine[1] = r.best[0].genome;
    job->initial = mine;
    job->initial_count = 2;
    job->evaluations = 2;
    cycle_run(job, &r);
    CHECK_EQ_U64(r.evaluations, 2);
    CHECK_EQ_U64(r.count, 1);
    CHECK(sample_equal(&r.best[0].genome, &mine[0]) && r.best[0].cost < r.incumbent_cost);
    job->archive_count = 1;
    job->archive[0] = mine[0];
    cycle_run(job, &r);
    CHECK(sample_equal(&r.best[0].genome, &job->incumbent));
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

/* Most genomes are given up before they have seen all instances, so that more of them can be tried. */
static void racing_pays(void)
{
    struct cycle_job *job = job_new(2);
    struct cycle_result r;
    job->evaluations = 100;
    cycle_run(job, &r);
    tap_note("%u genomes for a budget of 100", r.evaluations);
    CHECK(r.evaluations > 150);
    mem_free(job);
}

static void a_score_is_the_geometric_mean(void)
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
        double product = 1;
        for (unsigned i = 0; i < work.count; i++) {
            struct evaluation e =
                instance_evaluate(&work.instances[i], job->schema, &genomes[j], job->epoch, job->iteration_limit);
            product *= (double)e.cost + 1;
            iterations += e.work;
        }
        double mean = 1000 * dmath_sqrt(dmath_sqrt(product)); /* of four instances */
        CHECK((double)costs[j] > mean * 0.99999 - 1 && (double)costs[j] < mean * 1.00001 + 1);
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
    TAP_RUN(the_archive_is_the_start);
    TAP_RUN(what_is_known_is_not_paid_again);
    TAP_RUN(what_the_user_has_comes_first);
    TAP_RUN(one_evaluation_is_the_incumbent);
    TAP_RUN(racing_pays);
    TAP_RUN(a_score_is_the_geometric_mean);
    workload_fini(&work);
    return tap_done();
}
