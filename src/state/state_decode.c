#include "state/state.h"

#include <string.h>

#include "genome/schema.h"
#include "pbft/pbft.h"
#include "pbft/quorum.h"
#include "state/field.h"
#include "state/governance.h"

/* The inverse of state_encode.c. What is read comes with a quorum's word, or is refused right after by its root; all
 * the same nothing in it may lead the transition into what it asserts. That the form is the only one is shown at the
 * end, by writing what was read. */

/* ---- parts */

static unsigned get_count(struct cbor_reader *r, unsigned most)
{
    uint64_t count = cbor_get_array(r);

    if (count > most)
        cbor_fail(r, ERR_LIMIT);
    return r->err == ERR_OK ? (unsigned)count : 0;
}

static int64_t get_delta(struct cbor_reader *r, const char *key)
{
    cbor_expect_key(r, key);
    int64_t v = cbor_get_int(r);
    if (v > BODY_NUMBER_MAX || v < -BODY_NUMBER_MAX)
        cbor_fail(r, ERR_RANGE);
    return v;
}

static struct digest get_named_digest(struct cbor_reader *r, const char *key)
{
    cbor_expect_key(r, key);
    return digest_get(r);
}

static enum epoch_phase get_phase(struct cbor_reader *r)
{
    struct bytes name = cbor_get_text(r);

    for (unsigned p = PHASE_COLLECT; p <= PHASE_ROLLBACK; p++) {
        if (bytes_equal(name, bytes_of_text(epoch_phase_name((enum epoch_phase)p))))
            return (enum epoch_phase)p;
    }
    cbor_fail(r, ERR_UNKNOWN);
    return PHASE_COLLECT;
}

static void get_genome(struct cbor_reader *r, const struct federation_state *s, struct genome *genome,
                       struct digest *hash)
{
    genome_get(r, s->schema, genome);
    if (r->err == ERR_OK)
        *hash = genome_hash(s->schema, genome);
}

static struct anchor *get_anchors(struct cbor_reader *r, const struct federation_state *s, const char *key,
                                  unsigned most, unsigned *found)
{
    cbor_expect_key(r, key);
    unsigned count = get_count(r, most);
    struct anchor *out = shared_new(count, sizeof out[0]);
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++) {
        cbor_expect_array(r, 3);
        out[i].epoch = cbor_get_uint(r);
        uint64_t origin = cbor_get_uint(r);
        if (origin > MEMBERS_MAX)
            cbor_fail(r, ERR_RANGE);
        out[i].origin = (unsigned)origin;
        get_genome(r, s, &out[i].incumbent, &out[i].hash);
    }
    *found = count;
    return out;
}

static struct candidate *get_candidates(struct cbor_reader *r, const struct federation_state *s, const char *key,
                                        unsigned most, unsigned *count)
{
    cbor_expect_key(r, key);
    *count = get_count(r, most);
    if (*count == 0)
        return NULL;
    struct candidate *candidates = shared_new(*count, sizeof candidates[0]);
    for (unsigned i = 0; i < *count && r->err == ERR_OK; i++) {
        struct candidate *c = &candidates[i];
        cbor_expect_array(r, 4);
        c->fingerprint = digest_get(r);
        get_genome(r, s, &c->genome, &c->hash);
        c->claim = cbor_get_uint(r);
        c->staleness = cbor_get_uint(r);
        if (c->claim > (uint64_t)BODY_NUMBER_MAX)
            cbor_fail(r, ERR_RANGE);
    }
    return candidates;
}

/* ---- members, and what they put in */

/* No two members have a name or a key in common. */
static bool is_new(const struct federation_state *s, const struct member *m)
{
    return registry_find(&s->members, &m->fingerprint) < 0 && registry_find_name(&s->members, m->card.name) < 0;
}

