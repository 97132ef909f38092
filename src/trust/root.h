#ifndef PRISMFED_TRUST_ROOT_H
#define PRISMFED_TRUST_ROOT_H

#include "trust/dsse.h"

/* The trust root: who speaks for a federation, in a signed document of versions, as TUF has it. Payload of a DSSE
 * envelope of type ROOT_TYPE, JSON in the form of RFC 8785:
 *   {"_type": "root", "version", "expires": "YYYY-MM-DDThh:mm:ssZ", "federation": federation id,
 *    "keys": {fingerprint: {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": hex}}},
 *    "roles": {role: {"keyids": [fingerprint, ...], "threshold"}}}
 * The role root is always there; it signs the document. A version is signed by the thresholds of the roles root of
 * itself and of the version before it. */

#define ROOT_TYPE "application/vnd.prismfed.root+json"

enum { ROOT_KEYS_MAX = 64, ROOT_TIME_SIZE = sizeof "YYYY-MM-DDThh:mm:ssZ" };
#define ROOT_VERSION_MAX (UINT64_C(1) << 53)

enum root_role { ROOT_ROLE_ROOT, ROOT_ROLE_GOVERNANCE, ROOT_ROLE_VALIDATOR, ROOT_ROLE_AUDITOR, ROOT_ROLE_COUNT };
const char *root_role_name(enum root_role role); /* "root", "governance", "validator", "auditor" */

struct root_party {
    unsigned count; /* 0: the role is not there */
    unsigned threshold;
    struct public_key keys[ROOT_KEYS_MAX]; /* by fingerprint; different ones */
};

struct root {
    uint64_t version;
    int64_t expires; /* seconds since 1970-01-01T00:00:00Z, without leap seconds */
    struct digest federation;
    struct root_party roles[ROOT_ROLE_COUNT];
};

/* Adds the key in its place. ERR_DUPLICATE; ERR_LIMIT. */
enum err root_party_add(struct root_party *party, const struct public_key *key) MUST_CHECK;
/* Appends the payload. */
void root_encode(const struct root *root, struct buf *out);
/* Strict: only what root_encode() writes. Every threshold is 1 at least and at most its role's keys. name: of the file,
 * for the diag. */
enum err root_decode(const char *name, struct bytes in, struct root *out, struct diag *diag) MUST_CHECK;
/* An envelope in any form of JSON, with a root in it; *envelope is the caller's (dsse_free). */
enum err root_parse(const char *name, struct bytes in, struct dsse *envelope, struct root *out,
                    struct diag *diag) MUST_CHECK;

/* How many different keys of the role have signed the envelope. ERR_SIGNATURE: one of them in vain. */
enum err root_voices(const struct root *root, enum root_role role, const struct dsse *envelope,
                     unsigned *voices) MUST_CHECK;
/* Is the envelope, whose root this is, signed by its own threshold, and by that of the version before it (NULL: it is
 * the one that is trusted)? ERR_QUORUM: too few; ERR_STALE: an older version, or the same one; ERR_MISSING: a version
 * between them is missing; ERR_MISMATCH: another federation; ERR_SIGNATURE. */
enum err root_check(const struct dsse *envelope, const struct root *root, const struct root *before,
                    struct diag *diag) MUST_CHECK;

/* "YYYY-MM-DDThh:mm:ssZ" of the years 1970 to 9999, and back. ERR_SYNTAX. */
enum err root_time_parse(const char *text, int64_t *out) MUST_CHECK;
void root_time_print(int64_t seconds, char out[ROOT_TIME_SIZE]);

#endif
