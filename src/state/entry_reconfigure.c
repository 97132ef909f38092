#include "state/kind.h"

#include <string.h>

#include "base/mutate.h"
#include "state/entry_reconfigure.h"
#include "state/membership.h"

/* RECONFIGURE: a validator signs off a change of members (state/change.h, state/membership.h). */

struct sign_off {
    struct change change;
    uint64_t until;
    struct digest ballot; /* of the body, which is the same for all who sign this change off */
};

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    const struct federation_state *s = context;
    struct sign_off b = {.ballot = digest_of(e->body)};
    enum err err = change_body_decode(e->body, &s->federation_id, &b.change, &b.until);

    if (err == ERR_OK)
        *out = kind_keep(&b, sizeof b);
    return err;
}

/* ---- what may be signed off */

/* Newcomers are few enough for everybody to look at each of them. */
static bool joins_are_full(const struct federation_state *s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->change_count; i++)
        count += s->changes[i].kind == CHANGE_JOIN;
    return MUTATE(STATE_JOINS_WITHOUT_END, false, count >= s->policy.joins_per_epoch);
}

static enum err judge_time(const struct federation_state *s, uint64_t until)
{
    if (until < MUTATE(STATE_SIGN_OFF_FOR_EVER, 0, s->epoch))
        return ERR_STALE;
    return until - s->epoch <= CHANGE_EPOCHS_MAX ? ERR_OK : ERR_RANGE;
}

static bool signed_off(const struct federation_state *s, unsigned member, const struct digest *ballot)
{
    int replica = state_replica(s, member);
    bool found = false;

    for (unsigned i = 0; replica >= 0 && i < s->ballots[replica].count; i++)
        found = found || digest_equal(&s->ballots[replica].items[i], ballot);
    return found;
}

/* One agreed change of each member at a time. */
static bool has_agreed_change(const struct federation_state *s, const char *name)
{
    for (unsigned i = 0; i < s->change_count; i++) {
        if (strcmp(s->changes[i].card.name, name) == 0)
            return true;
    }
    return false;
}

static enum err judge(const struct federation_state *s, struct entry *e)
{
    const struct sign_off *b = e->body;
    const struct change *c = &b->change;
    enum err err = judge_time(s, b->until);

    if (err != ERR_OK)
        return err;
    if (signed_off(s, e->member, &b->ballot))
        return ERR_DUPLICATE;
    if (s->change_count == CHANGES_MAX || (c->kind == CHANGE_JOIN && joins_are_full(s)))
        return ERR_LIMIT;
    return has_agreed_change(s, c->card.name) ? ERR_DUPLICATE : membership_fits(s, c);
}

enum err reconfigure_prospect(const struct federation_state *s, unsigned member, const struct change *c, uint64_t until,
                              const struct digest *ballot)
{
    enum err err = judge_time(s, until);

    if (err == ERR_OK)
        err = membership_lost(s, c);
    if (err != ERR_OK)
        return err;
    bool has_room = s->change_count < CHANGES_MAX && (c->kind != CHANGE_JOIN || !joins_are_full(s));
    if (!has_room || has_agreed_change(s, c->card.name) || signed_off(s, member, ballot))
        return ERR_AGAIN;
    return membership_fits(s, c) == ERR_OK ? ERR_OK : ERR_AGAIN;
}

/* ---- signing off */

static void ballot_drop(struct ballots *b, const struct digest *ballot)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < b->count; i++) {
        if (!digest_equal(&b->items[i], ballot))
            b->items[kept++] = b->items[i];
    }
    b->count = kept;
}

static void ballot_keep(struct ballots *b, const struct digest *ballot)
{
    if (b->count == BALLOTS_KEPT) {
        struct digest oldest = b->items[0];
        ballot_drop(b, &oldest);
    }
    b->items[b->count++] = *ballot;
}

static bool is_agreed(const struct federation_state *s, const struct change *c, const struct digest *ballot)
{
    int sponsor = c->kind == CHANGE_JOIN ? membership_find(s, c->sponsor) : -1;
    unsigned count = 0;

    for (unsigned i = 0; i < s->validator_count; i++)
        count += membership_stays(state_member(s, s->validators[i])) && signed_off(s, s->validators[i], ballot);
    bool sponsored = sponsor < 0 || signed_off(s, (unsigned)sponsor, ballot);
    return count >= MUTATE(STATE_ONE_SIGN_OFF, 1, s->quorum) && MUTATE(STATE_SPONSOR_UNASKED, true, sponsored);
}

static void apply(struct federation_state *s, const struct entry *e)
{
    const struct sign_off *b = e->body;

    int replica = state_replica(s, e->member);
    ASSERT(replica >= 0);
    ballot_keep(&s->ballots[replica], &b->ballot);
    if (!is_agreed(s, &b->change, &b->ballot))
        return;
    s->changes[s->change_count++] = b->change;
    for (unsigned i = 0; i < s->validator_count; i++)
        ballot_drop(&s->ballots[i], &b->ballot);
}

const struct kind kind_reconfigure = {.signer = SIGNED_BY_VALIDATORS, .decode = decode, .judge = judge, .apply = apply};