static void take_member(struct cbor_reader *r, struct federation_state *s)
{
    struct member m;

    member_get(r, &m);
    if (r->err == ERR_OK && (!is_new(s, &m) || (m.votes && s->validator_count == PBFT_REPLICAS_MAX)))
        cbor_fail(r, ERR_MISMATCH);
    if (r->err == ERR_OK)
        state_add_member(s, &m);
}

/* The pages, which come first and begin with an array each; what remains of `in` is a map. */
static enum err get_pages(struct bytes *in, struct federation_state *s)
{
    while (in->len >= PAGE_SIZE && in->data[0] >> 5 == 4) {
        struct cbor_reader r;
        cbor_reader_init(&r, bytes_of(in->data, PAGE_SIZE));
        unsigned count = get_count(&r, PAGE_MEMBERS);
        if (count == 0 || s->member_count + count > MEMBERS_MAX)
            cbor_fail(&r, ERR_LIMIT);
        for (unsigned i = 0; i < count && r.err == ERR_OK; i++)
            take_member(&r, s);
        if (r.err != ERR_OK)
            return r.err;
        *in = bytes_of(in->data + PAGE_SIZE, in->len - PAGE_SIZE);
    }
    return ERR_OK;
}

static void get_ballots(struct cbor_reader *r, struct federation_state *s)
{
    cbor_expect_key(r, "ballots");
    cbor_expect_array(r, s->validator_count);
    for (unsigned i = 0; i < s->validator_count && r->err == ERR_OK; i++) {
        struct ballots *b = &s->ballots[i];
        b->count = get_count(r, BALLOTS_KEPT);
        for (unsigned k = 0; k < b->count; k++)
            b->items[k] = digest_get(r);
    }
}

static void get_costs(struct cbor_reader *r, const struct federation_state *s, struct contribution *c)
{
    cbor_expect_key(r, "costs");
    unsigned count = get_count(r, s->candidate_count);
    c->scored = count > 0;
    if (!c->scored)
        return;
    if (count != s->candidate_count)
        cbor_fail(r, ERR_RANGE);
    c->costs = shared_new(count, sizeof c->costs[0]);
    for (unsigned i = 0; i < count; i++) {
        c->costs[i] = cbor_get_uint(r);
        if (c->costs[i] > (uint64_t)BODY_NUMBER_MAX)
            cbor_fail(r, ERR_RANGE);
    }
}

static void get_contribution(struct cbor_reader *r, struct federation_state *s)
{
    cbor_expect_array(r, 2);
    uint64_t member = cbor_get_uint(r);
    bool ascends = s->contribution_count == 0 || member > s->contributions[s->contribution_count - 1].member;
    if (member >= s->member_count || !ascends)
        cbor_fail(r, ERR_RANGE);
    if (r->err != ERR_OK)
        return;
    struct contribution *c = contribution_make(s, (unsigned)member);
    cbor_expect_map(r, 10);
    get_costs(r, s, c);
    c->delta_ppm = get_delta(r, "delta");
    c->height = field_get_number(r, "height", UINT64_MAX);
    c->offers = get_candidates(r, s, "offers", s->phase == PHASE_COLLECT ? s->policy.migrants : 0, &c->offer_count);
    cbor_expect_key(r, "updated");
    c->updated = cbor_get_bool(r);
    c->built_on = get_named_digest(r, "built_on");
    c->row_hash = get_named_digest(r, "row_hash");
    c->leaf_hash = get_named_digest(r, "leaf_hash");
    c->staleness = field_get_number(r, "staleness", UINT64_MAX);
    c->row_built_on = get_named_digest(r, "row_built_on");
}

static void get_contributions(struct cbor_reader *r, struct federation_state *s)
{
    cbor_expect_key(r, "contributions");
    unsigned count = get_count(r, RANK_SITES_MAX);
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++)
        get_contribution(r, s);
}

static void get_changes(struct cbor_reader *r, struct federation_state *s)
{
    cbor_expect_key(r, "changes");
    s->change_count = get_count(r, CHANGES_MAX);
    for (unsigned i = 0; i < s->change_count && r->err == ERR_OK; i++)
        change_get(r, &s->changes[i]);
}

