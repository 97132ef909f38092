#ifndef PRISMFED_STATE_DECISION_H
#define PRISMFED_STATE_DECISION_H

#include "aggregate/rank.h"
#include "state/state.h"

/* How an epoch ends. */
struct decision {
    bool anchored;
    bool rolled_back;
    unsigned winner;  /* index of a candidate; 0: the incumbent stands */
    int64_t gain_ppm; /* of the winner over the incumbent */
    bool held;        /* the winner waits for the governors, whatever the policy says of others */
    bool governed;    /* what they have signed off takes its place (governance.due) */
};

/* Reduces the rows that are there (one at least): the scores, and the gain of the best over the incumbent. */
int64_t decision_rank(const struct federation_state *s, struct rank_result *out);
/* SCORE is over: reduces the rows, of which the scores are left in *ranks, and applies the guard. */
struct decision decision_make(const struct federation_state *s, struct rank_result *ranks);
/* Is the winner the incumbent of an earlier anchor, so much better that this is a rollback? */
bool decision_restores(const struct federation_state *s, const struct decision *d, uint64_t *epoch);

#endif
