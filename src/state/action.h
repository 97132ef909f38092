#ifndef PRISMFED_STATE_ACTION_H
#define PRISMFED_STATE_ACTION_H

#include "state/governance.h"

/* What governors may sign off: each action is one file, action_NAME.c, and one row of the table in
 * entry_sign_off.c. */

struct action_row {
    /* May it be signed off as the state is now? Not: who has signed, and how many. */
    enum err (*judge)(const struct federation_state *s, const struct sign_off *b);
    /* It is agreed on, and was judged ERR_OK. */
    void (*apply)(struct federation_state *s, const struct sign_off *b);
};

extern const struct action_row action_apply, action_policy, action_quarantine, action_release, action_rollback,
    action_halt, action_resume, action_rotate_key, action_revoke_key;

#endif