static void get_retired(struct cbor_reader *r, struct federation_state *s)
{
    cbor_expect_key(r, "retired");
    unsigned count = get_count(r, RETIRED_KEYS_MAX);
    if (count == 0)
        return;
    s->retired = mem_array(count, sizeof s->retired[0]);
    s->retired_count = count;
    for (unsigned i = 0; i < count; i++)
        s->retired[i] = digest_get(r);
}

static void get_recounts(struct cbor_reader *r, struct spot_check *c)
{
    cbor_expect_key(r, "recounts");
    unsigned count = get_count(r, PBFT_REPLICAS_MAX);
    if (count == 0)
        return;
    c->recount_count = count;
    c->recounts = mem_array(count, sizeof c->recounts[0]);
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++) {
        cbor_expect_array(r, 2);
        uint64_t member = cbor_get_uint(r);
        if (member >= MEMBERS_MAX)
            cbor_fail(r, ERR_RANGE);
        c->recounts[i].member = (unsigned)member;
        c->recounts[i].cost = cbor_get_uint(r);
        if (c->recounts[i].cost > (uint64_t)BODY_NUMBER_MAX)
            cbor_fail(r, ERR_RANGE);
    }
}

static void get_check(struct cbor_reader *r, const struct federation_state *s, struct spot_check *c)
{
    struct digest hash;

    cbor_expect_map(r, 9);
    c->cost = field_get_number(r, "cost", (uint64_t)BODY_NUMBER_MAX);
    c->epoch = field_get_number(r, "epoch", (uint64_t)BODY_NUMBER_MAX);
    cbor_expect_key(r, "genome");
    get_genome(r, s, &c->genome, &hash);
    c->member = (unsigned)field_get_number(r, "member", MEMBERS_MAX);
    c->number = (unsigned)field_get_number(r, "number", CYCLE_CANDIDATES_MAX - 1);
    cbor_expect_key(r, "scored");
    c->scored = cbor_get_bool(r);
    c->built_on = get_named_digest(r, "built_on");
    get_recounts(r, c);
    c->leaf_hash = get_named_digest(r, "leaf_hash");
}

static void get_checks(struct cbor_reader *r, struct federation_state *s)
{
    cbor_expect_key(r, "checks");
    unsigned count = get_count(r, 2 * s->policy.spot_checks);
    if (count == 0)
        return;
    s->check_count = count;
    s->checks = mem_array(count, sizeof s->checks[0]);
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++)
        get_check(r, s, &s->checks[i]);
}

/* ---- what the parts say together */

static bool members_fit(const struct federation_state *s)
{
    if (s->validator_count == 0 || s->validator_count > PBFT_REPLICAS_MAX)
        return false;
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct member *m = state_member(s, i);
        if (m->counted_epoch > s->epoch || m->found_epoch > s->epoch || (m->found_epoch == 0) != (m->false_claims == 0))
            return false;
        if (m->first_epoch > s->epoch || (m->first_epoch == 0) != (m->sponsor == 0) ||
            (m->sponsor != 0 && (m->sponsor > i || state_member(s, m->sponsor - 1)->sponsor != 0)))
            return false;
    }
    return quorum_check(s->validator_count, s->max_byzantine, s->quorum, NULL) == ERR_OK;
}

/* Genomes come from members. */
static bool origins_fit(const struct federation_state *s)
{
    for (unsigned i = 0; i < s->anchor_count; i++)
        if (s->anchors[i].origin > s->member_count)
            return false;
    for (unsigned i = 0; i < s->archive_count; i++)
        if (s->archive[i].origin > s->member_count)
            return false;
    return true;
}

