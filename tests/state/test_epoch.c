#include <jansson.h>

#include "base/sample.h"
#include "fixture.h"

/* The straight line and the phases: collect, align, score, decide, anchor. */

static void an_epoch_replaces_the_incumbent(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    struct digest better = fixture_hash(&f, 5);
    fixture_update(&f, 0, 5, 1);
    fixture_update(&f, 1, 0, 1);
    fixture_update(&f, 2, 6, 1);
    fixture_run(&f);
    CHECK(!f.last.phase_changed);
    CHECK_EQ_U64(f.state.phase, PHASE_COLLECT);
    fixture_update(&f, 3, 0, 1);
    fixture_run(&f);
    CHECK(f.last.phase_changed);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    CHECK_EQ_U64(f.state.candidate_count, 3);
    CHECK(digest_equal(&f.state.candidates[0].hash, &f.state.incumbent_hash));
    for (unsigned i = 0; i < 4; i++)
        fixture_score(&f, i, 5, 200);
    fixture_run(&f);
    REQUIRE(f.last.epoch_ended);
    CHECK(f.last.outcome.anchored && f.last.outcome.changed && !f.last.outcome.rolled_back);
    CHECK_EQ_I64(f.last.outcome.aggregated_delta_ppm, 500000);
    CHECK_EQ_U64(f.last.outcome.update_count, 4);
    CHECK_EQ_U64(f.last.outcome.scored, 4);
    CHECK(digest_equal(&f.state.incumbent_hash, &better));
    CHECK_EQ_U64(f.state.epoch, 2);
    CHECK_EQ_U64(f.state.archive_count, 3);
    CHECK_EQ_U64(f.state.anchor_count, 2);
    CHECK_EQ_U64(f.state.candidate_count, 0);
    CHECK_EQ_U64(f.state.height, 3);
    CHECK_EQ_U64(f.state.log.size, 9);
    fixture_fini(&f);
}

/* The ids of the line above, written down: another compiler, optimisation or machine gives the same, and a change of
 * any format below the state root is noticed. */
static void the_line_is_pinned(void)
{
    struct fixture f;
    char hex[2 * DIGEST_SIZE + 1];
    fixture_init(&f, 3, 1, NULL);
    digest_hex(&f.state.federation_id, hex);
    CHECK_EQ_TEXT(hex, "3bf92f0b75a6dbedfae363f7b8263a956ff544b1958dba5e7c3d8d734c154614");
    digest_hex(&f.state.block_id, hex);
    CHECK_EQ_TEXT(hex, "157b38b32fda36383acfd43857fc858697ba546252c715d35b1315678188d990");
    fixture_epoch(&f, 5);
    fixture_epoch(&f, 6);
    digest_hex(&f.last.header.state_root, hex);
    CHECK_EQ_TEXT(hex, "dd187622e04ae8a2f5565490a535683a73ae332ae5e78a1b2c666a7beb84df3a");
    digest_hex(&f.state.block_id, hex);
    CHECK_EQ_TEXT(hex, "a65fcdf124dde59def577e8afee48efe9de5f50a63a125bf6e702440e8b2d668");
    fixture_fini(&f);
}

/* Same UPDATEs, any order, any cut into blocks: the same candidates in the same places. */
static void arrival_shows_nowhere(void)
{
    struct fixture f, g;
    fixture_init(&f, 3, 1, NULL);
    fixture_init(&g, 3, 1, NULL);
    for (unsigned i = 0; i < 4; i++)
        fixture_update(&f, i, 5 + i, 1);
    fixture_run(&f);
    for (unsigned i = 4; i-- > 0;) {
        fixture_update(&g, i, 5 + i, 1);
        fixture_run(&g);
    }
    REQUIRE(f.state.candidate_count == 5 && g.state.candidate_count == 5);
    for (unsigned i = 0; i < 5; i++)
        CHECK(digest_equal(&f.state.candidates[i].hash, &g.state.candidates[i].hash));
    fixture_fini(&f);
    fixture_fini(&g);
}

static void a_genome_stands_once(void)
{
    struct fixture f;
    fixture_init(&f, 2, 0, NULL);
    fixture_update(&f, 0, 5, 1);
    fixture_update(&f, 1, 5, 1);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.candidate_count, 2);
    fixture_fini(&f);
}

