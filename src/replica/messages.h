#ifndef PRISMFED_REPLICA_MESSAGES_H
#define PRISMFED_REPLICA_MESSAGES_H

#include "replica/replica.h"

/* The wire messages of catch-up, deterministic CBOR:
 *   REPLICA_FETCH  [17, from]                please send decided blocks from this height on
 *   REPLICA_BLOCKS [18, height, [block...]]  consecutive blocks, and how high the sender's log is
 *   REPLICA_STATUS [19, height]              the sender's log is this high, and it has none of the blocks asked for;
 * also what one hears who is in an earlier membership epoch */

enum replica_message { REPLICA_FETCH = 17, REPLICA_BLOCKS, REPLICA_STATUS };

struct replica_wire {
    enum replica_message type;
    uint64_t height;
    unsigned count;
    struct bytes blocks[REPLICA_BLOCKS_MAX]; /* views into the message */
};

/* All return one holding. */
struct blob *replica_message_fetch(uint64_t from);
struct blob *replica_message_blocks(uint64_t height, const struct bytes *blocks, unsigned count);
struct blob *replica_message_status(uint64_t height);

/* Strict. ERR_UNKNOWN for a type that is not one of these, ERR_LIMIT, and the errors of the CBOR reader. */
enum err replica_message_decode(struct bytes in, struct replica_wire *out) MUST_CHECK;

#endif
