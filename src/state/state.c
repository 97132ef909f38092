#include "state/membership.h"

#include <string.h>

#include "base/mutate.h"
#include "base/sorted.h"
#include "genome/schema.h"
#include "pbft/pbft.h"
#include "pbft/quorum.h"
#include "state/cohort.h"
#include "state/governance.h"

/* ---- from genesis */

void state_add_member(struct federation_state *s, const struct member *m)
{
    if (m->votes)
        s->validators[s->validator_count++] = s->member_count;
    registry_add(&s->members, m);
    s->member_count = s->members.count;
}

static void take_members(struct federation_state *s, const struct genesis *g)
{
    for (unsigned i = 0; i < g->member_count; i++) {
        struct member m = {
            .card = g->members[i],
            .fingerprint = key_fingerprint(&g->members[i].key),
            .status = MEMBER_ACTIVE,
            .votes = g->members[i].role == ROLE_CORE,
            .last_epoch = g->epoch_start,
            .counted_epoch = g->epoch_start - 1,
        };
        state_add_member(s, &m);
        if (m.card.stake > s->founders_stake)
            s->founders_stake = m.card.stake;
    }
}

/* Fewer liars than n allows were a choice; as many as it allows are the rule. */
static void take_quorum(struct federation_state *s, const struct genesis *g)
{
    unsigned n = 0;
    for (unsigned i = 0; i < g->member_count; i++)
        n += g->members[i].role == ROLE_CORE;
    s->faults_wanted = g->max_byzantine < quorum_faults(n) ? g->max_byzantine : PBFT_REPLICAS_MAX;
    s->quorum_surplus = g->quorum - quorum_size(n, g->max_byzantine);
}

static void take_genesis(struct federation_state *s, const struct genesis *g)
{
    memcpy(s->name, g->name, sizeof s->name);
    s->simulated = g->simulated;
    s->protocol = PROTOCOL_FIRST;
    s->membership_epoch = 1;
    s->max_byzantine = g->max_byzantine;
    s->quorum = g->quorum;
    take_quorum(s, g);
    s->policy = g->policy;
    s->governance = governance_new(&g->governance);
    s->shards = blob_new(g->shards);
    s->schema = genome_schema_share(&g->schema);
    s->epoch = g->epoch_start;
    s->incumbent = g->incumbent;
    s->incumbent_hash = genome_hash(&g->schema, &g->incumbent);
    struct anchor founding = {.epoch = g->epoch_start - 1, .incumbent = s->incumbent, .hash = s->incumbent_hash};
    s->anchors = shared_new(1, sizeof s->anchors[0]);
    s->anchors[s->anchor_count++] = founding;
    s->archive = shared_new(1, sizeof s->archive[0]);
    if (s->policy.archive_max > 0)
        s->archive[s->archive_count++] = founding;
    take_members(s, g);
}

struct block_header state_genesis_header(const struct federation_state *s)
{
    ASSERT(s->height == 0 && s->log.size == 1);
    struct digest root = merkle_frontier_root(&s->log);
    struct voter_set voters;
    state_voter_set(s, &voters);
    return (struct block_header){
        .federation_id = s->federation_id,
        .membership_epoch = s->membership_epoch,
        .federated_epoch = s->epoch,
        .entries_root = root,
        .entry_count = 1,
        .log_size = 1,
        .log_root = root,
        .state_root = state_root(s),
        .next_voters = voter_set_digest(&voters),
        .recent_blocks = block_ids_digest(s->recent, s->recent_count),
    };
}

enum err state_genesis(struct bytes bytes, struct federation_state *out, struct diag *diag)
{
    struct genesis *g = mem_alloc(sizeof *g);
    enum err err = genesis_decode(bytes, g, diag);
    if (err != ERR_OK)
        goto done;
    *out = (struct federation_state){.federation_id = digest_of(bytes)};
    take_genesis(out, g);
    struct digest leaf = entry_leaf_hash(bytes);
    merkle_frontier_append(&out->log, &leaf);
    cohort_draw(out);
    struct block_header header = state_genesis_header(out);
    out->block_id = block_id(&header);
    genesis_fini(g);
done:
    mem_free(g);
    return err;
}

/* ---- members */

const struct member *state_member(const struct federation_state *s, unsigned member)
{
    return registry_member(&s->members, member);
}

struct member *state_member_change(struct federation_state *s, unsigned member)
{
    return registry_change(&s->members, member);
}

/* ---- contributions */

/* The place of the first one of this member, or above. */
static unsigned contribution_place(const struct federation_state *s, unsigned member)
{
    return sorted_place(s->contributions, s->contribution_count, sizeof s->contributions[0],
                        offsetof(struct contribution, member), member);
}

static bool is_at(const struct federation_state *s, unsigned place, unsigned member)
{
    return place < s->contribution_count && s->contributions[place].member == member;
}