/* Genome 5 is second best at two sites and by far the best at the third, where the incumbent is the last: it wins
 * by ranks. But at the median site it costs `cost` where the incumbent costs 1000, and the guard looks at that. */
static bool winner_passes_at(uint64_t cost)
{
    struct policy policy;
    struct fixture f;
    uint64_t costs[5] = {1000, 3000, 4000, 5000, 6000};
    policy_default(&policy);
    policy.trim_ppm = 0;
    fixture_init(&f, 3, 1, &policy);
    for (unsigned i = 0; i < 4; i++)
        fixture_update(&f, i, 5 + i, 1);
    fixture_run(&f);
    unsigned winner = fixture_candidate(&f, 5);
    costs[winner] = cost;
    fixture_row(&f, 0, costs);
    fixture_row(&f, 1, costs);
    costs[0] = 9000;
    costs[winner] = 100;
    fixture_row(&f, 2, costs);
    fixture_run(&f);
    fixture_close(&f, 0);
    fixture_run(&f);
    CHECK(f.last.epoch_ended && f.last.outcome.anchored);
    bool changed = f.last.outcome.changed;
    CHECK_EQ_I64(f.last.outcome.aggregated_delta_ppm, changed ? 1000 * (1000 - (int64_t)cost) : 0);
    fixture_fini(&f);
    return changed;
}

static void the_guard_keeps_a_worse_winner_out(void)
{
    CHECK(winner_passes_at(1010));
    CHECK(winner_passes_at(1020));
    CHECK(!winner_passes_at(1021));
    CHECK(!winner_passes_at(1100));
}

static bool offered(const struct fixture *f, uint64_t number)
{
    struct digest hash = fixture_hash(f, number);

    for (unsigned i = 0; i < f->state.candidate_count; i++) {
        if (digest_equal(&f->state.candidates[i].hash, &hash))
            return true;
    }
    return false;
}

/* Of the turn that does not fit as a whole, those that a selection sample by the log's root takes are candidates; of
 * the one after it, nobody's. Member i offers 1 + 8 i + turn. */
static void check_turn(const struct fixture *f, unsigned turn)
{
    struct digest root = merkle_frontier_root(&f->state.log);
    struct sample sample;

    sample_begin(&sample, be64_get(root.b + 8), CYCLE_CANDIDATES_MAX - 2 - 38 * turn, 38);
    for (unsigned i = 0; i < 38; i++) {
        CHECK_EQ_U64(offered(f, 1 + 8 * i + turn), sample_takes(&sample));
        CHECK(!offered(f, 1 + 8 * i + turn + 1) && offered(f, 1 + 8 * i + turn - 1));
    }
}

/* In the epoch's file, the number is there only where it says something. */
static void check_outcome_says(const struct fixture *f, bool says)
{
    json_t *outcome = outcome_json(&f->last.outcome, &f->state);

    CHECK_EQ_U64(json_object_get(outcome, "left_out") != NULL, says);
    json_decref(outcome);
}

/* More offers than find room: everybody's best come first, then a draw, and the number of the others is told. */
static void candidates_are_bounded_fairly(void)
{
    struct policy policy;
    policy_default(&policy);
    policy.migrants = 8;
    struct digest digests[2];
    for (unsigned turn = 0; turn < 2; turn++) {
        struct fixture f;
        unsigned kept[40] = {0};
        fixture_init(&f, 1, 37, &policy);
        for (unsigned i = 0; i < 38; i++) {
            unsigned member = turn == 0 ? i : 37 - i;
            uint64_t numbers[8];
            struct buf body = {0};
            for (unsigned k = 0; k < 8; k++)
                numbers[k] = 1 + 8 * member + k;
            fixture_update_body(&f, numbers, 8, &body);
            fixture_entry(&f, member, ENTRY_UPDATE, bytes_of_buf(&body));
            buf_free(&body);
        }
        fixture_run(&f);
        REQUIRE(f.state.candidate_count == CYCLE_CANDIDATES_MAX - 1); /* the incumbent stands in the archive too */
        for (unsigned i = 1; i < f.state.candidate_count; i++)
            kept[state_find(&f.state, &f.state.candidates[i].fingerprint)]++;
        for (unsigned i = 0; i < 38; i++)
            CHECK(kept[i] == 6 || kept[i] == 7);
        CHECK_EQ_U64(f.state.left_out, 38 * 8 - (CYCLE_CANDIDATES_MAX - 2));
        check_turn(&f, 6);
        digests[turn] = align_digest(f.state.candidates, f.state.candidate_count);
        for (unsigned i = 0; i < 38; i++)
            fixture_score(&f, i, 1 + 8 * 9, 400);
        fixture_run(&f);
        CHECK(f.last.epoch_ended && f.last.outcome.changed);
        CHECK_EQ_U64(f.last.outcome.left_out, 38 * 8 - (CYCLE_CANDIDATES_MAX - 2));
        CHECK_EQ_U64(f.state.left_out, 0);
        check_outcome_says(&f, true);
        fixture_epoch(&f, 1);
        check_outcome_says(&f, false);
        fixture_fini(&f);
    }
    CHECK(!digest_equal(&digests[0], &digests[1])); /* another log, another draw */
}

