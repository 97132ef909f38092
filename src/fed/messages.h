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

/* What a wire message is for, so that whoever carries it can keep one kind from standing in the way of another. */
enum message_purpose {
    MESSAGE_CONSENSUS, /* of agreement, and short questions */
    MESSAGE_ENTRIES,   /* signed entries on their way to the log */
    MESSAGE_BULK       /* blocks and states for who is behind */
};
enum message_purpose message_purpose(struct bytes message);
/* "pbft.prepare", "fed.entry", ... of a wire message; "unknown" when it has no type that we know. */
const char *message_name(struct bytes message);

#endif
