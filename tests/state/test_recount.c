#include <jansson.h>

#include "fixture.h"

/* Spot checks by validators: what is drawn, who may say what of it, and what comes of that. Four validators, one of
 * whom may lie, and two edge sites: members 4 and 5. */

enum { FALSE_COST = 4711, SITE = 4, OTHER_SITE = 5, ALL = SPOT_CHECKS_MAX };

static bool same_genome(const struct fixture *f, const struct genome *a, const struct genome *b)
{
    struct digest x = genome_hash(f->state.schema, a), y = genome_hash(f->state.schema, b);

    return digest_equal(&x, &y);
}

static void init(struct fixture *f, unsigned spot_checks)
{
    struct policy policy;

    policy_default(&policy);
    policy.spot_checks = spot_checks;
    fixture_init(f, 4, 2, &policy);
    f->state.max_byzantine = 1;
    f->state.quorum = 3;
}

/* Everybody offers a genome of its own, claimed to cost 100; ends in SCORE. */
static void collect(struct fixture *f)
{
    for (unsigned i = 0; i < f->state.member_count; i++) {
        if (state_member(&f->state, i)->status == MEMBER_ACTIVE)
            fixture_update(f, i, 10 * f->state.epoch + i, f->state.epoch);
    }
    fixture_run(f);
    CHECK_EQ_U64(f->state.phase, PHASE_SCORE);
}

/* Everybody who counts scores; the epoch ends. */
static void score(struct fixture *f)
{
    for (unsigned i = 0; i < f->state.member_count; i++) {
        if (state_member(&f->state, i)->status == MEMBER_ACTIVE)
            fixture_score(f, i, 0, 100);
    }
    fixture_run(f);
    CHECK(f->last.epoch_ended);
}

static const struct spot_check *check_of(const struct fixture *f, unsigned member, bool scored)
{
    for (unsigned i = 0; i < f->state.check_count; i++) {
        if (f->state.checks[i].member == member && f->state.checks[i].scored == scored)
            return &f->state.checks[i];
    }
    return NULL;
}

static enum err say(struct fixture *f, unsigned by, const struct digest *leaf_hash, unsigned number, uint64_t cost)
{
    struct recount_body b = {.leaf_hash = *leaf_hash, .number = number, .cost = cost};
    struct buf body = {0};

    recount_body_encode(&b, &body);
    fixture_entry(f, by, ENTRY_RECOUNT, bytes_of_buf(&body));
    fixture_run(f);
    buf_free(&body);
    return f->last.verdicts[0];
}

static enum err recount(struct fixture *f, unsigned by, unsigned of, uint64_t cost)
{
    const struct spot_check *c = check_of(f, of, false);

    return c == NULL ? ERR_MISSING : say(f, by, &c->leaf_hash, c->number, cost);
}

static enum err reconcile(struct fixture *f, unsigned member)
{
    struct reconcile_body b = {.height = f->state.height, .block_id = f->state.block_id};
    struct buf body = {0};

    reconcile_body_encode(&b, &body);
    fixture_entry(f, member, ENTRY_RECONCILE, bytes_of_buf(&body));
    fixture_run(f);
    buf_free(&body);
    return f->last.verdicts[0];
}

/* ---- the draw */

static void without_the_policy_nothing_is_drawn(void)
{
    struct fixture f;

    init(&f, 0);
    collect(&f);
    CHECK_EQ_U64(f.state.check_count, 0);
    CHECK_ERR(say(&f, 0, &state_contribution(&f.state, SITE)->leaf_hash, 0, FALSE_COST), ERR_UNKNOWN);
    score(&f);
    CHECK_EQ_U64(f.state.check_count, 0);
    fixture_fini(&f);
}

