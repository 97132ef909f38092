#ifndef PRISMFED_EVOLVE_SEARCH_H
#define PRISMFED_EVOLVE_SEARCH_H

#include "evolve/local_cycle.h"

/* What the optimisers share: a budget of runs, a race against the best genome so far, and the pool of the genomes that
 * went the whole way. */

enum { SEARCH_POOL_MAX = 96, SEARCH_INSTANCES_MAX = CYCLE_INSTANCES_MAX };

/* Costs as the optimisers see them: natural logarithms of cost + 1, in millionths. Instances differ in scale by orders
 * of magnitude; so no one of them decides alone. */
struct tried {
    struct genome genome;
    struct digest hash;
    bool is_new;    /* neither the incumbent nor from the archive */
    bool is_known;  /* scored in an earlier epoch: no runs, only a merit */
    unsigned runs;  /* on the first so many instances of the search's order */
    uint64_t merit; /* their sum; lower is better */
    uint32_t merits[SEARCH_INSTANCES_MAX];
};

struct search {
    const struct cycle_job *job;
    struct prng prng;
    struct batch batch;
    uint64_t runs_left;   /* genome x instance */
    uint64_t iterations;  /* work done */
    unsigned evaluations; /* genomes tried */
    unsigned order[SEARCH_INSTANCES_MAX];
    unsigned count;
    struct tried pool[SEARCH_POOL_MAX]; /* known on every instance; best first, ties by hash; each hash once */
};

/* The merit of one run. */
uint32_t search_merit(uint64_t cost);

/* Not enough left for one more genome on all instances: no genome is begun then. */
bool search_over(const struct search *s);
/* A genome of the schema alone on the instances, against the best of the pool (search_over() is false). True when it
 * went the whole way: it is in the pool (or too bad for a full one). *out is what is known of it, either way. */
bool search_try(struct search *s, const struct genome *genome, bool is_new, struct tried *out);
/* The merit on all instances, as far as one can tell of a genome that was given up: as if it were as far behind the
 * best on the others. */
uint64_t search_estimate(const struct search *s, const struct tried *t);
/* Some new genomes instance by instance, against each other and the best of the pool; ends early when the budget does.
 * Those that went the whole way are in the pool. field: zeroed but for the genomes;
 * 1 <= count <= runs_left. */
void search_race(struct search *s, struct tried *field, unsigned count);
/* One more try: a child of good genomes of the pool (which is not empty), mutated, seldom a random one. */
void search_child(struct search *s, struct genome *out);
/* Puts it into the pool. */
void search_keep(struct search *s, const struct tried *t);

#endif
