#include "evolve/local_cycle.h"
#include "evolve/search.h"
#include "tap.h"

#include "genome/distance.h"
#include "genome/sample.h"
#include "genome/space.h"

/* What every optimiser owes, over evaluators that are none of the built-in ones: how far a genome is from a hidden one
 * (with noise), always the same, crashes and time-outs, one good genome in a desert. */

enum flavour { FLAVOUR_SLOPE, FLAVOUR_FLAT, FLAVOUR_FAILING, FLAVOUR_ZERO, FLAVOUR_COUNT, FLAVOUR_LUCK };

struct fake {
    struct evaluator evaluator;
    enum flavour flavour;
    struct genome hidden;
    uint64_t runs;
    bool fits; /* every genome so far lies in the schema, and is not forbidden */
};

static void fake_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct fake *fake = (struct fake *)self; /* its first member */
    struct digest hash = genome_hash(task->schema, task->genome);
    uint64_t noise = evaluation_seed(task, &hash) % 1000;
    uint64_t away = genome_distance(task->schema, task->genome, &fake->hidden);

    fake->runs++;
    fake->fits =
        fake->fits && sample_fits(task->schema, task->genome) && genome_forbidden(task->schema, task->genome) < 0;
    *out = (struct evaluation){EVALUATION_SUCCESS, 100 + away / 100 * (500 + noise) / 1000, 10};
    if (fake->flavour == FLAVOUR_FLAT)
        out->cost = 7;
    if (fake->flavour == FLAVOUR_LUCK) /* costs over two orders of magnitude */
        out->cost = (10000 + away) * (1 + noise * noise * noise / 10000000) / 1000;
    if (fake->flavour == FLAVOUR_ZERO)
        out->cost = 0;
    if (fake->flavour == FLAVOUR_FAILING && noise % 3 != 0)
        *out = (struct evaluation){noise % 3 == 1 ? EVALUATION_TIMEOUT : EVALUATION_CRASHED,
                                   (noise % 3) * 10 * task->limit, task->limit};
}

struct bench {
    struct fake fake;
    struct instance instances[SEARCH_INSTANCES_MAX];
    struct cycle_job job;
};

static struct bench *bench_new(const struct genome_schema *schema, enum optimiser optimiser, enum flavour flavour,
                               unsigned instances, unsigned evaluations, uint64_t seed)
{
    struct bench *b = mem_alloc(sizeof *b);
    struct prng prng;
    prng_seed(&prng, seed);
    b->fake = (struct fake){.evaluator = {.evaluate = fake_evaluate}, .flavour = flavour, .fits = true};
    genome_random(schema, &prng, &b->fake.hidden);
    b->job = (struct cycle_job){
        .schema = schema,
        .optimiser = optimiser,
        .epoch = 4,
        .seed = seed,
        .instance_count = instances,
        .evaluations = evaluations,
        .iteration_limit = 1000000,
        .migrants = 1 + (unsigned)prng_below(&prng, CYCLE_MIGRANTS_MAX),
        .archive_count = (unsigned)prng_below(&prng, 6),
        .known_count = (unsigned)prng_below(&prng, 4),
    };
    genome_default(schema, &b->job.incumbent);
    for (unsigned i = 0; i < b->job.archive_count; i++)
        genome_random(schema, &prng, &b->job.archive[i]);
    for (unsigned i = 0; i < b->job.known_count; i++) {
        genome_random(schema, &prng, &b->job.known[i].genome);
        b->job.known[i].cost = prng_below(&prng, 10000);
    }
    for (unsigned i = 0; i < instances; i++) {
        b->instances[i].evaluator = &b->fake.evaluator;
        b->instances[i].hash.b[0] = (uint8_t)i;
        b->job.instances[i] = &b->instances[i];
    }
    return b;
}

static bool same_result(const struct cycle_result *a, const struct cycle_result *b)
{
    bool same = a->count == b->count && a->incumbent_cost == b->incumbent_cost && a->delta_ppm == b->delta_ppm &&
                a->evaluations == b->evaluations && a->iterations == b->iterations;
    for (unsigned i = 0; same && i < a->count; i++)
        same = a->best[i].cost == b->best[i].cost && sample_equal(&a->best[i].genome, &b->best[i].genome);
    return same;
}

/* Budget, schema, order, honesty of the claims, and the same again. */
static void promises_kept(struct bench *b)
{
    const struct cycle_job *job = &b->job;
    struct cycle_result r, again;
    uint64_t cost;
    b->fake.runs = 0;
    cycle_run(job, &r);
    CHECK(b->fake.runs <= (uint64_t)job->evaluations * job->instance_count);
    CHECK(b->fake.fits);
    CHECK(r.evaluations >= 1 && r.count >= 1 && r.count <= job->migrants);
    for (unsigned i = 0; i < r.count; i++) {
        (void)cycle_score(job, &r.best[i].genome, 1, &cost);
        CHECK_EQ_U64(r.best[i].cost, cost);
        CHECK(sample_fits(job->schema, &r.best[i].genome));
        for (unsigned k = 0; k < i; k++)
            CHECK(!sample_equal(&r.best[i].genome, &r.best[k].genome));
    }
    (void)cycle_score(job, &job->incumbent, 1, &cost);
    CHECK_EQ_U64(r.incumbent_cost, cost);
    CHECK(r.delta_ppm >= 0 && r.delta_ppm <= 1000000);
    cycle_run(job, &again);
    CHECK(same_result(&r, &again));
}

