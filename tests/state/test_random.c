#include "fixture.h"
#include "state/cohort.h"

/* Random entries in random blocks: valid ones, mangled ones, replays, those of another federation. Nothing
 * crashes, the invariants hold after every block, and fixture_run() executes everything twice. Replay one
 * run with: test_state_random SEED. */

enum { RUNS = 60, BLOCKS = 60, REPLAYS = 16 };

/* How often something happened in all storms together: what never happens is not tested. */
struct tally {
    unsigned accepted, changed, restored, abandoned, stale, absent, quarantined, convicted, joined, found;
};
static struct tally tally;

struct storm {
    struct fixture f;
    struct fixture foreign;
    struct prng prng;
    struct buf seen[REPLAYS]; /* earlier entries */
    unsigned seen_count;
    uint64_t last_epoch;
    uint64_t counted[FIXTURE_KEYS]; /* the newest epoch for which work of a member has counted */
};

static uint64_t draw(struct storm *s, uint64_t bound)
{
    return prng_below(&s->prng, bound);
}

static unsigned some_member(struct storm *s)
{
    return (unsigned)draw(s, s->f.state.member_count);
}

/* The draws stand in statements of their own: C leaves the order of arguments open. */
static void random_update(struct storm *s, unsigned member)
{
    uint64_t number = draw(s, 9), late = draw(s, s->f.state.epoch < 4 ? s->f.state.epoch + 1 : 5);
    fixture_update(&s->f, member, number, s->f.state.epoch + 1 - late);
}

static void random_score(struct storm *s, unsigned member)
{
    uint64_t costs[CYCLE_CANDIDATES_MAX];
    if (s->f.state.candidate_count == 0)
        return;
    for (unsigned i = 0; i < s->f.state.candidate_count; i++)
        costs[i] = draw(s, 8) == 0 ? 0 : draw(s, 4000);
    fixture_row(&s->f, member, costs);
}

static void random_evidence(struct storm *s, unsigned member)
{
    struct bytes first = bytes_of_buf(&s->seen[draw(s, REPLAYS)]);
    fixture_evidence(&s->f, member, first, bytes_of_buf(&s->seen[draw(s, REPLAYS)]));
}

/* Says two things under one number; somebody tells. */
static void random_double_talk(struct storm *s, unsigned member)
{
    struct fixture *f = &s->f;
    fixture_update(f, member, 1 + draw(s, 4), f->state.epoch);
    f->sequences[member]--;
    fixture_update(f, member, 5 + draw(s, 4), f->state.epoch);
    fixture_evidence(f, some_member(s), bytes_of_buf(&f->batch[f->count - 2]), bytes_of_buf(&f->batch[f->count - 1]));
}

