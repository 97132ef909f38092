#include <string.h>

#include "fed/messages.h"
#include "replica/messages.h"
#include "transfer/transfer.h"
#include "federation.h"
#include "tap.h"

/* How a node starts, and what it does not take. */

static struct federation world;
static struct effects effects;

static void setup(unsigned validators, unsigned participants)
{
    struct federation_options options = federation_usual(validators, participants, 1);

    federation_init(&world, &options);
}

static void teardown(void)
{
    effects_free(&effects);
    effects = (struct effects){0};
    federation_fini(&world);
}

static enum err try_on(const struct ledger_store *store, const struct fed_config *config, struct fed **out)
{
    struct diag diag = {{0}};
    enum err err = fed_new(bytes_of_buf(&world.genesis), config, store, out, &diag);

    if (err != ERR_OK)
        CHECK(diag.text[0] != '\0');
    return err;
}

static enum err try_new(unsigned node, const struct fed_config *config, struct fed **out)
{
    return try_on(&world.nodes[node].host.disk.ledger, config, out);
}

static struct fed *new_node(unsigned node)
{
    struct fed_config config = federation_config(&world, node);
    struct fed *fed = NULL;

    CHECK_OK(try_new(node, &config, &fed));
    return fed;
}

static enum err step(struct fed *fed, struct fed_event event)
{
    event.now_ns = SECOND;
    effects_clear(&effects);
    return fed_step(fed, &event, &effects);
}

static enum err receive(struct fed *fed, unsigned from, struct blob *message)
{
    enum err err = step(fed, (struct fed_event){.kind = FED_EVENT_MESSAGE, .from = from, .blob = message});

    blob_drop(message);
    return err;
}

static bool noted(const char *name)
{
    for (size_t i = 0; i < effects.count; i++) {
        if (effects.items[i].kind == EFFECT_NOTE && strcmp(effects.items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Which member a node is, its key says. */
static void a_node_finds_itself(void)
{
    struct fed *fed = NULL;

    setup(2, 1);
    for (unsigned node = 0; node < world.count; node++) {
        fed = new_node(node);
        CHECK_EQ_I64(fed_member(fed), node);
        CHECK_EQ_I64(fed_self_replica(fed), node < 2 ? (int)node : -1);
        CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_START}));
        CHECK(!noted("fed.no_member"));
        fed_free(fed);
    }
    struct fed_config config = federation_config(&world, 1);
    key_simulated(99, "stranger", &config.key);
    CHECK_OK(try_new(1, &config, &fed)); /* it may be taken in */
    CHECK_EQ_I64(fed_member(fed), -1);
    CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_START}));
    CHECK(noted("fed.no_member"));
    fed_free(fed);
    teardown();
}

static void genesis_must_be_one(void)
{
    struct fed *fed = NULL;

    setup(2, 1);
    world.genesis.len--;
    struct fed_config config = federation_config(&world, 1);
    CHECK(try_new(1, &config, &fed) != ERR_OK);
    CHECK(fed == NULL);
    teardown();
}

static void nothing_happens_before_the_start(void)
{
    setup(1, 1);
    struct fed *fed = new_node(0);
    CHECK_ERR(step(fed, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = REPLICA_TIMER_POLL}), ERR_STATE);
    CHECK_EQ_U64(effects.count, 0);
    CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_START}));
    CHECK_ERR(step(fed, (struct fed_event){.kind = FED_EVENT_START}), ERR_STATE);
    fed_free(fed);
    teardown();
}

static void unasked_answers_are_refused(void)
{
    struct cycle_result cycle = {0};
    uint64_t cost = 1;

    setup(1, 1);
    struct fed *fed = new_node(0);
    CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_START}));
    CHECK_ERR(step(fed, (struct fed_event){.kind = FED_EVENT_CYCLE_DONE, .epoch = 2, .cycle = &cycle}), ERR_STALE);
    CHECK_ERR(step(fed, (struct fed_event){.kind = FED_EVENT_SCORE_DONE, .epoch = 1, .costs = &cost, .count = 1}),
              ERR_STALE);
    CHECK_ERR(step(fed, (struct fed_event){.kind = FED_EVENT_RECOUNT_DONE, .number = 1, .costs = &cost, .count = 1}),
              ERR_STALE);
    CHECK_ERR(step(fed, (struct fed_event){.kind = FED_EVENT_LEAVE}), ERR_STATE); /* a validator */
    CHECK_ERR(step(fed, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = FED_TIMER_END}), ERR_UNKNOWN);
    fed_free(fed);
    teardown();
}

