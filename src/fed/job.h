#ifndef PRISMFED_FED_JOB_H
#define PRISMFED_FED_JOB_H

#include "base/effect.h"
#include "evolve/local_cycle.h"
#include "state/claim.h"

/* A job that the machine asks its driver for (EFFECT_JOB). It holds everything that it takes, as that was when it was
 * asked for, but the instances: these are the driver's to add (job_instances). Nothing in it changes afterwards, so a
 * thread may run it while the machine goes on. */

enum job_kind {
    JOB_CYCLE,  /* the local cycle of epoch `number` (cycle_run); answered by FED_EVENT_CYCLE_DONE */
    JOB_SCORE,  /* the costs of the candidates of epoch `number` (cycle_score); FED_EVENT_SCORE_DONE */
    JOB_RECOUNT /* a claim of another site, run again if its work is disclosed to us; FED_EVENT_RECOUNT_DONE */
};

struct job {
    struct effect_body body;
    enum job_kind kind;
    uint64_t number;            /* JOB_RECOUNT: of the request */
    struct member site;         /* whose work it is, as the decided state had it */
    struct claim_shards shards; /* the shared instances that the job takes besides the site's own */
    struct cycle_job cycle;
    unsigned candidate_count;  /* JOB_CYCLE: none; JOB_RECOUNT: one, the genome of the claim */
    struct genome *candidates; /* owned */
    uint64_t claimed;          /* JOB_RECOUNT: the cost that is claimed */
};

/* One holding is the caller's; the schema is a shared one (genome/schema.h), which the job holds; the fields from
 * `site` on are the caller's to fill in. */
struct job *job_new(enum job_kind kind, uint64_t number, const struct genome_schema *schema, unsigned candidate_count);
struct job *job_hold(struct job *job);
void job_drop(struct job *job); /* NULL is fine */
/* The job that an EFFECT_JOB carries. */
struct job *job_of(struct effect_body *body);
/* Adds the instances; false, and none, when not all of them are to be had. Before the job is run. */
bool job_instances(struct job *job, const struct claim_work *work) MUST_CHECK;

#endif