/* What many offer takes one place: nobody's genome is left out for it. */
static void what_many_offer_takes_one_place(void)
{
    struct policy policy;
    struct fixture f;

    policy_default(&policy);
    policy.migrants = 8;
    fixture_init(&f, 1, 37, &policy);
    for (unsigned i = 0; i < 38; i++) {
        uint64_t numbers[8];
        struct buf body = {0};
        for (unsigned k = 0; k < 8; k++)
            numbers[k] = k < 4 ? 1 + k : 100 + 4 * i + k; /* four that all have, and four of its own */
        fixture_update_body(&f, numbers, 8, &body);
        fixture_entry(&f, i, ENTRY_UPDATE, bytes_of_buf(&body));
        buf_free(&body);
    }
    fixture_run(&f);
    CHECK_EQ_U64(f.state.left_out, 0);
    CHECK_EQ_U64(f.state.candidate_count, 1 + 4 + 4 * 38);
    const struct digest *lowest = &state_member(&f.state, 0)->fingerprint;
    for (unsigned i = 1; i < 38; i++)
        lowest = digest_compare(&state_member(&f.state, i)->fingerprint, lowest) < 0
                     ? &state_member(&f.state, i)->fingerprint
                     : lowest;
    for (unsigned number = 1; number <= 4; number++)
        CHECK(digest_equal(&f.state.candidates[fixture_candidate(&f, number)].fingerprint, lowest));
    fixture_fini(&f);
}

/* Anchors keep the newest, the archive the best. */
static void memory_of_earlier_epochs_is_bounded(void)
{
    struct fixture f;
    fixture_init(&f, 2, 0, NULL);
    for (unsigned i = 0; i < 20; i++) {
        fixture_epoch(&f, 1 + i);
        CHECK(f.last.outcome.changed && !f.last.outcome.rolled_back);
    }
    CHECK_EQ_U64(f.state.anchor_count, ANCHORS_KEPT);
    CHECK_EQ_U64(f.state.archive_count, 4);
    for (unsigned i = 0; i < 2; i++) {
        struct digest hash = fixture_hash(&f, 20 - i); /* what won costs 100, what stood before 200, all else 1000 */
        CHECK(digest_equal(&f.state.archive[i].hash, &hash));
    }
    CHECK_EQ_U64(f.state.anchors[ANCHORS_KEPT - 1].epoch, 20);
    CHECK_EQ_U64(f.state.anchors[0].epoch, 5);
    fixture_fini(&f);
}

static void a_deadline_leaves_the_silent_behind(void)
{
    struct fixture f;
    fixture_init(&f, 3, 1, NULL);
    fixture_update(&f, 0, 5, 1);
    fixture_update(&f, 1, 0, 1);
    fixture_run(&f);
    fixture_close(&f, 0);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ABSENT);
    CHECK_EQ_U64(state_member(&f.state, 3)->status, MEMBER_ABSENT);
    fixture_score(&f, 0, 5, 200);
    fixture_score(&f, 1, 5, 200);
    fixture_run(&f);
    REQUIRE(f.last.epoch_ended);
    CHECK_EQ_U64(f.last.outcome.absent, 2);
    CHECK_EQ_U64(f.last.outcome.update_count, 2);
    /* one of them speaks again */
    fixture_update(&f, 2, 6, 1);
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ACTIVE);
    CHECK_EQ_U64(state_contribution(&f.state, 2)->staleness, 1);
    fixture_fini(&f);
}