static void strangers_and_their_bytes_are_refused(void)
{
    setup(2, 1);
    struct fed *participant = new_node(2), *validator = new_node(0);
    CHECK_OK(step(participant, (struct fed_event){.kind = FED_EVENT_START}));
    CHECK_OK(step(validator, (struct fed_event){.kind = FED_EVENT_START}));
    CHECK_ERR(receive(validator, 3, replica_message_fetch(1)), ERR_UNKNOWN);
    CHECK_ERR(receive(validator, 1, blob_new(bytes_of("", 0))), ERR_TRUNCATED);
    CHECK_ERR(receive(participant, 1, blob_new(bytes_of("\x82\x03\x01", 3))), ERR_STATE); /* PBFT's */
    CHECK_OK(receive(participant, 1, message_entry(bytes_of("no entry", 8))));            /* not for it */
    CHECK(receive(validator, 1, message_entry(bytes_of("no entry", 8))) != ERR_OK);
    struct bytes block = bytes_of("no block", 8);
    CHECK(receive(validator, 1, replica_message_blocks(9, &block, 1)) != ERR_OK);
    CHECK_EQ_U64(fed_state(validator)->height, 0);
    fed_free(participant);
    fed_free(validator);
    teardown();
}

static void a_fetch_is_always_answered(void)
{
    struct replica_wire m;

    setup(2, 1);
    struct fed *fed = new_node(0);
    CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_START}));
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(receive(fed, 2, replica_message_fetch((uint64_t[]){0, 1, UINT64_MAX}[i])));
        REQUIRE(effects.count == 1 && effects.items[0].kind == EFFECT_SEND && effects.items[0].to == 2);
        REQUIRE_OK(replica_message_decode(blob_bytes(effects.items[0].blob), &m));
        CHECK_EQ_U64(m.type, REPLICA_STATUS);
        CHECK_EQ_U64(m.height, 0);
    }
    fed_free(fed);
    teardown();
}

static unsigned sent(bool (*is)(struct bytes message))
{
    unsigned count = 0;

    for (size_t i = 0; i < effects.count; i++)
        count += effects.items[i].kind == EFFECT_SEND && is(blob_bytes(effects.items[i].blob));
    return count;
}

static bool is_fetch(struct bytes message)
{
    struct replica_wire m;
    return replica_message_decode(message, &m) == ERR_OK && m.type == REPLICA_FETCH;
}

static unsigned polled(struct fed *fed, bool (*is)(struct bytes message))
{
    CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = REPLICA_TIMER_POLL}));
    return sent(is);
}

static unsigned asked(bool (*is)(struct bytes message))
{
    for (size_t i = 0; i < effects.count; i++) {
        if (effects.items[i].kind == EFFECT_SEND && is(blob_bytes(effects.items[i].blob)))
            return (unsigned)effects.items[i].to;
    }
    return PBFT_REPLICAS_MAX;
}

/* The next block is gone where it is asked for, though there are only a few: then a state is asked for, again and
 * again, and blocks in between. Who was not asked is not believed. */
static void when_blocks_are_gone_a_state_will_do(void)
{
    setup(2, 1);
    struct fed *fed = new_node(2);
    CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_START}));
    for (unsigned again = 0; again < 3; again++) {
        CHECK_EQ_U64(polled(fed, is_fetch), 1);
        unsigned peer = asked(is_fetch);
        REQUIRE(peer < 2);
        CHECK_OK(receive(fed, 1 - peer, replica_message_blocks(5, NULL, 0)));
        CHECK_EQ_U64(sent(transfer_owns), 0);
        CHECK_OK(receive(fed, peer, replica_message_blocks(5, NULL, 0)));
        CHECK_EQ_U64(sent(transfer_owns), 2); /* both validators are asked */
        CHECK_EQ_U64(polled(fed, is_fetch), 0);
        for (unsigned i = 0; i < TRANSFER_ROUNDS; i++)
            CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = REPLICA_TIMER_TRANSFER}));
    }
    fed_free(fed);
    teardown();
}

