#ifndef PRISMFED_NODE_GAUGES_H
#define PRISMFED_NODE_GAUGES_H

#include "fed/fed.h"
#include "node/metrics.h"

/* What a node counts and times for its operator while it runs. It changes nothing that the node does. */

enum { GAUGES_WRITES = 4096 /* whose times are kept; more are not in flight but for a state's */ };

/* The fields are the gauges' own. */
struct gauges {
    struct metrics_times persist;
    struct metrics_reasons refused;
    int64_t asked_ns[GAUGES_WRITES];
    int64_t timer_at_ns[FED_TIMER_END]; /* 0: not set */
    int64_t view_timeout_ns;
    int64_t started_ns; /* since 1970 */
    uint64_t jobs_done, anchored, abandoned;
};

void gauges_init(struct gauges *g, int64_t view_timeout_ns);
void gauges_asked(struct gauges *g, uint64_t serial, int64_t now_ns);   /* for a write */
void gauges_durable(struct gauges *g, uint64_t serial, int64_t now_ns); /* this one, asked for before */
void gauges_timer_set(struct gauges *g, uint32_t timer, int64_t at_ns, int64_t now_ns);
void gauges_timer_stop(struct gauges *g, uint32_t timer); /* or it has rung */
void gauges_refused(struct gauges *g, const char *why);   /* a connection */
void gauges_job_done(struct gauges *g);
void gauges_epoch_ended(struct gauges *g, bool anchored);
/* Into the fields that are the gauges' to tell; what m points to is g's. */
void gauges_tell(const struct gauges *g, int64_t now_ns, struct node_metrics *m);

#endif
