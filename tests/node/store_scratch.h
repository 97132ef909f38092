#ifndef PRISMFED_TESTS_NODE_STORE_SCRATCH_H
#define PRISMFED_TESTS_NODE_STORE_SCRATCH_H

#include "base/prng.h"
#include "node/store.h"

/* A store in a folder of the test's own, and short ways to use it. */

extern const struct digest scratch_federation;

const char *scratch_path(void);        /* of the store; the folder is made at the first call */
void scratch_clear(void);              /* the store is gone, with what is beside it */
void scratch_unlink(const char *path); /* the same of another store */
void scratch_end(void);                /* the folder, too */

/* Must open. */
struct store *scratch_open(void);
struct diag *scratch_diag(void); /* of the last complaint */

/* Waits until this write is durable, or a write has failed: its error. */
enum err scratch_wait(struct store *s, uint64_t serial);

/* Bytes that only this seed gives, of that length. */
struct blob *scratch_blob(uint64_t seed, size_t len);
bool scratch_is(struct bytes bytes, uint64_t seed, size_t len);

/* The records of a store, one behind the other, each with its length before it (8 bytes). */
enum err scratch_records(struct store *s, struct buf *out);

#endif
