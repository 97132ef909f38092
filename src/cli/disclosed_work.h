#ifndef PRISMFED_CLI_DISCLOSED_WORK_H
#define PRISMFED_CLI_DISCLOSED_WORK_H

#include "audit/audit.h"

/* The work that a scenario discloses: of its nodes with "disclosed", and the shards, which all sites have. Graphs only:
 * a program of the user's may answer otherwise elsewhere. */

struct disclosed_work;

/* seed: NULL: the scenario's own. Errors name the place. */
enum err disclosed_work_new(const char *scenario, const uint64_t *seed, struct disclosed_work **out,
                            struct diag *diag) MUST_CHECK;
void disclosed_work_free(struct disclosed_work *w); /* NULL is fine */
/* The rehearsal that the scenario vouches for, with its federation; borrows path, and work, which is NULL without a
 * spot check. */
struct audit_rehearsal disclosed_work_rehearsal(const struct disclosed_work *w, const char *path,
                                                const struct claim_work *work);
/* A view, as long as w lives. A member is the scenario's when it has the key that the scenario's node has with this
 * seed; work that an event changes on the way is not disclosed. */
struct claim_work disclosed_work_view(struct disclosed_work *w);

#endif
