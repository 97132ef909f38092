#include "federation.h"

#include <string.h>

#include "fed/messages.h"
#include "replica/messages.h"
#include "fed/messages.h"
#include "fed/proof.h"
#include "state/membership.h"
#include "merkle/chunks.h"
#include "transfer/transfer.h"
#include "transfer/messages.h"
#include "tap.h"

/* Nodes that come from far behind, and nodes that have lost their disks, in whole federations. federation.c checks at
 * every effect that no two of them have different blocks and that nobody signs two entries with one number. */

static struct federation fed;

enum { EPOCHS = 24 };

static void begin(unsigned validators, unsigned participants, uint64_t seed)
{
    struct federation_options options = federation_usual(validators, participants, seed);

    tap_seed(seed);
    options.last_epoch = EPOCHS;
    options.collect_ns = options.score_ns = SECOND;
    federation_init(&fed, &options);
}

/* From its blocks alone, every one checked and executed, a node comes to where it is. */
static void replay(unsigned node)
{
    struct fed_config config = federation_config(&fed, node);
    struct ledger_store blocks = fed.nodes[node].host.disk.ledger;
    struct fed *again = NULL;
    struct diag diag = {0};

    blocks.snapshot = NULL;
    if (!CHECK_OK(fed_new(bytes_of_buf(&fed.genesis), &config, &blocks, &again, &diag))) {
        tap_note("%s", diag.text);
        return;
    }
    CHECK(digest_equal(&fed_state(again)->block_id, &fed_state(fed.nodes[node].fed)->block_id));
    fed_free(again);
}

/* Everybody has everything: state, and every block from 1 on. */
static void end(void)
{
    CHECK(federation_run(&fed, 900 * SECOND));
    CHECK_EQ_TEXT(fed.breach, "");
    CHECK(federation_agrees(&fed));
    for (unsigned i = 0; i < fed.count; i++) {
        const struct node *n = &fed.nodes[i];
        CHECK(!n->recovering);
        CHECK_EQ_U64(n->host.disk.blocks.height, n->host.disk.blocks.top);
        CHECK_EQ_U64(n->host.disk.blocks.height, fed_state(n->fed)->height);
        replay(i);
    }
}

static void who_is_far_behind_gets_a_state(void)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        unsigned away = seed % 2 == 0 ? 4 : 3; /* a participant, a validator */
        begin(4, 1, seed);
        fed.options.garble_permille = 150;
        federation_at(&fed, SECOND, node_cut_off, away);
        federation_at(&fed, 40 * SECOND, node_reconnect, away);
        federation_start(&fed);
        end();
        CHECK(fed.nodes[away].installs > 0);
        for (unsigned i = 0; i < fed.count; i++)
            CHECK(i == away || fed.nodes[i].installs == 0);
        federation_fini(&fed);
    }
}

static void who_is_a_little_behind_gets_blocks(void)
{
    begin(4, 1, 5);
    federation_at(&fed, SECOND, node_cut_off, 3);
    federation_at(&fed, 6 * SECOND, node_reconnect, 3);
    federation_start(&fed);
    end();
    CHECK_EQ_U64(fed.nodes[3].installs, 0);
    federation_fini(&fed);
}

static void come_back_shaking(struct federation *f, unsigned node)
{
    f->calm_ns = federation_now(f) + 20 * SECOND;
    f->nodes[node].crash_spread = 200;
    f->nodes[node].back_after_ns = 100 * MILLISECOND;
    node_reconnect(f, node);
    node_crash(f, node);
    node_start(f, node);
}

/* A restart in the middle of all that begins from the snapshot. */
static void it_crashes_on_the_way(void)
{
    unsigned installs = 0;

    for (uint64_t seed = 1; seed <= 6; seed++) {
        begin(4, 1, seed);
        federation_at(&fed, SECOND, node_cut_off, 3);
        federation_at(&fed, 40 * SECOND, come_back_shaking, 3);
        federation_start(&fed);
        end();
        installs += fed.nodes[3].installs;
        federation_fini(&fed);
    }
    CHECK(installs > 0);
}

static void a_wiped_node_recovers(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        unsigned wiped = (unsigned)seed % 5;
        begin(4, 1, seed);
        federation_at(&fed, (int64_t)(2 + seed * 5) * SECOND, node_wipe, wiped);
        federation_start(&fed);
        end();
        federation_fini(&fed);
    }
}

