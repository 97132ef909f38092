#include "fixture.h"
#include "state/governance.h"

/* What governors sign off: three of them, of whom two are enough unless a test says otherwise; four validators v0..v3
 * and one participant e0. */

enum { A = FIXTURE_GOVERNORS, B, C, NEXT, STRANGER };

static struct governance_rules rules_of(unsigned threshold, bool approval)
{
    struct governance_rules rules;

    governance_rules_default(&rules);
    rules.count = 3;
    rules.threshold = threshold;
    rules.approval = approval;
    return rules;
}

static void init(struct fixture *f, bool approval)
{
    struct governance_rules rules = rules_of(2, approval);

    fixture_governed(f, 4, 1, NULL, &rules);
}

static struct sign_off statement(const struct fixture *f, enum action action, uint64_t serial)
{
    return (struct sign_off){
        .federation_id = f->state.federation_id, .action = action, .serial = serial, .until = f->state.epoch + 10};
}

/* By so many keys, in one envelope that member 0 brings in; the verdict on it. */
static enum err sign_by(struct fixture *f, const struct sign_off *what, const unsigned *keys, unsigned count)
{
    struct buf text = {0}, envelope = {0}, body = {0};
    struct dsse dsse;

    sign_off_encode(what, &text);
    dsse_init(&dsse, DSSE_IN_TOTO, bytes_of_buf(&text));
    for (unsigned i = 0; i < count; i++)
        CHECK_OK(dsse_sign(&dsse, &f->keys[keys[i]]));
    dsse_encode(&dsse, &envelope);
    sign_off_body_encode(bytes_of_buf(&envelope), &body);
    fixture_entry(f, 0, ENTRY_SIGN_OFF, bytes_of_buf(&body));
    fixture_run(f);
    dsse_free(&dsse);
    buf_free(&text);
    buf_free(&envelope);
    buf_free(&body);
    return f->last.verdicts[0];
}

static enum err sign(struct fixture *f, const struct sign_off *what, unsigned key)
{
    return sign_by(f, what, &key, 1);
}

static enum err agree(struct fixture *f, const struct sign_off *what)
{
    const unsigned both[] = {A, B};

    return sign_by(f, what, both, 2);
}

/* ---- the approval gate */

static struct sign_off apply_of(const struct fixture *f, uint64_t epoch, uint64_t number, uint64_t serial)
{
    struct sign_off what = statement(f, ACTION_APPLY, serial);

    what.epoch = epoch;
    what.digest = fixture_hash(f, number);
    return what;
}

static void a_winner_is_held_until_enough_have_signed(void)
{
    struct fixture f;
    init(&f, true);
    struct digest first = f.state.incumbent_hash, better = fixture_hash(&f, 5);
    struct sign_off what = apply_of(&f, 1, 5, 1);
    CHECK_ERR(sign(&f, &what, A), ERR_STATE); /* in a block "not yet" is "no" */
    fixture_epoch(&f, 5);
    CHECK(f.last.outcome.anchored && !f.last.outcome.changed && f.last.outcome.has_held);
    CHECK(digest_equal(&f.last.outcome.held, &better));
    CHECK(digest_equal(&f.state.incumbent_hash, &first));
    CHECK_ERR(sign(&f, &what, A), ERR_OK);
    CHECK_ERR(sign(&f, &what, A), ERR_DUPLICATE);
    fixture_epoch(&f, 5); /* it wins again, and waits on */
    CHECK(digest_equal(&f.state.incumbent_hash, &first));
    CHECK_EQ_U64(f.state.governance->held_count, 1);
    CHECK_ERR(sign(&f, &what, B), ERR_OK);
    CHECK(digest_equal(&f.state.incumbent_hash, &first)); /* not under those who are at work */
    CHECK_ERR(sign(&f, &what, C), ERR_DUPLICATE);         /* agreed once and for all */
    fixture_epoch(&f, 5);
    CHECK(f.last.outcome.changed && !f.last.outcome.has_held);
    CHECK(digest_equal(&f.state.incumbent_hash, &better));
    fixture_fini(&f);
}