static void what_is_drawn_is_what_was_claimed(void)
{
    struct fixture f;
    unsigned of_updates = 0;

    init(&f, ALL);
    struct digest built_on = f.state.block_id;
    collect(&f);
    CHECK_EQ_U64(f.state.check_count, 6);
    for (unsigned i = 0; i < f.state.check_count; i++) {
        const struct spot_check *c = &f.state.checks[i];
        struct genome genome = fixture_genome(&f, 10 + c->member);
        CHECK(!c->scored && c->number == 0 && c->cost == 100 && c->epoch == 1 && c->recount_count == 0);
        CHECK(same_genome(&f, &c->genome, &genome));
        CHECK(digest_equal(&c->leaf_hash, &state_contribution(&f.state, c->member)->leaf_hash));
        CHECK(digest_equal(&c->built_on, &built_on));
    }
    built_on = f.state.block_id;
    unsigned candidates = f.state.candidate_count;
    struct genome first = f.state.candidates[1].genome;
    score(&f);
    CHECK_EQ_U64(f.state.epoch, 2);
    for (unsigned i = 0; i < f.state.check_count; i++) {
        const struct spot_check *c = &f.state.checks[i];
        of_updates += !c->scored;
        CHECK(!c->scored || (c->cost == (c->number == 0 ? 100 : 1000) && c->epoch == 1));
        CHECK(!c->scored || c->number != 1 || same_genome(&f, &c->genome, &first));
        CHECK(!c->scored || digest_equal(&c->built_on, &built_on));
    }
    CHECK_EQ_U64(of_updates, 6);
    CHECK_EQ_U64(f.state.check_count - of_updates, 6 * candidates < ALL ? 6 * candidates : ALL);
    collect(&f);
    CHECK_EQ_U64(check_of(&f, SITE, false)->epoch, 2); /* those of the epoch before are gone, */
    CHECK_EQ_U64(check_of(&f, SITE, true)->epoch, 1);  /* the rows' wait for the next ones */
    fixture_fini(&f);
}

/* So many as the policy wants, each claim as often as any other, and others when the log is another one. */
static void the_log_draws(void)
{
    unsigned drawn[6] = {0};

    for (unsigned run = 0; run < 40; run++) {
        struct fixture f;
        init(&f, 2);
        for (unsigned i = 0; i < 6; i++)
            fixture_update(&f, i, 1 + run * 6 + i, 1);
        fixture_run(&f);
        CHECK_EQ_U64(f.state.check_count, 2);
        for (unsigned i = 0; i < f.state.check_count; i++)
            drawn[f.state.checks[i].member]++;
        fixture_fini(&f);
    }
    for (unsigned i = 0; i < 6; i++)
        CHECK(drawn[i] >= 4 && drawn[i] <= 26); /* 13.3 on average; 3.1 standard deviations */
}

static void what_is_not_drawn_is_not_heard(void)
{
    struct fixture f;

    init(&f, 1);
    collect(&f);
    CHECK_EQ_U64(f.state.check_count, 1);
    for (unsigned i = 0; i < 6; i++) {
        bool drawn = f.state.checks[0].member == i;
        unsigned by = i == 0 ? 1 : 0;
        enum err err = say(&f, by, &state_contribution(&f.state, i)->leaf_hash, 0, FALSE_COST);
        CHECK_ERR(err, drawn ? ERR_OK : ERR_UNKNOWN);
    }
    CHECK_EQ_U64(f.state.checks[0].recount_count, 1);
    fixture_fini(&f);
}

/* ---- the verdict */

static void more_than_f_find_a_false_claim(void)
{
    struct fixture f;

    init(&f, ALL);
    collect(&f);
    fixture_score(&f, SITE, 14, 100);
    fixture_run(&f);
    CHECK(state_contribution(&f.state, SITE)->scored);
    struct digest leaf_hash = state_contribution(&f.state, SITE)->leaf_hash;
    CHECK_ERR(recount(&f, 0, SITE, FALSE_COST), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_ACTIVE);
    CHECK(state_contribution(&f.state, SITE)->updated && state_contribution(&f.state, SITE)->scored);
    CHECK_ERR(recount(&f, 1, SITE, FALSE_COST), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_QUARANTINED);
    CHECK_EQ_U64(state_member(&f.state, SITE)->false_claims, 1);
    CHECK_EQ_U64(state_member(&f.state, SITE)->found_epoch, 1);
    CHECK(!state_contribution(&f.state, SITE)->updated && !state_contribution(&f.state, SITE)->scored);
    CHECK_ERR(say(&f, 2, &leaf_hash, 0, FALSE_COST), ERR_UNKNOWN); /* it is said and done */
    fixture_score(&f, SITE, 14, 100);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    score(&f); /* nobody waits for it */
    CHECK_EQ_U64(f.last.outcome.false_claims, 1);
    CHECK_EQ_U64(f.last.outcome.quarantined, 1);
    CHECK_EQ_U64(f.last.outcome.update_count, 5);
    CHECK_EQ_U64(f.last.outcome.scored, 5);
    json_t *json = outcome_json(&f.last.outcome, &f.state);
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(json, "false_claims")), 1);
    json_decref(json);
    for (unsigned i = 0; i < 6; i++)
        CHECK(i == SITE || state_member(&f.state, i)->status == MEMBER_ACTIVE);
    fixture_fini(&f);
}

