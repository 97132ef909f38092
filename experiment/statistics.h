#ifndef PRISMFED_EXPERIMENT_STATISTICS_H
#define PRISMFED_EXPERIMENT_STATISTICS_H

/* Of small samples, with + - * / only. */

enum { SAMPLE_MAX = 1000 };

struct quartiles {
    double low, median, high;
};

double sample_mean(const double *values, unsigned count);
/* Between two values linearly (Hyndman and Fan 1996, type 7). count: 1 to SAMPLE_MAX. */
struct quartiles sample_quartiles(const double *values, unsigned count);

/* Where 95 % of the means lie of samples drawn from this one with replacement (the percentile bootstrap, Efron 1979):
 * INTERVAL_DRAWS of them, the same for the same values. */
enum { INTERVAL_DRAWS = 10000 };
struct interval {
    double low, high;
};
struct interval sample_interval(const double *values, unsigned count);

/* Wilcoxon's signed rank test (1945) of paired differences, two-sided and exact: the chance that ranks whose signs are
 * tossed are as far from even as these. Zeros are left out, ties share their ranks. 1 when nothing is left. */
double signed_rank_p(const double *differences, unsigned count);

#endif
