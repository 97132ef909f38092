#include "evolve/surrogate.h"
#include "tap.h"

#include "genome/sample.h"

static void nothing_known_promises_nothing(void)
{
    struct genome_schema schema = sample_schema();
    struct surrogate *s = mem_alloc(sizeof *s);
    struct genome genome;
    s->schema = &schema;
    genome_default(&schema, &genome);
    CHECK(surrogate_promise(s, &genome) <= 0 && surrogate_promise(s, &genome) >= 0);
    mem_free(s);
}

/* Near a good one is better than near a bad one, and far from both may be better still. */
static void neighbours_tell(void)
{
    struct genome_schema schema = sample_schema();
    struct surrogate *s = mem_alloc(sizeof *s);
    struct genome good, bad, far;
    s->schema = &schema;
    genome_default(&schema, &good);
    bad = good;
    bad.values[SAMPLE_SHIFT].real = -1;
    bad.values[SAMPLE_DEPTH].integer = 12;
    far = good;
    far.values[SAMPLE_RATE].real = 0.001;
    far.values[SAMPLE_KIND].integer = 1;
    far.values[SAMPLE_FLAG].integer = 0;
    far.values[SAMPLE_LEVEL].integer = 2;
    surrogate_add(s, &good, 1, 1);
    surrogate_add(s, &bad, 5, 1);
    CHECK(surrogate_promise(s, &good) < surrogate_promise(s, &bad));
    CHECK(surrogate_promise(s, &good) < 2 && surrogate_promise(s, &bad) > 3);
    CHECK(surrogate_promise(s, &far) < surrogate_promise(s, &bad));
    surrogate_add(s, &good, 9, 0.1); /* a guess moves it a little */
    CHECK(surrogate_promise(s, &good) > 1 && surrogate_promise(s, &good) < 3);
    mem_free(s);
}

/* Where a genome is tried at present another one tells less that is new. */
static void what_is_tried_will_be_known(void)
{
    struct genome_schema schema = sample_schema();
    struct surrogate *s = mem_alloc(sizeof *s);
    struct genome good, far;
    s->schema = &schema;
    genome_default(&schema, &good);
    far = good;
    far.values[SAMPLE_RATE].real = 0.001;
    far.values[SAMPLE_KIND].integer = 1;
    surrogate_add(s, &good, 1, 1);
    double before = surrogate_promise(s, &far);
    unsigned number = surrogate_open(s, &far);
    CHECK(surrogate_open(s, &good) != number);
    CHECK(surrogate_promise(s, &far) > before);
    CHECK(surrogate_has(s, &far) && surrogate_has(s, &good));
    surrogate_close(s, number);
    CHECK(!surrogate_has(s, &far));
    CHECK(!(surrogate_promise(s, &far) > before) && !(surrogate_promise(s, &far) < before));
    mem_free(s);
}

/* A gene that is inactive in both does not tell them apart. */
static void what_does_not_matter_does_not_count(void)
{
    struct genome_schema schema = sample_conditional();
    struct surrogate *s = mem_alloc(sizeof *s);
    struct prng prng;
    tap_seed(64);
    prng_seed(&prng, 64);
    s->schema = &schema;
    for (unsigned i = 0; i < 1000; i++) { /* more than it keeps */
        struct genome genome;
        genome_random(&schema, &prng, &genome);
        surrogate_add(s, &genome, 3, 1);
        double promise = surrogate_promise(s, &genome);
        CHECK(promise > 2.999 && promise < 3.001); /* all say the same, and this one is no distance away */
    }
    CHECK_EQ_U64(s->count, SURROGATE_POINTS_MAX);
    mem_free(s);
}

int main(void)
{
    TAP_RUN(nothing_known_promises_nothing);
    TAP_RUN(neighbours_tell);
    TAP_RUN(what_is_tried_will_be_known);
    TAP_RUN(what_does_not_matter_does_not_count);
    return tap_done();
}