/* A row decides before it can be looked at: what comes of it comes in the next epoch. */
static void a_false_row_is_found_in_the_next_epoch(void)
{
    struct fixture f;

    init(&f, ALL);
    collect(&f);
    score(&f);
    CHECK_EQ_U64(f.last.outcome.scored, 6);
    fixture_update(&f, SITE, 30, f.state.epoch);
    fixture_run(&f);
    const struct spot_check *c = check_of(&f, SITE, true);
    REQUIRE(c != NULL);
    struct digest leaf_hash = c->leaf_hash;
    unsigned number = c->number;
    CHECK_ERR(say(&f, 1, &leaf_hash, number, FALSE_COST), ERR_OK);
    CHECK(state_contribution(&f.state, SITE)->updated);
    CHECK_ERR(say(&f, 3, &leaf_hash, number, FALSE_COST), ERR_OK);
    CHECK(!state_contribution(&f.state, SITE)->updated);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_QUARANTINED);
    CHECK_EQ_U64(state_member(&f.state, SITE)->found_epoch, 2);
    CHECK(check_of(&f, SITE, true) == NULL && check_of(&f, SITE, false) == NULL);
    collect(&f);
    score(&f);
    CHECK_EQ_U64(f.last.outcome.false_claims, 1);
    CHECK_EQ_U64(f.last.outcome.update_count, 5);
    fixture_fini(&f);
}

static void one_validator_speaks_once(void)
{
    struct fixture f;

    init(&f, ALL);
    collect(&f);
    CHECK_ERR(recount(&f, 0, SITE, FALSE_COST), ERR_OK);
    for (unsigned i = 0; i < 20; i++)
        CHECK_ERR(recount(&f, 0, SITE, FALSE_COST + i % 2), ERR_DUPLICATE);
    CHECK_EQ_U64(check_of(&f, SITE, false)->recount_count, 1);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_ACTIVE);
    fixture_fini(&f);
}

/* They do not even agree with each other. */
static void different_costs_do_not_add_up(void)
{
    struct fixture f;

    init(&f, ALL);
    collect(&f);
    for (unsigned i = 0; i < 3; i++)
        CHECK_ERR(recount(&f, i, SITE, FALSE_COST + i), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_ACTIVE);
    CHECK_ERR(recount(&f, 3, SITE, FALSE_COST + 1), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_QUARANTINED);
    fixture_fini(&f);
}

static void only_validators_are_heard_and_not_on_themselves(void)
{
    struct fixture f;
    struct digest nobodys = {{1}};

    init(&f, ALL);
    collect(&f);
    CHECK_ERR(recount(&f, OTHER_SITE, SITE, FALSE_COST), ERR_STATE);
    CHECK_ERR(recount(&f, 2, 2, FALSE_COST), ERR_STATE);
    CHECK_ERR(recount(&f, 0, SITE, 100), ERR_MISMATCH); /* as claimed */
    CHECK_ERR(say(&f, 0, &nobodys, 0, FALSE_COST), ERR_UNKNOWN);
    CHECK_ERR(say(&f, 0, &state_contribution(&f.state, SITE)->leaf_hash, 1, FALSE_COST), ERR_UNKNOWN);
    for (unsigned i = 0; i < f.state.check_count; i++)
        CHECK_EQ_U64(f.state.checks[i].recount_count, 0);
    fixture_fini(&f);
}

static void a_later_epochs_is_not_yet(void)
{
    struct fixture f;
    struct recount_body b = {.cost = FALSE_COST};
    struct buf body = {0}, entry = {0};

    init(&f, ALL);
    collect(&f);
    b.leaf_hash = state_contribution(&f.state, SITE)->leaf_hash;
    recount_body_encode(&b, &body);
    struct envelope e = fixture_envelope(&f, 0, ENTRY_RECOUNT, bytes_of_buf(&body));
    e.federated_epoch++;
    fixture_sign(&f, 0, &e, &entry);
    struct entry *opened = entry_open(bytes_of_buf(&entry));
    CHECK_ERR(entry_judge(&f.state, opened), ERR_AGAIN);
    entry_drop(opened);
    buf_free(&entry);
    buf_free(&body);
    fixture_fini(&f);
}

/* A liar that is known to be one does not help another one. */
static void a_convicted_voice_does_not_count(void)
{
    struct fixture f;

    init(&f, ALL);
    collect(&f);
    CHECK_ERR(recount(&f, 3, SITE, FALSE_COST), ERR_OK);
    state_member_change(&f.state, 3)->status = MEMBER_CONVICTED;
    CHECK_ERR(recount(&f, 2, SITE, FALSE_COST), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_ACTIVE);
    CHECK_ERR(recount(&f, 1, SITE, FALSE_COST), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_QUARANTINED);
    state_member_change(&f.state, OTHER_SITE)->status = MEMBER_CONVICTED; /* that is worse, and for good */
    CHECK_ERR(recount(&f, 1, OTHER_SITE, FALSE_COST), ERR_STATE);
    fixture_fini(&f);
}

