#ifndef PRISMFED_GOVERN_ARCHIVE_H
#define PRISMFED_GOVERN_ARCHIVE_H

#include "govern/state.h"

/* Genomes worth starting from, for every site's next local cycle; they are candidates of the next epoch again, so that
 * each epoch scores them anew. */

/* At the end of an anchored epoch, with its candidates and rows still there: the new incumbent, then by the decision's
 * own scores, best first, those that lie apart from all that are in; what is left of policy.archive_max goes to
 * the best of the others. */
void archive_renew(struct federation_state *s);

/* The latest ARCHIVE_HISTORY genomes that were incumbents before the present one, as far as there is room: what a
 * rollback can go back to. Returns how many. */
enum { ARCHIVE_HISTORY = 2 };
unsigned archive_history(const struct federation_state *s, struct candidate *into, unsigned room);

#endif
