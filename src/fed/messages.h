#ifndef PRISMFED_FED_MESSAGES_H
#define PRISMFED_FED_MESSAGES_H

#include "fed/fed.h"

/* Our own wire messages, deterministic CBOR:
 *   FED_ENTRY  [16, envelope]            a signed entry that its member wants ordered
 *   FED_FETCH  [17, from]                please send decided blocks from this height on
 *   FED_BLOCKS [18, height, [block...]]  consecutive blocks, and how high the sender's log is
 *   FED_STATUS [19, height]              nothing newer; the sender's log is this high */

enum { MESSAGE_BLOCKS_MAX = 16, MESSAGE_BLOCKS_SIZE_MAX = 1 << 20 };

struct message {
    enum fed_message type;
    struct bytes entry;
    uint64_t height;
    unsigned count;
    struct bytes blocks[MESSAGE_BLOCKS_MAX];
};

/* All return one holding. */
struct blob *message_entry(struct bytes envelope);
struct blob *message_fetch(uint64_t from);
struct blob *message_blocks(uint64_t height, const struct bytes *blocks, unsigned count);
struct blob *message_status(uint64_t height);

/* Strict; the views point into in. ERR_UNKNOWN for a type that is not ours, ERR_LIMIT, and the
 * errors of the CBOR reader. */
enum err message_decode(struct bytes in, struct message *out) MUST_CHECK;

#endif
