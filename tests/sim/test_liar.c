#include <jansson.h>
#include <string.h>

#include "fed/messages.h"
#include "run.h"
#include "sim/liar.h"
#include "tap.h"

/* Each named behaviour, by itself and in a federation that stands it. */

#define LIE(node, behaviour)                                                                                           \
    ", \"events\": [{\"kind\": \"lie\", \"node\": \"" node "\", \"at_ms\": 0, \"behaviour\": \"" behaviour "\"}]"

/* Three members, three candidates: the incumbent and one of each of the members 1 and 2; member 1 has spoken. */
struct scene {
    struct candidate candidates[3], offers[1];
    struct contribution contribution;
    uint64_t row[3];
    struct federation_state state;
    bool is_friend[3];
    struct cycle_result *kept;
};

static struct liar scene_set(struct scene *s, enum lie lie)
{
    *s = (struct scene){.row = {4, 5, 6}, .is_friend = {true, false, true}};
    for (unsigned i = 0; i < 3; i++) {
        struct member m = {.card.name = {(char)('a' + i)}, .fingerprint.b[0] = (uint8_t)(i + 1)};
        registry_add(&s->state.members, &m);
        s->candidates[i].fingerprint.b[0] = (uint8_t)(i > 0 ? i + 1 : 0);
    }
    s->offers[0].claim = 40;
    s->offers[0].genome.values[0].integer = 77;
    s->contribution =
        (struct contribution){.member = 1, .offer_count = 1, .offers = s->offers, .costs = s->row, .delta_ppm = 9};
    s->state.member_count = 3;
    s->state.contribution_count = 1;
    s->state.contributions = &s->contribution;
    s->state.candidates = s->candidates;
    s->state.candidate_count = 3;
    return (struct liar){lie, &s->state, 0, s->is_friend, &s->kept};
}

static void score_rows_as_they_are_told(void)
{
    static const struct {
        enum lie lie;
        uint64_t costs[3];
    } want[] = {
        {LIE_NONE, {10, 50, 30}},
        {LIE_MUTE, {10, 50, 30}},
        {LIE_INVERTED_SCORES, {50, 10, 30}},
        {LIE_IPM_SCORES, {40050, 50, 20050}},
        {LIE_ALIE_SCORES, {40, 50, 30}}, /* the deviation is 20 */
        {LIE_MIMIC_SCORES, {4, 5, 6}},
        {LIE_COLLUDING_SCORES, {60, 100, 1}},
        {LIE_COPY_CAT, {10, 50, 30}},
    };

    for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct scene s;
        struct liar liar = scene_set(&s, want[i].lie);
        uint64_t costs[] = {10, 50, 30};

        liar_costs(&liar, costs, 3);
        for (unsigned k = 0; k < 3; k++)
            CHECK_EQ_U64(costs[k], want[i].costs[k]);
        liar_costs(&liar, costs, 0);
        s.state.candidate_count = 2; /* another epoch by now: nobody's row and nobody's candidates to go by */
        uint64_t later[] = {1, 2, 3};
        liar_costs(&liar, later, 3);
        CHECK(want[i].lie != LIE_MIMIC_SCORES || later[2] == 3);
        CHECK(want[i].lie != LIE_COLLUDING_SCORES || later[2] == 3);
        registry_free(&s.state.members);
    }
}

static struct cycle_result found(uint64_t seed)
{
    struct cycle_result result = {.count = 2, .incumbent_cost = 100, .delta_ppm = 200000};

    for (unsigned i = 0; i < 2; i++) {
        result.best[i].genome.values[0].integer = (int64_t)(seed + i);
        result.best[i].cost = 80 + 10 * i;
    }
    return result;
}

static void updates_as_they_are_told(void)
{
    struct scene s;
    struct liar liar = scene_set(&s, LIE_INFLATED_CLAIMS);
    struct cycle_result result = found(5);

    liar_claims(&liar, &result);
    CHECK(result.count == 2 && result.best[0].cost < 10 && result.delta_ppm > 800000);
    liar.lie = LIE_NEGATED_CLAIMS;
    result = found(5);
    liar_claims(&liar, &result);
    CHECK(result.best[0].genome.values[0].integer == 6 && result.best[0].cost == 110);
    CHECK(result.best[1].genome.values[0].integer == 5 && result.best[1].cost == 120 && result.delta_ppm == -200000);
    liar.lie = LIE_COPY_CAT;
    liar_claims(&liar, &result);
    CHECK(result.count == 1 && result.best[0].genome.values[0].integer == 77 && result.best[0].cost == 39);
    s.contribution.offers = NULL;
    s.state.incumbent.values[0].integer = 3;
    liar_claims(&liar, &result);
    CHECK(result.count == 1 && result.best[0].genome.values[0].integer == 3 && result.best[0].cost == 100);
    liar.lie = LIE_STALE;
    for (unsigned i = 5; i < 8; i++) {
        result = found(i);
        liar_claims(&liar, &result);
        CHECK(result.best[0].genome.values[0].integer == 5);
    }
    mem_free(s.kept);
    registry_free(&s.state.members);
}

