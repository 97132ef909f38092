#ifndef PRISMFED_MERKLE_CHUNKS_H
#define PRISMFED_MERKLE_CHUNKS_H

#include "merkle/tree.h"

/* A long byte string as the leaves of an RFC 9162 tree: cut into chunks of one size, the last one may be shorter. Who
 * knows the root can check the leaf hashes, and with these each chunk alone. */

uint64_t chunks_count(size_t len, size_t chunk_size);
struct bytes chunks_at(struct bytes whole, size_t chunk_size, uint64_t index); /* view; index < chunks_count() */
/* Appends the leaf hashes, DIGEST_SIZE bytes each. */
void chunks_hash(struct bytes whole, size_t chunk_size, struct buf *hashes);
/* Root over leaf hashes as chunks_hash() writes them; hashes.len must be a multiple of DIGEST_SIZE. */
struct digest chunks_root_of(struct bytes hashes);
struct digest chunks_root(struct bytes whole, size_t chunk_size);

#endif