/* A rollback leads to an anchor that is kept, whose genome is a candidate. */
static bool rollback_fits(const struct federation_state *s)
{
    unsigned at = s->anchor_count, winner = 1;

    if (s->phase != PHASE_ROLLBACK)
        return s->rollback_epoch == 0 && s->aggregated_delta_ppm == 0;
    while (at > 0 && s->anchors[at - 1].epoch != s->rollback_epoch)
        at--;
    if (at == 0)
        return false;
    while (winner < s->candidate_count && !digest_equal(&s->candidates[winner].hash, &s->anchors[at - 1].hash))
        winner++;
    return winner < s->candidate_count;
}

/* Recounts are of members, of each one, and none agrees with the claim; each claim is there once. */
static bool checks_fit(const struct federation_state *s)
{
    for (unsigned i = 0; i < s->check_count; i++) {
        const struct spot_check *c = &s->checks[i];
        if (c->member >= s->member_count)
            return false;
        for (unsigned k = 0; k < i; k++) {
            if (s->checks[k].number == c->number && digest_equal(&s->checks[k].leaf_hash, &c->leaf_hash))
                return false;
        }
        for (unsigned k = 0; k < c->recount_count; k++) {
            const struct recount *x = &c->recounts[k];
            if (x->member >= s->member_count || x->member == c->member || x->cost == c->cost)
                return false;
            for (unsigned m = 0; m < k; m++) {
                if (c->recounts[m].member == x->member)
                    return false;
            }
        }
    }
    return true;
}

/* What counts in the running epoch is the newest work of its member. */
static bool counting_fits(const struct federation_state *s, const struct contribution *c)
{
    return !c->updated || c->staleness == s->epoch - state_member(s, c->member)->counted_epoch;
}

static enum err state_check(const struct federation_state *s)
{
    bool aligned = s->phase != PHASE_COLLECT;

    if (s->member_count > members_most(&s->policy))
        return ERR_MISMATCH;

    if (!governance_fits(s) || !members_fit(s) || !origins_fit(s) || !rollback_fits(s) || !checks_fit(s) ||
        s->anchor_count == 0 || aligned != (s->candidate_count > 0) || (s->left_out > 0 && !aligned))
        return ERR_MISMATCH;
    if (aligned && !digest_equal(&s->candidates[0].hash, &s->incumbent_hash))
        return ERR_MISMATCH;
    for (unsigned i = 0; i < s->contribution_count; i++) {
        const struct contribution *c = &s->contributions[i];
        if ((c->offer_count > 0 && !c->updated) || (!c->updated && !c->scored) || !counting_fits(s, c))
            return ERR_MISMATCH;
    }
    return ERR_OK;
}

/* ---- the whole */

static void take_founding(struct federation_state *s, const struct federation_state *founding)
{
    memcpy(s->name, founding->name, sizeof s->name);
    s->federation_id = founding->federation_id;
    s->simulated = founding->simulated;
    s->faults_wanted = founding->faults_wanted;
    s->quorum_surplus = founding->quorum_surplus;
    s->founders_stake = founding->founders_stake;
    s->policy = founding->policy;
    s->governance = governance_copy(founding->governance);
    s->shards = founding->shards != NULL ? blob_hold(founding->shards) : NULL;
    s->schema = genome_schema_hold(founding->schema);
}

static void get_cohort(struct cbor_reader *r, struct federation_state *s)
{
    cbor_expect_key(r, "cohort");
    unsigned count = get_count(r, s->policy.cohort);
    s->cohort = mem_array(count, sizeof s->cohort[0]);
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++) {
        uint64_t member = cbor_get_uint(r);
        if (member >= s->member_count || (i > 0 && member <= s->cohort[i - 1]))
            cbor_fail(r, ERR_RANGE);
        s->cohort[s->cohort_count++] = (unsigned)member;
    }
}

static uint64_t get_number(struct cbor_reader *r, uint64_t most)
{
    uint64_t v = cbor_get_uint(r);

    if (v > most)
        cbor_fail(r, ERR_RANGE);
    return v;
}