/* ---- afterwards */

/* Twice found: two epochs. */
static void who_is_found_sits_out(void)
{
    struct fixture f;

    init(&f, ALL);
    for (unsigned time = 1; time <= 2; time++) {
        collect(&f);
        uint64_t found = f.state.epoch;
        CHECK_ERR(recount(&f, 0, SITE, FALSE_COST), ERR_OK);
        CHECK_ERR(recount(&f, 1, SITE, FALSE_COST), ERR_OK);
        CHECK_EQ_U64(state_member(&f.state, SITE)->false_claims, time);
        CHECK(state_sits_out(&f.state, SITE) && !state_sits_out(&f.state, OTHER_SITE));
        CHECK_ERR(reconcile(&f, SITE), ERR_STATE);
        score(&f);
        for (unsigned i = 1; i < time; i++) {
            CHECK_ERR(reconcile(&f, SITE), ERR_STATE);
            collect(&f);
            score(&f);
        }
        CHECK_EQ_U64(f.state.epoch, found + time);
        CHECK(!state_sits_out(&f.state, SITE));
        CHECK_ERR(reconcile(&f, SITE), ERR_OK);
        CHECK_EQ_U64(state_member(&f.state, SITE)->status, MEMBER_ACTIVE);
        fixture_update(&f, SITE, 30, found); /* it gets no second word for the epoch of its false one */
        fixture_run(&f);
        CHECK_ERR(f.last.verdicts[0], ERR_DUPLICATE);
    }
    fixture_fini(&f);
}

/* Who votes in the next membership epoch says it again. */
static void a_membership_epoch_ends_with_its_recounts(void)
{
    struct fixture f;
    struct change change = {.kind = CHANGE_LEAVE};
    struct buf body = {0};

    init(&f, ALL);
    collect(&f);
    CHECK_ERR(recount(&f, 3, SITE, FALSE_COST), ERR_OK);
    snprintf(change.card.name, sizeof change.card.name, "v3");
    change_body_encode(&change, 9, &f.state.federation_id, NULL, &body);
    for (unsigned i = 0; i < 3; i++)
        fixture_entry(&f, i, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    buf_free(&body);
    fixture_run(&f);
    CHECK_EQ_U64(check_of(&f, SITE, false)->recount_count, 1);
    score(&f);
    CHECK_EQ_U64(f.state.membership_epoch, 2);
    REQUIRE(check_of(&f, SITE, false) != NULL);
    CHECK_EQ_U64(check_of(&f, SITE, false)->recount_count, 0);
    fixture_fini(&f);
}

/* Whatever they send: one word of each validator about each claim that is drawn. */
static void memory_is_bounded(void)
{
    struct fixture f;

    init(&f, 2);
    collect(&f);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 4; i++) {
            struct recount_body b = {.number = round % 2, .cost = FALSE_COST + 7 * round + i};
            struct buf body = {0};
            b.leaf_hash = state_contribution(&f.state, round % 6)->leaf_hash;
            recount_body_encode(&b, &body);
            fixture_entry(&f, i, ENTRY_RECOUNT, bytes_of_buf(&body));
            buf_free(&body);
        }
        fixture_run(&f);
        CHECK(f.state.check_count <= 2);
        for (unsigned i = 0; i < f.state.check_count; i++)
            CHECK(f.state.checks[i].recount_count <= 4);
    }
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(without_the_policy_nothing_is_drawn);
    TAP_RUN(what_is_drawn_is_what_was_claimed);
    TAP_RUN(the_log_draws);
    TAP_RUN(what_is_not_drawn_is_not_heard);
    TAP_RUN(more_than_f_find_a_false_claim);
    TAP_RUN(a_false_row_is_found_in_the_next_epoch);
    TAP_RUN(one_validator_speaks_once);
    TAP_RUN(different_costs_do_not_add_up);
    TAP_RUN(only_validators_are_heard_and_not_on_themselves);
    TAP_RUN(a_later_epochs_is_not_yet);
    TAP_RUN(a_convicted_voice_does_not_count);
    TAP_RUN(who_is_found_sits_out);
    TAP_RUN(a_membership_epoch_ends_with_its_recounts);
    TAP_RUN(memory_is_bounded);
    return tap_done();
}