static void another_genome_is_not_what_was_proposed(void)
{
    struct fixture f;
    init(&f, true);
    fixture_epoch(&f, 5);
    struct sign_off what = apply_of(&f, 1, 6, 1);
    CHECK_ERR(agree(&f, &what), ERR_MISMATCH);
    what = apply_of(&f, 2, 5, 2);
    CHECK_ERR(agree(&f, &what), ERR_STATE);
    fixture_fini(&f);
}

static void without_the_gate_a_winner_is_the_incumbent(void)
{
    struct fixture f;
    init(&f, false);
    struct digest better = fixture_hash(&f, 5);
    fixture_epoch(&f, 5);
    CHECK(f.last.outcome.changed && !f.last.outcome.has_held);
    CHECK(digest_equal(&f.state.incumbent_hash, &better));
    fixture_fini(&f);
}

/* ---- whose signatures count */

static void who_is_no_governor_signs_for_nothing(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off what = statement(&f, ACTION_HALT, 1);
    const unsigned with_stranger[] = {STRANGER, A};
    CHECK_ERR(sign(&f, &what, STRANGER), ERR_UNKNOWN);
    CHECK_ERR(sign_by(&f, &what, with_stranger, 2), ERR_OK);
    CHECK(!governance_halted(&f.state));
    CHECK_ERR(sign(&f, &what, 0), ERR_UNKNOWN); /* a validator is none */
    CHECK_ERR(sign(&f, &what, B), ERR_OK);
    CHECK(governance_halted(&f.state));
    fixture_fini(&f);
}

/* The envelope with a byte of it changed after it was signed. */
static void what_is_tampered_with_is_refused(void)
{
    struct fixture f;
    struct buf text = {0}, envelope = {0}, body = {0};
    struct dsse dsse;
    init(&f, false);
    struct sign_off what = statement(&f, ACTION_HALT, 1);
    sign_off_encode(&what, &text);
    dsse_init(&dsse, DSSE_IN_TOTO, bytes_of_buf(&text));
    CHECK_OK(dsse_sign(&dsse, &f.keys[A]));
    CHECK_OK(dsse_sign(&dsse, &f.keys[B]));
    dsse.signatures[0].signature[7] ^= 1;
    dsse_encode(&dsse, &envelope);
    sign_off_body_encode(bytes_of_buf(&envelope), &body);
    fixture_entry(&f, 0, ENTRY_SIGN_OFF, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_SIGNATURE);
    CHECK(!governance_halted(&f.state));
    dsse_free(&dsse);
    buf_free(&text);
    buf_free(&envelope);
    buf_free(&body);
    fixture_fini(&f);
}

static void a_statement_for_another_federation_is_refused(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off what = statement(&f, ACTION_HALT, 1);
    what.federation_id.b[0] ^= 1;
    CHECK_ERR(agree(&f, &what), ERR_MISMATCH);
    fixture_fini(&f);
}

static void its_time_is_limited(void)
{
    struct fixture f;
    init(&f, false);
    fixture_epoch(&f, 5);
    struct sign_off what = statement(&f, ACTION_HALT, 1);
    what.until = 1;
    CHECK_ERR(agree(&f, &what), ERR_STALE);
    what.until = f.state.epoch + SIGN_OFF_EPOCHS_MAX + 1;
    CHECK_ERR(agree(&f, &what), ERR_RANGE);
    fixture_fini(&f);
}

static void nobody_governs_where_genesis_names_nobody(void)
{
    struct fixture f;
    fixture_init(&f, 4, 1, NULL);
    struct sign_off what = statement(&f, ACTION_HALT, 1);
    CHECK_ERR(agree(&f, &what), ERR_STATE);
    fixture_fini(&f);
}

static void one_governor_opens_so_many_proposals(void)
{
    struct fixture f;
    init(&f, false);
    for (unsigned i = 0; i < PROPOSALS_OPENED_MAX; i++) {
        struct sign_off what = statement(&f, ACTION_HALT, i);
        CHECK_ERR(sign(&f, &what, A), ERR_OK);
    }
    struct sign_off what = statement(&f, ACTION_HALT, 100);
    CHECK_ERR(sign(&f, &what, A), ERR_LIMIT);
    CHECK_ERR(sign(&f, &what, B), ERR_OK); /* the others have room of their own */
    fixture_fini(&f);
}

