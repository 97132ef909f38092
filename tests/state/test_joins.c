#include "base/dmath.h"
#include "fixture.h"

/* Who comes in, by whose wish, and what a stake or a key may become. Four validators v0.. v3 (quorum 3; f is 0 in the
 * fixture) and one participant e0. */

enum { NEW = 20 }; /* number of a key that is nobody's */

static struct change newcomer(const struct fixture *f, unsigned key, const char *sponsor)
{
    struct change c = fixture_newcomer(f, key, ROLE_EDGE);
    snprintf(c.sponsor, sizeof c.sponsor, "%s", sponsor);
    return c;
}

static struct change stake_of(const char *name, uint64_t stake)
{
    struct change c = {.kind = CHANGE_STAKE, .card = {.stake = stake}};
    snprintf(c.card.name, sizeof c.card.name, "%s", name);
    return c;
}

static struct change rotation(const struct fixture *f, const char *name, unsigned key)
{
    struct change c = {.kind = CHANGE_ROTATE, .card = {.key = f->keys[key].public}};
    snprintf(c.card.name, sizeof c.card.name, "%s", name);
    return c;
}

/* One validator alone brings in nobody, however often it says so, and no participant at all. */
static void a_participant_comes_in_by_a_quorum(void)
{
    struct fixture f;
    fixture_init(&f, 4, 1, NULL);
    struct change c = newcomer(&f, NEW, "v1");
    CHECK_ERR(fixture_sign_off(&f, 4, 4, &c, NEW), ERR_STATE);
    CHECK_ERR(fixture_sign_off(&f, 1, 1, &c, NEW), ERR_OK);
    CHECK_ERR(fixture_sign_off(&f, 1, 1, &c, NEW), ERR_DUPLICATE);
    CHECK_ERR(fixture_sign_off(&f, 2, 2, &c, NEW), ERR_OK);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.member_count, 5);
    CHECK_ERR(fixture_sign_off(&f, 3, 3, &c, NEW), ERR_OK);
    CHECK_EQ_U64(f.state.member_count, 5); /* it comes with the epoch's end */
    struct digest voters = f.last.header.next_voters;
    fixture_epoch(&f, 6);
    REQUIRE(f.state.member_count == 6);
    CHECK_EQ_U64(f.state.membership_epoch, 1); /* who votes is as it was */
    CHECK(digest_equal(&f.last.header.next_voters, &voters));
    CHECK_EQ_I64(state_replica(&f.state, 5), -1);
    CHECK_EQ_U64(state_member(&f.state, 5)->status, MEMBER_ABSENT);
    CHECK_EQ_U64(state_member(&f.state, 5)->sponsor, 2);
    CHECK_EQ_U64(state_member(&f.state, 5)->first_epoch, 3);
    CHECK(!state_weighs(&f.state, 5) && state_weighs(&f.state, 4));
    fixture_epoch(&f, 7); /* not waited for */
    CHECK(state_weighs(&f.state, 5));
    fixture_fini(&f);
}

static void the_sponsor_signs_itself(void)
{
    struct fixture f;
    fixture_init(&f, 4, 1, NULL);
    struct change c = newcomer(&f, NEW, "v0");
    CHECK_ERR(fixture_sign_off(&f, 1, 3, &c, NEW), ERR_OK); /* a quorum, behind its back */
    CHECK_EQ_U64(f.state.change_count, 0);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_OK);
    CHECK_EQ_U64(f.state.change_count, 1);
    fixture_fini(&f);
}

static void who_may_sponsor(void)
{
    struct fixture f;
    fixture_init(&f, 4, 1, NULL);
    struct change c = newcomer(&f, NEW, "e0");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_STATE);
    c = newcomer(&f, NEW, "nobody");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_STATE);
    c = newcomer(&f, NEW, "new-20");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_STATE);
    c = newcomer(&f, NEW, "v1");
    state_member_change(&f.state, 1)->status = MEMBER_QUARANTINED;
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_STATE);
    state_member_change(&f.state, 1)->status = MEMBER_CONVICTED;
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_STATE);
    state_member_change(&f.state, 1)->status = MEMBER_ABSENT;
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, NEW), ERR_OK);
    CHECK_EQ_U64(f.state.change_count, 1);
    state_member_change(&f.state, 1)->status = MEMBER_QUARANTINED; /* before it takes effect */
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.member_count, 5);
    CHECK_EQ_U64(f.state.change_count, 0);
    fixture_fini(&f);
}

