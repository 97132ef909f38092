#ifndef PRISMFED_STATE_SIGNERS_H
#define PRISMFED_STATE_SIGNERS_H

#include "ledger/end.h"
#include "state/state.h"

/* Who may sign what is recorded of the federation (anchors, summaries), and with which key: the members that are active
 * or absent in a state. A member that is quarantined, convicted or gone does not vouch for anything. Where nobody is
 * active or absent, those who vote sign: somebody must, and they certify the blocks. Nothing decides by it.
 * Zero-initialise; signers_free() at the end. */
struct signers {
    unsigned count, cap;
    struct signer {
        struct digest fingerprint;
        struct public_key key;
    } * items; /* owned; in the order of joining */
};

/* Those of this state, in place of what *out held. What a closed epoch leaves behind is signed by those of the state
 * before its last block: a change of members or keys takes effect with that block. */
void signers_of(const struct federation_state *s, struct signers *out);
/* The key of this fingerprint, as long as s lives; NULL: it may not sign. */
const struct public_key *signers_find(const struct signers *s, const struct digest *fingerprint);
void signers_free(struct signers *s);

/* What the validators sign when a record is closed with this state, which is one between two epochs. */
struct end_statement state_end(const struct federation_state *s);

#endif