/* ---- halt and resume */

static void while_it_is_halted_no_epoch_goes_on(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off halt = statement(&f, ACTION_HALT, 1), resume = statement(&f, ACTION_RESUME, 2);
    CHECK_ERR(agree(&f, &resume), ERR_STATE);
    CHECK_ERR(agree(&f, &halt), ERR_OK);
    CHECK(f.last.phase_changed);
    fixture_update(&f, 1, 5, 1);
    fixture_close(&f, 2);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    CHECK_ERR(f.last.verdicts[1], ERR_STATE);
    CHECK_ERR(sign(&f, &resume, A), ERR_OK);
    CHECK(governance_halted(&f.state));
    CHECK_ERR(sign(&f, &resume, C), ERR_OK);
    CHECK(!governance_halted(&f.state) && f.last.phase_changed);
    CHECK_ERR(agree(&f, &halt), ERR_DUPLICATE); /* an old statement is good for one time */
    fixture_epoch(&f, 5);
    CHECK_EQ_U64(f.state.epoch, 2);
    fixture_fini(&f);
}

/* ---- members */

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

static void a_member_stays_in_quarantine_until_it_is_released(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off away = statement(&f, ACTION_QUARANTINE, 1), back = statement(&f, ACTION_RELEASE, 2);
    snprintf(away.member, sizeof away.member, "e0");
    snprintf(back.member, sizeof back.member, "e0");
    fixture_update(&f, 4, 5, 1);
    fixture_run(&f);
    CHECK_ERR(agree(&f, &back), ERR_STATE);
    CHECK_ERR(agree(&f, &away), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 4)->status, MEMBER_QUARANTINED);
    CHECK(!state_contribution(&f.state, 4)->updated);
    CHECK_ERR(reconcile(&f, 4), ERR_STATE);
    fixture_epoch(&f, 6);
    CHECK_ERR(reconcile(&f, 4), ERR_STATE);
    CHECK_ERR(agree(&f, &back), ERR_OK);
    CHECK_ERR(reconcile(&f, 4), ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 4)->status, MEMBER_ACTIVE);
    snprintf(away.member, sizeof away.member, "nobody");
    CHECK_ERR(agree(&f, &away), ERR_UNKNOWN);
    fixture_fini(&f);
}

/* ---- rollback, policy */

static void an_earlier_incumbent_is_restored(void)
{
    struct fixture f;
    init(&f, false);
    fixture_epoch(&f, 5);
    fixture_epoch(&f, 6);
    struct digest earlier = fixture_hash(&f, 5);
    struct sign_off what = statement(&f, ACTION_ROLLBACK, 1);
    what.epoch = 1;
    CHECK_ERR(agree(&f, &what), ERR_OK);
    fixture_epoch(&f, 7); /* what it decides is about an incumbent that is none any more */
    CHECK(f.last.outcome.rolled_back && f.last.outcome.rollback_epoch == 1);
    CHECK(digest_equal(&f.state.incumbent_hash, &earlier));
    what = statement(&f, ACTION_ROLLBACK, 2);
    what.epoch = 1;
    CHECK_ERR(agree(&f, &what), ERR_DUPLICATE);
    what.epoch = 77;
    CHECK_ERR(agree(&f, &what), ERR_STATE);
    fixture_fini(&f);
}

static void a_policy_holds_from_the_next_epoch_on(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off what = statement(&f, ACTION_POLICY, 1);
    what.settings.set[SETTING_MARGIN] = what.settings.set[SETTING_APPROVAL] = true;
    what.settings.values[SETTING_MARGIN] = 123;
    what.settings.values[SETTING_APPROVAL] = 1;
    CHECK_ERR(agree(&f, &what), ERR_OK);
    CHECK(f.state.policy.margin_ppm != 123 && !f.state.governance->approval);
    fixture_epoch(&f, 5);
    CHECK(f.state.policy.margin_ppm == 123 && f.state.governance->approval);
    CHECK(f.last.outcome.changed);
    fixture_epoch(&f, 6);
    CHECK(!f.last.outcome.changed && f.last.outcome.has_held);
    fixture_fini(&f);
}

