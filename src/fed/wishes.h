#ifndef PRISMFED_FED_WISHES_H
#define PRISMFED_FED_WISHES_H

#include "state/change.h"

/* What the operator wants of the federation: that it agrees on a change (state/change.h), which this validator signs
 * off, that it hears what governors have signed off (state/sign_off.h), or that this participant leaves. It is asked
 * for once and kept, as a record, until the decided state shows that it is done or cannot be done any more: what is
 * lost on the way, has no room yet, or was signed off in a membership epoch that is over, is asked for again, once in
 * each epoch. Who has lost its disk must be told again. */

enum { WISHES_MAX = 64, WISH_RECORD_FIELDS = 2 };

struct wish {
    enum entry_kind kind;  /* ENTRY_RECONFIGURE or ENTRY_SIGN_OFF */
    struct blob *body;     /* of it; one holding */
    struct digest ballot;  /* of it */
    struct change change;  /* in a RECONFIGURE */
    uint64_t until;        /* in a RECONFIGURE */
    uint64_t number;       /* that its record is filed under */
    uint64_t signed_epoch; /* in which it was signed off last since the start; 0: never */
};

/* The fields are the wishes' own. */
struct wishes {
    bool leaving;
    uint64_t leaving_number; /* that the record of it is filed under */
    unsigned count;
    struct wish *items; /* owned; WISHES_MAX, or NULL: there was none yet */
};

struct fed;

void wishes_free(struct fed *f);
/* The operator of this validator signs a change off, or brings in what governors have signed; the same body again is no
 * other wish. ERR_STATE: a change, and no vote here; ERR_LIMIT: WISHES_MAX are open; else what is wrong with the body,
 * or why it can have no effect. */
enum err wishes_sign_off(struct fed *f, struct blob *body) MUST_CHECK;
/* ERR_STATE: a validator leaves by the sign-off of others. */
enum err wishes_leave(struct fed *f) MUST_CHECK;
/* At the end of a step: asks for what is due, forgets what is over. */
void wishes_settle(struct fed *f);

bool wishes_own(struct bytes record);
enum err wishes_restore(struct fed *f, struct bytes record) MUST_CHECK;
/* Records filed under numbers up to this one are about to go: what is still wished for is filed anew. */
void wishes_compact(struct fed *f, uint64_t number);

#endif
