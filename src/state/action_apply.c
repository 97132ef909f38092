#include "base/mutate.h"
#include "state/action.h"

/* FEDERATED_APPLY: the approval gate. An incumbent that is held becomes the federation's when the epoch in which it is
 * agreed on has ended: what sites are at work on does not change under them. */

static enum err judge(const struct federation_state *s, const struct sign_off *b)
{
    const struct anchor *held = governance_held(s->governance, b->epoch);

    if (held == NULL)
        return b->epoch >= s->epoch ? ERR_AGAIN : ERR_STATE;
    return MUTATE(STATE_APPLIES_ANY_GENOME, true, digest_equal(&held->hash, &b->digest)) ? ERR_OK : ERR_MISMATCH;
}

static void apply(struct federation_state *s, const struct sign_off *b)
{
    governance_make_due(s->governance, governance_held(s->governance, b->epoch), 0);
}

const struct action_row action_apply = {.judge = judge, .apply = apply};
