#ifndef PRISMFED_STATE_MEMBERSHIP_H
#define PRISMFED_STATE_MEMBERSHIP_H

#include "state/admit.h"
#include "ledger/link.h"

/* Who votes, and how that changes. A validator signs a change off by an entry (RECONFIGURE); its latest
 * BALLOTS_KEPT ones stand. What a quorum of validators has signed off is agreed, and all that is agreed takes effect
 * with the block that ends the running epoch, which closes the membership epoch; convicted validators go with it. */

enum err membership_judge(const struct federation_state *s, const struct judgement *j) MUST_CHECK;
void membership_apply(struct federation_state *s, const struct judgement *j);
/* At the end of the block that ends an epoch. */
void membership_close(struct federation_state *s);

/* f and quorum for n validators: floor((n-1)/3) and the smallest safe quorum, unless genesis wanted fewer liars or more
 * votes than it had to; then the same difference is kept as far as n allows. */
void membership_quorum(const struct federation_state *s, unsigned n, unsigned *faults, unsigned *quorum);

/* Who certifies the block above s. */
void state_voter_set(const struct federation_state *s, struct voter_set *out);

#endif