static void recounts_as_they_are_told(void)
{
    uint64_t cost = 5;

    CHECK(liar_recount(LIE_NONE, 100, true, &cost) && cost == 5);
    CHECK(!liar_recount(LIE_MUTE, 100, false, &cost) && cost == 5);
    CHECK(liar_recount(LIE_FALSE_RECOUNTS, 100, false, &cost) && cost == 101);
    CHECK(liar_recount(LIE_FALSE_RECOUNTS, (uint64_t)BODY_NUMBER_MAX, true, &cost));
    CHECK_EQ_U64(cost, (uint64_t)BODY_NUMBER_MAX - 1);
}

/* Who repeats others waits for them, nobody else does. */
static void repeaters_wait(void)
{
    for (unsigned lie = LIE_NONE; lie < LIE_COUNT; lie++) {
        struct scene s;
        struct liar liar = scene_set(&s, (enum lie)lie);

        CHECK(!liar_waits(&liar, true) && !liar_waits(&liar, false));
        s.contribution.member = 0; /* its own is no one else's */
        CHECK(liar_waits(&liar, true) == (lie == LIE_MIMIC_SCORES));
        CHECK(liar_waits(&liar, false) == (lie == LIE_COPY_CAT));
        registry_free(&s.state.members);
    }
}

static void a_second_update_with_the_same_sequence(void)
{
    struct buf body = {0}, text = {0};
    struct envelope e = {.kind = ENTRY_UPDATE, .sequence = 7, .federated_epoch = 2}, first, second;
    struct update_body update = {.delta_ppm = 5};
    struct cose_sign1 cose;
    struct secret_key key, other;
    struct blob *message, *doubled;
    struct bytes entry;

    key_library_init();
    key_simulated(1, "liar", &key);
    key_simulated(1, "other", &other);
    update_body_encode(&update, &body);
    e.body = bytes_of_buf(&body);
    envelope_sign(&key, &e, &text);
    message = message_entry(bytes_of_buf(&text));
    CHECK(liar_double(LIE_DOUBLE_SIGN, &other, blob_bytes(message)) == NULL);
    CHECK(liar_double(LIE_NONE, &key, blob_bytes(message)) == NULL);
    doubled = liar_double(LIE_DOUBLE_SIGN, &key, blob_bytes(message));
    REQUIRE(doubled != NULL);
    REQUIRE_OK(message_entry_decode(blob_bytes(doubled), &entry));
    REQUIRE_OK(envelope_parse(entry, &second, &cose));
    CHECK_OK(cose_verify(&cose, &key.public));
    REQUIRE_OK(envelope_parse(bytes_of_buf(&text), &first, &cose));
    CHECK_EQ_U64(second.sequence, first.sequence);
    CHECK(!bytes_equal(second.body, first.body));
    blob_drop(doubled);
    blob_drop(message);
    buf_free(&text);
    buf_free(&body);
}

static void the_signer_of_two_updates_is_convicted(void)
{
    struct run run;

    run_federation(&run, 4, 2, 3, LIE("e1", "double_sign"), 3, 21);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(state_member(&run.results.history.state, 5)->status, MEMBER_CONVICTED);
    CHECK_EQ_U64(run.report.epochs[2].convicted, 1);
    CHECK(run_entries(&run, "evidence") >= 1);
    run_free(&run);
}

static void a_mute_primary_loses_its_view(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3, LIE("v0", "mute"), 2, 22);
    REQUIRE(run_anchored(&run));
    CHECK(run.report.epochs[0].view_changes >= 1);
    CHECK_EQ_U64(run_count(&run, " v0 send pbft."), 0);
    CHECK(run.results.recorder != &run.rehearsal->nodes[0]);
    run_free(&run);
}

