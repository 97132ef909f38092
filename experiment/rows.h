#ifndef PRISMFED_EXPERIMENT_ROWS_H
#define PRISMFED_EXPERIMENT_ROWS_H

/* Rows of the tables of an experiment, of logarithms of costs, one for each seed: 1 to SAMPLE_MAX (statistics.h). */

/* | name | geometric mean | lower quartile | median | upper quartile | */
void rows_print(const char *name, const double *logs, unsigned seeds);
/* | pair | ratio | how often ours is lower | p | */
void rows_print_pair(const double *ours, const double *theirs, const char *text, unsigned seeds);

#endif
