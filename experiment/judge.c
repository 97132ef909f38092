#include "experiment/judge.h"

#include <stdio.h>

#include "base/dmath.h"

/* An epoch that no trial gets to: other runs than any site has seen. */
enum { JUDGE_EPOCH = 1000000 };

static double log_cost(const struct judge *j, const struct genome *genome, unsigned family, unsigned instance)
{
    const struct workload *block = &j->held_out[family][instance / WORKLOAD_INSTANCES_MAX];
    struct evaluation e = instance_evaluate(&block->instances[instance % WORKLOAD_INSTANCES_MAX], workload_schema(),
                                            genome, JUDGE_EPOCH, j->limit);

    return dmath_log((double)e.cost + 1);
}

static enum err build(struct judge *j, const char *family, unsigned f, uint64_t seed, struct diag *diag)
{
    for (unsigned block = 0, left = j->instances; left > 0; block++) {
        struct workload_spec spec = {.instances = left < WORKLOAD_INSTANCES_MAX ? left : WORKLOAD_INSTANCES_MAX};
        char label[32];

        snprintf(spec.family, sizeof spec.family, "%s", family);
        snprintf(label, sizeof label, block == 0 ? "held-out-%u" : "held-out-%u-%u", f, block);
        enum err err = workload_build(&spec, seed, label, &j->held_out[f][block], diag);
        if (err != ERR_OK)
            return err;
        left -= spec.instances;
    }
    return ERR_OK;
}

enum err judge_init(struct judge *j, const char *const families[JUDGE_FAMILIES], unsigned instances, uint64_t limit,
                    uint64_t seed, struct diag *diag)
{
    struct genome usual;

    ASSERT(instances >= 1 && instances <= JUDGE_INSTANCES_MAX);
    *j = (struct judge){.instances = instances, .limit = limit};
    genome_default(workload_schema(), &usual);
    for (unsigned f = 0; f < JUDGE_FAMILIES; f++) {
        enum err err = build(j, families[f], f, seed, diag);
        if (err != ERR_OK) {
            judge_fini(j);
            return err;
        }
        for (unsigned i = 0; i < instances; i++)
            j->usual[f][i] = log_cost(j, &usual, f, i);
    }
    return ERR_OK;
}

void judge_fini(struct judge *j)
{
    for (unsigned f = 0; f < JUDGE_FAMILIES; f++)
        for (unsigned block = 0; block < JUDGE_BLOCKS; block++)
            workload_fini(&j->held_out[f][block]);
}

static double mean(const struct judge *j, const struct genome *genome, unsigned family, unsigned from, unsigned step)
{
    double sum = 0;
    unsigned count = 0;

    for (unsigned i = from; i < j->instances; i += step, count++)
        sum += log_cost(j, genome, family, i) - j->usual[family][i];
    return sum / count;
}

double judge_family(const struct judge *j, const struct genome *genome, unsigned family)
{
    return mean(j, genome, family, 0, 1);
}

double judge_half(const struct judge *j, const struct genome *genome, unsigned family, unsigned half)
{
    ASSERT(half < 2 && j->instances >= 2);
    return mean(j, genome, family, half, 2);
}

double judge_everywhere(const struct judge *j, const struct genome *genome)
{
    double sum = 0;

    for (unsigned f = 0; f < JUDGE_FAMILIES; f++)
        sum += judge_family(j, genome, f);
    return sum / JUDGE_FAMILIES;
}