/* One of the joins, leaves, rotations and stakes, signed off by some of those at the front, where validators are. */
static void random_change(struct storm *s)
{
    struct fixture *f = &s->f;
    struct buf body = {0};
    unsigned key = (unsigned)draw(s, FIXTURE_KEYS);
    uint64_t kind = draw(s, 8), until = f->state.epoch + draw(s, 4) * 30, signers = 1 + draw(s, 5);
    struct change c = fixture_newcomer(f, key, draw(s, 4) == 0 ? ROLE_CORE : ROLE_EDGE);
    snprintf(c.sponsor, sizeof c.sponsor, "%s", state_member(&f->state, some_member(s) / 2)->card.name);
    c.kind = kind == 0 ? CHANGE_LEAVE : kind == 1 ? CHANGE_ROTATE : kind == 2 ? CHANGE_STAKE : CHANGE_JOIN;
    c.card.stake = 1 + draw(s, 2) / 2;
    if (c.kind != CHANGE_JOIN)
        snprintf(c.card.name, sizeof c.card.name, "%s", state_member(&f->state, some_member(s))->card.name);
    change_body_encode(&c, until, &f->state.federation_id, change_has_key(&c) ? &f->keys[key] : NULL, &body);
    for (unsigned i = 0; i < signers && i < f->state.member_count; i++)
        fixture_entry(f, i, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    buf_free(&body);
}

/* Members came and keys changed: keys[i] is member i's again. */
static void sort_keys(struct fixture *f)
{
    for (unsigned i = 0; i < f->state.member_count && i < FIXTURE_KEYS; i++) {
        unsigned k = i;
        while (!digest_equal(&f->keys[k].fingerprint, &state_member(&f->state, i)->fingerprint))
            k = (k + 1) % FIXTURE_KEYS;
        struct secret_key key = f->keys[i];
        f->keys[i] = f->keys[k];
        f->keys[k] = key;
    }
}

static void random_recount(struct storm *s, unsigned member)
{
    const struct federation_state *f = &s->f.state;
    struct recount_body b = {.number = (unsigned)draw(s, 4)};
    struct buf body = {0};
    if (f->check_count > 0) {
        const struct spot_check *c = &f->checks[draw(s, f->check_count)];
        b.leaf_hash = c->leaf_hash;
        b.number = draw(s, 8) == 0 ? b.number : c->number;
    }
    b.cost = 100 + draw(s, 3);
    recount_body_encode(&b, &body);
    fixture_entry(&s->f, member, ENTRY_RECOUNT, bytes_of_buf(&body));
    buf_free(&body);
}

static void random_governance(struct storm *s, unsigned member)
{
    struct buf body = {0};
    const struct federation_state *f = &s->f.state;
    enum entry_kind kind = ENTRY_RECONCILE;
    struct reconcile_body b = {.height = f->height, .block_id = f->block_id};
    switch (draw(s, 12)) {
    case 0:
        kind = ENTRY_LEAVE;
        leave_body_encode(&body);
        break;
    case 1:
    case 2:
    case 3:
        kind = ENTRY_ROLLBACK;
        rollback_body_encode(draw(s, 3) == 0 ? draw(s, 9) : f->rollback_epoch, &body);
        break;
    default:
        if (draw(s, 2) == 0)
            b.height -= draw(s, b.height + 1);
        reconcile_body_encode(&b, &body);
        break;
    }
    fixture_entry(&s->f, member, kind, bytes_of_buf(&body));
    buf_free(&body);
}

/* Flips, cuts or extends the entry that was added last. */
static void mangle(struct storm *s)
{
    struct buf *entry = &s->f.batch[s->f.count - 1];
    uint64_t how = entry->len > 0 ? draw(s, 3) : 2;
    if (how == 0) {
        uint64_t bit = draw(s, 8 * entry->len);
        entry->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    if (how == 1)
        entry->len = draw(s, entry->len);
    if (how == 2)
        buf_add_byte(entry, (uint8_t)draw(s, 256));
}

static void add_random_entry(struct storm *s)
{
    struct fixture *f = &s->f;
    unsigned member = some_member(s), before = f->count;
    uint64_t kind = draw(s, 22);
    if (kind < 6)
        random_update(s, member);
    else if (kind < 12)
        random_score(s, member);
    else if (kind < 14)
        fixture_close(f, member);
    else if (kind == 14)
        random_change(s);
    else if (kind == 15)
        random_evidence(s, member);
    else if (kind == 16 && draw(s, 20) == 0)
        random_double_talk(s, member);
    else if (kind == 17)
        fixture_add(f, bytes_of_buf(&s->seen[draw(s, REPLAYS)]));
    else if (kind == 18)
        fixture_add(f, bytes_of_buf(&s->foreign.batch[draw(s, s->foreign.count)]));
    else if (kind > 19)
        random_recount(s, member);
    else
        random_governance(s, member);
    if (f->count > before && draw(s, 10) == 0)
        mangle(s);
}

/* What fixture_collect() and fixture_epoch() would do but for some who are late, so that storms get somewhere. */
static void add_whole_phase(struct storm *s)
{
    for (unsigned i = 0; i < s->f.state.member_count && s->f.count < FIXTURE_BATCH - 20; i++) {
        if (draw(s, 6) == 0)
            continue;
        if (s->f.state.phase == PHASE_COLLECT)
            fixture_update(&s->f, i, draw(s, 9), s->f.state.epoch);
        else if (s->f.state.phase == PHASE_SCORE)
            random_score(s, i);
    }
}

static void remember_entries(struct storm *s)
{
    for (unsigned i = 0; i < s->f.count; i++) {
        struct buf *slot = &s->seen[s->seen_count++ % REPLAYS];
        buf_clear(slot);
        buf_add(slot, s->f.batch[i].data, s->f.batch[i].len);
    }
}

static void check_contributions(const struct federation_state *s)
{
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct contribution *c = state_contribution(s, i);
        enum member_status status = state_member(s, i)->status;
        CHECK(c->scored == (c->costs != NULL));
        CHECK(!c->scored || s->phase != PHASE_COLLECT);
        CHECK(c->staleness <= s->policy.max_ledger_drift);
        CHECK(status != MEMBER_CONVICTED || (!c->updated && !c->scored));
        CHECK(cohort_has(s, i) || (!c->updated && !c->scored));
        CHECK(state_member(s, i)->last_epoch <= s->epoch);
        CHECK(!state_member(s, i)->votes || status != MEMBER_LEFT);
        CHECK(state_member(s, i)->card.stake <= s->founders_stake);
    }
}

/* No member's work counts twice for an epoch. */
static void check_work(struct storm *s, const struct epoch_outcome *o)
{
    for (unsigned i = 0; i < o->update_count; i++) {
        uint64_t *counted = &s->counted[o->updates[i].member], made_for = o->epoch - o->updates[i].staleness;
        CHECK(made_for > *counted);
        *counted = made_for;
    }
}

static void check_invariants(struct storm *s)
{
    const struct federation_state *f = &s->f.state;
    CHECK(!f->closing && !f->restoring);
    CHECK(f->attempt <= f->policy.retry_budget);
    CHECK((f->phase == PHASE_COLLECT) == (f->candidate_count == 0));
    CHECK(f->candidate_count == 0 || digest_equal(&f->candidates[0].hash, &f->incumbent_hash));
    CHECK(f->archive_count <= f->policy.archive_max && f->anchor_count <= ANCHORS_KEPT);
    CHECK(!state_phase_complete(f));
    CHECK_EQ_U64(f->epoch, s->last_epoch + s->f.last.epoch_ended);
    CHECK_EQ_U64(f->log.size, s->f.last.header.log_size);
    for (unsigned i = 1; i < f->archive_count; i++)
        for (unsigned k = 0; k < i; k++)
            CHECK(!digest_equal(&f->archive[i].hash, &f->archive[k].hash));
    if (s->f.last.epoch_ended) {
        const struct epoch_outcome *o = &s->f.last.outcome;
        check_work(s, o);
        CHECK(o->anchored || !o->changed);
        CHECK(!o->anchored || o->scored >= f->policy.min_participants || o->rolled_back);
        CHECK(!o->changed || o->aggregated_delta_ppm >= -(int64_t)f->policy.margin_ppm);
        tally.changed += o->changed;
        tally.restored += o->rolled_back;
        tally.abandoned += !o->anchored;
        tally.stale += o->stale;
        tally.absent += o->absent;
        tally.quarantined += o->quarantined;
        tally.convicted += o->convicted;
    }
    tally.found += s->f.last.epoch_ended ? s->f.last.outcome.false_claims : 0;
    check_contributions(f);
    CHECK(f->check_count <= 2 * f->policy.spot_checks);
    for (unsigned i = 0; i < f->check_count; i++)
        CHECK(f->checks[i].recount_count <= f->validator_count);
    s->last_epoch = f->epoch;
    for (unsigned i = 0; i < s->f.last.count; i++)
        tally.accepted += s->f.last.verdicts[i] == ERR_OK;
}

static void storm_init(struct storm *s, uint64_t seed)
{
    struct policy policy;
    memset(s, 0, sizeof *s);
    prng_stream(&s->prng, seed, "storm", 0);
    policy_default(&policy);
    policy.retry_budget = (unsigned)draw(s, 3);
    policy.archive_max = (unsigned)draw(s, 4);
    policy.max_ledger_drift = draw(s, 3);
    policy.rule = draw(s, 2) ? RANK_MEDIAN : RANK_TRIMMED;
    policy.rollback_ppm = draw(s, 2) * 50000;
    policy.spot_checks = (unsigned)draw(s, 4);
    policy.cohort = draw(s, 3) == 0 ? policy.min_participants + (unsigned)draw(s, 3) : 0;
    unsigned validators = 1 + (unsigned)draw(s, 4), edges = 1 + (unsigned)draw(s, 3);
    fixture_init(&s->f, validators, edges, &policy);
    fixture_init(&s->foreign, validators, edges + 1, &policy);
    fixture_update(&s->foreign, 0, 5, 1);
    fixture_close(&s->foreign, 0);
    s->last_epoch = 1;
}

static void storm_fini(struct storm *s)
{
    for (unsigned i = 0; i < REPLAYS; i++)
        buf_free(&s->seen[i]);
    fixture_fini(&s->f);
    fixture_fini(&s->foreign);
}

static unsigned first_run, runs = RUNS;

static void storms_break_nothing(void)
{
    struct storm *s = mem_alloc(sizeof *s);
    for (unsigned run = first_run; run < first_run + runs; run++) {
        tap_seed(run);
        storm_init(s, run);
        for (unsigned i = 0; i < BLOCKS; i++) {
            if (draw(s, 3) == 0)
                add_whole_phase(s);
            for (uint64_t k = draw(s, 6); k > 0 && s->f.count < FIXTURE_BATCH - 8; k--)
                add_random_entry(s);
            remember_entries(s);
            fixture_run(&s->f);
            check_invariants(s);
            sort_keys(&s->f);
        }
        tally.joined += s->f.state.member_count - s->f.genesis.member_count;
        storm_fini(s);
    }
    tap_note("%u accepted, epochs: %u changed, %u restored, %u abandoned", tally.accepted, tally.changed,
             tally.restored, tally.abandoned);
    tap_note("%u stale, %u absent, %u quarantined, %u convicted, %u joined, %u found", tally.stale, tally.absent,
             tally.quarantined, tally.convicted, tally.joined, tally.found);
    CHECK(runs == 1 || (tally.changed && tally.restored && tally.abandoned && tally.stale && tally.absent &&
                        tally.quarantined && tally.convicted && tally.joined && tally.found));
    mem_free(s);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        first_run = (unsigned)strtoul(argv[1], NULL, 10);
        runs = 1;
    }
    TAP_RUN(storms_break_nothing);
    return tap_done();
}
