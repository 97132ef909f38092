#ifndef PRISMFED_LEDGER_ENTRY_H
#define PRISMFED_LEDGER_ENTRY_H

#include "crypto/envelope.h"

/* An entry that is opened: its bytes, and all that can be told from them. It is opened once, where it comes in (from
 * the wire, from a record, from a block), and handed on: who holds it parses, verifies and decodes nothing again. What
 * it says is a function of its bytes, so two entries of the same bytes are the same to everybody. */

/* The fields are the entry's own. */
struct entry {
    unsigned holders;
    struct blob *blob; /* the bytes, exactly as they came; one holding */
    struct digest leaf_hash;
    enum err syntax; /* envelope_parse's verdict; what follows is valid when it is ERR_OK */
    struct envelope envelope;
    struct cose_sign1 cose;
    unsigned member; /* its signer in the state that was asked last; a hint */

    /* The verdict on the signature, under the key that was asked for last. */
    bool verified;
    struct public_key key;
    enum err signature;

    /* The body in the form that the layer above wants (entry_decode). */
    bool decoded;
    enum err content;
    void *body; /* owned; NULL: none */
};

/* Any bytes; they are copied. One holding is the caller's. */
struct entry *entry_open(struct bytes bytes);
struct entry *entry_hold(struct entry *e);
void entry_drop(struct entry *e); /* NULL is fine */
/* Does anybody hold it beside the one who asks, or its bytes alone? */
bool entry_is_shared(const struct entry *e);

static inline struct bytes entry_bytes(const struct entry *e)
{
    return blob_bytes(e->blob);
}

/* All entries of a block, in order: an array with one holding of each. The caller's to drop. */
struct entry **entries_open(const struct bytes *bytes, unsigned count);
void entries_drop(struct entry **entries, unsigned count);

/* Is it signed with this key? As cose_verify, which is asked once for a key; cache: borrowed, or NULL. Of an entry
 * whose syntax is right. */
enum err entry_verify(struct entry *e, const struct public_key *key, struct verify_cache *cache) MUST_CHECK;

/* Makes *body, which becomes the entry's: one piece of memory, without pointers to others but into the envelope.
 * context may tell it what is the same for all entries of a federation, and nothing else. */
typedef enum err entry_decoder(const void *context, const struct envelope *e, void **body);
/* The decoder's verdict; it is asked once. */
enum err entry_decode(struct entry *e, entry_decoder *decode, const void *context) MUST_CHECK;

void entry_set_member(struct entry *e, unsigned member);

#endif
