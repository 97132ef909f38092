#ifndef PRISMFED_SIM_EQUIVOCATE_H
#define PRISMFED_SIM_EQUIVOCATE_H

#include "state/state.h"

/* A validator that tells half of the others something else than the rest, each time under its own signature: as primary
 * another batch for the same place (the entries the other way round; none, where there is one), else a vote or a
 * checkpoint for another digest. */

/* What replica `to` of the state's membership epoch hears in place of the message, which its signer, with this key, is
 * about to send: NULL: the message itself. One holding is the caller's. */
struct blob *equivocate(const struct federation_state *s, const struct secret_key *key, unsigned to,
                        struct bytes message);

#endif
