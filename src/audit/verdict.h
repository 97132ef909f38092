#ifndef PRISMFED_AUDIT_VERDICT_H
#define PRISMFED_AUDIT_VERDICT_H

#include "audit/report.h"
#include "crypto/key.h"

/* What an auditor signs for others: an in-toto Simple Verification Result in a DSSE envelope (trust/dsse.h). It says
 * what passed; what did not is in the report. The subject is SHA-256 of a line for each label: its name, federation,
 * size and root of the log, each behind a space, as "audited" in the predicate has them. */

#define VERDICT_PREDICATE "https://in-toto.io/attestation/svr/v0.2"
#define VERDICT_VERIFIER "prismfed audit"

/* Appends the signed envelope. at: when, as RFC 3339 has it, in the auditor's own words; NULL: nobody said. ERR_LIMIT:
 * there are so many labels that no envelope holds them. */
enum err verdict_sign(const struct audit_report *r, const struct secret_key *key, const char *at,
                      struct buf *out) MUST_CHECK;

#endif
