#ifndef PRISMFED_PROGRAM_ANSWERS_H
#define PRISMFED_PROGRAM_ANSWERS_H

#include "crypto/digest.h"
#include "evolve/evaluator.h"

/* The answers that programs have given: enough for an epoch of many sites, and always the same memory. A question that
 * is being answered is not asked a second time. Any thread may call these. */

struct answers;
struct answers_slot;

struct answers *answers_new(void);
void answers_free(struct answers *a); /* NULL is fine */

enum answers_found { ANSWERS_NONE, ANSWERS_KEPT, ANSWERS_CLAIMED };

/* Waits while the question is being answered. ANSWERS_NONE: *slot is where the answer is to be put, and the caller's
 * until then; NULL: there is no room. ANSWERS_CLAIMED: the answer, which was claimed before it was asked for, and now
 * is for the first time. */
enum answers_found answers_find(struct answers *a, const struct digest *key, struct answers_slot **slot,
                                struct evaluation *out);
/* For one who will be asked: waits for nobody. A place for the answer, as above, or NULL: it is there, is being given,
 * or there is no room. */
struct answers_slot *answers_claim(struct answers *a, const struct digest *key);
void answers_put(struct answers *a, struct answers_slot *slot, const struct evaluation *answer);
/* An answer from elsewhere, kept if there is room. */
void answers_learn(struct answers *a, const struct digest *key, const struct evaluation *answer);

#endif