/* What it signed and nobody executed is in somebody's hands. */
static void its_numbers_are_never_used_again(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        unsigned wiped = seed % 2 == 0 ? 4 : 2;
        begin(4, 1, seed);
        federation_at(&fed, 3 * SECOND, node_cut_off, wiped);
        federation_at(&fed, 6 * SECOND, node_wipe, wiped);
        federation_at(&fed, 6 * SECOND, node_reconnect, wiped);
        federation_start(&fed);
        end();
        federation_fini(&fed);
    }
}

static void it_crashes_while_it_recovers_and_is_wiped_again(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        begin(4, 0, seed);
        fed.calm_ns = 60 * SECOND;
        federation_at(&fed, 15 * SECOND, node_wipe, 1);
        fed.nodes[1].crash_spread = 400;
        fed.nodes[1].back_after_ns = 300 * MILLISECOND;
        federation_at(&fed, (int64_t)(17 + seed) * SECOND, node_wipe, 1);
        federation_start(&fed);
        end();
        federation_fini(&fed);
    }
}

/* Somebody sends one block to a node that fills its ledger: how many does that append? */
static unsigned send_block(struct fed *node, struct bytes block)
{
    struct effects effects = {0};
    struct fed_event event = {.kind = FED_EVENT_MESSAGE,
                              .now_ns = federation_now(&fed),
                              .from = 1,
                              .blob = replica_message_blocks(0, &block, 1)};
    unsigned appended = 0;

    enum err err = fed_step(node, &event, &effects);
    for (size_t i = 0; i < effects.count; i++)
        appended += effects.items[i].kind == EFFECT_APPEND;
    CHECK((err == ERR_OK) || appended == 0);
    blob_drop(event.blob);
    effects_free(&effects);
    return appended;
}

/* A node does not start from a snapshot that is not as it was stored. */
static void damaged_snapshots_are_noticed(const struct ledger_snapshot *from)
{
    struct fed_config config = federation_config(&fed, 3);

    for (size_t i = 0; i < from->bytes->len; i += 97) {
        struct blob *bad = blob_new(blob_bytes(from->bytes));
        struct diag diag = {0};
        struct ledger l;
        struct fed *node;

        bad->data[i] ^= 0x10;
        ledger_init(&l, ledger_store_new(NULL), ledger_store_new(NULL));
        ledger_install(&l, from->height, bad, ledger_store_new(NULL));
        struct ledger_store view = ledger_view(&l);
        CHECK(fed_new(bytes_of_buf(&fed.genesis), &config, &view, &node, &diag) != ERR_OK);
        CHECK(strstr(diag.text, "snapshot") != NULL);
        ledger_fini(&l);
        blob_drop(bad);
    }
}

/* All of a node's blocks are lost but for the snapshot. */
static void below_a_state_only_certified_blocks_count(void)
{
    struct fed_event start = {.kind = FED_EVENT_START};
    struct effects effects = {0};
    struct blob *blocks[2];
    struct fed *node;
    struct ledger bare;

    begin(4, 0, 2);
    federation_at(&fed, SECOND, node_cut_off, 3);
    federation_at(&fed, 40 * SECOND, node_reconnect, 3);
    federation_start(&fed);
    end();
    struct node *n = &fed.nodes[3];
    REQUIRE(n->installs > 0);
    const struct ledger_snapshot *snapshot = &n->host.disk.blocks.snapshots[0];
    damaged_snapshots_are_noticed(snapshot);
    ledger_init(&bare, ledger_store_new(NULL), ledger_store_new(NULL));
    ledger_install(&bare, snapshot->height, snapshot->bytes, ledger_store_new(NULL));
    struct ledger_store view = ledger_view(&bare);
    struct fed_config config = federation_config(&fed, 3);
    REQUIRE_OK(fed_new(bytes_of_buf(&fed.genesis), &config, &view, &node, NULL));
    start.now_ns = federation_now(&fed);
    CHECK_OK(fed_step(node, &start, &effects));
    for (unsigned i = 0; i < 2; i++)
        REQUIRE_OK(n->host.disk.ledger.read(n->host.disk.ledger.context, i + 1, &blocks[i]));
    CHECK_EQ_U64(send_block(node, blob_bytes(blocks[1])), 0); /* not the lowest */
    struct blob *bad = blob_new(blob_bytes(blocks[0]));
    bad->data[bad->len - 1] ^= 1; /* the last signature of its certificate */
    CHECK_EQ_U64(send_block(node, blob_bytes(bad)), 0);
    blob_drop(bad);
    CHECK_EQ_U64(send_block(node, blob_bytes(blocks[0])), 1);
    CHECK_EQ_U64(send_block(node, blob_bytes(blocks[0])), 0);
    CHECK_EQ_U64(send_block(node, blob_bytes(blocks[1])), 1);
    blob_drop(blocks[0]);
    blob_drop(blocks[1]);
    fed_free(node);
    effects_free(&effects);
    ledger_fini(&bare);
    federation_fini(&fed);
}