/* What is there only where it says something; that it does is asked of the whole (is_the_form()). */
static void get_rare(struct cbor_reader *r, struct federation_state *s, uint64_t pairs)
{
    s->protocol = PROTOCOL_FIRST;
    if (pairs > 0 && cbor_accept_key(r, "left_out")) {
        s->left_out = (unsigned)get_number(r, (uint64_t)RANK_SITES_MAX * CYCLE_MIGRANTS_MAX);
        pairs--;
    }
    if (pairs > 0 && cbor_accept_key(r, "protocol")) {
        s->protocol = get_number(r, PROTOCOL_MAX);
        pairs--;
    }
    if (pairs > 0)
        cbor_fail(r, ERR_RANGE);
}

static void get_state(struct cbor_reader *r, struct federation_state *s)
{
    uint64_t pairs = cbor_get_map(r), least = 19 + (s->policy.cohort > 0) + (s->governance != NULL);
    s->epoch = field_get_number(r, "epoch", (uint64_t)BODY_NUMBER_MAX);
    cbor_expect_key(r, "phase");
    s->phase = get_phase(r);
    get_checks(r, s);
    if (s->policy.cohort > 0)
        get_cohort(r, s);
    s->quorum = (unsigned)field_get_number(r, "quorum", PBFT_REPLICAS_MAX);
    s->anchors = get_anchors(r, s, "anchors", ANCHORS_KEPT, &s->anchor_count);
    s->archive = get_anchors(r, s, "archive", s->policy.archive_max, &s->archive_count);
    s->attempt = field_get_number(r, "attempt", s->policy.retry_budget);
    get_ballots(r, s);
    get_changes(r, s);
    if (field_get_number(r, "members", MEMBERS_MAX) != s->member_count)
        cbor_fail(r, ERR_MISMATCH);
    get_retired(r, s);
    get_rare(r, s, pairs - least);
    cbor_expect_key(r, "incumbent");
    get_genome(r, s, &s->incumbent, &s->incumbent_hash);
    s->candidates = get_candidates(r, s, "candidates", CYCLE_CANDIDATES_MAX, &s->candidate_count);
    if (s->governance != NULL) {
        cbor_expect_key(r, "governance");
        governance_get(r, s);
    }
    get_contributions(r, s);
    cbor_expect_key(r, "federation_id");
    struct digest federation_id = digest_get(r);
    if (r->err == ERR_OK && !digest_equal(&federation_id, &s->federation_id))
        cbor_fail(r, ERR_MISMATCH);
    s->max_byzantine = (unsigned)field_get_number(r, "max_byzantine", PBFT_REPLICAS_MAX);
    s->rollback_epoch = field_get_number(r, "rollback_epoch", UINT64_MAX);
    s->aggregated_delta_ppm = get_delta(r, "aggregated_delta");
    s->membership_epoch = field_get_number(r, "membership_epoch", UINT64_MAX);
}

static bool is_the_form(const struct federation_state *s, struct bytes in)
{
    struct buf again = {0};

    state_encode(s, &again);
    bool same = bytes_equal(bytes_of_buf(&again), in);
    buf_free(&again);
    return same;
}

enum err state_decode(const struct federation_state *founding, struct bytes in, struct federation_state *out)
{
    struct federation_state *s = mem_alloc(sizeof *s);
    struct cbor_reader r;

    take_founding(s, founding);
    struct bytes rest = in;
    enum err err = get_pages(&rest, s);
    if (err == ERR_OK) {
        cbor_reader_init(&r, rest);
        get_state(&r, s);
        err = cbor_reader_done(&r);
    }
    if (err == ERR_OK)
        err = state_check(s);
    if (err == ERR_OK && !is_the_form(s, in))
        err = ERR_CANONICAL;
    if (err == ERR_OK)
        *out = *s;
    else
        state_free(s);
    mem_free(s);
    return err;
}