/* Far behind, as somebody says who lies: that costs one attempt. */
static void a_fruitless_transfer_is_not_tried_again_soon(void)
{
    setup(2, 1);
    struct fed *fed = new_node(2);
    CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_START}));
    CHECK_OK(receive(fed, 0, replica_message_status(1000)));
    CHECK_EQ_U64(polled(fed, transfer_owns), 2);
    for (unsigned i = 0; i < TRANSFER_ROUNDS; i++)
        CHECK_OK(step(fed, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = REPLICA_TIMER_TRANSFER}));
    CHECK_EQ_U64(polled(fed, transfer_owns), 0);
    CHECK_EQ_U64(polled(fed, is_fetch), 1);
    fed_free(fed);
    teardown();
}

/* A whole run leaves stores and records behind. */
static void a_damaged_store_is_noticed(void)
{
    struct fed *fed = NULL;
    struct blob *block;

    setup(1, 1);
    federation_start(&world);
    CHECK(federation_run(&world, 600 * SECOND));
    struct node *n = &world.nodes[1];
    struct fed_config config = federation_config(&world, 1);
    struct ledger_store blocks = n->host.disk.ledger;
    blocks.snapshot = NULL;
    CHECK_OK(try_on(&blocks, &config, &fed));
    CHECK_EQ_U64(fed_state(fed)->height, world.top);
    CHECK_EQ_U64(fed_outcome(fed)->epoch, world.options.last_epoch);
    CHECK(fed_outcome(fed)->anchored);
    fed_free(fed);
    fed = NULL;
    struct ledger_store other = ledger_store_new(NULL);
    REQUIRE_OK(
        n->host.disk.ledger.read(n->host.disk.ledger.context, 2, &block)); /* misplaced: in the place of block 1 */
    REQUIRE_OK(other.append(other.context, 1, blob_bytes(block), NULL));
    blob_drop(block);
    CHECK(try_on(&other, &config, &fed) != ERR_OK);
    ledger_store_free(&other);
    teardown();
}

/* A store that cannot read one block, and says so. */
static struct ledger_store sound;
static uint64_t unreadable;

static enum err read_but_one(void *context, uint64_t height, struct blob **block)
{
    return height == unreadable ? ERR_IO : sound.read(context, height, block);
}

/* Nor is it taken for a ledger that ends there: a validator would sign what it has signed otherwise above. */
static void an_unreadable_block_is_not_the_end(void)
{
    struct fed *fed = NULL;

    setup(1, 1);
    federation_start(&world);
    CHECK(federation_run(&world, 600 * SECOND));
    struct fed_config config = federation_config(&world, 0);
    sound = world.nodes[0].host.disk.ledger;
    struct ledger_store torn = sound;
    torn.read = read_but_one;
    uint64_t begins =
        world.nodes[0].host.disk.blocks.snapshots[0].height; /* the blocks below it are not executed again */
    CHECK(begins > 1 && begins <= world.top);
    for (unreadable = begins; unreadable <= world.top; unreadable++)
        CHECK_ERR(try_on(&torn, &config, &fed), ERR_IO);
    torn.snapshot = NULL;
    for (unreadable = 1; unreadable <= world.top; unreadable++)
        CHECK_ERR(try_on(&torn, &config, &fed), ERR_IO);
    CHECK_OK(try_new(0, &config, &fed));
    fed_free(fed);
    teardown();
}

/* ---- own checkpoints */

static uint64_t lowest_read;

static enum err read_and_note(void *context, uint64_t height, struct blob **block)
{
    if (height < lowest_read)
        lowest_read = height;
    return sound.read(context, height, block);
}

static struct digest everything_of(const struct fed *fed)
{
    const struct federation_state *s = fed_state(fed);
    struct buf bytes = {0};

