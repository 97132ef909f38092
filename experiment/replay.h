#ifndef PRISMFED_EXPERIMENT_REPLAY_H
#define PRISMFED_EXPERIMENT_REPLAY_H

#include "audit/offers.h"
#include "sim/rehearsal.h"

/* From the first node's ledger: the state of the federation in an epoch when the last row is in and the epoch has not
 * ended yet. What a decision would be with other rows is then a matter of decision_make(). The caller
 * frees it (state_free). ERR_STATE: the epoch has not come to a decision. */
enum err replay_undecided(const struct rehearsal *r, uint64_t epoch, struct federation_state *out,
                          struct diag *diag) MUST_CHECK;

/* What each node has offered, by its number; offers: zeroed, one for each node. Errors of the store. */
enum err replay_offers(const struct rehearsal *r, struct offers *offers, struct diag *diag) MUST_CHECK;

#endif
