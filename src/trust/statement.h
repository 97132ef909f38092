#ifndef PRISMFED_TRUST_STATEMENT_H
#define PRISMFED_TRUST_STATEMENT_H

#include "codec/json.h"
#include "crypto/digest.h"

/* An in-toto Statement v1 with one subject: what somebody says (the predicate) about something that a SHA-256 names.
 *   {"_type": STATEMENT_TYPE, "subject": [{"name", "digest": {"sha256"}}], "predicateType", "predicate"} */

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"

/* Appends it in the form of RFC 8785. The predicate stays the caller's. */
void statement_encode(const char *name, const struct digest *subject, const char *predicate_type,
                      const json_t *predicate, struct buf *out);

struct json_reader;
/* Reads one with this type of predicate, and the subject's name; the reader stands at the document's root. Returns the
 * predicate, whose members the caller reads (read_enter_object() was done, read_leave(mark) ends it), or NULL. */
const json_t *statement_read(struct json_reader *r, const json_t *root, const char *name, const char *predicate_type,
                             struct digest *subject, size_t *mark);

#endif
