#include "state/action.h"

/* ROLLBACK: the incumbent of an earlier anchor is restored when the running epoch has ended, whatever it decides. The
 * log goes on: nothing in it is taken back. */

static const struct anchor *find(const struct federation_state *s, uint64_t epoch)
{
    for (unsigned i = s->anchor_count; i-- > 0;) {
        if (s->anchors[i].epoch == epoch)
            return &s->anchors[i];
    }
    return NULL;
}

static enum err judge(const struct federation_state *s, const struct sign_off *b)
{
    const struct anchor *anchor = find(s, b->epoch);

    if (anchor == NULL)
        return b->epoch >= s->epoch ? ERR_AGAIN : ERR_UNKNOWN;
    return digest_equal(&anchor->hash, &s->incumbent_hash) ? ERR_DUPLICATE : ERR_OK;
}

static void apply(struct federation_state *s, const struct sign_off *b)
{
    governance_make_due(s->governance, find(s, b->epoch), b->epoch);
}

const struct action_row action_rollback = {.judge = judge, .apply = apply};
