#include "state/cohort.h"

#include "base/sample.h"
#include "fixture.h"
#include "state/decision.h"

/* Epochs to which a cohort contributes: who is in it, and what becomes of the others. */

enum { VALIDATORS = 3, EDGES = 9, MEMBERS = VALIDATORS + EDGES, COHORT = 4 };

static void begin(struct fixture *f)
{
    struct policy policy;

    policy_default(&policy);
    policy.cohort = COHORT;
    fixture_init(f, VALIDATORS, EDGES, &policy);
}

static unsigned drawn(const struct fixture *f)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MEMBERS; i++)
        count += cohort_has(&f->state, i);
    return count;
}

/* The first member, from this one on, that is in the cohort, or is not. */
static unsigned next(const struct fixture *f, unsigned from, bool in)
{
    for (unsigned k = 0; k < MEMBERS; k++) {
        if (cohort_has(&f->state, (from + k) % MEMBERS) == in)
            return (from + k) % MEMBERS;
    }
    CHECK(false);
    return 0;
}

/* The present cohort is the selection sample over the active members by the root of the log as it is. */
static void check_draw(const struct fixture *f)
{
    struct digest root = merkle_frontier_root(&f->state.log);
    struct sample sample;
    unsigned active = 0;

    for (unsigned i = 0; i < MEMBERS; i++)
        active += state_member(&f->state, i)->status == MEMBER_ACTIVE;
    sample_begin(&sample, be64_get(root.b + 16), COHORT, active);
    for (unsigned i = 0; i < MEMBERS; i++) {
        bool takes = state_member(&f->state, i)->status == MEMBER_ACTIVE && sample_takes(&sample);
        CHECK_EQ_U64(cohort_has(&f->state, i), takes);
    }
}

/* The cohort does all that the epoch waits for; silent: but for this member, for which a CLOSE stands in. */
static void run_epoch(struct fixture *f, unsigned silent)
{
    uint64_t epoch = f->state.epoch, best = 0; /* always a new genome, or an old one would come back by a rollback */

    for (unsigned i = 0; i < MEMBERS; i++) {
        if (!cohort_has(&f->state, i) || i == silent)
            continue;
        best = 100 * epoch + i;
        fixture_update(f, i, best, epoch);
    }
    if (silent < MEMBERS)
        fixture_close(f, 0);
    fixture_run(f);
    REQUIRE(f->state.phase == PHASE_SCORE);
    for (unsigned i = 0; i < MEMBERS; i++) {
        if (cohort_has(&f->state, i) && i != silent)
            fixture_score(f, i, best, 200);
    }
    fixture_run(f);
    REQUIRE(f->last.epoch_ended && f->last.outcome.anchored);
}

static void the_log_draws_each_epochs_cohort(void)
{
    struct fixture f;
    bool ever[MEMBERS] = {false};
    unsigned all = 0;

    begin(&f);
    for (unsigned epoch = 0; epoch < 24; epoch++) {
        CHECK_EQ_U64(drawn(&f), COHORT);
        check_draw(&f);
        for (unsigned i = 0; i < MEMBERS; i++)
            ever[i] |= cohort_has(&f.state, i);
        run_epoch(&f, MEMBERS);
        CHECK_EQ_U64(f.last.outcome.update_count, COHORT);
        CHECK_EQ_U64(f.last.outcome.scored, COHORT);
        CHECK_EQ_U64(f.last.outcome.absent, 0);
    }
    for (unsigned i = 0; i < MEMBERS; i++)
        all += ever[i];
    CHECK_EQ_U64(all, MEMBERS);
    fixture_fini(&f);
}

/* Nobody chooses to take part: what others send has no effect, in both phases. */
static void who_is_not_drawn_is_not_heard(void)
{
    struct fixture f;

    begin(&f);
    unsigned outside = next(&f, 0, false);
    fixture_update(&f, outside, 50, 1);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    CHECK(!state_contribution(&f.state, outside)->updated);
    for (unsigned i = 0; i < MEMBERS; i++) {
        if (cohort_has(&f.state, i))
            fixture_update(&f, i, 1 + i, 1);
    }
    fixture_run(&f);
    REQUIRE(f.state.phase == PHASE_SCORE);
    fixture_score(&f, outside, 1 + next(&f, 0, true), 200);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    CHECK(!state_contribution(&f.state, outside)->scored);
    fixture_fini(&f);
}

