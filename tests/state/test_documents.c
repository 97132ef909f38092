#include <jansson.h>

#include "base/dmath.h"
#include "fixture.h"
#include "pbft/quorum.h"

/* The formats: policy, genesis, bodies. */

static void the_default_policy_is_a_policy(void)
{
    struct policy p, back = {0};
    struct diag diag = {0};
    policy_default(&p);
    CHECK_OK(policy_check(&p, &diag));
    REQUIRE_OK(fixture_policy_decode(&p, &back));
    CHECK_EQ_U64(back.stake_cap_ppm, 400000);
    CHECK_EQ_U64(back.collect_deadline_ns, UINT64_C(4000000000));
    CHECK_EQ_U64(back.close_tolerance_ns, 500000000);
    CHECK_EQ_U64(back.min_participants, 2);
    CHECK_EQ_U64(back.batch_max, 64);
    CHECK_EQ_U64(back.rule, RANK_TRIMMED);
}

static void ranges_are_checked(void)
{
    struct policy base, cases[10], back;
    struct diag diag;
    policy_default(&base);
    for (unsigned i = 0; i < 10; i++)
        cases[i] = base;
    cases[0].trim_ppm = 500000;
    cases[1].stake_cap_ppm = 0;
    cases[2].min_participants = 0;
    cases[3].migrants = CYCLE_MIGRANTS_MAX + 1;
    cases[4].archive_max = CYCLE_ARCHIVE_MAX + 1;
    cases[5].batch_max = 0;
    cases[6].retry_budget = 17;
    cases[7].collect_deadline_ns = UINT64_MAX;
    cases[8].margin_ppm = PPM + 1;
    cases[9].evaluations = 0;
    for (unsigned i = 0; i < 10; i++) {
        diag = (struct diag){0};
        CHECK_ERR(fixture_policy_decode(&cases[i], &back), ERR_RANGE);
        CHECK_ERR(policy_check(&cases[i], &diag), ERR_RANGE);
        CHECK(strstr(diag.text, "policy: ") == diag.text);
    }
}

/* ---- genesis */

/* One to be spoiled, in place of an earlier one. */
static void copy_genesis(struct genesis *to, const struct genesis *from)
{
    genesis_fini(to);
    *to = *from;
    to->members = mem_array(from->member_count, sizeof to->members[0]);
    memcpy(to->members, from->members, from->member_count * sizeof to->members[0]);
}

static enum err decode(const struct genesis *g, struct diag *diag)
{
    struct genesis *back = mem_alloc(sizeof *back);
    struct buf bytes = {0}, again = {0};
    genesis_encode(g, &bytes);
    enum err err = genesis_decode(bytes_of_buf(&bytes), back, diag);
    if (err == ERR_OK) {
        genesis_encode(back, &again);
        CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
        genesis_fini(back);
    }
    buf_free(&bytes);
    buf_free(&again);
    mem_free(back);
    return err;
}

static void genesis_round_trips(void)
{
    struct fixture f;
    struct diag diag = {0};
    fixture_init(&f, 4, 3, NULL);
    CHECK_OK(decode(&f.genesis, &diag));
    struct digest id = digest_of(bytes_of_buf(&f.document));
    CHECK(digest_equal(&id, &f.state.federation_id));
    CHECK_EQ_U64(f.state.validator_count, 4);
    CHECK_EQ_U64(f.state.log.size, 1);
    fixture_fini(&f);
}

/* Each case spoils one thing; the complaint must contain the words. */
static void spoil(unsigned number, struct genesis *g)
{
    switch (number) {
    case 0:
        memcpy(g->members[2].name, g->members[0].name, sizeof g->members[0].name);
        break;
    case 1:
        g->members[2].key = g->members[0].key;
        break;
    case 2:
        memset(&g->members[1].key, 0, sizeof g->members[1].key);
        break;
    case 3:
        for (unsigned i = 0; i < g->member_count; i++)
            g->members[i].role = ROLE_EDGE;
        break;
    case 4:
        g->quorum = 2;
        break;
    case 5:
        g->max_byzantine = 2;
        break;
    case 6:
        g->quorum = 5;
        break;
    case 7:
        g->members[0].stake = 0;
        break;
    case 8:
        g->epoch_start = 0;
        break;
    case 9:
        g->policy.min_participants = g->member_count + 1;
        break;
    case 10:
        g->members[0].name[1] = '\n';
        break;
    case 11:
        g->members[0].name[0] = '\0';
        break;
    case 12:
        g->policy.shards = 2;
        break;
    case 13:
        g->shards = bytes_of("12345678901234567890123456789012", DIGEST_SIZE);
        break;
    default:
        g->member_count = 0;
        break;
    }
}

