#ifndef PRISMFED_SIM_HOSTILE_H
#define PRISMFED_SIM_HOSTILE_H

#include "state/state.h"

/* A liar that sends, beside what its machine says, whatever its key can sign and its line can carry: entries of every
 * kind, with bodies that fit, that do not, that are as large as can be or nested; under numbers that are used, to come
 * or far away; for other epochs and federations; evidence of anything against anybody; messages of every kind, made up,
 * damaged, cut, or said before by itself or by others. */

struct hostile;

struct hostile *hostile_new(uint64_t seed, unsigned index);
void hostile_free(struct hostile *h); /* NULL is fine */
/* Remembers a message that it sent or got. */
void hostile_keep(struct hostile *h, struct blob *message);
/* What it sends now, one holding; NULL: nothing. s: as its node knows it; self: its member index; key: its own. */
struct blob *hostile_message(struct hostile *h, const struct federation_state *s, unsigned self,
                             const struct secret_key *key);

#endif