static void a_silent_scorer_is_left_behind(void)
{
    struct fixture f;
    fixture_init(&f, 3, 0, NULL);
    fixture_collect(&f, 3, 5);
    fixture_score(&f, 0, 5, 200);
    fixture_score(&f, 1, 5, 200);
    fixture_run(&f);
    CHECK(!f.last.epoch_ended);
    fixture_close(&f, 1);
    fixture_run(&f);
    REQUIRE(f.last.epoch_ended);
    CHECK_EQ_U64(f.last.outcome.scored, 2);
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ABSENT);
    fixture_fini(&f);
}

/* Below min_participants a deadline is tried again until the budget is spent; then the incumbent stands. */
static void too_few_abandon_the_epoch(void)
{
    struct fixture f;
    fixture_init(&f, 3, 0, NULL);
    fixture_update(&f, 0, 5, 1);
    fixture_run(&f);
    struct digest before = f.state.incumbent_hash;
    for (unsigned attempt = 0; attempt <= f.state.policy.retry_budget; attempt++) {
        CHECK_EQ_U64(f.state.attempt, attempt);
        CHECK_EQ_U64(f.state.epoch, 1);
        fixture_close(&f, 1);
        fixture_run(&f);
        CHECK_ERR(f.last.verdicts[0], ERR_OK);
        CHECK(f.last.phase_changed);
    }
    REQUIRE(f.last.epoch_ended);
    CHECK(!f.last.outcome.anchored && !f.last.outcome.changed);
    CHECK_EQ_U64(f.last.outcome.update_count, 1);
    CHECK_EQ_U64(f.state.epoch, 2);
    CHECK_EQ_U64(f.state.anchor_count, 1);
    CHECK(digest_equal(&f.state.incumbent_hash, &before));
    CHECK_EQ_U64(state_member(&f.state, 2)->status, MEMBER_ACTIVE);
    fixture_fini(&f);
}

static void too_few_rows_abandon_the_epoch(void)
{
    struct fixture f;
    fixture_init(&f, 3, 0, NULL);
    fixture_collect(&f, 3, 5);
    fixture_score(&f, 0, 5, 200);
    fixture_run(&f);
    for (unsigned attempt = 0; attempt <= f.state.policy.retry_budget && f.state.epoch == 1; attempt++) {
        CHECK_EQ_U64(f.state.phase, PHASE_SCORE);
        fixture_close(&f, 1);
        fixture_run(&f);
    }
    REQUIRE(f.last.epoch_ended);
    CHECK(!f.last.outcome.anchored);
    fixture_fini(&f);
}

static void an_epoch_without_offers_is_anchored_unchanged(void)
{
    struct fixture f;
    fixture_init(&f, 2, 1, NULL);
    fixture_epoch(&f, 0);
    CHECK(f.last.outcome.anchored && !f.last.outcome.changed);
    CHECK_EQ_U64(f.state.anchor_count, 2);
    fixture_fini(&f);
}

/* An earlier incumbent that beats the present one by more than rollback_ppm comes back by an entry of its own. */
static void an_earlier_anchor_comes_back(void)
{
    struct fixture f;
    fixture_init(&f, 3, 0, NULL);
    fixture_epoch(&f, 5);
    fixture_epoch(&f, 6);
    fixture_collect(&f, 3, 7);
    for (unsigned i = 0; i < 3; i++)
        fixture_score(&f, i, 5, 400);
    fixture_run(&f);
    CHECK(!f.last.epoch_ended);
    CHECK_EQ_U64(f.state.phase, PHASE_ROLLBACK);
    CHECK_EQ_U64(f.state.rollback_epoch, 1);

    struct buf body = {0};
    rollback_body_encode(2, &body);
    fixture_entry(&f, 1, ENTRY_ROLLBACK, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_MISMATCH);
    buf_clear(&body);
    rollback_body_encode(1, &body);
    fixture_entry(&f, 1, ENTRY_ROLLBACK, bytes_of_buf(&body));
    fixture_entry(&f, 2, ENTRY_ROLLBACK, bytes_of_buf(&body));
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_OK);
    CHECK_ERR(f.last.verdicts[1], ERR_DUPLICATE);
    REQUIRE(f.last.epoch_ended);
    CHECK(f.last.outcome.rolled_back && f.last.outcome.anchored && f.last.outcome.changed);
    CHECK_EQ_U64(f.last.outcome.rollback_epoch, 1);
    CHECK_EQ_I64(f.last.outcome.aggregated_delta_ppm, 750000);
    struct digest earlier = fixture_hash(&f, 5);
    CHECK(digest_equal(&f.state.incumbent_hash, &earlier));
    CHECK_EQ_U64(f.state.archive_count, 4); /* 5, 6, 0, 7: each once */
    CHECK(digest_equal(&f.state.archive[0].hash, &earlier));
    buf_free(&body);
    fixture_fini(&f);
}