static void bad_genesis_is_refused(void)
{
    static const char *const words[] = {
        "named \"v0\"", "same key",         "key of member", "role core", "unsafe", "liars",  "never be met", "allowed",
        "allowed",      "min_participants", "genesis: ",     "allowed",   "shards", "shards", "role core"};
    struct fixture f;
    struct genesis *g = mem_alloc(sizeof *g);
    fixture_init(&f, 4, 1, NULL);
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct diag diag = {0};
        copy_genesis(g, &f.genesis);
        spoil(i, g);
        CHECK(decode(g, &diag) != ERR_OK);
        if (!CHECK(strstr(diag.text, words[i]) != NULL))
            tap_note("case %u: %s", i, diag.text);
    }
    genesis_fini(g);
    mem_free(g);
    fixture_fini(&f);
}

/* So many that no document has them: the count alone is looked at. */
static void too_many_members_are_refused(void)
{
    static const char key[] = "gmembers";
    struct fixture f;
    struct genesis *g = mem_alloc(sizeof *g);
    struct diag diag = {0};
    struct buf bytes = {0};
    uint8_t *many = mem_alloc(1000001);
    size_t at = 0;

    fixture_init(&f, 1, 1, NULL);
    while (memcmp(f.document.data + at, key, sizeof key - 1) != 0)
        at++;
    at += sizeof key - 1;
    buf_add(&bytes, f.document.data, at);
    buf_add(&bytes, (const uint8_t[]){0x9a, 0x00, 0x0f, 0x42, 0x41}, 5);
    buf_add(&bytes, many, 1000001);
    CHECK_ERR(genesis_decode(bytes_of_buf(&bytes), g, &diag), ERR_LIMIT);
    CHECK(strcmp(diag.text, "genesis: 1000001 members, at most 1000000 are possible") == 0);
    buf_free(&bytes);
    mem_free(many);
    mem_free(g);
    fixture_fini(&f);
}

/* What the shards are, and what a member discloses, is named; nothing disclosed is null, and no digest of zeros. */
static void work_is_named(void)
{
    struct fixture f;
    struct genesis *g = mem_alloc(sizeof *g);
    struct buf bytes = {0};
    struct diag diag = {0};

    fixture_init(&f, 2, 1, NULL);
    copy_genesis(g, &f.genesis);
    g->policy.shards = 2;
    g->shards = bytes_of("1234567890123456789012345678901212345678901234567890123456789012", 2 * DIGEST_SIZE);
    g->members[1].work = digest_of(bytes_of_text("work"));
    CHECK_OK(decode(g, &diag));
    genesis_encode(g, &bytes);
    for (size_t i = 0; i + DIGEST_SIZE <= bytes.len; i++) {
        if (memcmp(bytes.data + i, g->members[1].work.b, DIGEST_SIZE) == 0)
            memset(bytes.data + i, 0, DIGEST_SIZE);
    }
    genesis_fini(g);
    CHECK_ERR(genesis_decode(bytes_of_buf(&bytes), g, &diag), ERR_RANGE);
    buf_free(&bytes);
    mem_free(g);
    fixture_fini(&f);
}

/* Of a program that is older, or newer, the document says so. */
static void another_version_is_refused(void)
{
    static const char key[] = "gversion";
    struct fixture f;
    struct genesis *g = mem_alloc(sizeof *g);

    fixture_init(&f, 1, 1, NULL);
    for (size_t i = 0; i + sizeof key < f.document.len; i++) {
        if (memcmp(f.document.data + i, key, sizeof key - 1) != 0)
            continue;
        for (unsigned version = 1; version <= 3; version++) {
            struct diag diag = {0};
            f.document.data[i + sizeof key - 1] = (uint8_t)version;
            enum err err = genesis_decode(bytes_of_buf(&f.document), g, &diag);
            CHECK_ERR(err, version == 2 ? ERR_OK : ERR_UNKNOWN);
            CHECK(err == ERR_OK || strstr(diag.text, "this program reads version 2") != NULL);
            if (err == ERR_OK)
                genesis_fini(g);
        }
        break; /* the schema behind it has one of its own */
    }
    mem_free(g);
    fixture_fini(&f);
}

/* A name that could leave a path, pass for an option, or act on a terminal belongs to nobody. */
static void names_are_names(void)
{
    static const char *const bad[] = {"../../etc/x",
                                      "*",
                                      "a b",
                                      "-x",
                                      ".x",
                                      "a\033m",
                                      "a\xc2\x9b"
                                      "31m",
                                      "a\xe2\x80\xae"};
    struct fixture f;
    struct genesis *g = mem_alloc(sizeof *g);
    struct diag diag = {0};

    fixture_init(&f, 4, 1, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        copy_genesis(g, &f.genesis);
        snprintf(g->members[0].name, sizeof g->members[0].name, "%s", bad[i]);
        CHECK_ERR(decode(g, &diag), ERR_SYNTAX);
        copy_genesis(g, &f.genesis);
        snprintf(g->members[0].region, sizeof g->members[0].region, "%s", bad[i]);
        CHECK_ERR(decode(g, &diag), ERR_SYNTAX);
        copy_genesis(g, &f.genesis);
        snprintf(g->name, sizeof g->name, "%s", bad[i]);
        CHECK_ERR(decode(g, &diag), ERR_SYNTAX);
    }
    genesis_fini(g);
    mem_free(g);
    fixture_fini(&f);
}