/* ---- keys */

static struct sign_off rotation(const struct fixture *f, uint64_t from, uint64_t serial)
{
    struct sign_off what = statement(f, ACTION_ROTATE_KEY, serial);

    what.digest = f->keys[C].fingerprint;
    what.key = f->keys[NEXT].public;
    what.epoch = from;
    return what;
}

static void a_new_key_signs_for_itself_and_counts_from_its_epoch_on(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off what = rotation(&f, 2, 1), halt = statement(&f, ACTION_HALT, 2);
    CHECK_ERR(agree(&f, &what), ERR_OK); /* enough, but nobody has shown that he has the key */
    CHECK_EQ_U64(f.state.governance->governors[2].next_from, 0);
    CHECK_ERR(sign(&f, &what, NEXT), ERR_OK);
    CHECK_EQ_U64(f.state.governance->governors[2].next_from, 2);
    CHECK_ERR(sign(&f, &halt, NEXT), ERR_UNKNOWN); /* not yet */
    CHECK_ERR(sign(&f, &halt, C), ERR_OK);
    fixture_epoch(&f, 5);
    CHECK_ERR(sign(&f, &halt, C), ERR_UNKNOWN);
    CHECK_ERR(sign(&f, &halt, A), ERR_OK); /* what the old key has signed is forgotten */
    CHECK(!governance_halted(&f.state));
    CHECK_ERR(sign(&f, &halt, NEXT), ERR_OK);
    CHECK(governance_halted(&f.state));
    fixture_fini(&f);
}

static struct sign_off revocation(const struct fixture *f, unsigned key, uint64_t from, uint64_t serial)
{
    struct sign_off what = statement(f, ACTION_REVOKE_KEY, serial);

    what.digest = f->keys[key].fingerprint;
    what.epoch = from;
    return what;
}

static void a_revoked_key_counts_before_its_epoch_and_not_after_it(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off what = revocation(&f, C, 2, 1), halt = statement(&f, ACTION_HALT, 2), again;
    const unsigned with_revoked[] = {B, C};
    CHECK_ERR(agree(&f, &what), ERR_OK);
    CHECK_ERR(sign(&f, &halt, C), ERR_OK);
    again = revocation(&f, B, 2, 3);
    CHECK_ERR(agree(&f, &again), ERR_LIMIT); /* two must be left */
    again = revocation(&f, C, 3, 4);
    CHECK_ERR(agree(&f, &again), ERR_DUPLICATE);
    fixture_epoch(&f, 5);
    CHECK_ERR(sign(&f, &halt, B), ERR_OK); /* with what C signed in time that would be two */
    CHECK(!governance_halted(&f.state));
    struct sign_off later = statement(&f, ACTION_HALT, 5);
    CHECK_ERR(sign(&f, &later, C), ERR_REVOKED);
    CHECK_ERR(sign_by(&f, &later, with_revoked, 2), ERR_OK);
    CHECK(!governance_halted(&f.state));
    CHECK_ERR(sign(&f, &later, A), ERR_OK);
    CHECK(governance_halted(&f.state));
    again = revocation(&f, A, 1, 6);
    CHECK_ERR(sign(&f, &again, B), ERR_STALE); /* never for what is past */
    fixture_fini(&f);
}

static void a_members_key_is_revoked(void)
{
    struct fixture f;
    init(&f, false);
    struct sign_off edge = revocation(&f, 4, 2, 1), core = revocation(&f, 3, 2, 2);
    CHECK_ERR(agree(&f, &edge), ERR_OK);
    CHECK_ERR(agree(&f, &core), ERR_OK);
    fixture_update(&f, 4, 9, 1); /* before its epoch it is good */
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    fixture_collect(&f, 4, 5);
    for (unsigned i = 0; i < 5; i++)
        fixture_score(&f, i, 5, 200);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.epoch, 2);
    CHECK_EQ_U64(f.state.validator_count, 3); /* it votes no more */
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_LEFT);
    fixture_update(&f, 4, 9, 2);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_REVOKED);
    fixture_fini(&f);
}

/* ---- the table "violation -> response" */