    state_encode(s, &bytes);
    struct digest root = merkle_frontier_root(&s->log);
    buf_add(&bytes, root.b, DIGEST_SIZE);
    buf_add(&bytes, s->block_id.b, DIGEST_SIZE);
    struct digest digest = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return digest;
}

/* Its snapshots and the blocks from `lowest` on give what all blocks give. */
static void check_start(unsigned node, const struct digest *expected, uint64_t lowest)
{
    struct fed_config config = federation_config(&world, node);
    struct ledger_store noted = sound;
    struct fed *fed = NULL;

    noted.read = read_and_note;
    lowest_read = UINT64_MAX;
    if (!CHECK_OK(try_on(&noted, &config, &fed)))
        return;
    struct digest found = everything_of(fed);
    CHECK(digest_equal(&found, expected));
    CHECK_EQ_U64(lowest_read, lowest);
    fed_free(fed);
}

/* Any byte of a snapshot that is another one costs work, and nothing else. */
static void check_damaged(unsigned node, const struct digest *expected)
{
    struct ledger_snapshot *kept = world.nodes[node].host.disk.blocks.snapshots;

    for (size_t i = 0; i < kept[0].bytes->len; i += 41) {
        kept[0].bytes->data[i] ^= (uint8_t)(1 << i % 8);
        check_start(node, expected, kept[1].height);
        kept[0].bytes->data[i] ^= (uint8_t)(1 << i % 8);
    }
    kept[0].bytes->data[kept[0].bytes->len / 2] ^= 1;
    kept[1].bytes->data[kept[1].bytes->len / 2] ^= 1;
    check_start(node, expected, 1);
}

static void a_start_executes_what_is_above_its_snapshot(void)
{
    setup(3, 1);
    federation_start(&world);
    CHECK(federation_run(&world, 600 * SECOND));
    for (unsigned node = 0; node < world.count; node++) { /* the last one has no vote */
        struct fed_config config = federation_config(&world, node);
        struct ledger_store blocks = world.nodes[node].host.disk.ledger;
        struct fed *fed = NULL;

        sound = blocks;
        blocks.snapshot = NULL;
        REQUIRE_OK(try_on(&blocks, &config, &fed));
        CHECK_EQ_U64(fed_state(fed)->height, world.top);
        struct digest expected = everything_of(fed);
        fed_free(fed);
        const struct ledger_snapshot *kept = world.nodes[node].host.disk.blocks.snapshots;
        REQUIRE(kept[0].bytes != NULL && kept[1].bytes != NULL);
        CHECK(kept[0].height + 4 > world.top); /* the policy's checkpoint_interval */
        check_start(node, &expected, kept[0].height);
        check_damaged(node, &expected);
    }
    teardown();
}

static void records_of_others_are_refused(void)
{
    setup(1, 2);
    federation_start(&world);
    CHECK(federation_run(&world, 600 * SECOND));
    struct fed *fed = new_node(1);
    CHECK(fed_restore(fed, bytes_of("\x82\x18\x20\x41\x00", 5)) != ERR_OK);
    CHECK_OK(fed_restore(fed, bytes_of("\x82\x18\x21\x18\x40", 5)));
    CHECK(fed_restore(fed, bytes_of("\x82\x01\x00", 3)) != ERR_OK);
    CHECK(fed_restore(fed, bytes_of("", 0)) != ERR_OK);
    fed_free(fed);
    teardown();
}

int main(void)
{
    TAP_RUN(a_node_finds_itself);
    TAP_RUN(genesis_must_be_one);
    TAP_RUN(nothing_happens_before_the_start);
    TAP_RUN(unasked_answers_are_refused);
    TAP_RUN(strangers_and_their_bytes_are_refused);
    TAP_RUN(a_fetch_is_always_answered);
    TAP_RUN(when_blocks_are_gone_a_state_will_do);
    TAP_RUN(a_fruitless_transfer_is_not_tried_again_soon);
    TAP_RUN(a_damaged_store_is_noticed);
    TAP_RUN(an_unreadable_block_is_not_the_end);
    TAP_RUN(a_start_executes_what_is_above_its_snapshot);
    TAP_RUN(records_of_others_are_refused);
    return tap_done();
}
