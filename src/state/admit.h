#ifndef PRISMFED_STATE_ADMIT_H
#define PRISMFED_STATE_ADMIT_H

#include "state/state.h"

/* Judging an entry, and what makes it count: shared by the files of this folder. */

struct judgement {
    struct envelope envelope; /* views into the entry */
    unsigned member;          /* its signer */
    bool too_late;            /* an UPDATE that is more than max_ledger_drift late: quarantines its signer */
};

/* What needs no state but the membership: syntax, federation, member, signature, body. */
enum err entry_check(const struct federation_state *s, struct bytes entry, struct judgement *out) MUST_CHECK;
/* The rest, for a checked entry: status, sequence, phase, content. */
enum err entry_judge(const struct federation_state *s, struct judgement *j) MUST_CHECK;

/* Whom do the two statements convict? ERR_DUPLICATE is not judged here. */
enum err evidence_culprit(const struct federation_state *s, const struct evidence_body *body,
                          unsigned *member) MUST_CHECK;

/* Effects of an accepted entry in the block above s. */
void entry_apply(struct federation_state *s, const struct judgement *j, const struct digest *leaf_hash);
void member_quarantine(struct federation_state *s, const struct judgement *j);

/* Frees what a member put into the running epoch and forgets it. */
void contribution_clear(struct contribution *c);

#endif