/* Too few speak, four deadlines long. */
static void abandon(struct fixture *f)
{
    while (f->state.epoch == 1) {
        fixture_close(f, 0);
        fixture_run(f);
    }
}

/* e0 is not heard of for longer than max_ledger_drift. */
static void drift(struct fixture *f)
{
    while (f->state.epoch < 5) {
        fixture_collect(f, 4, 5);
        for (unsigned i = 0; i < 4; i++)
            fixture_score(f, i, 5, 200);
        fixture_run(f);
        if (f->state.governance->note_count > 0)
            return;
    }
}

/* e0 signs two entries with one number. */
static void equivocate(struct fixture *f)
{
    struct buf body = {0}, other = {0}, first = {0}, second = {0};
    const uint64_t a = 5, b = 6;

    fixture_update_body(f, &a, 1, &body);
    fixture_update_body(f, &b, 1, &other);
    struct envelope e = fixture_envelope(f, 4, ENTRY_UPDATE, bytes_of_buf(&body));
    fixture_sign(f, 4, &e, &first);
    e.body = bytes_of_buf(&other);
    fixture_sign(f, 4, &e, &second);
    fixture_evidence(f, 0, bytes_of_buf(&first), bytes_of_buf(&second));
    fixture_run(f);
    CHECK_ERR(f->last.verdicts[0], ERR_OK);
    buf_free(&body);
    buf_free(&other);
    buf_free(&first);
    buf_free(&second);
}

/* What e0 claims is not what v0 finds; f is 0 here, so that one voice is enough. */
static void claim_falsely(struct fixture *f)
{
    struct buf body = {0};

    for (unsigned i = 0; i < 5; i++)
        fixture_update(f, i, 10 + i, 1);
    fixture_run(f);
    for (unsigned i = 0; i < f->state.check_count && body.len == 0; i++) {
        const struct spot_check *c = &f->state.checks[i];
        struct recount_body b = {.leaf_hash = c->leaf_hash, .number = c->number, .cost = 4711};
        if (c->member == 4)
            recount_body_encode(&b, &body);
    }
    fixture_entry(f, 0, ENTRY_RECOUNT, bytes_of_buf(&body));
    fixture_run(f);
    CHECK_ERR(f->last.verdicts[0], ERR_OK);
    buf_free(&body);
}

/* Genome 5 was the incumbent before 6, and is far better now. */
static void regress(struct fixture *f)
{
    fixture_epoch(f, 5);
    fixture_epoch(f, 6);
    for (unsigned i = 0; i < 5; i++)
        fixture_update(f, i, 0, 3);
    fixture_run(f);
    for (unsigned i = 0; i < 5; i++)
        fixture_score(f, i, 5, 200);
    fixture_run(f);
}

static void violate(struct fixture *f, enum violation violation)
{
    static void (*const ways[VIOLATION_COUNT])(struct fixture * f) = {
        [VIOLATION_ABANDONED] = abandon,       [VIOLATION_DRIFT] = drift,
        [VIOLATION_EQUIVOCATION] = equivocate, [VIOLATION_FALSE_CLAIM] = claim_falsely,
        [VIOLATION_REGRESSION] = regress,
    };

    ways[violation](f);
}

static void check_regression(const struct fixture *f, enum response response)
{
    struct digest earlier = fixture_hash(f, 5), later = fixture_hash(f, 6);
    bool waits = response == RESPONSE_HOLD || response == RESPONSE_HALT;

    CHECK_EQ_U64(f->state.phase, response == RESPONSE_ROLL_BACK ? PHASE_ROLLBACK : PHASE_COLLECT);
    CHECK(digest_equal(&f->state.incumbent_hash, response == RESPONSE_WARN ? &earlier : &later));
    CHECK_EQ_U64(f->state.governance->held_count, waits);
    CHECK(!waits || digest_equal(&f->state.governance->held[0].hash, &earlier));
}

