#ifndef PRISMFED_STATE_MEMBERSHIP_H
#define PRISMFED_STATE_MEMBERSHIP_H

#include "state/state.h"
#include "ledger/link.h"

/* Who takes part, who votes, who weighs how much, and how that changes. A validator signs a change off by an entry
 * (RECONFIGURE); its latest BALLOTS_KEPT ones stand. What a quorum of validators has signed off, for a newcomer its
 * sponsor among them, is agreed, and all that is agreed takes effect with the block that ends the running epoch. Where
 * that changes who votes, the block closes the membership epoch, too; convicted validators go with it.
 *
 * A newcomer is absent until it speaks, and nothing of it weighs in the epoch that it comes with. Its sponsor is a
 * validator, neither convicted nor quarantined nor itself in its first epoch, both when the newcomer is agreed on and
 * when it comes; the founder that stands for the sponsor stands for the newcomer as well. No more newcomers are agreed
 * on in an epoch than policy.joins_per_epoch. No stake is raised above the greatest of the founders'. A key that was
 * rotated away, or is or was a member's, never becomes anybody's. */

/* May this change be agreed on, as things stand? ERR_DUPLICATE: the name or the key is in use; ERR_UNKNOWN: no such
 * member; ERR_STATE: it is out for good, or its sponsor is in no good standing; ERR_RANGE: too much stake; ERR_LIMIT:
 * no room, or too few would be left. */
enum err membership_fits(const struct federation_state *s, const struct change *c) MUST_CHECK;
/* Can it never be made any more? ERR_DUPLICATE: it is made, or its name or key is somebody's; ERR_STATE: who it is
 * about, or its sponsor, is out; ERR_RANGE: nobody gets so much stake. ERR_OK: it can, at some time. */
enum err membership_lost(const struct federation_state *s, const struct change *c) MUST_CHECK;
int membership_find(const struct federation_state *s, const char *name); /* index of the member; -1: none */
bool membership_stays(const struct member *m);                           /* neither convicted nor gone */
/* At the end of the block that ends an epoch. */
void membership_close(struct federation_state *s);

/* f and quorum for n validators: floor((n-1)/3) and the smallest safe quorum, unless genesis wanted fewer liars or more
 * votes than it had to; then the same difference is kept as far as n allows. */
void membership_quorum(const struct federation_state *s, unsigned n, unsigned *faults, unsigned *quorum);

/* Who certifies the block above s. */
void state_voter_set(const struct federation_state *s, struct voter_set *out);

#endif
