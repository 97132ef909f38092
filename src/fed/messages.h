#ifndef PRISMFED_FED_MESSAGES_H
#define PRISMFED_FED_MESSAGES_H

#include "fed/fed.h"

/* Our own wire message, deterministic CBOR:
 *   FED_ENTRY  [16, envelope]  a signed entry that its member wants ordered
 * All others are the replica's. */

/* One holding. */
struct blob *message_entry(struct bytes envelope);
/* Strict; *envelope is a view into in. ERR_UNKNOWN for a type that is not ours, ERR_LIMIT, and the errors of the CBOR
 * reader. */
enum err message_entry_decode(struct bytes in, struct bytes *envelope) MUST_CHECK;

#endif
