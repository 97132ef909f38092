#ifndef PRISMFED_STORM_LIES_H
#define PRISMFED_STORM_LIES_H

#include "storm/world.h"

/* Messages as a liar makes them, with its own key only. Each is one holding of the caller's. */

/* What a message says first, and what is beside it; false for what is not signed. */
bool lie_open(const struct world *w, struct bytes message, struct claim *claim, struct bytes *beside);
/* The statement in another form, signed by the liar. */
struct blob *lie_statement(const struct machine *m, const struct statement *says, struct bytes beside);
/* A PRE-PREPARE of another batch for the same place. */
struct blob *lie_batch(const struct machine *m, const struct claim *claim, struct bytes batch, uint64_t v);
/* A VIEW-CHANGE for this view that owns up to nothing. */
struct blob *lie_view_change(const struct machine *m, uint64_t view);
/* A NEW-VIEW with one proposal changed, or with one fewer. */
struct blob *lie_new_view(const struct machine *m, struct bytes message, uint64_t v);
/* Under another membership epoch or federation. */
struct blob *lie_foreign(const struct machine *m, const struct claim *claim, struct bytes beside, uint64_t v);
/* With one byte changed. */
struct blob *lie_flipped(struct bytes message, uint64_t v);

#endif