/* A member that lets a deadline pass is drawn again when it has said where it stands. */
static void the_absent_come_back(void)
{
    struct fixture f;

    begin(&f);
    unsigned silent = next(&f, 0, true);
    run_epoch(&f, silent);
    CHECK_EQ_U64(state_member(&f.state, silent)->status, MEMBER_ABSENT);
    CHECK_EQ_U64(f.last.outcome.absent, 1);
    CHECK(!cohort_has(&f.state, silent));
    check_draw(&f);
    struct reconcile_body body = {.height = f.state.height, .block_id = f.state.block_id};
    struct buf encoded = {0};
    reconcile_body_encode(&body, &encoded);
    fixture_entry(&f, silent, ENTRY_RECONCILE, bytes_of_buf(&encoded));
    buf_free(&encoded);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, silent)->status, MEMBER_ACTIVE);
    CHECK(!cohort_has(&f.state, silent)); /* not in the epoch that runs */
    for (unsigned epoch = 0; epoch < 30 && !cohort_has(&f.state, silent); epoch++)
        run_epoch(&f, MEMBERS);
    CHECK(cohort_has(&f.state, silent));
    fixture_fini(&f);
}

/* With no more active members than a cohort has, all of them are in it. */
static void a_cohort_of_all(void)
{
    struct policy policy;
    struct fixture f;

    policy_default(&policy);
    policy.cohort = MEMBERS + 5;
    fixture_init(&f, VALIDATORS, EDGES, &policy);
    CHECK_EQ_U64(drawn(&f), MEMBERS);
    run_epoch(&f, MEMBERS);
    CHECK_EQ_U64(drawn(&f), MEMBERS);
    fixture_fini(&f);
}

/* Another cohort is another state, to the block's id; and what is no cohort is no state. */
static void a_forged_cohort_shows(void)
{
    struct fixture f;
    struct federation_state back;
    struct buf bytes = {0};

    begin(&f);
    struct digest root = state_root(&f.state);
    unsigned in = next(&f, 0, true), out = next(&f, 0, false);
    unsigned at = 0;
    while (f.state.cohort[at] != in)
        at++;
    f.state.cohort[at] = out;
    struct digest forged = state_root(&f.state);
    CHECK(!digest_equal(&root, &forged));
    f.state.cohort[at] = in;
    f.state.cohort[at > 0 ? at - 1 : 1] = in; /* twice */
    state_encode(&f.state, &bytes);
    CHECK_ERR(state_decode(&f.state, bytes_of_buf(&bytes), &back), ERR_RANGE);
    buf_clear(&bytes);
    f.state.cohort = mem_resize(f.state.cohort, f.state.cohort_count + 1, sizeof f.state.cohort[0]);
    for (unsigned i = 0; i <= f.state.cohort_count; i++)
        f.state.cohort[i] = i;
    f.state.cohort_count++;
    state_encode(&f.state, &bytes);
    CHECK_ERR(state_decode(&f.state, bytes_of_buf(&bytes), &back), ERR_LIMIT);
    buf_free(&bytes);
    fixture_fini(&f);
}

static void a_policy_says_how_many(void)
{
    struct policy p, back;

    policy_default(&p);
    CHECK_EQ_U64(p.cohort, 0);
    REQUIRE_OK(fixture_policy_decode(&p, &back));
    CHECK_EQ_U64(back.cohort, 0);
    for (unsigned cohort = p.min_participants; cohort <= RANK_SITES_MAX; cohort++) {
        p.cohort = cohort;
        CHECK_OK(policy_check(&p, NULL));
        REQUIRE_OK(fixture_policy_decode(&p, &back));
        CHECK_EQ_U64(back.cohort, cohort);
    }
    p.cohort = RANK_SITES_MAX + 1;
    CHECK_ERR(policy_check(&p, NULL), ERR_RANGE);
    CHECK_ERR(fixture_policy_decode(&p, &back), ERR_RANGE);
    p.cohort = p.min_participants - 1;
    CHECK_ERR(policy_check(&p, NULL), ERR_RANGE);
    CHECK_ERR(fixture_policy_decode(&p, &back), ERR_RANGE);
    p.cohort = p.min_participants;
    p.cohort_weights = COHORT_BY_STAKE;
    REQUIRE_OK(fixture_policy_decode(&p, &back));
    CHECK(back.cohort_weights == COHORT_BY_STAKE && back.cohort_validators == COHORT_VALIDATORS_DRAWN);
    p.cohort_validators = COHORT_VALIDATORS_FIRST;
    REQUIRE_OK(fixture_policy_decode(&p, &back));
    CHECK(back.cohort_weights == COHORT_BY_STAKE && back.cohort_validators == COHORT_VALIDATORS_FIRST);
    p.cohort = 0; /* drawn from where? */
    CHECK_ERR(policy_check(&p, NULL), ERR_RANGE);
    CHECK_ERR(fixture_policy_decode(&p, &back), ERR_RANGE);
}

/* ---- by stake, and validators first */

static void begin_as(struct fixture *f, unsigned cohort, enum cohort_weights weights, enum cohort_validators validators)
{
    struct policy policy;

    policy_default(&policy);
    policy.min_participants = 1;
    policy.cohort = cohort;
    policy.cohort_weights = weights;
    policy.cohort_validators = validators;
    fixture_init(f, VALIDATORS, EDGES, &policy);
}

