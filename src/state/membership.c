#include "state/membership.h"

#include <string.h>

#include "base/mutate.h"
#include "state/governance.h"
#include "state/recount.h"
#include "pbft/pbft.h"
#include "pbft/quorum.h"

void membership_quorum(const struct federation_state *s, unsigned n, unsigned *faults, unsigned *quorum)
{
    unsigned f = quorum_faults(n);

    if (s->faults_wanted < f)
        f = s->faults_wanted;
    unsigned q = quorum_size(n, f) + s->quorum_surplus;
    *faults = f;
    *quorum = q < n ? q : n;
}

void state_voter_set(const struct federation_state *s, struct voter_set *out)
{
    struct voters voters;

    *out = (struct voter_set){
        .membership_epoch = s->membership_epoch, .max_byzantine = s->max_byzantine, .quorum = s->quorum};
    state_voters(s, out->keys, out->fingerprints, &voters);
    out->count = voters.count;
}

/* ---- what may be signed off */

int membership_find(const struct federation_state *s, const char *name)
{
    return registry_find_name(&s->members, name);
}

/* Is it, or was it, a member's? */
static bool key_is_taken(const struct federation_state *s, const struct public_key *key)
{
    struct digest fingerprint = key_fingerprint(key);
    bool taken = state_find(s, &fingerprint) >= 0 || governance_revoked(s, &fingerprint) > 0;

    for (unsigned i = 0; i < MUTATE(STATE_RETIRED_KEY_RETURNS, 0, s->retired_count); i++)
        taken = taken || digest_equal(&s->retired[i], &fingerprint);
    return taken;
}

static bool key_in_use(const struct federation_state *s, const struct public_key *key)
{
    bool used = key_is_taken(s, key);

    for (unsigned i = 0; i < s->change_count; i++) {
        const struct change *c = &s->changes[i];
        used = used || (change_has_key(c) && memcmp(&c->card.key, key, sizeof *key) == 0);
    }
    return used;
}

bool membership_stays(const struct member *m)
{
    return m->status != MEMBER_CONVICTED && m->status != MEMBER_LEFT;
}

static unsigned staying(const struct federation_state *s, bool validators)
{
    unsigned found = 0, count;

    for (unsigned page = 0; page < registry_pages(&s->members); page++) {
        const struct member *members = registry_page(&s->members, page, &count);
        for (unsigned i = 0; i < count; i++)
            found += membership_stays(&members[i]) && (members[i].votes || !validators);
    }
    return found;
}

/* Whoever brings in others must be in good standing, and longer than since this epoch. */
static bool may_sponsor(const struct federation_state *s, const char *name)
{
    int at = membership_find(s, name);

    if (at < 0 || !state_member(s, (unsigned)at)->votes || !state_weighs(s, (unsigned)at))
        return false;
    bool in_good_standing = state_member(s, (unsigned)at)->status == MEMBER_ACTIVE ||
                            state_member(s, (unsigned)at)->status == MEMBER_ABSENT;
    return MUTATE(STATE_ANY_SPONSOR, true, in_good_standing);
}

static enum err join_fits(const struct federation_state *s, const struct change *c)
{
    if (membership_find(s, c->card.name) >= 0 || key_in_use(s, &c->card.key))
        return ERR_DUPLICATE;
    if (!may_sponsor(s, c->sponsor))
        return ERR_STATE;
    if (c->card.role == ROLE_CORE && s->validator_count == PBFT_REPLICAS_MAX)
        return ERR_LIMIT;
    return s->member_count < members_most(&s->policy) ? ERR_OK : ERR_LIMIT;
}

static enum err rotation_fits(const struct federation_state *s, const struct change *c)
{
    if (key_in_use(s, &c->card.key))
        return ERR_DUPLICATE;
    return s->retired_count < RETIRED_KEYS_MAX ? ERR_OK : ERR_LIMIT;
}

static bool stake_fits(const struct federation_state *s, const struct change *c)
{
    uint64_t most = MUTATE(STATE_STAKE_UNBOUNDED, MEMBER_STAKE_MAX, s->founders_stake);

    return (c->kind != CHANGE_JOIN && c->kind != CHANGE_STAKE) || c->card.stake <= most;
}

/* One agreed change of each member at a time; as it stands now, and again when it takes effect. */
enum err membership_fits(const struct federation_state *s, const struct change *c)
{
    int at = membership_find(s, c->card.name);

    if (!stake_fits(s, c))
        return ERR_RANGE;
    if (c->kind == CHANGE_JOIN)
        return join_fits(s, c);
    if (c->kind == CHANGE_PROTOCOL)
        return MUTATE(STATE_ANY_PROTOCOL, true, c->protocol == s->protocol + 1) ? ERR_OK : ERR_STATE;
    if (at < 0)
        return ERR_UNKNOWN;
    if (!membership_stays(state_member(s, (unsigned)at)))
        return ERR_STATE;
    if (c->kind == CHANGE_ROTATE)
        return rotation_fits(s, c);
    if (c->kind == CHANGE_STAKE)
        return ERR_OK;
    if (state_member(s, (unsigned)at)->votes && staying(s, true) == 1)
        return ERR_LIMIT;
    return staying(s, false) > s->policy.min_participants ? ERR_OK : ERR_LIMIT;
}

static bool is_made(const struct member *m, const struct change *c)
{
    switch (c->kind) {
    case CHANGE_JOIN:
        return true;
    case CHANGE_LEAVE:
        return m->status == MEMBER_LEFT;
    case CHANGE_STAKE:
        return m->card.stake == c->card.stake;
    case CHANGE_ROTATE:
        return memcmp(&m->card.key, &c->card.key, sizeof c->card.key) == 0;
    case CHANGE_PROTOCOL:
        break; /* no member's */
    }
    return false;
}

