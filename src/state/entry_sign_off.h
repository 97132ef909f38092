#ifndef PRISMFED_STATE_ENTRY_SIGN_OFF_H
#define PRISMFED_STATE_ENTRY_SIGN_OFF_H

#include "ledger/entry.h"
#include "state/governance.h"

/* Would an entry with this envelope have an effect? ERR_OK: now. ERR_AGAIN: not yet. Any other error is for good. */
enum err sign_off_prospect(const struct federation_state *s, struct bytes envelope) MUST_CHECK;

#endif
