#ifndef PRISMFED_STATE_REGISTRY_H
#define PRISMFED_STATE_REGISTRY_H

#include "merkle/tree.h"
#include "state/index.h"
#include "state/member.h"

/* The members in the order of joining: an index is for life. They stand on pages, which are the leaves of an RFC 9162
 * tree. Copies share pages and nodes of the tree until one of them changes what is on them; the hashes of what has not
 * changed are kept. So a copy costs nothing, and a change and the root after it cost what lies on its path. Not shared
 * between threads. */

/* A page as bytes: the CBOR array of its members, and zeros behind it. The longest members fill it nearly (asserted).
 */
enum { PAGE_MEMBERS = 8, PAGE_SIZE = 4096 };

/* The fields are the registry's own. Zero-initialise; registry_free() at the end. */
struct registry {
    unsigned count;
    unsigned levels; /* of the tree above the pages */
    struct registry_node *root;
    struct index by_key, by_name;
};

void registry_copy(struct registry *to, const struct registry *from); /* to is zero, or freed first */
void registry_free(struct registry *r);

/* Valid until it is changed, or the last copy that has it is freed. */
const struct member *registry_member(const struct registry *r, unsigned index);
/* To be written; as long as no copy is made. Its name stays; a new key must be told of: registry_new_key(). */
struct member *registry_change(struct registry *r, unsigned index);
void registry_new_key(struct registry *r, unsigned index);
/* Behind the others; it has a name and a key that nobody has. */
void registry_add(struct registry *r, const struct member *m);
/* Index of the member, or -1. */
int registry_find(const struct registry *r, const struct digest *fingerprint);
int registry_find_name(const struct registry *r, const char *name);

unsigned registry_pages(const struct registry *r);
/* The members of a page, PAGE_MEMBERS but on the last; *count of them. */
const struct member *registry_page(const struct registry *r, unsigned page, unsigned *count);
/* Its bytes. */
void registry_page_encode(const struct registry *r, unsigned page, uint8_t out[PAGE_SIZE]);
/* The tree over all pages, to which more leaves may be appended. */
void registry_frontier(const struct registry *r, struct merkle_frontier *out);

#endif
