#ifndef PRISMFED_SIM_HOSTILE_ENTRY_H
#define PRISMFED_SIM_HOSTILE_ENTRY_H

#include "base/prng.h"
#include "state/state.h"

/* Entries that a hostile member signs; for hostile.c. */

struct hostile_author {
    struct prng prng;
    uint64_t sequence;        /* highest that it chose */
    unsigned large;           /* entries as large as can be, so far */
    uint64_t large_sequence;  /* of the last of them */
    struct buf first, second; /* two statements that it made last, for evidence; owned */
};

/* Appends one, signed: an envelope in most cases, and always one signed message of COSE. */
void hostile_entry(struct hostile_author *a, const struct federation_state *s, unsigned self,
                   const struct secret_key *key, struct buf *out);

#endif
