#include "base/dmath.h"
#include "fixture.h"

/* Who takes part: staleness, quarantine and reconciliation, evidence, leaving, shards. */

/* An epoch in which only members 0 and 1 take part, whoever has sent an UPDATE before. */
static void epoch_of_two(struct fixture *f)
{
    fixture_collect(f, 2, 0);
    fixture_score(f, 0, 0, 100);
    fixture_score(f, 1, 0, 100);
    fixture_run(f);
    if (!f->last.epoch_ended) {
        fixture_close(f, 0);
        fixture_run(f);
    }
    CHECK(f->last.epoch_ended);
}

/* An epoch in which nobody is heard, and nobody becomes absent for that. */
static void epoch_of_nobody(struct fixture *f)
{
    for (unsigned attempt = 0; attempt <= f->state.policy.retry_budget; attempt++) {
        fixture_close(f, 0);
        fixture_run(f);
    }
    CHECK(f->last.epoch_ended && !f->last.outcome.anchored);
}

static void reconcile(struct fixture *f, unsigned member, uint64_t height, const struct digest *id)
{
    struct buf body = {0};
    struct reconcile_body b = {.height = height, .block_id = *id};
    reconcile_body_encode(&b, &body);
    fixture_entry(f, member, ENTRY_RECONCILE, bytes_of_buf(&body));
    fixture_run(f);
    buf_free(&body);
}

static void who_is_away_too_long_is_quarantined(void)
{
    struct fixture f;
    fixture_init(&f, 3, 0, NULL);
    epoch_of_two(&f);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ABSENT);
    epoch_of_two(&f); /* epoch 3 begins; the last UPDATE was due in 1: a staleness of 2, still allowed */
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ABSENT);
    epoch_of_two(&f);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_QUARANTINED);
    CHECK_EQ_U64(f.last.outcome.quarantined, 1);
    CHECK_EQ_U64(f.last.outcome.absent, 0);
    fixture_update(&f, 2, 5, f.state.epoch);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);

    struct digest other = f.state.incumbent_hash, known = f.state.recent[f.state.recent_count - 2];
    reconcile(&f, 2, f.state.height, &other);
    CHECK_ERR(f.last.verdicts[0], ERR_MISMATCH);
    reconcile(&f, 2, f.state.height + 2, &other);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    reconcile(&f, 2, f.state.height - 4, &known);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ACTIVE);
    reconcile(&f, 2, f.state.height, &f.state.block_id);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    fixture_update(&f, 2, 5, f.state.epoch);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    fixture_fini(&f);
}

/* RECONCILE may name the present block or any of the latest BLOCKS_REMEMBERED below it. */
static void only_recent_blocks_reconcile(void)
{
    struct fixture f;
    enum { HEIGHT = BLOCKS_REMEMBERED + 8 };
    struct digest ids[HEIGHT + 1];
    fixture_init(&f, 2, 1, NULL);
    for (unsigned i = 0; i < HEIGHT; i++) {
        ids[i] = f.state.block_id;
        fixture_run(&f);
    }
    CHECK_EQ_U64(f.state.height, HEIGHT);
    ids[HEIGHT] = f.state.block_id;
    CHECK_EQ_U64(f.state.recent_count, BLOCKS_REMEMBERED);
    for (unsigned i = 0; i <= HEIGHT; i++)
        CHECK(state_knows_block(&f.state, i, &ids[i]) == (i >= HEIGHT - BLOCKS_REMEMBERED));
    CHECK(!state_knows_block(&f.state, HEIGHT - 1, &ids[HEIGHT]));
    CHECK(!state_knows_block(&f.state, HEIGHT + 1, &ids[HEIGHT]));
    state_member_change(&f.state, 2)->status = MEMBER_QUARANTINED;
    reconcile(&f, 2, 7, &ids[7]);
    CHECK_ERR(f.last.verdicts[0], ERR_STALE);
    reconcile(&f, 2, f.state.height, &f.state.block_id);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    fixture_fini(&f);
}

