#include "state/membership.h"

#include <string.h>

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

static int find_name(const struct federation_state *s, const char *name)
{
    for (unsigned i = 0; i < s->member_count; i++) {
        if (strcmp(s->members[i].card.name, name) == 0)
            return (int)i;
    }
    return -1;
}

static bool key_in_use(const struct federation_state *s, const struct public_key *key)
{
    bool used = false;

    for (unsigned i = 0; i < s->member_count; i++)
        used = used || memcmp(&s->members[i].card.key, key, sizeof *key) == 0;
    for (unsigned i = 0; i < s->change_count; i++) {
        const struct change *c = &s->changes[i];
        used = used || (c->kind != CHANGE_LEAVE && memcmp(&c->card.key, key, sizeof *key) == 0);
    }
    return used;
}

static bool stays(const struct member *m)
{
    return m->status != MEMBER_CONVICTED && m->status != MEMBER_LEFT;
}

static unsigned staying(const struct federation_state *s, bool validators)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->member_count; i++)
        count += stays(&s->members[i]) && (s->members[i].votes || !validators);
    return count;
}

/* One agreed change of each member at a time; as it stands now, and again when it takes effect. */
static enum err change_fits(const struct federation_state *s, const struct change *c)
{
    int at = find_name(s, c->card.name);

    if (c->kind == CHANGE_JOIN) {
        if (at >= 0 || key_in_use(s, &c->card.key))
            return ERR_DUPLICATE;
        return s->member_count < MEMBERS_MAX && s->validator_count < PBFT_REPLICAS_MAX ? ERR_OK : ERR_LIMIT;
    }
    if (at < 0)
        return ERR_UNKNOWN;
    if (!s->members[at].votes || !stays(&s->members[at]))
        return ERR_STATE;
    if (c->kind == CHANGE_ROTATE)
        return key_in_use(s, &c->card.key) ? ERR_DUPLICATE : ERR_OK;
    return staying(s, true) > 1 && staying(s, false) > s->policy.min_participants ? ERR_OK : ERR_LIMIT;
}

static bool signed_off(const struct member *m, const struct digest *ballot)
{
    bool found = false;

    for (unsigned i = 0; i < m->ballot_count; i++)
        found = found || digest_equal(&m->ballots[i], ballot);
    return found;
}

enum err membership_judge(const struct federation_state *s, const struct judgement *j)
{
    struct digest ballot = digest_of(j->envelope.body);
    struct change c;
    enum err err = change_body_decode(j->envelope.body, &s->federation_id, &c);

    if (err != ERR_OK)
        return err;
    if (signed_off(&s->members[j->member], &ballot))
        return ERR_DUPLICATE;
    if (s->change_count == CHANGES_MAX)
        return ERR_LIMIT;
    for (unsigned i = 0; i < s->change_count; i++) {
        if (strcmp(s->changes[i].card.name, c.card.name) == 0)
            return ERR_DUPLICATE;
    }
    return change_fits(s, &c);
}

/* ---- signing off */

static void ballot_drop(struct member *m, const struct digest *ballot)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < m->ballot_count; i++) {
        if (!digest_equal(&m->ballots[i], ballot))
            m->ballots[kept++] = m->ballots[i];
    }
    m->ballot_count = kept;
}

static void ballot_keep(struct member *m, const struct digest *ballot)
{
    if (m->ballot_count == BALLOTS_KEPT) {
        struct digest oldest = m->ballots[0];
        ballot_drop(m, &oldest);
    }
    m->ballots[m->ballot_count++] = *ballot;
}

void membership_apply(struct federation_state *s, const struct judgement *j)
{
    struct digest ballot = digest_of(j->envelope.body);
    unsigned count = 0;

    ballot_keep(&s->members[j->member], &ballot);
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct member *m = &s->members[i];
        count += m->votes && stays(m) && signed_off(m, &ballot);
    }
#ifdef MUTANT_GOVERN_ONE_SIGN_OFF
    count = s->quorum;
#endif
    if (count < s->quorum)
        return;
    struct change *agreed = &s->changes[s->change_count++];
    ASSERT(change_body_decode(j->envelope.body, &s->federation_id, agreed) == ERR_OK);
    for (unsigned i = 0; i < s->member_count; i++)
        ballot_drop(&s->members[i], &ballot);
}

/* ---- taking effect */

/* s->epoch is the new one already; the newcomer is not waited for until it speaks. */
static void admit_validator(struct federation_state *s, const struct member_card *card)
{
    struct member *m = member_add(s, card);

    m->votes = true;
    m->joining = false;
    s->validator_count++;
}

static void make_change(struct federation_state *s, const struct change *c)
{
    if (change_fits(s, c) != ERR_OK)
        return; /* one before it took its room */
    if (c->kind == CHANGE_JOIN) {
        admit_validator(s, &c->card);
        return;
    }
    struct member *m = &s->members[find_name(s, c->card.name)];
    if (c->kind == CHANGE_ROTATE) {
        m->card.key = c->card.key;
        m->fingerprint = key_fingerprint(&c->card.key);
        return;
    }
    m->status = MEMBER_LEFT;
    m->votes = false;
    s->validator_count--;
}

/* The last validator stays, convicted or not: somebody must certify. */
static bool drop_convicted(struct federation_state *s)
{
    bool any = false;

#ifdef MUTANT_GOVERN_CONVICTED_STAYS
    return false;
#endif
    for (unsigned i = 0; i < s->member_count; i++) {
        struct member *m = &s->members[i];
        if (!m->votes || m->status != MEMBER_CONVICTED || s->validator_count == 1)
            continue;
        m->votes = false;
        s->validator_count--;
        any = true;
    }
    return any;
}

void membership_close(struct federation_state *s)
{
    struct change changes[CHANGES_MAX];
    unsigned count = s->change_count;

    memcpy(changes, s->changes, sizeof changes);
    memset(s->changes, 0, sizeof s->changes);
    s->change_count = 0;
    for (unsigned i = 0; i < count; i++)
        make_change(s, &changes[i]);
    if (!drop_convicted(s) && count == 0)
        return;
    for (unsigned i = 0; i < s->member_count; i++)
        s->members[i].ballot_count = 0;
    recount_forget(s);
    membership_quorum(s, s->validator_count, &s->max_byzantine, &s->quorum);
    s->membership_epoch++;
}
