#ifndef PRISMFED_STORM_APPLICATION_H
#define PRISMFED_STORM_APPLICATION_H

#include "crypto/digest.h"

enum { REQUEST_SIZE_MIN = 16 };

/* Request number `timestamp` (from 1) of a client. */
struct blob *request_make(unsigned client, uint32_t timestamp, uint64_t operation);

/* A block's place among the membership epochs: the number of its own, and whether it closes that. */
struct place {
    uint64_t epoch;
    bool closes;
};

/* A block as it is in the ledger: views. */
struct stored_block {
    struct digest id, parent, root, batch_digest;
    uint64_t height;
    struct place place;
    struct bytes batch, certificate;
};
enum err stored_block_decode(struct bytes in, struct stored_block *out) MUST_CHECK;
struct digest header_id(const struct digest *parent, const struct digest *batch, const struct digest *root,
                        const struct place *place);
/* In one number: the last bit says whether it closes. */
uint64_t place_put(const struct place *place);
struct place place_take(uint64_t number);

#endif