static void a_rollback_nobody_signs_is_abandoned(void)
{
    struct fixture f;
    fixture_init(&f, 3, 0, NULL);
    fixture_epoch(&f, 5);
    fixture_collect(&f, 3, 7);
    for (unsigned i = 0; i < 3; i++)
        fixture_score(&f, i, 0, 50); /* the incumbent (5) costs 50, genome 0 costs 100 */
    fixture_run(&f);
    CHECK(f.last.epoch_ended && !f.last.outcome.changed);
    fixture_collect(&f, 3, 7);
    for (unsigned i = 0; i < 3; i++)
        fixture_score(&f, i, 0, 300);
    fixture_run(&f);
    CHECK_EQ_U64(f.state.phase, PHASE_ROLLBACK);
    for (unsigned attempt = 0; attempt <= f.state.policy.retry_budget; attempt++) {
        fixture_close(&f, 0);
        fixture_run(&f);
    }
    REQUIRE(f.last.epoch_ended);
    CHECK(!f.last.outcome.anchored && !f.last.outcome.rolled_back);
    struct digest stays = fixture_hash(&f, 5);
    CHECK(digest_equal(&f.state.incumbent_hash, &stays));
    fixture_fini(&f);
}

static void close_entries_name_their_moment(void)
{
    struct fixture f;
    struct buf body = {0};
    fixture_init(&f, 2, 1, NULL);
    close_body_encode(&(struct close_body){.phase = PHASE_COLLECT, .attempt = 1}, &body);
    fixture_entry(&f, 0, ENTRY_CLOSE, bytes_of_buf(&body)); /* a later attempt */
    fixture_close(&f, 2);                                   /* not a validator's */
    fixture_close(&f, 0);
    fixture_close(&f, 1); /* said already */
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STATE);
    CHECK_ERR(f.last.verdicts[1], ERR_STATE);
    CHECK_ERR(f.last.verdicts[2], ERR_OK);
    CHECK_ERR(f.last.verdicts[3], ERR_DUPLICATE);
    CHECK_EQ_U64(f.state.attempt, 1);
    buf_clear(&body);
    close_body_encode(&(struct close_body){.phase = PHASE_COLLECT, .attempt = 0}, &body);
    fixture_entry(&f, 0, ENTRY_CLOSE, bytes_of_buf(&body)); /* an attempt that is over */
    fixture_run(&f);
    CHECK_ERR(f.last.verdicts[0], ERR_STALE);
    buf_free(&body);
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(an_epoch_replaces_the_incumbent);
    TAP_RUN(the_line_is_pinned);
    TAP_RUN(candidates_are_bounded_fairly);
    TAP_RUN(what_many_offer_takes_one_place);
    TAP_RUN(memory_of_earlier_epochs_is_bounded);
    TAP_RUN(arrival_shows_nowhere);
    TAP_RUN(a_genome_stands_once);
    TAP_RUN(the_guard_keeps_a_worse_winner_out);
    TAP_RUN(a_deadline_leaves_the_silent_behind);
    TAP_RUN(a_silent_scorer_is_left_behind);
    TAP_RUN(too_few_abandon_the_epoch);
    TAP_RUN(too_few_rows_abandon_the_epoch);
    TAP_RUN(an_epoch_without_offers_is_anchored_unchanged);
    TAP_RUN(an_earlier_anchor_comes_back);
    TAP_RUN(a_rollback_nobody_signs_is_abandoned);
    TAP_RUN(close_entries_name_their_moment);
    return tap_done();
}