/* In how many of a thousand draws is each of them in the cohort? */
static void draw_often(struct fixture *f, unsigned *often)
{
    for (unsigned i = 0; i < MEMBERS; i++)
        often[i] = 0;
    for (uint32_t k = 0; k < 1000; k++) {
        struct digest leaf = digest_of(bytes_of(&k, sizeof k));
        merkle_frontier_append(&f->state.log, &leaf);
        cohort_draw(&f->state);
        CHECK_EQ_U64(drawn(f), f->state.policy.cohort);
        for (unsigned i = 0; i < MEMBERS; i++)
            often[i] += cohort_has(&f->state, i);
    }
}

/* One of a hundred times the stake of each other has no more than the cap, 40 %; one of three times has three times as
 * much as the others. */
static void stakes_draw(void)
{
    struct fixture f;
    unsigned often[MEMBERS];

    begin_as(&f, 1, COHORT_BY_STAKE, COHORT_VALIDATORS_DRAWN);
    state_member_change(&f.state, 5)->card.stake = 100;
    draw_often(&f, often);
    CHECK(often[5] > 350 && often[5] < 450);
    for (unsigned i = 0; i < MEMBERS; i++)
        CHECK(i == 5 || (often[i] > 25 && often[i] < 90)); /* 54 */
    state_member_change(&f.state, 5)->card.stake = 3;
    draw_often(&f, often);
    CHECK(often[5] > 170 && often[5] < 260); /* 3 of 14 */
    state_member_change(&f.state, 5)->status = MEMBER_ABSENT;
    draw_often(&f, often);
    CHECK_EQ_U64(often[5], 0);
    fixture_fini(&f);
}

/* All that one founder stands for share its cap. */
static void a_party_has_one_cap(void)
{
    struct fixture f;
    unsigned often[MEMBERS], together = 0;

    begin_as(&f, 1, COHORT_BY_STAKE, COHORT_VALIDATORS_DRAWN);
    for (unsigned i = 6; i < MEMBERS; i++) {
        struct member *m = state_member_change(&f.state, i);
        m->sponsor = 1;
        m->card.stake = 50;
    }
    draw_often(&f, often);
    for (unsigned i = 0; i < MEMBERS; i++)
        together += i == 0 || i >= 6 ? often[i] : 0;
    CHECK(together > 350 && together < 450);
    fixture_fini(&f);
}

static void validators_come_first(void)
{
    struct fixture f;
    unsigned often[MEMBERS];

    begin_as(&f, COHORT, COHORT_EQUAL, COHORT_VALIDATORS_FIRST);
    draw_often(&f, often);
    for (unsigned i = 0; i < MEMBERS; i++)
        CHECK(i < VALIDATORS ? often[i] == 1000 : often[i] > 70 && often[i] < 160); /* 1 of 9 */
    state_member_change(&f.state, 1)->status = MEMBER_ABSENT;
    draw_often(&f, often);
    CHECK(often[0] == 1000 && often[1] == 0 && often[2] == 1000 && often[8] > 150);
    fixture_fini(&f);
    begin_as(&f, 2, COHORT_BY_STAKE, COHORT_VALIDATORS_FIRST); /* fewer places than validators */
    draw_often(&f, often);
    CHECK(often[0] > 600 && often[1] > 600 && often[2] > 600 && often[7] == 0);
    fixture_fini(&f);
}

/* What has drawn a member does not weigh its row once more. */
static void who_was_drawn_by_stake_weighs_like_others(void)
{
    for (unsigned weights = COHORT_EQUAL; weights < COHORT_WEIGHTS_COUNT; weights++) {
        struct rank_result ranks;
        struct fixture f;

        begin_as(&f, MEMBERS, (enum cohort_weights)weights, COHORT_VALIDATORS_DRAWN);
        fixture_collect(&f, MEMBERS, 5);
        for (unsigned i = 0; i < 3; i++)
            fixture_score(&f, i, 5, 200);
        fixture_run(&f);
        state_member_change(&f.state, 1)->card.stake = 2;
        (void)decision_rank(&f.state, &ranks);
        CHECK_EQ_U64(ranks.weights[1], weights == COHORT_EQUAL ? 400000 : 333333);
        fixture_fini(&f);
    }
}

int main(void)
{
    TAP_RUN(the_log_draws_each_epochs_cohort);
    TAP_RUN(who_is_not_drawn_is_not_heard);
    TAP_RUN(the_absent_come_back);
    TAP_RUN(a_cohort_of_all);
    TAP_RUN(a_forged_cohort_shows);
    TAP_RUN(a_policy_says_how_many);
    TAP_RUN(stakes_draw);
    TAP_RUN(a_party_has_one_cap);
    TAP_RUN(validators_come_first);
    TAP_RUN(who_was_drawn_by_stake_weighs_like_others);
    return tap_done();
}
