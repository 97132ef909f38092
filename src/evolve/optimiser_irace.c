#include "evolve/optimiser.h"
#include "evolve/search.h"
#include "evolve/variation.h"
#include "genome/unit.h"

/* Iterated racing (Lopez-Ibanez et al. 2016): races of new genomes against each other and the elites; each iteration
 * draws them closer around the elites. The race itself is search.c's, a test being of no use on a few instances. */

enum { ELITES_MAX = 5, FIELD_MAX = 24 };

struct iteration {
    unsigned number, of; /* from 0 */
    double width;        /* of the normal draws around a parent */
};

/* Better ones more often: chances like elites, elites - 1, ..., 1. */
static const struct genome *parent_draw(struct search *s)
{
    unsigned elites = s->count < ELITES_MAX ? s->count : ELITES_MAX, at = 0;
    uint64_t draw = prng_below(&s->prng, (uint64_t)elites * (elites + 1) / 2);
    while (draw >= elites - at) {
        draw -= elites - at;
        at++;
    }
    return &s->pool[at].genome;
}

/* Numbers: normal around the parent's. Categories: the parent's for sure with the share of the iterations that is over,
 * else any. */
static void gene_draw(struct search *s, const struct iteration *it, const struct gene_spec *spec,
                      struct gene_value *value)
{
    if (spec->type != GENE_CATEGORICAL && spec->type != GENE_TOGGLE)
        *value = gene_at(spec, gene_unit(spec, value) + variation_normal(&s->prng) * it->width);
    else if (prng_below(&s->prng, 2 * it->of) >= it->of + it->number)
        *value = gene_at(spec, prng_unit(&s->prng));
}

static void genome_around(struct search *s, const struct iteration *it, struct genome *out)
{
    const struct genome_schema *schema = s->job->schema;
    struct genome genome = *parent_draw(s);
    for (unsigned i = 0; i < schema->count; i++)
        gene_draw(s, it, &schema->genes[i], &genome.values[i]);
    genome_project(schema, &genome);
    *out = genome;
}

/* irace has 2 + log2(genes) iterations; never more than give each a field of several genomes. */
static unsigned iterations_of(const struct search *s)
{
    unsigned wanted = 2;
    uint64_t genomes = s->runs_left / s->job->instance_count;
    for (unsigned genes = s->job->schema->count; genes > 1; genes /= 2)
        wanted++;
    while (wanted > 1 && genomes / wanted < 4)
        wanted--;
    return wanted;
}

/* The first field of a search that knows next to nothing is drawn evenly; of one that has an archive, half of it. */
static bool draws_evenly(struct search *s, const struct iteration *it)
{
    return it->number == 0 && (s->count < 3 || prng_below(&s->prng, 2) == 0);
}

static void iterate(struct search *s, const struct iteration *it, struct tried *field)
{
    uint64_t runs = s->runs_left / (it->of - it->number);
    uint64_t wanted = 2 * runs / s->job->instance_count + 1; /* half of the runs are saved by racing, about */
    unsigned count = wanted < FIELD_MAX ? (unsigned)wanted : FIELD_MAX;
    if (count > s->runs_left)
        count = (unsigned)s->runs_left;
    for (unsigned i = 0; i < count; i++) {
        field[i] = (struct tried){0};
        if (draws_evenly(s, it))
            genome_random(s->job->schema, &s->prng, &field[i].genome);
        else
            genome_around(s, it, &field[i].genome);
    }
    search_race(s, field, count);
}

void optimiser_irace(struct search *s)
{
    struct tried *field = mem_array(FIELD_MAX, sizeof field[0]);
    struct iteration it = {.of = iterations_of(s), .width = 0.3};
    while (!search_over(s)) {
        iterate(s, &it, field);
        if (it.number + 1 < it.of) {
            it.number++;
            it.width *= 0.75;
        }
    }
    mem_free(field);
}
