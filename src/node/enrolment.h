#ifndef PRISMFED_NODE_ENROLMENT_H
#define PRISMFED_NODE_ENROLMENT_H

#include "node/members.h"
#include "node/request.h"
#include "scenario/scenario.h"

/* From the requests of all founders to the genesis of a real federation. A request is a member as the plan has it, with
 * the key that the site has made; whatever differs is refused with the place, and nobody is admitted by halves. */

struct enrolment_seat {
    bool taken;
    struct request request;
};

/* The fields are the enrolment's own. */
struct enrolment {
    const struct scenario *plan; /* borrowed */
    struct digest terms;
    struct enrolment_seat *seats; /* owned; one for each node of the plan */
};

/* Errors of scenario_terms(). *out is the caller's: enrolment_fini(). */
enum err enrolment_init(struct enrolment *out, const struct scenario *plan, struct diag *diag) MUST_CHECK;
void enrolment_fini(struct enrolment *a);

/* A request that request_open() has accepted. Refused, with the reason: ERR_MISMATCH (another federation, or terms, or
 * a card that differs from the plan's), ERR_UNKNOWN (a name that the plan does not have), ERR_DUPLICATE (a name, a key
 * or an address that is taken), ERR_KEY (a key of a rehearsal), ERR_STATE (a node that joins later), ERR_MISSING (a
 * validator without an address). */
enum err enrolment_take(struct enrolment *a, const struct request *request, struct diag *diag) MUST_CHECK;
/* Is node a founder by the plan whose request has not been taken? */
bool enrolment_misses(const struct enrolment *a, unsigned node);
/* Nobody may be missing. Appends the genesis document, which genesis_decode() has accepted. */
enum err enrolment_genesis(const struct enrolment *a, struct buf *out, struct diag *diag) MUST_CHECK;
/* Whose fingerprints and addresses; *out is the caller's: members_fini(). */
void enrolment_members(const struct enrolment *a, struct bytes genesis, struct members *out);

#endif
