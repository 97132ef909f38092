#include "base/mutate.h"
#include "state/action.h"

/* ROTATE_KEY of a governor and REVOKE_KEY of anybody, from the beginning of an epoch on. What a key has signed before
 * that stays as it is: the log is read with the keys of its time. */

static enum err judge_from(const struct federation_state *s, uint64_t from)
{
    if (from <= s->epoch)
        return ERR_STALE;
    return from - s->epoch <= SIGN_OFF_EPOCHS_MAX ? ERR_OK : ERR_RANGE;
}

/* ---- ROTATE_KEY */

static enum err judge_rotate(const struct federation_state *s, const struct sign_off *b)
{
    int governor = governance_find(s->governance, &b->digest);
    struct digest fingerprint = key_fingerprint(&b->key);

    if (governor < 0)
        return ERR_UNKNOWN;
    if (governance_has_key(s, &fingerprint) || governance_revoked(s, &fingerprint) > 0)
        return ERR_DUPLICATE;
    return judge_from(s, b->epoch);
}

static void rotate(struct federation_state *s, const struct sign_off *b)
{
    struct governor *m = &s->governance->governors[governance_find(s->governance, &b->digest)];

    m->next = b->key;
    m->next_from = b->epoch;
}

/* ---- REVOKE_KEY */

/* So many are left that they can govern: else nobody could ever undo it. */
static bool enough_are_left(const struct governance *g, unsigned revoked)
{
    unsigned left = 0;

    for (unsigned i = 0; i < g->count; i++)
        left += i != revoked && (g->governors[i].revoked_from == 0 || g->governors[i].next_from > 0);
    return MUTATE(STATE_REVOKES_TOO_MANY, true, left >= g->threshold);
}

static enum err judge_revoke(const struct federation_state *s, const struct sign_off *b)
{
    const struct governance *g = s->governance;
    int governor = governance_find(g, &b->digest);
    enum err err = judge_from(s, b->epoch);

    if (err != ERR_OK)
        return err;
    if (governor < 0 && state_find(s, &b->digest) < 0)
        return ERR_UNKNOWN;
    if (governor >= 0) {
        if (g->governors[governor].revoked_from > 0)
            return ERR_DUPLICATE;
        return enough_are_left(g, (unsigned)governor) ? ERR_OK : ERR_LIMIT;
    }
    if (governance_revoked(s, &b->digest) > 0)
        return ERR_DUPLICATE;
    return g->revoked_count < REVOKED_MAX ? ERR_OK : ERR_LIMIT;
}

static void revoke(struct federation_state *s, const struct sign_off *b)
{
    struct governance *g = s->governance;
    int governor = governance_find(g, &b->digest);

    if (governor >= 0)
        g->governors[governor].revoked_from = b->epoch;
    else
        g->revoked[g->revoked_count++] = (struct revoked){b->digest, b->epoch};
}

const struct action_row action_rotate_key = {.judge = judge_rotate, .apply = rotate};
const struct action_row action_revoke_key = {.judge = judge_revoke, .apply = revoke};