/* ---- the proof of a state */

struct offered {
    struct buf proof, state;
    uint64_t height;
};

/* A state as node 0 would offer it. */
static void take_offer(struct offered *o)
{
    struct effects effects = {0};
    struct transfer_wire wire;
    struct fed_event event = {
        .kind = FED_EVENT_MESSAGE, .now_ns = federation_now(&fed), .from = 1, .blob = transfer_ask(0)};

    CHECK_OK(fed_step(fed.nodes[0].fed, &event, &effects));
    REQUIRE(effects.count == 1 && transfer_decode(blob_bytes(effects.items[0].blob), &wire) == ERR_OK);
    o->height = wire.height;
    buf_add(&o->proof, wire.proof.data, wire.proof.len);
    size_t chunks = wire.hashes.len / DIGEST_SIZE;
    blob_drop(event.blob);
    for (size_t i = 0; i < chunks; i++) {
        effects_clear(&effects);
        event.blob = transfer_get(o->height, i);
        CHECK_OK(fed_step(fed.nodes[0].fed, &event, &effects));
        REQUIRE(effects.count == 1 && transfer_decode(blob_bytes(effects.items[0].blob), &wire) == ERR_OK);
        buf_add(&o->state, wire.chunk.data, wire.chunk.len);
        blob_drop(event.blob);
    }
    effects_free(&effects);
}

static enum err check(const struct offered *o, struct bytes proof)
{
    struct digest root = chunks_root(bytes_of_buf(&o->state), STATE_CHUNK_SIZE),
                  id = digest_of(bytes_of_buf(&fed.genesis));
    struct federation_state founding;
    struct voter_set founders;
    struct state_proof p;

    CHECK_OK(state_genesis(bytes_of_buf(&fed.genesis), &founding, NULL));
    state_voter_set(&founding, &founders);
    state_free(&founding);
    enum err err = state_proof_check(proof, &id, &founders, o->height, &root, NULL, &p);
    if (err == ERR_OK)
        links_free(&p.links);
    return err;
}

static void every_flipped_bit_of_a_proof_fails(void)
{
    struct offered o = {0};

    begin(4, 0, 7);
    fed.options.last_epoch = 3;
    federation_start(&fed);
    CHECK(federation_run(&fed, 600 * SECOND));
    take_offer(&o);
    CHECK_OK(check(&o, bytes_of_buf(&o.proof)));
    for (size_t i = 0; i < o.proof.len; i++) {
        o.proof.data[i] ^= (uint8_t)(1 << i % 8);
        CHECK(check(&o, bytes_of_buf(&o.proof)) != ERR_OK);
        o.proof.data[i] ^= (uint8_t)(1 << i % 8);
    }
    o.state.data[o.state.len / 2] ^= 1;
    CHECK(check(&o, bytes_of_buf(&o.proof)) != ERR_OK);
    buf_free(&o.proof);
    buf_free(&o.state);
    federation_fini(&fed);
}

int main(void)
{
    TAP_RUN(who_is_far_behind_gets_a_state);
    TAP_RUN(who_is_a_little_behind_gets_blocks);
    TAP_RUN(it_crashes_on_the_way);
    TAP_RUN(a_wiped_node_recovers);
    TAP_RUN(its_numbers_are_never_used_again);
    TAP_RUN(it_crashes_while_it_recovers_and_is_wiped_again);
    TAP_RUN(below_a_state_only_certified_blocks_count);
    TAP_RUN(every_flipped_bit_of_a_proof_fails);
    return tap_done();
}