const struct contribution *state_contribution(const struct federation_state *s, unsigned member)
{
    static const struct contribution none;
    unsigned place = contribution_place(s, member);

    return is_at(s, place, member) ? &s->contributions[place] : &none;
}

struct contribution *contribution_make(struct federation_state *s, unsigned member)
{
    unsigned place = contribution_place(s, member);

    if (is_at(s, place, member))
        return &s->contributions[place];
    s->contributions = mem_resize(s->contributions, s->contribution_count + 1, sizeof s->contributions[0]);
    memmove(&s->contributions[place + 1], &s->contributions[place],
            (s->contribution_count++ - place) * sizeof s->contributions[0]);
    s->contributions[place] = (struct contribution){.member = member};
    return &s->contributions[place];
}

static void contribution_fini(struct contribution *c)
{
    shared_drop(c->offers);
    shared_drop(c->costs);
}

void contribution_drop(struct federation_state *s, unsigned member)
{
    unsigned place = contribution_place(s, member);

    if (!is_at(s, place, member))
        return;
    contribution_fini(&s->contributions[place]);
    memmove(&s->contributions[place], &s->contributions[place + 1],
            (--s->contribution_count - place) * sizeof s->contributions[0]);
}

/* ---- copies */

static void *duplicate(const void *from, size_t count, size_t size)
{
    if (from == NULL)
        return NULL;
    void *to = mem_array(count, size);
    memcpy(to, from, count * size);
    return to;
}

void state_copy(struct federation_state *to, const struct federation_state *from)
{
    *to = *from;
    if (from->shards != NULL)
        blob_hold(to->shards);
    if (from->schema != NULL)
        genome_schema_hold(to->schema);
    registry_copy(&to->members, &from->members);
    to->governance = governance_copy(from->governance);
    to->cohort = duplicate(from->cohort, from->cohort_count, sizeof from->cohort[0]);
    to->contributions = duplicate(from->contributions, from->contribution_count, sizeof from->contributions[0]);
    shared_hold(to->candidates);
    shared_hold(to->archive);
    shared_hold(to->anchors);
    for (unsigned i = 0; i < from->contribution_count; i++) {
        shared_hold(to->contributions[i].offers);
        shared_hold(to->contributions[i].costs);
    }
    to->retired = duplicate(from->retired, from->retired_count, sizeof from->retired[0]);
    to->checks = duplicate(from->checks, from->check_count, sizeof from->checks[0]);
    for (unsigned i = 0; i < from->check_count; i++) {
        const struct spot_check *c = &from->checks[i];
        to->checks[i].recounts = duplicate(c->recounts, c->recount_count, sizeof c->recounts[0]);
    }
}

void state_free(struct federation_state *s)
{
    for (unsigned i = 0; i < s->contribution_count; i++)
        contribution_fini(&s->contributions[i]);
    for (unsigned i = 0; i < s->check_count; i++)
        mem_free(s->checks[i].recounts);
    mem_free(s->checks);
    blob_drop(s->shards);
    genome_schema_drop(s->schema);
    registry_free(&s->members);
    governance_free(s->governance);
    mem_free(s->retired);
    mem_free(s->cohort);
    mem_free(s->contributions);
    shared_drop(s->candidates);
    shared_drop(s->archive);
    shared_drop(s->anchors);
    /* All else is plain, and much: it stays as it is. */
    s->member_count = s->validator_count = 0;
    s->cohort_count = s->contribution_count = s->check_count = s->retired_count = s->candidate_count = 0;
    s->shards = NULL;
    s->schema = NULL;
    s->cohort = NULL;
    s->contributions = NULL;
    s->checks = NULL;
    s->retired = NULL;
    s->governance = NULL;
    s->candidates = NULL;
    s->archive = s->anchors = NULL;
    s->archive_count = s->anchor_count = 0;
}

/* ---- questions */

bool state_weighs(const struct federation_state *s, unsigned member)
{
    return MUTATE(STATE_NEWCOMER_WEIGHS, true, state_member(s, member)->first_epoch != s->epoch);
}

unsigned state_party(const struct federation_state *s, unsigned member)
{
    return state_member(s, member)->sponsor != 0 ? state_member(s, member)->sponsor - 1 : member;
}

int state_find(const struct federation_state *s, const struct digest *fingerprint)
{
    return registry_find(&s->members, fingerprint);
}

int state_replica(const struct federation_state *s, unsigned member)
{
    ASSERT(member < s->member_count);
    for (unsigned i = 0; i < s->validator_count; i++) {
        if (s->validators[i] == member)
            return (int)i;
    }
    return -1;
}

unsigned state_validator(const struct federation_state *s, unsigned replica)
{
    ASSERT(replica < s->validator_count);
    return s->validators[replica];
}

