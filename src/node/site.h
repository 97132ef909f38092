#ifndef PRISMFED_NODE_SITE_H
#define PRISMFED_NODE_SITE_H

#include "scenario/scenario.h"
#include "state/claim.h"

/* What this site has to work on: its own instances, the shared ones, and what other sites disclose. */

struct site {
    const struct scenario *scenario; /* borrowed */
    unsigned node;                   /* of the scenario: whose site it is */
    struct programs *programs;       /* owned; NULL: the built-in solver's work alone */
    struct workload *works;          /* owned; one for each node, empty where it is not ours to see */
    struct instance *shards;         /* owned; policy.shards of them */
};

/* seed: of the scenario, from which built-in work is drawn. Errors of scenario_workload() and scenario_shard(); then
 * *out is empty. */
enum err site_open(const struct scenario *s, unsigned node, uint64_t seed, struct site *out,
                   struct diag *diag) MUST_CHECK;
void site_close(struct site *s);

/* Is it what genesis says of the shared work, and the site's card of what it discloses? Others would take what comes of
 * other work for a false claim. member: NULL: it is none yet. ERR_MISMATCH. */
enum err site_check(const struct site *s, const struct federation_state *state, const struct member *member,
                    struct diag *diag) MUST_CHECK;

/* The site's own work, and what may be run again for others. They borrow s. */
struct claim_work site_own(struct site *s);
struct claim_work site_disclosed(struct site *s);

#endif