static void check_response(const struct fixture *f, enum violation violation, enum response response)
{
    const struct governance *g = f->state.governance;
    enum member_status status = state_member(&f->state, 4)->status;

    CHECK_EQ_U64(governance_halted(&f->state), response == RESPONSE_HALT);
    REQUIRE(g->note_count == 1);
    CHECK(g->notes[0].violation == violation && g->notes[0].response == response);
    if (violation == VIOLATION_DRIFT)
        CHECK_EQ_U64(status, response == RESPONSE_WARN ? MEMBER_ABSENT : MEMBER_QUARANTINED);
    else if (violation == VIOLATION_FALSE_CLAIM)
        CHECK_EQ_U64(status, response == RESPONSE_WARN ? MEMBER_ACTIVE : MEMBER_QUARANTINED);
    else if (violation == VIOLATION_EQUIVOCATION)
        CHECK_EQ_U64(status, MEMBER_CONVICTED);
    else if (violation == VIOLATION_REGRESSION)
        check_regression(f, response);
    else
        CHECK_EQ_U64(f->state.epoch, 2);
}

/* Every response that fits its violation, by what the state is after it. */
static void the_state_answers_as_it_was_declared(void)
{
    struct policy policy;
    unsigned walked = 0;

    policy_default(&policy);
    policy.spot_checks = SPOT_CHECKS_MAX;
    for (unsigned violation = 0; violation < VIOLATION_COUNT; violation++) {
        for (unsigned response = 0; response < RESPONSE_COUNT; response++) {
            struct governance_rules rules = rules_of(2, false);
            struct fixture f;
            if (!response_fits((enum violation)violation, (enum response)response))
                continue;
            rules.responses[violation] = (enum response)response;
            fixture_governed(&f, 4, 1, &policy, &rules);
            violate(&f, (enum violation)violation);
            check_response(&f, (enum violation)violation, (enum response)response);
            fixture_fini(&f);
            walked++;
        }
    }
    CHECK_EQ_U64(walked, 14);
}

/* Nobody declares what makes no sense, and no threshold lets nobody govern. */
static void genesis_refuses_other_rules(void)
{
    struct governance_rules rules = rules_of(2, false);
    struct genesis read;
    struct buf bytes = {0};
    struct fixture f;

    init(&f, false);
    rules.keys[0] = f.keys[A].public;
    rules.keys[1] = f.keys[B].public;
    rules.keys[2] = f.keys[C].public;
    for (unsigned i = 0; i < 4; i++) {
        f.genesis.governance = rules;
        if (i == 0)
            f.genesis.governance.threshold = 0;
        else if (i == 1)
            f.genesis.governance.threshold = 4;
        else if (i == 2)
            f.genesis.governance.responses[VIOLATION_ABANDONED] = RESPONSE_ROLL_BACK;
        else
            f.genesis.governance.keys[1] = rules.keys[0];
        buf_clear(&bytes);
        genesis_encode(&f.genesis, &bytes);
        CHECK_ERR(genesis_decode(bytes_of_buf(&bytes), &read, NULL), i < 3 ? ERR_RANGE : ERR_DUPLICATE);
    }
    buf_free(&bytes);
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(a_winner_is_held_until_enough_have_signed);
    TAP_RUN(another_genome_is_not_what_was_proposed);
    TAP_RUN(without_the_gate_a_winner_is_the_incumbent);
    TAP_RUN(who_is_no_governor_signs_for_nothing);
    TAP_RUN(what_is_tampered_with_is_refused);
    TAP_RUN(a_statement_for_another_federation_is_refused);
    TAP_RUN(its_time_is_limited);
    TAP_RUN(nobody_governs_where_genesis_names_nobody);
    TAP_RUN(one_governor_opens_so_many_proposals);
    TAP_RUN(while_it_is_halted_no_epoch_goes_on);
    TAP_RUN(a_member_stays_in_quarantine_until_it_is_released);
    TAP_RUN(an_earlier_incumbent_is_restored);
    TAP_RUN(a_policy_holds_from_the_next_epoch_on);
    TAP_RUN(a_new_key_signs_for_itself_and_counts_from_its_epoch_on);
    TAP_RUN(a_revoked_key_counts_before_its_epoch_and_not_after_it);
    TAP_RUN(a_members_key_is_revoked);
    TAP_RUN(the_state_answers_as_it_was_declared);
    TAP_RUN(genesis_refuses_other_rules);
    return tap_done();
}
