#ifndef PRISMFED_STATE_CANDIDATES_H
#define PRISMFED_STATE_CANDIDATES_H

#include "evolve/local_cycle.h"
#include "state/state.h"

/* COLLECT closes, the offers are still there: makes the candidates of the epoch. They are the incumbent, the archive,
 * the incumbents before (state/archive.h) and what was offered: each member's best, then the second best of each, and
 * so on. Where not all genomes of a turn find room, those that do are drawn by the root of the log as it is now:
 * everybody derives the same ones, and neither the order of joining nor that of arrival shows. The offers are freed;
 * s->left_out is how many of them are not among the candidates. */
void candidates_align(struct federation_state *s);

/* So many genomes find room, the archive and the incumbents before among them. */
enum { CANDIDATES_ROOM = CYCLE_CANDIDATES_MAX - 1 };

#endif