/* An UPDATE that is too late has no effect but one, and that one once. */
static void too_late_an_update_quarantines(void)
{
    struct fixture f;
    fixture_init(&f, 3, 0, NULL);
    for (unsigned i = 0; i < 3; i++)
        epoch_of_nobody(&f);
    CHECK_EQ_U64(f.state.epoch, 4);
    fixture_update(&f, 1, 5, 2);
    fixture_update(&f, 2, 5, 1);
    struct buf late = {0};
    buf_add(&late, f.batch[1].data, f.batch[1].len);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_contribution(&f.state, 1)->staleness, 2);
    CHECK_ERR(f.last.verdicts[1], ERR_STALE);
    CHECK(!state_contribution(&f.state, 2)->updated);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_QUARANTINED);
    reconcile(&f, 2, f.state.height, &f.state.block_id);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ACTIVE);
    fixture_add(&f, bytes_of_buf(&late)); /* the same once more */
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_DUPLICATE);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ACTIVE);
    buf_free(&late);
    fixture_fini(&f);
}

/* Two of three equal sites want genome 5, the third insists on the incumbent. The stale two lose weight. */
static void staleness_costs_weight(void)
{
    struct policy policy;
    policy_default(&policy);
    policy.rule = RANK_MEDIAN;
    policy.stake_cap_ppm = PPM;
    policy.stale_discount_ppm = 400000;
    for (unsigned stale = 0; stale < 2; stale++) {
        struct fixture f;
        fixture_init(&f, 3, 0, &policy);
        for (unsigned i = 0; i < 2; i++)
            epoch_of_nobody(&f);
        for (unsigned i = 0; i < 3; i++)
            fixture_update(&f, i, i == 0 ? 5 : 0, i < 2 && stale ? 1 : 3);
        fixture_run(&f);
        fixture_score(&f, 0, 5, 200);
        fixture_score(&f, 1, 5, 200);
        fixture_score(&f, 2, 0, 100);
        fixture_run(&f);
        REQUIRE(f.last.epoch_ended);
        CHECK_EQ_U64(f.last.outcome.stale, stale ? 2 : 0);
        CHECK(f.last.outcome.changed == !stale);
        fixture_fini(&f);
    }
}

/* ---- work counts once */

/* The verdict on an UPDATE that a member signs now, for the given epoch. */
static enum err offer(struct fixture *f, unsigned member, uint64_t epoch)
{
    fixture_update(f, member, 7, epoch);
    fixture_run(f);
    return f->last.verdicts[0];
}

/* Made twice (the disk was lost) or signed twice (a lie): the second has a new number, and comes an epoch or two later.
 * It has no effect, its author stays in good standing, and the work of the running epoch counts. */
static void work_for_an_epoch_counts_once(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    CHECK_ERR(offer(&f, 3, 1), ERR_OK);
    CHECK_ERR(offer(&f, 3, 1), ERR_DUPLICATE);
    for (unsigned i = 0; i < 3; i++)
        CHECK_ERR(offer(&f, i, 1), ERR_OK);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    CHECK_ERR(offer(&f, 3, 1), ERR_DUPLICATE); /* not "later" */
    for (unsigned i = 0; i < 4; i++)
        fixture_score(&f, i, 7, 200);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.epoch, 2);
    CHECK_ERR(offer(&f, 3, 1), ERR_DUPLICATE);
    CHECK(!state_contribution(&f.state, 3)->updated);
    epoch_of_two(&f);
    CHECK_ERR(offer(&f, 3, 1), ERR_DUPLICATE);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_ABSENT);
    CHECK_ERR(offer(&f, 3, 2), ERR_OK); /* late, and for the first time */
    CHECK_EQ_U64(state_member(&f.state, 3)->counted_epoch, 2);
    epoch_of_two(&f);
    CHECK_ERR(offer(&f, 3, 2), ERR_DUPLICATE);
    CHECK_ERR(offer(&f, 3, 4), ERR_OK);
    fixture_fini(&f);
}