/* Every flipped bit is another federation or none. */
static void genesis_has_one_encoding(void)
{
    struct fixture f;
    struct genesis *g = mem_alloc(sizeof *g);
    fixture_init(&f, 1, 1, NULL);
    for (size_t i = 0; i < 8 * f.document.len; i += 3) {
        struct buf again = {0};
        f.document.data[i / 8] ^= (uint8_t)(1 << i % 8);
        if (genesis_decode(bytes_of_buf(&f.document), g, NULL) == ERR_OK) {
            genesis_encode(g, &again);
            CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&f.document));
            genesis_fini(g);
        }
        f.document.data[i / 8] ^= (uint8_t)(1 << i % 8);
        buf_free(&again);
    }
    mem_free(g);
    fixture_fini(&f);
}

/* ---- bodies */

static void bodies_round_trip(void)
{
    struct fixture f;
    struct buf bytes = {0};
    uint64_t numbers[] = {5, 6}, to_epoch = 0;
    fixture_init(&f, 1, 1, NULL);
    struct update_body update;
    fixture_update_body(&f, numbers, 2, &bytes);
    REQUIRE_OK(update_body_decode(bytes_of_buf(&bytes), &update));
    CHECK(update.count == 2 && update.costs[1] == 101 && update.delta_ppm == 1000 && update.iterations == 3);
    CHECK_ERR(update_body_decode(bytes_of(bytes.data, bytes.len - 1), &update), ERR_TRUNCATED);
    buf_clear(&bytes);

    struct score_body score = {.count = 3, .costs = {7, 8, BODY_NUMBER_MAX}, .candidates = f.state.block_id}, scored;
    score_body_encode(&score, &bytes);
    REQUIRE_OK(score_body_decode(bytes_of_buf(&bytes), &scored));
    CHECK(scored.count == 3 && scored.costs[2] == (uint64_t)BODY_NUMBER_MAX);
    buf_clear(&bytes);
    score.costs[2]++;
    score_body_encode(&score, &bytes);
    CHECK_ERR(score_body_decode(bytes_of_buf(&bytes), &scored), ERR_RANGE);
    buf_clear(&bytes);

    struct close_body close = {.phase = PHASE_ROLLBACK, .attempt = 9}, closed;
    close_body_encode(&close, &bytes);
    REQUIRE_OK(close_body_decode(bytes_of_buf(&bytes), &closed));
    CHECK(closed.phase == PHASE_ROLLBACK && closed.attempt == 9);
    buf_clear(&bytes);

    rollback_body_encode(12, &bytes);
    REQUIRE_OK(rollback_body_decode(bytes_of_buf(&bytes), &to_epoch));
    CHECK_EQ_U64(to_epoch, 12);
    CHECK(leave_body_decode(bytes_of_buf(&bytes)) != ERR_OK);
    buf_clear(&bytes);

    leave_body_encode(&bytes);
    CHECK_OK(leave_body_decode(bytes_of_buf(&bytes)));
    buf_free(&bytes);
    fixture_fini(&f);
}

static void unknown_phases_are_refused(void)
{
    static const char text[] = "\xa2\x65phase\x65"
                               "ponder\x67"
                               "attempt\x00";
    struct close_body close;
    CHECK(close_body_decode(bytes_of(text, sizeof text - 1), &close) != ERR_OK);
}

static void an_outcome_is_shown(void)
{
    struct fixture f;
    struct buf text = {0};
    fixture_init(&f, 2, 0, NULL);
    fixture_epoch(&f, 5);
    json_t *j = outcome_json(&f.last.outcome, &f.state);
    CHECK(json_is_true(json_object_get(j, "anchored")) && json_is_true(json_object_get(j, "changed")));
    CHECK_EQ_I64(json_integer_value(json_object_get(j, "aggregated_delta")), 500000);
    CHECK(json_is_null(json_object_get(j, "rolled_back_to")));
    json_t *updates = json_object_get(j, "aligned_updates");
    REQUIRE(json_array_size(updates) == 2);
    for (size_t i = 0; i < 2; i++) {
        json_t *u = json_array_get(updates, i);
        CHECK(json_string_value(json_object_get(u, "node_id"))[0] == 'v');
        CHECK_EQ_I64(json_integer_value(json_object_get(u, "ledger_height")), 1);
        CHECK_EQ_I64(json_integer_value(json_object_get(u, "delta_score")), 1000);
        CHECK_EQ_U64(json_string_length(json_object_get(u, "anchor_hash")), 64);
    }
    json_decref(j);
    buf_free(&text);
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(the_default_policy_is_a_policy);
    TAP_RUN(ranges_are_checked);
    TAP_RUN(genesis_round_trips);
    TAP_RUN(bad_genesis_is_refused);
    TAP_RUN(too_many_members_are_refused);
    TAP_RUN(work_is_named);
    TAP_RUN(another_version_is_refused);
    TAP_RUN(names_are_names);
    TAP_RUN(genesis_has_one_encoding);
    TAP_RUN(bodies_round_trip);
    TAP_RUN(unknown_phases_are_refused);
    TAP_RUN(an_outcome_is_shown);
    return tap_done();
}
