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
/* A VIEW-CHANGE for this view that owns up to nothing, or with forged proofs or a forged checkpoint. */
struct blob *lie_view_change(const struct machine *m, uint64_t view, uint64_t v);
/* A stable checkpoint that nobody vouches for. */
struct blob *lie_stable(const struct machine *m, uint64_t v);
/* The other role's message: a primary's PREPARE for its own PRE-PREPARE, a backup's PRE-PREPARE of the null batch. */
struct blob *lie_role(const struct machine *m, const struct claim *claim);
/* A NEW-VIEW with one proposal changed, or with one fewer; with one view change fewer; of forged view changes, or of
 * the liar's own alone. */
struct blob *lie_new_view(const struct machine *m, struct bytes message, uint64_t v);
/* A NEW-VIEW as this one, of view changes that own up to nothing: forged ones, or the liar's own again and again. */
struct blob *lie_changes(const struct machine *m, const struct new_view *nv, bool own_only);
/* Under another membership epoch or federation. */
struct blob *lie_foreign(const struct machine *m, const struct claim *claim, struct bytes beside, uint64_t v);
/* With one byte changed. */
struct blob *lie_flipped(struct bytes message, uint64_t v);
/* Blocks with a byte changed, none at all, or a height far above; a question as it is. */
struct blob *lie_blocks(struct bytes message, uint64_t v);
/* An offer or a chunk that is not what was asked for; other messages of a transfer as they are. */
struct blob *lie_transfer(struct bytes message, uint64_t v);

#endif
