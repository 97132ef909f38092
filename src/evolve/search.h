#ifndef PRISMFED_EVOLVE_SEARCH_H
#define PRISMFED_EVOLVE_SEARCH_H

#include "evolve/local_cycle.h"

/* What the optimisers share: a budget of runs, a race against the best genome so far, and the pool of the genomes that
 * went the whole way.
 *
 * Some genomes are tried side by side, each in a lane: in every step each of them runs on one more instance, and where
 * one is done the next one begins. So there are runs for several threads at any time. The number of lanes depends on
 * the budget alone, one for so many genomes, and so no result depends on the number of threads. What is in the other
 * lanes is not known when a genome begins: that is the price, and why small budgets have one lane. */

enum { SEARCH_POOL_MAX = 96, SEARCH_INSTANCES_MAX = CYCLE_INSTANCES_MAX };
enum { SEARCH_LANES_MAX = 8, SEARCH_GENOMES_A_LANE = 6 };

/* Costs as the optimisers see them: natural logarithms of cost + 1, in millionths. Instances differ in scale by orders
 * of magnitude; so no one of them decides alone. */
struct tried {
    struct genome genome;
    struct digest hash;
    unsigned tag;   /* its optimiser's own, of a genome that search_stream() tries */
    bool is_new;    /* neither the incumbent nor from the archive */
    bool is_known;  /* scored in an earlier epoch: no runs, only a merit */
    unsigned start; /* the place in the search's order where its runs begin; those that race begin at 0 */
    unsigned runs;  /* on so many instances from there on, round and round */
    uint64_t merit; /* their sum; lower is better */
    uint32_t merits[SEARCH_INSTANCES_MAX]; /* by place in the order */
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
/* The geometric mean that a sum of merits over so many instances stands for, in thousandths. */
uint64_t search_cost(uint64_t merit, unsigned instances);
/* The job's watch hears of the cost of a genome. */
void search_tell(const struct cycle_job *job, uint64_t cost);

/* Not enough left for one more genome on all instances: no genome is begun then. */
bool search_over(const struct search *s);
/* The first genome, of the schema, which has nobody to race with: on all instances, and into the pool (search_over() is
 * false). */
void search_first(struct search *s, const struct genome *genome, struct tried *out);

/* Whose genomes search_stream() tries. */
struct search_source {
    /* The next genome: sets genome, is_new and tag of *out, which is zeroed. False: there is none as long as those that
     * run are not done. */
    bool (*next)(void *context, struct search *s, struct tried *out);
    /* One is done. is_whole: it went the whole way, and is in the pool (or too bad for a full one); else it was given
     * up. NULL: nobody asks. */
    void (*done)(void *context, struct search *s, const struct tried *t, bool is_whole);
    void *context;
};
/* Tries genomes in lanes, against the best of the pool (which is not empty), until the source has none or the budget is
 * spent. One is begun only when there are runs for it on all instances, whatever becomes of the others. */
void search_stream(struct search *s, const struct search_source *source);
/* So many more runs of each genome of the field, which has had no more than the others, beside each other; there are as
 * many left. */
void search_run(struct search *s, struct tried *field, unsigned count, unsigned more);
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
