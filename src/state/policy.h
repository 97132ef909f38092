#ifndef PRISMFED_STATE_POLICY_H
#define PRISMFED_STATE_POLICY_H

#include "aggregate/rank.h"
#include "codec/cbor.h"
#include "evolve/optimiser.h"

/* Whose archived genomes does a member's local cycle start from? Its own and those of: everybody; the active member
 * before it, in the order of joining, round the ring; the members of its region. */
enum topology { TOPOLOGY_ALL, TOPOLOGY_RING, TOPOLOGY_REGION, TOPOLOGY_COUNT };
const char *topology_name(enum topology topology); /* "all", "ring", "region" */

/* How likely is a member drawn into a cohort? Like any other; or by its stake, of which no party has more than the cap:
 * then rows weigh alike, for their stakes have counted. */
enum cohort_weights { COHORT_EQUAL, COHORT_BY_STAKE, COHORT_WEIGHTS_COUNT };
const char *cohort_weights_name(enum cohort_weights weights); /* "equal", "stake" */
/* Are validators drawn like others, or before them, so that all are in it as far as there is room? */
enum cohort_validators { COHORT_VALIDATORS_DRAWN, COHORT_VALIDATORS_FIRST, COHORT_VALIDATORS_COUNT };
const char *cohort_validators_name(enum cohort_validators validators); /* "drawn", "first" */

enum { SPOT_CHECKS_MAX = 64, JOINS_PER_EPOCH_MAX = 8 };

/* What genesis fixes for everybody. Times are nanoseconds. */
struct policy {
    enum rank_rule rule;
    uint64_t stake_cap_ppm;
    uint64_t trim_ppm;
    uint64_t margin_ppm;         /* guard: a new incumbent may be worse than the old by at most this */
    uint64_t rollback_ppm;       /* an earlier anchor better than the winner by more than this is restored */
    uint64_t max_ledger_drift;   /* epochs an UPDATE or a node may be late */
    uint64_t stale_discount_ppm; /* of its site's stake, for each epoch an UPDATE is late: weight of its SCORE row */
    unsigned min_participants;
    unsigned joins_per_epoch; /* newcomers that may be agreed on in an epoch; 0: nobody joins */
    uint64_t collect_deadline_ns;
    uint64_t score_deadline_ns;
    uint64_t close_tolerance_ns; /* a CLOSE earlier than the deadline by more than this is refused */
    unsigned retry_budget;       /* deadlines (each double the one before) before an epoch is abandoned */
    enum optimiser optimiser;    /* local cycle */
    unsigned evaluations;        /* its budget (struct cycle_job) */
    uint64_t iteration_limit;
    unsigned migrants;
    unsigned archive_max;
    enum topology topology;
    unsigned shards; /* units of shared work, spread over active nodes by rendezvous hashing */
    unsigned batch_max;
    uint64_t checkpoint_interval, window; /* of PBFT, in blocks: window >= 2 * checkpoint_interval (pbft/pbft.h) */
    unsigned cohort; /* members that contribute to an epoch, at least min_participants; 0: all that are active */
    enum cohort_weights cohort_weights; /* only with a cohort, as the next */
    enum cohort_validators cohort_validators;
    unsigned spot_checks; /* claims that validators run again, of an epoch's UPDATEs and of its rows each; 0: none */
};

void policy_default(struct policy *out);
void policy_put(struct cbor_writer *w, const struct policy *p);
/* The ranges, for one that was filled in by hand: ERR_RANGE names the field. */
enum err policy_check(const struct policy *p, struct diag *diag) MUST_CHECK;
/* Reads and range-checks; errors stick to the reader. */
void policy_get(struct cbor_reader *r, struct policy *out);

#endif
