#ifndef PRISMFED_STATE_NAMES_H
#define PRISMFED_STATE_NAMES_H

#include "state/state.h"

/* Whose fingerprint is it, or was it before the key was rotated? For those who show what the log says; nothing decides
 * by it. Zero-initialise. */
struct names {
    unsigned count, cap;
    struct known_name {
        struct digest fingerprint;
        char name[MEMBER_NAME_MAX + 1];
    } * items; /* owned */
};

/* All members of s that are not known yet. */
void names_learn(struct names *names, const struct federation_state *s);
/* context: a struct names; NULL: unknown. Of the type that ledger/epoch_file.h wants. */
const char *names_find(const void *context, const struct digest *fingerprint);
void names_free(struct names *names);

#endif