/* The window of late work is two epochs here. What a member has left out it cannot bring forward behind newer work. */
static void newer_work_takes_the_place_of_older(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    epoch_of_two(&f);
    CHECK_ERR(offer(&f, 3, 2), ERR_OK);
    epoch_of_two(&f);
    CHECK_ERR(offer(&f, 3, 1), ERR_DUPLICATE);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_ABSENT); /* it let SCORE pass; it is not quarantined */
    CHECK_ERR(offer(&f, 3, 3), ERR_OK);
    epoch_of_two(&f);
    CHECK_EQ_U64(f.state.epoch, 4);
    CHECK_ERR(offer(&f, 3, 1), ERR_DUPLICATE); /* nor is it for what is older than the window */
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_ABSENT);
    fixture_fini(&f);
}

/* That an epoch is given up, or goes back to an earlier incumbent, makes nothing unsaid. */
static void work_of_an_epoch_given_up_has_counted(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    CHECK_ERR(offer(&f, 3, 1), ERR_OK);
    epoch_of_nobody(&f);
    CHECK_ERR(offer(&f, 3, 1), ERR_DUPLICATE);
    CHECK_ERR(offer(&f, 2, 1), ERR_OK); /* that one has said nothing yet */
    fixture_fini(&f);
}

/* No work is older than its author's membership. */
static void work_from_before_the_first_epoch_does_not_count(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    struct change c = fixture_newcomer(&f, 20, ROLE_EDGE);
    CHECK_ERR(offer(&f, 3, 0), ERR_DUPLICATE);
    CHECK_ERR(fixture_sign_off(&f, 0, 1, &c, 20), ERR_OK);
    fixture_epoch(&f, 5);
    REQUIRE(f.state.member_count == 5);
    f.keys[4] = f.keys[20];
    CHECK_ERR(offer(&f, 4, 1), ERR_DUPLICATE);
    CHECK_ERR(offer(&f, 4, 2), ERR_OK);
    fixture_fini(&f);
}

/* ---- evidence */

static void accuse(struct fixture *f, unsigned by, struct bytes first, struct bytes second)
{
    fixture_evidence(f, by, first, second);
    fixture_run(f);
}

/* Two UPDATEs of one member, the second with `sequence` and another genome if `other`. */
static void double_talk(struct fixture *f, unsigned key, unsigned member, uint64_t sequence, bool other,
                        struct buf *first, struct buf *second)
{
    struct buf body = {0};
    uint64_t number = 5;
    fixture_update_body(f, &number, 1, &body);
    struct envelope e = fixture_envelope(f, member, ENTRY_UPDATE, bytes_of_buf(&body));
    e.sequence = 50;
    fixture_sign(f, key, &e, first);
    buf_clear(&body);
    number = other ? 6 : 5;
    fixture_update_body(f, &number, 1, &body);
    e = fixture_envelope(f, member, ENTRY_UPDATE, bytes_of_buf(&body));
    e.sequence = sequence;
    fixture_sign(f, key, &e, second);
    buf_free(&body);
}

static void double_talk_convicts(void)
{
    struct fixture f;
    struct buf first = {0}, second = {0};
    fixture_init(&f, 3, 2, NULL);
    double_talk(&f, 3, 3, 50, true, &first, &second);
    fixture_update(&f, 3, 7, 1);
    fixture_run(&f);
    CHECK(state_contribution(&f.state, 3)->updated);
    accuse(&f, 0, bytes_of_buf(&first), bytes_of_buf(&second));
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_CONVICTED);
    CHECK(!state_contribution(&f.state, 3)->updated);
    accuse(&f, 1, bytes_of_buf(&second), bytes_of_buf(&first));
    CHECK_ERR(f.last.verdicts[0], ERR_DUPLICATE);
    fixture_update(&f, 3, 7, 1);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    reconcile(&f, 3, f.state.height, &f.state.block_id);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    /* nobody waits for it, and its genome is no candidate */
    for (unsigned i = 0; i < 5; i++) {
        if (i != 3)
            fixture_update(&f, i, i == 0 ? 5 : 0, 1);
    }
    fixture_run(&f);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    CHECK_EQ_U64(f.state.candidate_count, 2);
    buf_free(&first);
    buf_free(&second);
    fixture_fini(&f);
}

