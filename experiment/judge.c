#include "experiment/judge.h"

#include <stdio.h>

#include "base/dmath.h"

/* An epoch that no trial gets to: other runs than any site has seen. */
enum { JUDGE_EPOCH = 1000000 };

static double log_cost(const struct judge *j, const struct genome *genome, unsigned family, unsigned instance)
{
    struct evaluation e =
        instance_evaluate(&j->held_out[family].instances[instance], workload_schema(), genome, JUDGE_EPOCH, j->limit);

    return dmath_log((double)e.cost + 1);
}

enum err judge_init(struct judge *j, const char *const families[JUDGE_FAMILIES], unsigned instances, uint64_t limit,
                    uint64_t seed, struct diag *diag)
{
    struct genome usual;

    *j = (struct judge){.instances = instances, .limit = limit};
    genome_default(workload_schema(), &usual);
    for (unsigned f = 0; f < JUDGE_FAMILIES; f++) {
        struct workload_spec spec = {.instances = instances};
        char label[16];

        snprintf(spec.family, sizeof spec.family, "%s", families[f]);
        snprintf(label, sizeof label, "held-out-%u", f);
        enum err err = workload_build(&spec, seed, label, &j->held_out[f], diag);
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
        workload_fini(&j->held_out[f]);
}

double judge_family(const struct judge *j, const struct genome *genome, unsigned family)
{
    double sum = 0;

    for (unsigned i = 0; i < j->instances; i++)
        sum += log_cost(j, genome, family, i) - j->usual[family][i];
    return sum / j->instances;
}

double judge_everywhere(const struct judge *j, const struct genome *genome)
{
    double sum = 0;

    for (unsigned f = 0; f < JUDGE_FAMILIES; f++)
        sum += judge_family(j, genome, f);
    return sum / JUDGE_FAMILIES;
}