/* Whoever was brought in brings in others for the same founder, and not at once. */
static void one_founder_stands_for_all_that_came_by_it(void)
{
    struct fixture f;
    fixture_init(&f, 4, 0, NULL);
    struct change c = fixture_newcomer(&f, 4, ROLE_CORE);
    snprintf(c.sponsor, sizeof c.sponsor, "v2");
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, 4), ERR_OK);
    fixture_epoch(&f, 5);
    REQUIRE(f.state.member_count == 5 && f.state.validator_count == 5);
    c = newcomer(&f, 5, "new-4");
    CHECK_ERR(fixture_sign_off(&f, 4, 4, &c, 5), ERR_STATE);
    fixture_epoch(&f, 5);
    CHECK_ERR(fixture_sign_off(&f, 2, 4, &c, 5), ERR_OK);
    fixture_epoch(&f, 5);
    REQUIRE(f.state.member_count == 6);
    CHECK_EQ_U64(state_member(&f.state, 4)->sponsor, 3);
    CHECK_EQ_U64(state_member(&f.state, 5)->sponsor, 3);
    CHECK_EQ_U64(state_party(&f.state, 5), 2);
    CHECK_EQ_U64(state_party(&f.state, 2), 2);
    fixture_fini(&f);
}

static void so_many_join_in_an_epoch(void)
{
    struct policy policy;
    struct fixture f;
    policy_default(&policy);
    policy.joins_per_epoch = 1;
    fixture_init(&f, 4, 1, &policy);
    struct change a = newcomer(&f, NEW, "v0"), b = newcomer(&f, NEW + 1, "v1"), leave = {.kind = CHANGE_LEAVE};
    CHECK_ERR(fixture_sign_off(&f, 1, 2, &b, NEW + 1), ERR_OK);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &a, NEW), ERR_OK);
    CHECK_ERR(fixture_sign_off(&f, 3, 3, &b, NEW + 1), ERR_LIMIT);
    snprintf(leave.card.name, sizeof leave.card.name, "e0");
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &leave, 0), ERR_OK); /* other changes have their own room */
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.member_count, 6);
    CHECK_EQ_U64(state_member(&f.state, 4)->status, MEMBER_LEFT);
    CHECK_ERR(fixture_sign_off(&f, 3, 3, &b, NEW + 1), ERR_OK);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.member_count, 7);
    fixture_fini(&f);
}

static void nobody_joins_where_nobody_may(void)
{
    struct policy policy;
    struct fixture f;
    policy_default(&policy);
    policy.joins_per_epoch = 0;
    fixture_init(&f, 4, 1, &policy);
    struct change c = newcomer(&f, NEW, "v0");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_LIMIT);
    fixture_fini(&f);
}

static void names_and_keys_are_for_once(void)
{
    struct fixture f;
    struct buf leave = {0};
    fixture_init(&f, 4, 1, NULL);
    struct change c = newcomer(&f, NEW, "v0");
    snprintf(c.card.name, sizeof c.card.name, "e0");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_DUPLICATE);
    c = newcomer(&f, 2, "v0");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 2), ERR_DUPLICATE);
    leave_body_encode(&leave);
    fixture_entry(&f, 4, ENTRY_LEAVE, bytes_of_buf(&leave));
    fixture_run(&f);
    c = newcomer(&f, 4, "v0"); /* the key of one that has left, under another name */
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 4), ERR_DUPLICATE);
    buf_free(&leave);
    fixture_fini(&f);
}

static void no_stake_above_the_founders(void)
{
    struct fixture f;
    fixture_init(&f, 4, 1, NULL);
    struct change c = newcomer(&f, NEW, "v0");
    c.card.stake = 2;
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, NEW), ERR_RANGE);
    c = stake_of("e0", 1000000000);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 0), ERR_RANGE);
    c = stake_of("nobody", 1);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 0), ERR_UNKNOWN);
    f.state.founders_stake = 9;
    c = stake_of("e0", 7);
    CHECK_ERR(fixture_sign_off(&f, 0, 1, &c, 0), ERR_OK);
    CHECK_EQ_U64(f.state.change_count, 0);
    CHECK_ERR(fixture_sign_off(&f, 2, 2, &c, 0), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 4)->card.stake, 1);
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(state_member(&f.state, 4)->card.stake, 7);
    CHECK_EQ_U64(f.state.membership_epoch, 1);
    fixture_fini(&f);
}

