#ifndef PRISMFED_EVOLVE_SEARCH_H
#define PRISMFED_EVOLVE_SEARCH_H

#include "evolve/local_cycle.h"

/* What the optimisers share: a budget of runs, a race against the best genome so far, and the pool of the genomes that
 * went the whole way. */

enum { SEARCH_POOL_MAX = 48, SEARCH_INSTANCES_MAX = WORKLOAD_INSTANCES_MAX * 2 };

/* Costs as the optimisers see them: natural logarithms of cost + 1, in millionths. Instances differ in scale by orders
 * of magnitude; so no one of them decides alone. */
struct tried {
    struct genome genome;
    struct digest hash;
    bool is_new;                           /* neither the incumbent nor from the archive */
    bool is_known;                         /* from an earlier epoch: merit only */
    uint64_t merit;                        /* sum over the instances; lower is better */
    uint32_t merits[SEARCH_INSTANCES_MAX]; /* of each run, in the order of the search; of is_known unset */
};

struct search {
    const struct cycle_job *job;
    struct prng prng;
    uint64_t runs_left;   /* genome x instance */
    uint64_t iterations;  /* work done */
    unsigned evaluations; /* genomes tried */
    unsigned order[SEARCH_INSTANCES_MAX];
    unsigned count;
    struct tried pool[SEARCH_POOL_MAX]; /* best first, ties by hash; each hash once */
};

/* The merit of one run. */
uint32_t search_merit(uint64_t cost);

/* Not enough left for one more genome on all instances: a genome is not begun then. */
bool search_over(const struct search *s);
/* Races a genome (of the schema; search_over() is false). True when it went the whole way: it is in the pool (or was
 * too bad for a full one), and *out (NULL is fine) is what is known of it. */
bool search_try(struct search *s, const struct genome *genome, struct tried *out);
/* Puts it into the pool. */
void search_keep(struct search *s, const struct tried *t);

#endif
