#ifndef PRISMFED_FED_DUTIES_H
#define PRISMFED_FED_DUTIES_H

#include "evolve/local_cycle.h"
#include "state/claim.h"
#include "state/execute.h"

/* What the decided state wants of this node, and what the node has done about it: a contribution to the running epoch,
 * and, of a validator, a word when a deadline has passed.
 *
 * A validator's clock for the running attempt of a phase:
 *
 *                 an attempt begins                its deadline passes
 *   CLOCK_STOPPED ----------------> CLOCK_RUNNING --------------------> CLOCK_EXPIRED
 *      ^  ^                           |      ^                             |    |
 *      |  +---------------------------+      +------ another attempt ------+    |
 *      +------------- the last epoch is over; or others vote from here on ------+
 *
 * Work that the driver does for it, a local cycle or the scores of the candidates:
 *
 *   WORK_NONE ---- asked for ----> WORK_RUNNING ---- answered ----> WORK_DONE
 *      ^                                                               |
 *      +------------- it has counted, is too old, or is empty ---------+
 */

enum phase_clock { CLOCK_STOPPED, CLOCK_RUNNING, CLOCK_EXPIRED };
enum work_state { WORK_NONE, WORK_RUNNING, WORK_DONE };

/* A phase's attempt: what a deadline and a CLOSE are about. Ordered lexicographically. */
struct moment {
    uint64_t epoch;
    enum epoch_phase phase;
    uint64_t attempt;
};

/* What a job of this node is about: a claim names the block, so that others can tell as well. */
struct basis {
    uint64_t epoch;
    struct digest block_id;
    struct claim_shards shards; /* that were ours after it */
};

/* A candidate that this node has scored. */
struct known {
    struct digest hash;
    bool own;            /* we offered it */
    struct blob *genome; /* encoded; one holding */
    uint64_t cost;
};

/* The fields are the duties' own. */
struct duties {
    enum phase_clock clock;
    struct moment moment; /* the attempt that the clock is for */
    int64_t deadline_ns;
    bool expecting;         /* PBFT was told that the primary owes us something */
    int64_t deadline_at_ns; /* the timer, as it is armed; 0: not */

    enum work_state cycle_state;
    struct basis cycle_basis;
    struct cycle_result *cycle; /* WORK_DONE; owned */
    enum work_state score_state;
    struct basis score_basis;
    unsigned score_count;  /* WORK_DONE */
    uint64_t *score_costs; /* owned */
    unsigned known_count;  /* the best of what we scored last, a restart forgets it: for our next cycle */
    struct known known[CYCLE_KNOWN_MAX];

    bool settled; /* duties_settle() has seen settled_height and what comes below */
    uint64_t settled_height, settled_epoch;
    enum member_status settled_status;
};

struct fed;
struct fed_event;

void duties_free(struct fed *f);
/* The end of a step: does what has become due. */
void duties_settle(struct fed *f);
void duties_meet_voters(struct fed *f); /* the decided state began a membership epoch */
enum err duties_cycle_done(struct fed *f, const struct fed_event *event) MUST_CHECK;
enum err duties_score_done(struct fed *f, const struct fed_event *event) MUST_CHECK;
void duties_deadline(struct fed *f); /* its timer */
/* Is a CLOSE for this moment due by our clock, give or take tolerance_ns? ERR_AGAIN: not yet. A moment that is over
 * in s is harmless (ERR_OK): the entry has no effect there. */
enum err duties_judge_close(const struct fed *f, const struct federation_state *s, const struct moment *m,
                            int64_t tolerance_ns) MUST_CHECK;

#endif