/* An envelope of the largest size that is one; `fill` tells it from others. Its body says nothing: evidence asks only
 * who signed it. */
static void largest_statement(struct fixture *f, unsigned member, uint64_t sequence, uint8_t fill, struct buf *out)
{
    struct buf content = {0}, body = {0};
    struct cbor_writer w;
    size_t overhead = 0;

    for (int pass = 0; pass < 2; pass++) { /* the first one measures what is not content */
        buf_clear(&content);
        buf_clear(&body);
        buf_clear(out);
        for (size_t i = 0; i < ENVELOPE_STATEMENT_MAX - 1024 - overhead; i++)
            buf_add_byte(&content, fill);
        cbor_writer_init(&w, &body);
        cbor_put_bytes(&w, bytes_of_buf(&content));
        cbor_writer_done(&w);
        struct envelope e = fixture_envelope(f, member, ENTRY_UPDATE, bytes_of_buf(&body));
        e.sequence = sequence;
        fixture_sign(f, member, &e, out);
        overhead = out->len - content.len - 1024;
    }
    CHECK_EQ_U64(out->len, ENVELOPE_STATEMENT_MAX);
    buf_free(&content);
    buf_free(&body);
}

/* Whatever two envelopes a liar signs under one number, EVIDENCE entries of the largest size included, there is room to
 * report them, by anybody. */
static void the_largest_statements_fit_into_evidence(void)
{
    struct fixture f;
    struct buf large[2] = {{0}}, told[2] = {{0}};
    fixture_init(&f, 3, 2, NULL);
    largest_statement(&f, 3, 50, 1, &large[0]);
    largest_statement(&f, 3, 50, 2, &large[1]);
    for (unsigned i = 0; i < 2; i++) { /* member 4 reports that twice under one number, in two ways */
        f.sequences[4] = 60;
        fixture_evidence(&f, 4, bytes_of_buf(&large[i]), bytes_of_buf(&large[1 - i]));
        CHECK(f.batch[i].len > 2 * ENVELOPE_STATEMENT_MAX && f.batch[i].len <= ENVELOPE_SIZE_MAX);
        envelope_statement(bytes_of_buf(&f.batch[i]), &told[i]);
        CHECK(told[i].len < ENVELOPE_ROOM);
    }
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_ERR(f.last.verdicts[1], ERR_DUPLICATE);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_CONVICTED);
    accuse(&f, 0, bytes_of_buf(&told[0]), bytes_of_buf(&told[1]));
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 4)->status, MEMBER_CONVICTED);
    for (unsigned i = 0; i < 2; i++) {
        buf_free(&large[i]);
        buf_free(&told[i]);
    }
    fixture_fini(&f);
}

/* What is attached must be what the body names, and brings no attachments of its own. */
static void attachments_are_those_that_are_named(void)
{
    struct fixture f;
    struct buf first = {0}, second = {0}, body = {0}, stripped = {0}, nested = {0};
    fixture_init(&f, 3, 2, NULL);
    double_talk(&f, 3, 3, 50, true, &first, &second);
    struct evidence_body right = {.first = bytes_of_buf(&first), .second = bytes_of_buf(&second)};
    struct envelope e = fixture_envelope(&f, 0, ENTRY_EVIDENCE, (struct bytes){0});
    evidence_body_encode(&right, &body, &e);
    fixture_sign(&f, 0, &e, &nested);
    envelope_statement(bytes_of_buf(&nested), &stripped);
    fixture_add(&f, bytes_of_buf(&stripped));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_MISSING);
    e.attached[1] = e.attached[0];
    fixture_sign(&f, 0, &e, &f.batch[f.count++]);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_MISMATCH);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_ACTIVE);
    accuse(&f, 1, bytes_of_buf(&nested), bytes_of_buf(&nested));
    CHECK_ERR(f.last.verdicts[0], ERR_RANGE);
    buf_free(&first);
    buf_free(&second);
    buf_free(&body);
    buf_free(&stripped);
    buf_free(&nested);
    fixture_fini(&f);
}