void state_voters(const struct federation_state *s, struct public_key *keys, struct digest *fingerprints,
                  struct voters *out)
{
    for (unsigned i = 0; i < s->validator_count; i++) {
        const struct member *m = state_member(s, s->validators[i]);
        keys[i] = m->card.key;
        fingerprints[i] = m->fingerprint;
    }
    *out = (struct voters){
        .count = s->validator_count,
        .quorum = s->quorum,
        .keys = keys,
        .fingerprints = fingerprints,
    };
}

int state_shard_owner(const struct federation_state *s, unsigned shard)
{
    int owner = -1;
    struct digest best = {0};
    uint8_t number[8];
    be64_put(number, shard);
    for (unsigned k = 0; k < cohort_size(s); k++) {
        unsigned i = cohort_member(s, k);
        if (!cohort_awaits(s, i))
            continue;
        struct digest_context c;
        digest_init(&c);
        digest_add(&c, s->federation_id.b, DIGEST_SIZE);
        digest_add(&c, number, sizeof number);
        digest_add(&c, state_member(s, i)->fingerprint.b, DIGEST_SIZE);
        struct digest weight = digest_final(&c);
        if (owner < 0 || digest_compare(&weight, &best) > 0) {
            owner = (int)i;
            best = weight;
        }
    }
    return owner;
}

bool state_knows_block(const struct federation_state *s, uint64_t height, const struct digest *id)
{
    if (height == s->height)
        return digest_equal(id, &s->block_id);
    if (height > s->height || s->height - height > s->recent_count)
        return false;
    return digest_equal(id, &s->recent[s->recent_count - (s->height - height)]);
}

bool state_remembers_block(const struct federation_state *s, const struct digest *id)
{
    if (MUTATE(STATE_ANY_BLOCK, true, digest_equal(id, &s->block_id)))
        return true;
    for (unsigned i = s->recent_count; i > 0; i--) {
        if (digest_equal(id, &s->recent[i - 1]))
            return true;
    }
    return false;
}

bool state_sits_out(const struct federation_state *s, unsigned member)
{
    const struct member *m = state_member(s, member);
    uint64_t epochs = MUTATE(STATE_FALSE_CLAIM_FORGIVEN, 0, m->false_claims);

    bool barred = MUTATE(STATE_BARRED_RECONCILES, false, governance_barred(s, member));

    return m->status == MEMBER_QUARANTINED && (s->epoch - m->found_epoch < epochs || barred);
}

unsigned state_updates(const struct federation_state *s)
{
    unsigned count = 0;
    for (unsigned i = 0; i < s->contribution_count; i++)
        count += s->contributions[i].updated;
    return count;
}

unsigned state_rows(const struct federation_state *s)
{
    unsigned count = 0;
    for (unsigned i = 0; i < s->contribution_count; i++)
        count += s->contributions[i].scored;
    return count;
}

unsigned state_weighing_rows(const struct federation_state *s)
{
    unsigned count = 0;
    for (unsigned i = 0; i < s->contribution_count; i++)
        count += s->contributions[i].scored && state_weighs(s, s->contributions[i].member);
    return count;
}

/* Different ones, no more than contribute to an epoch. */
struct parties {
    unsigned count;
    unsigned items[RANK_SITES_MAX];
};

static void party_add(struct parties *p, unsigned party)
{
    unsigned at = 0;

    while (at < p->count && p->items[at] != party)
        at++;
    if (at == p->count)
        p->items[p->count++] = party;
}

bool state_suffices(const struct federation_state *s)
{
    struct parties spoke, stays;
    unsigned members = 0, least = s->policy.min_participants;
    spoke.count = stays.count = 0;
    for (unsigned k = 0; k < cohort_size(s); k++) {
        unsigned i = cohort_member(s, k);
        const struct contribution *c = state_contribution(s, i);
        enum member_status status = state_member(s, i)->status;
        unsigned party = MUTATE(STATE_PARTY_SPEAKS_TWICE, i, state_party(s, i));
        if (!state_weighs(s, i) || !cohort_has(s, i))
            continue;
        if (status != MEMBER_LEFT && status != MEMBER_CONVICTED)
            party_add(&stays, party);
        if (s->phase == PHASE_COLLECT ? c->updated : c->scored) {
            members++;
            party_add(&spoke, party);
        }
    }
    return spoke.count >= least || (stays.count < least && members >= least);
}

bool state_phase_complete(const struct federation_state *s)
{
    if (s->phase == PHASE_ROLLBACK)
        return s->restoring;
    for (unsigned k = 0; k < cohort_size(s); k++) {
        unsigned i = cohort_member(s, k);
        const struct contribution *c = state_contribution(s, i);
        if (cohort_awaits(s, i) && !(s->phase == PHASE_COLLECT ? c->updated : c->scored))
            return false;
    }
    return state_suffices(s);
}
