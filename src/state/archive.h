#ifndef PRISMFED_STATE_ARCHIVE_H
#define PRISMFED_STATE_ARCHIVE_H

#include "aggregate/rank.h"
#include "state/state.h"

/* Genomes worth starting from, for the sites' next local cycles; they are candidates of the next epoch again, so that
 * each epoch scores them anew. */

/* At the end of an anchored epoch, with its candidates and rows still there: the new incumbent, then by the decision's
 * own scores, the ranks, best first, those that lie apart from all that are in; what is left of policy.archive_max goes
 * to the best of the others. With the topologies `ring` and `region` the best one of each site or region comes before
 * the second best of any, so that there is something to migrate from everywhere. */
void archive_renew(struct federation_state *s, const struct rank_result *ranks);

/* Who offered this candidate first: a member, counted from 1; 0: nobody knows. */
unsigned archive_origin(const struct federation_state *s, const struct candidate *c);

/* The genomes that policy.topology gives the member to start from, best first, into CYCLE_ARCHIVE_MAX. Returns how
 * many. */
unsigned archive_of(const struct federation_state *s, unsigned member, struct genome *into);

/* The latest ARCHIVE_HISTORY genomes that were incumbents before the present one, as far as there is room: what a
 * rollback can go back to. Returns how many. */
enum { ARCHIVE_HISTORY = 2 };
unsigned archive_history(const struct federation_state *s, struct candidate *into, unsigned room);

#endif
