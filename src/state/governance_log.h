#ifndef PRISMFED_STATE_GOVERNANCE_LOG_H
#define PRISMFED_STATE_GOVERNANCE_LOG_H

#include "state/execute.h"

/* META-GOVERNANCE-LOG.md: what was signed off in a federation, by whom, and what came of it; which violations there
 * were, and how the policy answered. Every line follows from the log: whoever records it and whoever audits it render
 * the same bytes. */

/* Appends the heading. s: at genesis. Without governors there is no log, and nothing is appended. */
void governance_log_begin(const struct federation_state *s, struct buf *out);
/* Appends the rows of a block. s: after it; entries: its bytes. */
void governance_log_block(const struct federation_state *s, const struct bytes *entries, const struct execution *x,
                          struct buf *out);

#endif
