#include "fixture.h"

#include "base/file.h"
#include "codec/cbor.h"
#include "merkle/chunks.h"

/* The bytes of the state. That every state of every test here decodes to one that goes on in the same way is
 * seen to by fixture_run(). */

static void encode(const struct fixture *f, struct buf *out)
{
    buf_clear(out);
    state_encode(&f->state, out);
}

static void say_other(struct fixture *f, unsigned by, const struct spot_check *c)
{
    struct recount_body b = {.leaf_hash = c->leaf_hash, .number = c->number, .cost = c->cost + 1};
    struct buf body = {0};

    recount_body_encode(&b, &body);
    fixture_entry(f, by, ENTRY_RECOUNT, bytes_of_buf(&body));
    buf_free(&body);
}

/* A newcomer, and another key for e0, come with the end of the epoch. */
static void change_members(struct fixture *f)
{
    struct change join = fixture_newcomer(f, 20, ROLE_EDGE), key = {.kind = CHANGE_ROTATE};

    snprintf(key.card.name, sizeof key.card.name, "e0");
    key.card.key = f->keys[21].public;
    CHECK_ERR(fixture_sign_off(f, 0, 2, &join, 20), ERR_OK);
    CHECK_ERR(fixture_sign_off(f, 0, 2, &key, 21), ERR_OK);
    fixture_epoch(f, 5);
    f->keys[4] = f->keys[21];
}

/* In SCORE: members, one of whom was found with a false claim, a newcomer, a key that is retired, offers that became
 * candidates, a row, an archive, an agreed change and a ballot, claims that were drawn and what a validator says of
 * one. */
