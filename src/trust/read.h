#ifndef PRISMFED_TRUST_READ_H
#define PRISMFED_TRUST_READ_H

#include "codec/json_read.h"
#include "crypto/key.h"

/* Members of a JSON object that are 32 bytes in lower-case hex. */

void read_digest(struct json_reader *r, const json_t *object, const char *key, struct digest *out);
/* An Ed25519 key that key_check() accepts; ERR_KEY. */
void read_public_key(struct json_reader *r, const json_t *object, const char *key, struct public_key *out);

#endif