static void schema_tried(const struct genome_schema *schema, uint64_t salt)
{
    static const unsigned instances[] = {1, 2, 3, 8}, evaluations[] = {1, 2, 3, 12, 40};
    for (unsigned o = 0; o < OPTIMISER_COUNT; o++)
        for (unsigned k = 0; k < 20; k++) {
            uint64_t seed = salt * 1000 + k;
            struct bench *b = bench_new(schema, (enum optimiser)o, (enum flavour)(k % FLAVOUR_COUNT),
                                        instances[(k + o) % 4], evaluations[k % 5], seed);
            tap_seed(seed);
            promises_kept(b);
            mem_free(b);
        }
}

static void promises_on_every_type_of_gene(void)
{
    struct genome_schema schema = sample_schema();
    schema_tried(&schema, 1);
}

static void promises_under_conditions(void)
{
    struct genome_schema schema = sample_conditional();
    schema_tried(&schema, 2);
}

static void promises_on_a_space_of_one_point(void)
{
    struct genome_schema schema = {
        .count = 2,
        .word_count = 1,
        .words = {"x"},
        .genes = {{.name = "c", .type = GENE_CONTINUOUS, .lo = 2, .hi = 2, .default_real = 2},
                  {.name = "o", .type = GENE_ORDINAL, .choice_count = 1}},
    };
    schema_tried(&schema, 3);
}

/* What other tools ship: over a hundred genes, conditions, forbidden combinations. */
static void promises_on_the_spaces_of_others(void)
{
    static const char *const names[] = {"acotsp.txt", "every_construct.txt", "paramils.pcs", "smac.pcs",
                                        "smac_new.pcs"};
    struct space *space = mem_alloc(sizeof *space);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char relative[64];

        snprintf(relative, sizeof relative, "tests/genome/spaces/%s", names[i]);
        const char *path = tap_source(relative);
        REQUIRE_OK(space_load(space_format_of(path), path, space, NULL));
        schema_tried(&space->schema, 10 + i);
    }
    mem_free(space);
}

/* Every optimiser finds the slope, better than as many random genomes would without any noise. */
static void they_climb(void)
{
    enum { SEEDS = 50 };
    struct genome_schema schema = sample_schema();
    for (unsigned o = 0; o < OPTIMISER_COUNT; o++) {
        uint64_t found = 0, drawn = 0;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct bench *b = bench_new(&schema, (enum optimiser)o, FLAVOUR_SLOPE, 4, 48, seed);
            struct cycle_result r;
            struct prng prng;
            uint64_t best = UINT64_MAX;
            tap_seed(seed);
            b->job.archive_count = 0;
            b->job.known_count = 0;
            cycle_run(&b->job, &r);
            found += genome_distance(&schema, &r.best[0].genome, &b->fake.hidden);
            prng_seed(&prng, seed + 1000);
            for (unsigned i = 0; i < 48; i++) {
                struct genome genome;
                genome_random(&schema, &prng, &genome);
                uint64_t away = genome_distance(&schema, &genome, &b->fake.hidden);
                best = away < best ? away : best;
            }
            drawn += best;
            mem_free(b);
        }
        tap_note("%s: %u ppm away from what is hidden; the best of as many draws %u", optimiser_name((enum optimiser)o),
                 (unsigned)(found / SEEDS), (unsigned)(drawn / SEEDS));
        CHECK(found < drawn * 9 / 10);
    }
}

/* Half a dozen instances, much noise, and a good genome to begin with: by the lowest cost the luckiest of many would be
 * handed out. `bayes` knows how far a few runs can be believed. */
static void the_luckiest_is_not_the_best(void)
{
    struct genome_schema schema = sample_schema();
    uint64_t by_model = 0, by_cost = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct bench *b = bench_new(&schema, OPTIMISER_BAYES, FLAVOUR_LUCK, 6, 40, seed);
        struct cycle_result r;
        unsigned lowest = 0;
        tap_seed(seed);
        b->job.migrants = CYCLE_MIGRANTS_MAX;
        b->job.archive_count = 0;
        b->job.known_count = 0;
        cycle_run(&b->job, &r);
        for (unsigned i = 1; i < r.count; i++)
            lowest = r.best[i].cost < r.best[lowest].cost ? i : lowest;
        by_model += genome_distance(&schema, &r.best[0].genome, &b->fake.hidden);
        by_cost += genome_distance(&schema, &r.best[lowest].genome, &b->fake.hidden);
        mem_free(b);
    }
    tap_note("%u ppm away from what is hidden; the one of the lowest cost %u", (unsigned)(by_model / 60),
             (unsigned)(by_cost / 60));
    CHECK(by_model < by_cost);
}

static void names_go_both_ways(void)
{
    for (unsigned o = 0; o < OPTIMISER_COUNT; o++) {
        enum optimiser back = OPTIMISER_COUNT;
        CHECK_OK(optimiser_parse(bytes_of_text(optimiser_name((enum optimiser)o)), &back));
        CHECK_EQ_U64(back, o);
    }
    enum optimiser none = OPTIMISER_COUNT;
    CHECK_ERR(optimiser_parse(bytes_of_text("smac"), &none), ERR_UNKNOWN);
}

int main(void)
{
    TAP_RUN(names_go_both_ways);
    TAP_RUN(promises_on_every_type_of_gene);
    TAP_RUN(promises_under_conditions);
    TAP_RUN(promises_on_a_space_of_one_point);
    TAP_RUN(promises_on_the_spaces_of_others);
    TAP_RUN(they_climb);
    TAP_RUN(the_luckiest_is_not_the_best);
    return tap_done();
}
