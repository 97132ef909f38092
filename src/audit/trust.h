#ifndef PRISMFED_AUDIT_TRUST_H
#define PRISMFED_AUDIT_TRUST_H

#include "audit/replay.h"
#include "trust/root.h"

/* A trust root, as the auditor was given it: the version that is trusted, and those that follow it. */

struct audit_trust {
    const char *path; /* of the newest version that was given; borrowed */
    struct root root; /* it */
    enum err fault;   /* of it, or of one before it, as root_check() says; ERR_OK: none */
    struct diag why;
    bool has_at; /* at which time must it hold? */
    int64_t at;  /* as root.expires */
};

/* One version more; the first one is trusted as it is, if as many have signed it as it says. path is borrowed. Errors
 * are those of a file that is none (root_parse): what is wrong with one that is a root is found by trust_judge(). */
enum err audit_trust_add(struct audit_trust *t, const char *path, struct bytes text, struct diag *diag) MUST_CHECK;
/* Is the root good, and does it vouch for this federation? */
bool trust_vouches(const struct audit_trust *t, const struct digest *federation_id);
/* The findings about the root; NULL: nobody gave one. */
void trust_judge(const struct audit_trust *t, const struct federation_state *end, bool whole,
                 struct audit_report *report);

#endif