static void a_convicted_row_is_dropped(void)
{
    struct fixture f;
    struct buf first = {0}, second = {0};
    fixture_init(&f, 3, 0, NULL);
    fixture_collect(&f, 3, 5);
    fixture_score(&f, 2, 0, 100);
    fixture_run(&f);
    CHECK_EQ_U64(state_rows(&f.state), 1);
    double_talk(&f, 2, 2, 50, true, &first, &second);
    accuse(&f, 0, bytes_of_buf(&first), bytes_of_buf(&second));
    CHECK_EQ_U64(state_rows(&f.state), 0);
    fixture_score(&f, 0, 5, 200);
    fixture_score(&f, 1, 5, 200);
    fixture_run(&f);
    REQUIRE(f.last.epoch_ended);
    CHECK_EQ_U64(f.last.outcome.scored, 2);
    CHECK_EQ_U64(f.last.outcome.update_count, 2);
    CHECK_EQ_U64(f.last.outcome.convicted, 1);
    CHECK(f.last.outcome.changed);
    buf_free(&first);
    buf_free(&second);
    fixture_fini(&f);
}

static void nobody_is_convicted_without_proof(void)
{
    struct fixture f;
    struct buf a = {0}, b = {0}, c = {0}, d = {0};
    fixture_init(&f, 3, 1, NULL);
    double_talk(&f, 3, 3, 51, true, &a, &b); /* two sequences */
    accuse(&f, 0, bytes_of_buf(&a), bytes_of_buf(&b));
    CHECK_ERR(f.last.verdicts[0], ERR_MISMATCH);
    buf_clear(&a);
    buf_clear(&b);
    double_talk(&f, 3, 3, 50, false, &a, &b); /* the same twice */
    accuse(&f, 0, bytes_of_buf(&a), bytes_of_buf(&b));
    CHECK_ERR(f.last.verdicts[0], ERR_DUPLICATE);
    double_talk(&f, 2, 2, 50, true, &c, &d); /* by two hands */
    accuse(&f, 0, bytes_of_buf(&a), bytes_of_buf(&d));
    CHECK_ERR(f.last.verdicts[0], ERR_MISMATCH);
    accuse(&f, 0, bytes_of_text("nonsense"), bytes_of_text("more"));
    CHECK(f.last.verdicts[0] != ERR_OK);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ_U64(state_member(&f.state, i)->status, MEMBER_ACTIVE);
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
    buf_free(&d);
    fixture_fini(&f);
}

/* A forger has no key: the last byte of the signature is not the victim's. */
static void forged_evidence_convicts_nobody(void)
{
    struct fixture f;
    struct buf a = {0}, b = {0};
    fixture_init(&f, 3, 1, NULL);
    double_talk(&f, 3, 3, 50, true, &a, &b);
    b.data[b.len - 20] ^= 1;
    accuse(&f, 0, bytes_of_buf(&a), bytes_of_buf(&b));
    CHECK_ERR(f.last.verdicts[0], ERR_SIGNATURE);
    accuse(&f, 0, bytes_of_buf(&b), bytes_of_buf(&a));
    CHECK_ERR(f.last.verdicts[0], ERR_SIGNATURE);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_ACTIVE);
    buf_free(&a);
    buf_free(&b);
    fixture_fini(&f);
}