/* A key that was rotated away is nobody's for good, with its old proof or a new one. */
static void a_stolen_key_does_not_come_back(void)
{
    struct fixture f;
    fixture_init(&f, 4, 1, NULL);
    struct change c = rotation(&f, "e0", NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, NEW), ERR_OK); /* a participant's: voters are as they were */
    fixture_epoch(&f, 5);
    CHECK_EQ_I64(state_find(&f.state, &f.keys[NEW].fingerprint), 4);
    CHECK_EQ_U64(f.state.membership_epoch, 1);
    c = rotation(&f, "e0", 4);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 4), ERR_DUPLICATE);
    c = rotation(&f, "v1", 4);
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 4), ERR_DUPLICATE);
    c = newcomer(&f, 4, "v0");
    CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 4), ERR_DUPLICATE);
    fixture_fini(&f);
}

/* Whoever had the old key may have used up its numbers. */
static void a_new_key_counts_anew(void)
{
    struct fixture f;
    fixture_init(&f, 4, 1, NULL);
    struct change c = rotation(&f, "e0", NEW);
    CHECK_ERR(fixture_sign_off(&f, 0, 2, &c, NEW), ERR_OK);
    f.sequences[4] = UINT64_MAX - 2;
    fixture_epoch(&f, 5); /* an UPDATE and a row */
    CHECK_EQ_U64(f.sequences[4], UINT64_MAX);
    f.keys[4] = f.keys[NEW];
    f.sequences[4] = 0;
    fixture_update(&f, 4, 0, 1); /* its work does not: this has counted under the old key */
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_DUPLICATE);
    fixture_update(&f, 4, 0, 2);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    fixture_fini(&f);
}

/* A sign-off does not stand for ever. */
static void sign_offs_have_an_end(void)
{
    struct fixture f;
    struct buf body = {0};
    fixture_init(&f, 4, 0, NULL);
    struct change c = newcomer(&f, NEW, "v0");
    change_body_encode(&c, 2, &f.state.federation_id, &f.keys[NEW], &body);
    fixture_entry(&f, 0, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    fixture_entry(&f, 1, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[1], ERR_OK);
    fixture_epoch(&f, 5);
    fixture_epoch(&f, 5);
    fixture_entry(&f, 2, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STALE);
    CHECK_EQ_U64(f.state.change_count, 0);
    buf_clear(&body);
    change_body_encode(&c, 3 + CHANGE_EPOCHS_MAX + 1, &f.state.federation_id, &f.keys[NEW], &body);
    fixture_entry(&f, 2, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_RANGE);
    buf_free(&body);
    fixture_fini(&f);
}

/* ---- what newcomers weigh */

/* Eight newcomers that v0 has let in, two in an epoch, keys and members 5.. */
static void let_in(struct fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct change c = newcomer(f, 5 + i, "v0");
        CHECK_ERR(fixture_sign_off(f, 0, 2, &c, 5 + i), ERR_OK);
        if (i % 2 == 1)
            fixture_epoch(f, 0);
    }
    REQUIRE(f->state.member_count == 5 + count);
}

/* v0 and whom it let in score genome 6 best, v1 to v3 and e0 find it a million times worse than the incumbent. */
static void push(struct fixture *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fixture_update(f, i, i == 0 ? 6 : 0, f->state.epoch);
    fixture_run(f);
    for (unsigned i = 0; i < count; i++) {
        uint64_t row[CYCLE_CANDIDATES_MAX];
        for (unsigned k = 0; k < f->state.candidate_count; k++)
            row[k] = (k == fixture_candidate(f, 6)) == (i == 0 || i >= 5) ? 1 : 1000000;
        fixture_row(f, i, row);
    }
    fixture_run(f);
    CHECK(f->last.epoch_ended);
}

