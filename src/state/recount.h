#ifndef PRISMFED_STATE_RECOUNT_H
#define PRISMFED_STATE_RECOUNT_H

#include "state/state.h"

/* Spot checks by validators (docs/decisions/0013-recounts.md). When a phase is over, what was claimed in it can be
 * changed no more, and policy.spot_checks of the claims are drawn by the root of the log as it is then: everybody
 * derives the same ones, nobody knew them when he signed. A validator to whom the site has disclosed its work runs them
 * again, outside of the transition, and speaks up (RECOUNT) only where it gets another cost. When more than f
 * validators say the same other cost one of them is honest: the claim is false. Its author is quarantined, and what it
 * put into the running epoch counts no more. */

/* COLLECT closes, the offers are still there: draws among the claims of the UPDATEs, in the place of those of the
 * epoch before. */
void recount_draw_updates(struct federation_state *s);
/* SCORE closes: the same for the costs in the rows. */
void recount_draw_rows(struct federation_state *s);

/* Its author was found with a false claim: all that is drawn of it has served its purpose. */
void recount_drop(struct federation_state *s, unsigned author);

/* A membership epoch ends. What its validators have said about claims no longer counts; the validators of the next
 * membership epoch recount such a claim themselves. */
void recount_forget(struct federation_state *s);

#endif