enum err membership_lost(const struct federation_state *s, const struct change *c)
{
    int at = membership_find(s, c->card.name), sponsor = c->kind == CHANGE_JOIN ? membership_find(s, c->sponsor) : -1;

    if (c->kind == CHANGE_PROTOCOL)
        return c->protocol <= s->protocol ? ERR_DUPLICATE : ERR_OK;
    if (!stake_fits(s, c))
        return ERR_RANGE;
    if (at >= 0 && is_made(state_member(s, (unsigned)at), c))
        return ERR_DUPLICATE;
    if (change_has_key(c) && key_is_taken(s, &c->card.key))
        return ERR_DUPLICATE;
    if (c->kind == CHANGE_JOIN)
        return sponsor >= 0 && state_member(s, (unsigned)sponsor)->votes &&
                       membership_stays(state_member(s, (unsigned)sponsor))
                   ? ERR_OK
                   : ERR_STATE;
    return at < 0 || membership_stays(state_member(s, (unsigned)at)) ? ERR_OK
                                                                     : ERR_STATE; /* who is no member may become one */
}

/* ---- taking effect */

/* s->epoch is the new one already; the newcomer is not waited for until it speaks. */
static void admit(struct federation_state *s, const struct change *c)
{
    unsigned sponsor = (unsigned)membership_find(s, c->sponsor);
    struct member m = {
        .card = c->card,
        .fingerprint = key_fingerprint(&c->card.key),
        .status = MEMBER_ABSENT,
        .votes = c->card.role == ROLE_CORE,
        .sponsor = state_party(s, sponsor) + 1,
        .first_epoch = s->epoch,
        .last_epoch = s->epoch,
        .counted_epoch = s->epoch - 1,
    };

    state_add_member(s, &m);
}

/* Whoever had the old key cannot have used up the numbers of the new one. */
static void rotate(struct federation_state *s, unsigned member, const struct public_key *key)
{
    struct member *m = state_member_change(s, member);

    s->retired = mem_resize(s->retired, s->retired_count + 1, sizeof s->retired[0]);
    s->retired[s->retired_count++] = m->fingerprint;
    m->card.key = *key;
    m->fingerprint = key_fingerprint(key);
    m->sequence = MUTATE(STATE_NUMBERS_OF_OLD_KEY, m->sequence, 0);
    registry_new_key(&s->members, member);
}

static void lose_vote(struct federation_state *s, unsigned member)
{
    int replica = state_replica(s, member);

    ASSERT(replica >= 0);
    state_member_change(s, member)->votes = false;
    s->validator_count--;
    memmove(&s->validators[replica], &s->validators[replica + 1],
            (s->validator_count - (unsigned)replica) * sizeof s->validators[0]);
}

/* Does it change who votes? */
static bool make_change(struct federation_state *s, const struct change *c)
{
    if (membership_fits(s, c) != ERR_OK)
        return false; /* one before it took its room, or its sponsor is in no good standing any more */
    if (c->kind == CHANGE_JOIN) {
        admit(s, c);
        return c->card.role == ROLE_CORE;
    }
    if (c->kind == CHANGE_PROTOCOL) {
        s->protocol = c->protocol;
        return false;
    }
    unsigned at = (unsigned)membership_find(s, c->card.name);
    bool votes = state_member(s, at)->votes;
    if (c->kind == CHANGE_STAKE) {
        state_member_change(s, at)->card.stake = c->card.stake;
        return false;
    }
    if (c->kind == CHANGE_ROTATE) {
        rotate(s, at, &c->card.key);
        return votes;
    }
    state_member_change(s, at)->status = MEMBER_LEFT;
    if (votes)
        lose_vote(s, at);
    return votes;
}

/* The last validator stays, convicted or not: somebody must certify. */
static bool drop_convicted(struct federation_state *s)
{
    unsigned at = 0;
    bool any = false;

    while (at < s->validator_count && s->validator_count > 1) {
        unsigned member = s->validators[at];
        if (MUTATE(STATE_CONVICTED_STAYS, true, state_member(s, member)->status != MEMBER_CONVICTED)) {
            at++;
            continue;
        }
        lose_vote(s, member);
        any = true;
    }
    return any;
}

/* A validator whose key is revoked and not another one by now has no vote any more; but the last one stays. */
static bool drop_revoked(struct federation_state *s)
{
    unsigned at = 0;
    bool any = false;

    while (at < s->validator_count && s->validator_count > 1) {
        unsigned member = s->validators[at];
        uint64_t from = governance_revoked(s, &state_member(s, member)->fingerprint);
        if (MUTATE(STATE_REVOKED_VOTES, true, from == 0 || s->epoch < from)) {
            at++;
            continue;
        }
        state_member_change(s, member)->status = MEMBER_LEFT;
        lose_vote(s, member);
        any = true;
    }
    return any;
}

void membership_close(struct federation_state *s)
{
    struct change changes[CHANGES_MAX];
    unsigned count = s->change_count;
    bool others_vote = false;

    memcpy(changes, s->changes, sizeof changes);
    memset(s->changes, 0, sizeof s->changes);
    s->change_count = 0;
    for (unsigned i = 0; i < count; i++)
        others_vote |= make_change(s, &changes[i]);
    others_vote |= drop_convicted(s);
    others_vote |= drop_revoked(s);
    if (!others_vote)
        return;
    memset(s->ballots, 0, sizeof s->ballots);
    recount_forget(s);
    membership_quorum(s, s->validator_count, &s->max_byzantine, &s->quorum);
    s->membership_epoch++;
}