static void those_of_one_sponsor_decide_nothing(void)
{
    struct policy policy;
    struct fixture f;
    policy_default(&policy);
    policy.margin_ppm = PPM;
    policy.max_ledger_drift = 20; /* they may be silent at first */
    policy.stake_cap_ppm = rank_safe_cap_ppm(5, 13, policy.trim_ppm);
    fixture_init(&f, 4, 1, &policy);
    let_in(&f, 8);
    push(&f, 13); /* the last two weigh nothing yet */
    CHECK_EQ_U64(f.last.outcome.scored, 11);
    CHECK(!f.last.outcome.changed);
    push(&f, 13);
    CHECK_EQ_U64(f.last.outcome.scored, 13);
    CHECK(!f.last.outcome.changed);
    for (unsigned i = 5; i < 13; i++)
        state_member_change(&f.state, i)->sponsor = i % 4 + 1; /* by everybody's wish they would */
    push(&f, 13);
    CHECK(f.last.outcome.changed);
    fixture_fini(&f);
}

static void a_newcomer_weighs_nothing_at_first(void)
{
    struct policy policy;
    struct fixture f;
    policy_default(&policy);
    policy.rule = RANK_MEDIAN;
    policy.stake_cap_ppm = PPM;
    for (unsigned first = 0; first < 2; first++) {
        fixture_init(&f, 1, 1, &policy);
        struct change c = newcomer(&f, 2, "v0");
        CHECK_ERR(fixture_sign_off(&f, 0, 0, &c, 2), ERR_OK);
        fixture_epoch(&f, 0);
        if (first == 0)
            fixture_epoch(&f, 0);
        state_member_change(&f.state, 2)->card.stake = 100; /* enough to decide alone */
        for (unsigned i = 0; i < 3; i++)
            fixture_update(&f, i, i == 2 ? 6 : 0, f.state.epoch);
        fixture_run(&f);
        for (unsigned i = 0; i < 3; i++)
            fixture_score(&f, i, i == 2 ? 6 : 0, 200);
        fixture_run(&f);
        REQUIRE(f.last.epoch_ended);
        CHECK_EQ_U64(f.last.outcome.scored, 3 - first);
        CHECK(f.last.outcome.changed == (first == 0));
        fixture_fini(&f);
    }
}

/* Neither newcomers nor many of one party make up for others that are waited for. */
static void one_party_is_not_enough(void)
{
    struct policy policy;
    struct fixture f;
    policy_default(&policy);
    policy.min_participants = 2;
    fixture_init(&f, 4, 1, &policy);
    let_in(&f, 4);
    fixture_update(&f, 0, 6, f.state.epoch);
    for (unsigned i = 5; i < 9; i++)
        fixture_update(&f, i, 0, f.state.epoch);
    fixture_close(&f, 0);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.phase, PHASE_COLLECT);
    CHECK_EQ_U64(f.state.attempt, 1);
    fixture_update(&f, 1, 0, f.state.epoch);
    fixture_close(&f, 0);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    fixture_fini(&f);
}

/* Where fewer parties than that are left, their members are counted. */
static void the_last_party_goes_on(void)
{
    struct policy policy;
    struct fixture f;
    policy_default(&policy);
    policy.min_participants = 2;
    fixture_init(&f, 4, 1, &policy);
    let_in(&f, 2);
    fixture_epoch(&f, 0);
    for (unsigned i = 1; i < 5; i++)
        state_member_change(&f.state, i)->status = MEMBER_LEFT;
    fixture_update(&f, 0, 0, f.state.epoch);
    fixture_close(&f, 0);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.attempt, 1);
    fixture_update(&f, 5, 0, f.state.epoch);
    fixture_close(&f, 0);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    fixture_score(&f, 0, 0, 100);
    fixture_score(&f, 5, 0, 100);
    fixture_run(&f);
    CHECK(f.last.epoch_ended);
    CHECK_EQ_U64(f.last.outcome.scored, 2);
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(a_participant_comes_in_by_a_quorum);
    TAP_RUN(the_sponsor_signs_itself);
    TAP_RUN(who_may_sponsor);
    TAP_RUN(one_founder_stands_for_all_that_came_by_it);
    TAP_RUN(so_many_join_in_an_epoch);
    TAP_RUN(nobody_joins_where_nobody_may);
    TAP_RUN(names_and_keys_are_for_once);
    TAP_RUN(no_stake_above_the_founders);
    TAP_RUN(a_stolen_key_does_not_come_back);
    TAP_RUN(a_new_key_counts_anew);
    TAP_RUN(sign_offs_have_an_end);
    TAP_RUN(those_of_one_sponsor_decide_nothing);
    TAP_RUN(a_newcomer_weighs_nothing_at_first);
    TAP_RUN(one_party_is_not_enough);
    TAP_RUN(the_last_party_goes_on);
    return tap_done();
}
