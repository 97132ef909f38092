#include "experiment/rows.h"

#include <stdio.h>

#include "base/dmath.h"
#include "experiment/statistics.h"

void rows_print(const char *name, const double *logs, unsigned seeds)
{
    struct quartiles q = sample_quartiles(logs, seeds);

    printf("| %s | %.3f | %.3f | %.3f | %.3f |\n", name, dmath_exp(sample_mean(logs, seeds)), dmath_exp(q.low),
           dmath_exp(q.median), dmath_exp(q.high));
}

void rows_print_pair(const double *ours, const double *theirs, const char *text, unsigned seeds)
{
    double differences[SAMPLE_MAX];
    unsigned better = 0;

    for (unsigned i = 0; i < seeds; i++) {
        differences[i] = ours[i] - theirs[i];
        better += differences[i] < 0;
    }
    printf("| %s | %.3f | %u of %u | %.4f |\n", text, dmath_exp(sample_mean(differences, seeds)), better, seeds,
           signed_rank_p(differences, seeds));
}