/* Two votes of a validator for one place in one view; of our federation they convict, of another they do not. */
static void equivocating_validators_are_convicted(void)
{
    struct fixture f;
    struct buf a = {0}, b = {0}, c = {0}, d = {0};
    fixture_init(&f, 4, 0, NULL);
    struct vote vote = {f.state.federation_id, f.state.membership_epoch, 3, 9, f.state.block_id};
    vote_sign(&f.keys[2], &vote, &a);
    vote.block_id = f.state.incumbent_hash;
    vote_sign(&f.keys[2], &vote, &b);
    vote.federation_id.b[0] ^= 1;
    vote_sign(&f.keys[2], &vote, &c);
    vote.block_id = f.state.block_id;
    vote_sign(&f.keys[2], &vote, &d);
    accuse(&f, 0, bytes_of_buf(&c), bytes_of_buf(&d));
    CHECK_ERR(f.last.verdicts[0], ERR_MISMATCH);
    accuse(&f, 0, bytes_of_buf(&a), bytes_of_buf(&a));
    CHECK_ERR(f.last.verdicts[0], ERR_MISMATCH);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ACTIVE);
    accuse(&f, 0, bytes_of_buf(&a), bytes_of_buf(&b));
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_CONVICTED);
    CHECK_EQ_U64(f.state.validator_count, 4);
    CHECK_EQ_U64((uint64_t)state_replica(&f.state, 3), 3);
    fixture_close(&f, 2);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
    buf_free(&d);
    fixture_fini(&f);
}

/* ---- leaving */

static void who_left_is_not_waited_for(void)
{
    struct fixture f;
    struct buf body = {0};
    fixture_init(&f, 3, 1, NULL);
    leave_body_encode(&body);
    fixture_entry(&f, 0, ENTRY_LEAVE, bytes_of_buf(&body)); /* a validator stays */
    fixture_update(&f, 0, 5, 1);
    fixture_update(&f, 1, 0, 1);
    fixture_update(&f, 2, 0, 1);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    CHECK_EQ_U64(f.state.phase, PHASE_COLLECT);
    fixture_entry(&f, 3, ENTRY_LEAVE, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_LEFT);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    fixture_entry(&f, 3, ENTRY_LEAVE, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    buf_free(&body);
    fixture_fini(&f);
}

/* ---- shards */

/* Rendezvous hashing: when a node goes, only its shards move; when it returns, they come back. */
static void only_the_dead_ones_shards_move(void)
{
    struct fixture f;
    int before[256];
    unsigned owned[8] = {0};
    fixture_init(&f, 4, 4, NULL);
    for (unsigned i = 0; i < 256; i++) {
        before[i] = state_shard_owner(&f.state, i);
        owned[before[i]]++;
    }
    for (unsigned i = 0; i < 8; i++)
        CHECK(owned[i] > 12 && owned[i] < 60);
    state_member_change(&f.state, 5)->status = MEMBER_ABSENT;
    for (unsigned i = 0; i < 256; i++) {
        int now = state_shard_owner(&f.state, i);
        CHECK(now != 5 && (before[i] == 5 || now == before[i]));
    }
    state_member_change(&f.state, 5)->status = MEMBER_ACTIVE;
    for (unsigned i = 0; i < 256; i++)
        CHECK_EQ_I64(state_shard_owner(&f.state, i), before[i]);
    for (unsigned i = 0; i < 8; i++)
        state_member_change(&f.state, i)->status = MEMBER_ABSENT;
    CHECK_EQ_I64(state_shard_owner(&f.state, 0), -1);
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(who_is_away_too_long_is_quarantined);
    TAP_RUN(only_recent_blocks_reconcile);
    TAP_RUN(too_late_an_update_quarantines);
    TAP_RUN(staleness_costs_weight);
    TAP_RUN(work_for_an_epoch_counts_once);
    TAP_RUN(newer_work_takes_the_place_of_older);
    TAP_RUN(work_of_an_epoch_given_up_has_counted);
    TAP_RUN(work_from_before_the_first_epoch_does_not_count);
    TAP_RUN(double_talk_convicts);
    TAP_RUN(the_largest_statements_fit_into_evidence);
    TAP_RUN(attachments_are_those_that_are_named);
    TAP_RUN(a_convicted_row_is_dropped);
    TAP_RUN(nobody_is_convicted_without_proof);
    TAP_RUN(forged_evidence_convicts_nobody);
    TAP_RUN(equivocating_validators_are_convicted);
    TAP_RUN(who_left_is_not_waited_for);
    TAP_RUN(only_the_dead_ones_shards_move);
    return tap_done();
}
