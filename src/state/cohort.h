#ifndef PRISMFED_STATE_COHORT_H
#define PRISMFED_STATE_COHORT_H

#include "state/state.h"

/* Who contributes to an epoch. With policy.cohort that many of the active members, all of them when there are no more,
 * and nobody else: drawn by the root of the log as the epoch begins, so that nobody chooses who takes part, everybody
 * derives the same ones, and an epoch costs what its cohort costs however many members there are. How likely each of
 * them is drawn, and whether validators come first, the policy says. Without it: everybody. */

/* The epoch begins: who is a member by now is known. */
void cohort_draw(struct federation_state *s);

/* Those who contribute, in the order of members. */
unsigned cohort_size(const struct federation_state *s);
unsigned cohort_member(const struct federation_state *s, unsigned number);
/* May anything that the member says count in the running epoch? */
bool cohort_has(const struct federation_state *s, unsigned member);
/* Is the running epoch waiting for the member? It is active and one of those who contribute. */
bool cohort_awaits(const struct federation_state *s, unsigned member);

#endif
