#ifndef PRISMFED_STORM_CAMPAIGN_H
#define PRISMFED_STORM_CAMPAIGN_H

#include "storm/marks.h"
#include "storm/plan.h"

struct outcome {
    const char *checker; /* NULL: nothing found */
    char failure[320];
    uint64_t steps, trace;
    uint64_t acts; /* of machines, and crashes */
    int64_t virtual_ns;
    struct marks marks;
    unsigned replicas;
};

struct campaign {
    uint64_t first, count; /* seeds */
    int64_t deadline_ns;   /* 0: none */
    unsigned threads, real_percent;
    bool print_marks;
    bool until_found; /* the first finding ends the campaign */
};

struct world;

/* Calls body; an assertion that fails inside of it is a finding too. False then: the world's memory is in an unknown
 * state and must be left alone. One at a time in a thread. */
bool guarded_run(struct world *w, void (*body)(struct world *w, void *context), void *context);
/* Runs one world. When noted is not NULL it gets the decisions that made a difference (owned by the caller, mem_free).
 */
void plan_run(const struct storm_plan *plan, const struct draw *draw, bool tracing, struct outcome *out,
              uint64_t **noted, size_t *noted_count);
/* Runs one seed, and where it is due for it a second time, to compare (checker 17). */
void seed_check(uint64_t seed, unsigned real_percent, struct outcome *out);
/* All seeds; prints findings and totals. Number of findings. */
uint64_t campaign_run(const struct campaign *c);

#endif
