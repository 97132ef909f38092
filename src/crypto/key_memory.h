#ifndef PRISMFED_CRYPTO_KEY_MEMORY_H
#define PRISMFED_CRYPTO_KEY_MEMORY_H

#include "crypto/key.h"

/* What a validator's key has signed, in a file of its own: for a type of statement, a membership epoch, a view and a
 * sequence number there is one statement, whatever the node's store remembers (docs/consensus.md, promise 6). A
 * statement that is not remembered and stands below one that has made room for others is refused as well. All other
 * messages that a key signs are not looked at: handshakes, and entries, of whose numbers the log has one each. */

struct key_memory;

/* What is remembered of each type: far more than a window of sequence numbers. */
enum { KEY_MEMORY_KEPT = 256 };

/* A new, empty file, which must not exist: once in the life of a key. ERR_STATE: it does; ERR_IO. */
enum err key_memory_create(const char *path, struct diag *diag) MUST_CHECK;
/* ERR_MISSING: it is not there; ERR_STATE: another process has it, or it is damaged; ERR_IO. */
enum err key_memory_open(const char *path, struct key_memory **out, struct diag *diag) MUST_CHECK;
void key_memory_close(struct key_memory *m); /* NULL is fine */

/* May this message be signed? Then it is remembered, durably. ERR_DUPLICATE: another one of its place was signed;
 * ERR_RANGE: its place is below what is remembered; ERR_SYNTAX: it looks like a statement and is none; ERR_IO: it
 * cannot be remembered. Any thread. */
enum err key_memory_admit(struct key_memory *m, struct bytes message, struct diag *diag) MUST_CHECK;

/* The highest place of a type, for people. */
struct key_memory_row {
    char subject[32]; /* "prepare", ... */
    struct digest kid, federation_id;
    uint64_t membership_epoch, view, sequence;
    unsigned count; /* remembered */
};
void key_memory_each(struct key_memory *m, void (*tell)(void *context, const struct key_memory_row *row),
                     void *context);

/* From now on *key signs what the memory admits, and nothing else, until the memory is closed: a message that it
 * refuses ends the process, since a node that has come to sign it is not to go on. */
void key_memory_guard(struct key_memory *m, struct secret_key *key);

#endif
