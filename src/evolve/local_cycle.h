#ifndef PRISMFED_EVOLVE_LOCAL_CYCLE_H
#define PRISMFED_EVOLVE_LOCAL_CYCLE_H

#include "evolve/optimiser.h"
#include "evolve/batch.h"

/* A site's own work in an epoch: evolve on the private instances within a budget,
 * and score what others found. Pure functions of their arguments: a driver may
 * run them on any thread, at any time. */

enum { CYCLE_CANDIDATES_MAX = 256, CYCLE_MIGRANTS_MAX = 8, CYCLE_ARCHIVE_MAX = 32, CYCLE_KNOWN_MAX = 32 };
enum { CYCLE_INSTANCES_MAX = WORKLOAD_INSTANCES_MAX + WORKLOAD_SHARDS_MAX };

/* A site's cost of a genome: the geometric mean of (counted cost of a run + 1) over the job's instances, in
 * thousandths. Instances differ in scale by orders of magnitude; in this mean each of them says as much. */
struct cycle_candidate {
    struct genome genome;
    uint64_t cost;
};

/* Hears what a genome costs that ran on all instances of the job; by the job's thread. Changes nothing. */
struct cycle_watch {
    void (*costs)(struct cycle_watch *w, uint64_t cost);
};

struct cycle_job {
    const struct genome_schema *schema;
    enum optimiser optimiser;
    uint64_t epoch;
    uint64_t seed; /* the node's own stream for this epoch */
    struct genome incumbent;
    unsigned archive_count;
    struct genome archive[CYCLE_ARCHIVE_MAX]; /* the starting population besides the incumbent */
    unsigned initial_count;
    const struct genome *initial; /* what the site's user has to start from, each tried, and new as what is found here;
                                     borrowed */
    unsigned known_count;
    struct cycle_candidate known[CYCLE_KNOWN_MAX]; /* more of it, not paid for again: this node's own scores of an
                                                      earlier epoch. Those runs had other seeds, and maybe other
                                                      instances: a prior, never handed out as a claim */
    unsigned instance_count;
    const struct instance *instances[CYCLE_INSTANCES_MAX]; /* private ones, then owned shards */
    unsigned evaluations;      /* budget, as docs/optimisers.md says: runs for this many genomes on all instances */
    uint64_t iteration_limit;  /* for one run on one instance */
    unsigned migrants;         /* how many genomes to hand out */
    struct cycle_watch *watch; /* borrowed; or NULL */
    struct pool *pool;         /* whose threads run side by side what needs nothing of each other; changes no result;
                                  borrowed; NULL: the caller's alone */
};

/* meta_update's content: at most job->migrants genomes, best first, each new in this cycle (what the log has, everybody
 * scores anyway); the incumbent when there is none. incumbent_cost is the incumbent's own; delta_ppm
 * the best one's gain over it in parts per million (0 when nothing was better). */
struct cycle_result {
    unsigned count;
    struct cycle_candidate best[CYCLE_MIGRANTS_MAX];
    uint64_t incumbent_cost;
    int64_t delta_ppm;
    unsigned evaluations; /* genomes tried */
    uint64_t iterations;  /* all the work done: what virtual time is charged for */
};
void cycle_run(const struct cycle_job *job, struct cycle_result *out);

/* One SCORE row: the cost of each candidate on the job's instances (only schema, epoch, instances and limit of the job
 * are looked at). Returns iterations spent. */
uint64_t cycle_score(const struct cycle_job *job, const struct genome *candidates, unsigned count, uint64_t *costs);

#endif