static void fill(struct fixture *f)
{
    struct change change = {.kind = CHANGE_LEAVE};
    struct policy policy;
    struct buf body = {0};

    policy_default(&policy);
    policy.spot_checks = 3;
    fixture_init(f, 4, 1, &policy);
    f->state.max_byzantine = 1;
    change_members(f);
    state_member_change(&f->state, 4)->found_epoch = 1;
    state_member_change(&f->state, 4)->false_claims = 1;
    snprintf(change.card.name, sizeof change.card.name, "v3");
    change_body_encode(&change, 9, &f->state.federation_id, NULL, &body);
    for (unsigned i = 0; i < 3; i++)
        fixture_entry(f, i, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    buf_clear(&body);
    snprintf(change.card.name, sizeof change.card.name, "v2");
    change_body_encode(&change, 9, &f->state.federation_id, NULL, &body);
    fixture_entry(f, 1, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    fixture_run(f);
    CHECK_EQ_U64(f->state.change_count, 1);
    fixture_collect(f, 5, 6);
    fixture_score(f, 1, 6, 200);
    for (unsigned i = 0; i < f->state.check_count; i++)
        say_other(f, f->state.checks[i].member == 1 ? 2 : 1, &f->state.checks[i]);
    fixture_run(f);
    CHECK_EQ_U64(f->state.checks[0].recount_count, 1);
    buf_free(&body);
}

static void nothing_is_lost(void)
{
    struct fixture f;
    struct federation_state back;
    struct buf bytes = {0};

    fill(&f);
    encode(&f, &bytes);
    CHECK_ERR(state_decode(&f.state, bytes_of_buf(&bytes), &back), ERR_OK);
    CHECK_EQ_U64(back.change_count, 1);
    CHECK_EQ_U64(back.ballots[1].count, 1);
    CHECK_EQ_U64(back.validator_count, 4);
    CHECK_EQ_U64(back.candidate_count, f.state.candidate_count);
    CHECK(state_contribution(&back, 1)->scored && !state_contribution(&back, 0)->scored &&
          state_contribution(&back, 0)->updated);
    CHECK(digest_equal(&back.candidates[1].hash, &f.state.candidates[1].hash));
    CHECK_EQ_U64(back.anchor_count, f.state.anchor_count);
    CHECK(state_member(&back, 4)->found_epoch == 1 && state_member(&back, 4)->false_claims == 1);
    CHECK(state_member(&back, 5)->sponsor == 1 && state_member(&back, 5)->first_epoch == 2);
    CHECK(state_member(&back, 5)->counted_epoch == 1 && state_member(&back, 0)->counted_epoch == 2);
    CHECK_EQ_U64(back.retired_count, 1);
    CHECK_EQ_U64(back.founders_stake, 1);
    REQUIRE(back.check_count == f.state.check_count && back.check_count > 0);
    CHECK(back.checks[0].scored == f.state.checks[0].scored && back.checks[0].member == f.state.checks[0].member);
    CHECK(digest_equal(&back.checks[0].leaf_hash, &f.state.checks[0].leaf_hash));
    CHECK_EQ_U64(back.checks[0].recounts[0].cost, f.state.checks[0].cost + 1);
    CHECK(digest_equal(&back.anchors[1].hash, &f.state.anchors[1].hash));
    state_free(&back);
    buf_free(&bytes);
    fixture_fini(&f);
}

/* Whatever is changed is refused, or is another state with another root. */
static void damage_shows(void)
{
    struct fixture f;
    struct federation_state back;
    struct buf bytes = {0}, again = {0};
    struct digest root;

    fill(&f);
    encode(&f, &bytes);
    root = state_root(&f.state);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= (uint8_t)(1 << i % 8);
        if (state_decode(&f.state, bytes_of_buf(&bytes), &back) == ERR_OK) {
            struct digest other = state_root(&back);
            buf_clear(&again);
            state_encode(&back, &again);
            CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
            CHECK(!digest_equal(&other, &root));
            state_free(&back);
        }
        bytes.data[i] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t len = 0; len < bytes.len; len += 7)
        CHECK(state_decode(&f.state, bytes_of(bytes.data, len), &back) != ERR_OK);
    buf_add_byte(&bytes, 0);
    CHECK_ERR(state_decode(&f.state, bytes_of_buf(&bytes), &back), ERR_SYNTAX);
    buf_free(&bytes);
    buf_free(&again);
    fixture_fini(&f);
}

static void another_federations_is_refused(void)
{
    struct fixture f, g;
    struct federation_state back;
    struct buf bytes = {0};

    fixture_init(&f, 3, 1, NULL);
    fixture_init(&g, 3, 2, NULL);
    encode(&g, &bytes);
    CHECK_ERR(state_decode(&f.state, bytes_of_buf(&bytes), &back), ERR_MISMATCH);
    buf_free(&bytes);
    fixture_fini(&f);
    fixture_fini(&g);
}

/* s is spoilt and put back by the caller. */
static void refused(const struct fixture *f)
{
    struct federation_state back;
    struct buf bytes = {0};

    encode(f, &bytes);
    CHECK_ERR(state_decode(&f->state, bytes_of_buf(&bytes), &back), ERR_MISMATCH);
    buf_free(&bytes);
}

/* What no execution leads to, and what the transition takes for granted. */
static void a_state_does_not_contradict_itself(void)
{
    struct fixture f;

    fill(&f);
    f.state.quorum = 2;
    refused(&f);
    f.state.quorum = 3;
    f.state.rollback_epoch = 1;
    refused(&f);
    f.state.rollback_epoch = 0;
    f.state.phase = PHASE_COLLECT;
    refused(&f);
    f.state.phase = PHASE_ROLLBACK;
    f.state.rollback_epoch = 77; /* no anchor of that is kept */
    refused(&f);
    f.state.rollback_epoch = 0;
    f.state.phase = PHASE_SCORE;
    struct member_card card = state_member(&f.state, 1)->card;
    state_member_change(&f.state, 1)->card = state_member(&f.state, 0)->card;
    refused(&f);
    state_member_change(&f.state, 1)->card = card;
    struct genome genome = f.state.incumbent;
    f.state.incumbent = fixture_genome(&f, 9); /* not the first candidate */
    refused(&f);
    f.state.incumbent = genome;
    state_member_change(&f.state, 4)->found_epoch = f.state.epoch + 1;
    refused(&f);
    state_member_change(&f.state, 4)->found_epoch = 0;
    refused(&f);
    state_member_change(&f.state, 4)->found_epoch = 1;
    state_member_change(&f.state, 0)->counted_epoch =
        f.state.epoch - 1; /* its UPDATE of this epoch is there, and is not late */
    refused(&f);
    state_member_change(&f.state, 0)->counted_epoch = f.state.epoch;
    uint64_t counted_epoch = state_member(&f.state, 5)->counted_epoch;
    state_member_change(&f.state, 5)->counted_epoch = f.state.epoch + 1;
    refused(&f);
    state_member_change(&f.state, 5)->counted_epoch = counted_epoch;
    state_member_change(&f.state, 5)->sponsor =
        0; /* a newcomer by nobody's wish, by its own, by another newcomer's; of later */
    refused(&f);
    state_member_change(&f.state, 5)->sponsor = 6;
    refused(&f);
    state_member_change(&f.state, 5)->sponsor = 1;
    state_member_change(&f.state, 1)->sponsor = 1;
    refused(&f);
    state_member_change(&f.state, 1)->sponsor = 0;
    state_member_change(&f.state, 5)->first_epoch = f.state.epoch + 1;
    refused(&f);
    state_member_change(&f.state, 5)->first_epoch = f.state.epoch;
    struct spot_check *check = &f.state.checks[0];
    struct recount word = check->recounts[0];
    check->recounts[0].member = check->member; /* of its own claim */
    refused(&f);
    check->recounts[0] = (struct recount){word.member, check->cost}; /* it agrees */
    refused(&f);
    check->recounts[0] = word;
    check->recounts = mem_resize(check->recounts, 2, sizeof word);
    check->recounts[check->recount_count++] = (struct recount){word.member, word.cost + 1}; /* twice */
    refused(&f);
    check->recount_count--;
    struct spot_check last = f.state.checks[f.state.check_count - 1];
    f.state.checks[f.state.check_count - 1] = *check; /* the same claim twice */
    refused(&f);
    f.state.checks[f.state.check_count - 1] = last;
    fixture_fini(&f);
}

/* The root is the one under which the state goes from node to node. */
static void the_root_is_over_chunks(void)
{
    struct fixture f;
    struct buf bytes = {0};

    fill(&f);
    encode(&f, &bytes);
    struct digest root = state_root(&f.state), chunks = chunks_root(bytes_of_buf(&bytes), STATE_CHUNK_SIZE);
    CHECK(digest_equal(&root, &chunks));
    buf_free(&bytes);
    fixture_fini(&f);
}

/* A version above the first is in the state, with what else is rare, and no lower one ever. */
static void the_protocol_is_kept(void)
{
    struct fixture f;
    struct federation_state back;
    struct buf bytes = {0};

    fixture_init(&f, 3, 1, NULL);
    fixture_collect(&f, 4, 5);
    for (uint64_t left_out = 0; left_out < 2; left_out++) {
        f.state.left_out = (unsigned)left_out;
        f.state.protocol = PROTOCOL_MAX;
        buf_clear(&bytes);
        encode(&f, &bytes);
        REQUIRE_OK(state_decode(&f.state, bytes_of_buf(&bytes), &back));
        CHECK_EQ_U64(back.protocol, PROTOCOL_MAX);
        CHECK_EQ_U64(back.left_out, left_out);
        state_free(&back);
    }
    f.state.protocol++;
    buf_clear(&bytes);
    encode(&f, &bytes);
    CHECK_ERR(state_decode(&f.state, bytes_of_buf(&bytes), &back), ERR_RANGE);
    buf_free(&bytes);
    fixture_fini(&f);
}

/* Offers are left out when COLLECT closes, and no more than there can be. */
static void offers_are_left_out_of_candidates(void)
{
    struct fixture f;
    struct federation_state back;
    struct buf bytes = {0};

    fixture_init(&f, 3, 1, NULL);
    f.state.left_out = 1;
    refused(&f);
    f.state.left_out = 0;
    fixture_collect(&f, 4, 5);
    f.state.left_out = RANK_SITES_MAX * CYCLE_MIGRANTS_MAX;
    encode(&f, &bytes);
    REQUIRE_OK(state_decode(&f.state, bytes_of_buf(&bytes), &back));
    CHECK_EQ_U64(back.left_out, f.state.left_out);
    state_free(&back);
    buf_clear(&bytes);
    f.state.left_out++;
    encode(&f, &bytes);
    CHECK_ERR(state_decode(&f.state, bytes_of_buf(&bytes), &back), ERR_RANGE);
    buf_free(&bytes);
    fixture_fini(&f);
}

/* ---- the corpus of fuzz/fuzz_state.c: [genesis document, state] */

static const char *const corpus[] = {"founding", "collect", "score", "rollback", "recount"};
enum { CORPUS = sizeof corpus / sizeof corpus[0] };

static void corpus_make(unsigned number, struct fixture *f)
{
    struct policy policy;

    policy_default(&policy);
    policy.margin_ppm = 1000000;
    policy.rollback_ppm = 10000;
    policy.spot_checks = number == 4 ? 2 : 0;
    if (number == 2) {
        fill(f);
        return;
    }
    fixture_init(f, 3, 1, &policy);
    if (number == 0)
        return;
    fixture_epoch(f, 5);
    if (number == 1) {
        fixture_update(f, 1, 7, f->state.epoch);
        fixture_run(f);
        return;
    }
    fixture_epoch(f, 6);
    if (number == 4) { /* claims of both kinds, a word about a row */
        fixture_collect(f, 4, 7);
        for (unsigned i = 0; i < f->state.check_count; i++) {
            const struct spot_check *c = &f->state.checks[i];
            if (c->scored && c->member != 1)
                say_other(f, 1, c);
        }
        fixture_run(f);
        return;
    }
    fixture_collect(f, 4, 0);
    for (unsigned i = 0; i < 4; i++)
        fixture_score(f, i, 5, 2000);
    fixture_run(f);
    CHECK_EQ_U64(f->state.phase, PHASE_ROLLBACK);
}

static const char *corpus_path(unsigned number)
{
    static char path[128];

    snprintf(path, sizeof path, "fuzz/corpus/state/%s", corpus[number]);
    return tap_source(path);
}

static int corpus_write(void)
{
    int status = 0;

    for (unsigned i = 0; i < CORPUS; i++) {
        struct fixture f;
        struct buf state = {0}, out = {0};
        struct cbor_writer w;
        struct diag diag = {0};

        corpus_make(i, &f);
        encode(&f, &state);
        cbor_writer_init(&w, &out);
        cbor_put_array(&w, 2);
        cbor_put_bytes(&w, bytes_of_buf(&f.document));
        cbor_put_bytes(&w, bytes_of_buf(&state));
        cbor_writer_done(&w);
        status |= file_write(corpus_path(i), bytes_of_buf(&out), &diag) != ERR_OK;
        buf_free(&state);
        buf_free(&out);
        fixture_fini(&f);
    }
    return status;
}

/* A copy has the same genomes and rows, and what becomes of it is not to be seen in what it was made of. */
static void a_copy_shares_what_nobody_changes(void)
{
    struct fixture f;
    struct federation_state copy;

    fixture_init(&f, 4, 2, NULL);
    fixture_epoch(&f, 5);
    fixture_collect(&f, 6, 6);
    fixture_score(&f, 1, 6, 200);
    fixture_run(&f);
    struct digest before = state_root(&f.state);
    state_copy(&copy, &f.state);
    CHECK(copy.candidates == f.state.candidates && copy.anchors == f.state.anchors && copy.archive == f.state.archive);
    CHECK(state_contribution(&copy, 1)->costs == state_contribution(&f.state, 1)->costs);
    for (unsigned i = 0; i < 6; i++) {
        if (i != 1)
            fixture_score(&f, i, 6, 200);
    }
    fixture_run(&f);
    CHECK(f.last.epoch_ended && copy.anchor_count + 1 == f.state.anchor_count && copy.anchors != f.state.anchors);
    struct digest after = state_root(&copy);
    CHECK(digest_equal(&before, &after));
    state_free(&copy);
    fixture_fini(&f);
}

/* Else the fuzzer would begin with what it can only refuse. After a change of format: test_state_state --write. */
static void the_corpus_is_of_this_format(void)
{
    for (unsigned i = 0; i < CORPUS; i++) {
        struct federation_state founding, state;
        struct buf text = {0};
        struct diag diag = {0};
        struct cbor_reader r;

        REQUIRE_OK(file_read(corpus_path(i), 1 << 20, &text, &diag));
        cbor_reader_init(&r, bytes_of_buf(&text));
        cbor_expect_array(&r, 2);
        struct bytes genesis = cbor_get_bytes(&r), bytes = cbor_get_bytes(&r);
        REQUIRE_OK(state_genesis(genesis, &founding, &diag));
        if (CHECK_OK(state_decode(&founding, bytes, &state)))
            state_free(&state);
        state_free(&founding);
        buf_free(&text);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return corpus_write();
    TAP_RUN(nothing_is_lost);
    TAP_RUN(damage_shows);
    TAP_RUN(another_federations_is_refused);
    TAP_RUN(a_state_does_not_contradict_itself);
    TAP_RUN(offers_are_left_out_of_candidates);
    TAP_RUN(the_protocol_is_kept);
    TAP_RUN(the_root_is_over_chunks);
    TAP_RUN(a_copy_shares_what_nobody_changes);
    TAP_RUN(the_corpus_is_of_this_format);
    return tap_done();
}
