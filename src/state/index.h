#ifndef PRISMFED_STATE_INDEX_H
#define PRISMFED_STATE_INDEX_H

#include "crypto/digest.h"

/* From digests to numbers: a trie whose copies share what is equal in them. It only grows. Not shared between threads.
 */

/* Zero-initialise; index_free() at the end. */
struct index {
    struct index_node *root;
};

/* The digest that a number was put under, or one that it was put under later. */
typedef struct digest index_key(const void *context, unsigned number);

void index_copy(struct index *to, const struct index *from); /* to is zero, or freed first */
void index_free(struct index *x);
/* Numbers that were put under digests with the same beginning stand where key_of() says. number < 2^31. */
void index_put(struct index *x, const struct digest *key, unsigned number, index_key *key_of, const void *context);
/* The only number that can have been put under this digest; -1: none. Whether it was, the caller must look. */
int index_find(const struct index *x, const struct digest *key);

#endif
