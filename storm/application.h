#ifndef PRISMFED_STORM_APPLICATION_H
#define PRISMFED_STORM_APPLICATION_H

#include "crypto/digest.h"

enum { REQUEST_SIZE_MIN = 16 };

/* Request number `timestamp` (from 1) of a client. */
struct blob *request_make(unsigned client, uint32_t timestamp, uint64_t operation);

/* A block as it is in the ledger: views. */
struct stored_block {
    struct digest id, root;
    struct bytes batch, certificate;
};
bool block_decode(struct bytes in, struct stored_block *out);
struct digest header_id(const struct digest *parent, const struct digest *batch, const struct digest *root);

#endif
