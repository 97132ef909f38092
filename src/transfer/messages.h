#ifndef PRISMFED_TRANSFER_MESSAGES_H
#define PRISMFED_TRANSFER_MESSAGES_H

#include "codec/cbor.h"
#include "transfer/transfer.h"

/* The wire format of transfer/transfer.h, and of the snapshot that a driver stores. */

struct transfer_wire {
    enum transfer_message type;
    uint64_t height; /* ASK: above */
    uint64_t index;
    struct bytes proof, hashes; /* views into the message, as is chunk */
    struct bytes chunk;
};

/* All return one holding. */
struct blob *transfer_ask(uint64_t above);
struct blob *transfer_offer(uint64_t height, struct bytes proof, struct bytes hashes);
struct blob *transfer_get(uint64_t height, uint64_t index);
struct blob *transfer_chunk(uint64_t height, uint64_t index, struct bytes chunk);
/* Strict; ERR_UNKNOWN for other types, ERR_LIMIT and ERR_RANGE for counts and sizes beyond the limits, ERR_SYNTAX for
 * hashes that are no whole number of digests, and the errors of the CBOR reader. */
enum err transfer_decode(struct bytes in, struct transfer_wire *out) MUST_CHECK;

/* What EFFECT_SNAPSHOT carries: [height, proof, state]. */
struct snapshot {
    uint64_t height;
    struct bytes proof, state; /* views */
};
struct blob *snapshot_encode(const struct snapshot *s); /* one holding */
enum err snapshot_decode(struct bytes in, struct snapshot *out) MUST_CHECK;

#endif
