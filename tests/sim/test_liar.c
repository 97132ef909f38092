#include "fed/messages.h"
#include "run.h"
#include "sim/liar.h"
#include "tap.h"

/* Each named behaviour, by itself and in a federation that stands it. */

#define LIE(node, behaviour)                                                                                           \
    ", \"events\": [{\"kind\": \"lie\", \"node\": \"" node "\", \"at_ms\": 0, \"behaviour\": \"" behaviour "\"}]"

static void costs_are_turned_round(void)
{
    uint64_t costs[] = {10, 50, 20}, same[] = {10, 50, 20};

    liar_costs(LIE_INVERTED_SCORES, costs, 3);
    CHECK(costs[0] == 50 && costs[1] == 10 && costs[2] == 40);
    liar_costs(LIE_MUTE, same, 3);
    CHECK(same[0] == 10 && same[1] == 50 && same[2] == 20);
}

static void a_second_update_with_the_same_sequence(void)
{
    struct buf body = {0}, text = {0};
    struct envelope e = {.kind = ENTRY_UPDATE, .sequence = 7, .federated_epoch = 2}, first, second;
    struct update_body update = {.delta_ppm = 5};
    struct cose_sign1 cose;
    struct secret_key key, other;
    struct blob *message, *doubled;
    struct message m;

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
    REQUIRE_OK(message_decode(blob_bytes(doubled), &m));
    REQUIRE_OK(envelope_parse(m.entry, &second, &cose));
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
    unsigned evidence = 0;
    struct run run;

    run_federation(&run, 4, 2, 3, LIE("e1", "double_sign"), 3, 21);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(run.told.chronicle.state.members[5].status, MEMBER_CONVICTED);
    CHECK_EQ_U64(run.report.epochs[2].convicted, 1);
    for (unsigned i = 0; i < run.told.chronicle.block_count; i++) {
        const struct block *b = &run.told.chronicle.blocks[i];

        for (unsigned j = 0; j < b->count; j++) {
            struct envelope e;
            struct cose_sign1 cose;

            evidence += envelope_parse(b->entries[j], &e, &cose) == ERR_OK && e.kind == ENTRY_EVIDENCE;
        }
    }
    CHECK(evidence >= 1);
    run_free(&run);
}

static void a_mute_primary_loses_its_view(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3, LIE("v0", "mute"), 2, 22);
    REQUIRE(run_anchored(&run));
    CHECK(run.report.epochs[0].view_changes >= 1);
    CHECK_EQ_U64(run_count(&run, " v0 send pbft."), 0);
    CHECK(run.told.recorder != &run.rehearsal->nodes[0]);
    run_free(&run);
}

/* One liar among six does not lead the federation to a worse genome than the default. */
static void liars_are_outvoted(void)
{
    static const char *const lies[] = {LIE("e0", "inverted_scores"), LIE("e0", "inflated_claims")};

    for (unsigned i = 0; i < 2; i++) {
        struct run honest, lied;

        run_federation(&honest, 4, 2, 3, "", 3, 23);
        run_federation(&lied, 4, 2, 3, lies[i], 3, 23);
        CHECK(run_anchored(&honest) && run_anchored(&lied));
        CHECK(!digest_equal(&honest.bytes, &lied.bytes));
        CHECK(lied.told.gain_ppm <= 1000000);
        for (unsigned m = 0; m < 6; m++)
            CHECK(lied.told.chronicle.state.members[m].status == MEMBER_ACTIVE);
        run_free(&honest);
        run_free(&lied);
    }
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
    TAP_RUN(costs_are_turned_round);
    TAP_RUN(a_second_update_with_the_same_sequence);
    TAP_RUN(the_signer_of_two_updates_is_convicted);
    TAP_RUN(a_mute_primary_loses_its_view);
    TAP_RUN(liars_are_outvoted);
    TAP_RUN(a_lie_can_end);
    return tap_done();
}
