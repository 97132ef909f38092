#ifndef PRISMFED_STATE_ENTRY_SIGN_OFF_H
#define PRISMFED_STATE_ENTRY_SIGN_OFF_H

#include "ledger/entry.h"
#include "state/governance.h"

/* Would an entry with this envelope have an effect? ERR_OK: now. ERR_AGAIN: not yet. Any other error is for good. */
enum err sign_off_prospect(const struct federation_state *s, struct bytes envelope) MUST_CHECK;

/* A SIGN_OFF entry that was checked, told: what is signed off, and by whom. */
struct sign_off_told {
    const struct sign_off *statement;
    struct digest digest; /* of the Statement's bytes */
    unsigned signer_count;
    const struct digest *signers[DSSE_SIGNATURES_MAX];
};
/* Views of the entry; false: it is of another kind, or its body is none. */
bool entry_signs_off(const struct entry *e, struct sign_off_told *out);

#endif
