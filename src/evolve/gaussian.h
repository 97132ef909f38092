#ifndef PRISMFED_EVOLVE_GAUSSIAN_H
#define PRISMFED_EVOLVE_GAUSSIAN_H

#include "genome/genome.h"

/* A Gaussian process over genomes (Rasmussen and Williams 2006, chapter 2): what noisy values of some let one expect of
 * any, and how sure that is. The covariance of two genomes falls with the genes in which they differ, added up (what a
 * gene does by itself) and multiplied (what genes do together). */

enum { GAUSSIAN_POINTS_MAX = 256 };

struct gaussian_point {
    double value, noise; /* its mean value so far; the variance of that mean, above 0 */
    struct gene_set active;
    double units[GENOME_GENES_MAX];
};

struct gaussian {
    const struct genome_schema *schema; /* borrowed */
    unsigned count;
    struct gaussian_point points[GAUSSIAN_POINTS_MAX]; /* values and noise are the owner's to change, before a fit */
    /* the fit */
    double mean, signal;                                     /* of all genomes; the variance around it */
    double alike[GAUSSIAN_POINTS_MAX][GAUSSIAN_POINTS_MAX];  /* covariances of the points for a signal of 1 */
    double factor[GAUSSIAN_POINTS_MAX][GAUSSIAN_POINTS_MAX]; /* Cholesky's, of the covariances with the noise */
    double weights[GAUSSIAN_POINTS_MAX];
};

struct gaussian_guess {
    double mean, variance; /* variance >= 0: of what the genome is worth, without the noise of a run */
};

/* One more point; a full one gets it in the place of number `instead`. Returns its number. */
unsigned gaussian_add(struct gaussian *g, const struct genome *genome, unsigned instead);
/* After points or values have changed (and there is one at least). As long as there are not many points, the signal is
 * that under which the values are most likely. Returns how unlikely they are: twice the negative logarithm of their
 * likelihood, but for a constant. */
double gaussian_fit(struct gaussian *g);
struct gaussian_guess gaussian_guess(const struct gaussian *g, const struct genome *genome);
/* The same for point number i; and its mean alone, which is cheaper. */
struct gaussian_guess gaussian_point_guess(const struct gaussian *g, unsigned i);
double gaussian_point_mean(const struct gaussian *g, unsigned i);

#endif