/* One liar among six does not lead the federation to a worse genome than the default. */
static void liars_are_outvoted(void)
{
    static const char *const lies[] = {
        LIE("e0", "inverted_scores"), LIE("e0", "ipm_scores"),       LIE("e0", "alie_scores"),
        LIE("e0", "mimic_scores"),    LIE("e0", "colluding_scores"), LIE("e0", "inflated_claims"),
        LIE("e0", "negated_claims"),  LIE("e0", "copy_cat"),         LIE("e0", "stale")};
    struct run honest;

    run_federation(&honest, 4, 2, 3, "", 3, 23);
    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct run lied;

        run_federation(&lied, 4, 2, 3, lies[i], 3, 23);
        CHECK(run_anchored(&honest) && run_anchored(&lied));
        CHECK(!digest_equal(&honest.bytes, &lied.bytes));
        CHECK(lied.results.gain_ppm <= 1000000);
        for (unsigned m = 0; m < 6; m++)
            CHECK(state_member(&lied.results.history.state, m)->status == MEMBER_ACTIVE);
        run_free(&lied);
    }
    run_free(&honest);
}

/* The row of an entry; NULL: it is no row. */
static const json_t *row_of(const json_t *entry)
{
    return json_object_get(json_object_get(json_object_get(entry, "decoded"), "body"), "costs");
}

/* In each epoch somebody else's row is the same, word for word. */
static void check_repeats(const struct run *run, const char *liar)
{
    for (unsigned i = 0; i < run->epoch_count; i++) {
        const json_t *own = NULL, *entries = json_object_get(run->epochs[i].file, "entries");
        unsigned same = 0;
        size_t at;
        json_t *entry;

        json_array_foreach(entries, at, entry)
        {
            if (row_of(entry) != NULL && strcmp(json_string_value(json_object_get(entry, "node_id")), liar) == 0)
                own = row_of(entry);
        }
        REQUIRE(own != NULL);
        json_array_foreach(entries, at, entry)
        {
            same += row_of(entry) != NULL && json_equal(row_of(entry), own);
        }
        CHECK(same >= 2);
    }
}

/* With two of them, too, who would wait for each other for ever if they waited for friends. */
static void repeaters_repeat_in_every_epoch(void)
{
    static const char *const mimics =
        ", \"events\": [{\"kind\": \"lie\", \"node\": \"e0\", \"at_ms\": 0, \"behaviour\": \"mimic_scores\"}, "
        "{\"kind\": \"lie\", \"node\": \"e1\", \"at_ms\": 0, \"behaviour\": \"mimic_scores\"}]";
    struct run run;

    run_federation(&run, 4, 2, 3, mimics, 3, 25);
    REQUIRE(run_anchored(&run));
    check_repeats(&run, "e0");
    check_repeats(&run, "e1");
    run_free(&run);
}

/* A federation of nobody but mimics comes to a decision all the same: each gives up in time. */
static void waiting_ends(void)
{
    struct run run;

    run_federation(&run, 1, 0, 1, LIE("v0", "mimic_scores"), 2, 26);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(state_member(&run.results.history.state, 0)->status, MEMBER_ACTIVE);
    run_free(&run);
}

static void a_lie_can_end(void)
{
    struct run run;

    run_federation(
        &run, 3, 1, 2,
        ", \"events\": [{\"kind\": \"lie\", \"node\": \"e0\", \"at_ms\": 0, \"behaviour\": \"inflated_claims\"}, "
        "{\"kind\": \"lie\", \"node\": \"e0\", \"epoch\": 2, \"behaviour\": \"honest\"}]",
        2, 24);
    REQUIRE(run_anchored(&run));
    CHECK(run.rehearsal->nodes[3].lie == LIE_NONE && run.rehearsal->nodes[3].lied);
    run_free(&run);
}

int main(void)
{
    TAP_RUN(score_rows_as_they_are_told);
    TAP_RUN(updates_as_they_are_told);
    TAP_RUN(recounts_as_they_are_told);
    TAP_RUN(repeaters_wait);
    TAP_RUN(a_second_update_with_the_same_sequence);
    TAP_RUN(the_signer_of_two_updates_is_convicted);
    TAP_RUN(a_mute_primary_loses_its_view);
    TAP_RUN(liars_are_outvoted);
    TAP_RUN(repeaters_repeat_in_every_epoch);
    TAP_RUN(waiting_ends);
    TAP_RUN(a_lie_can_end);
    return tap_done();
}
