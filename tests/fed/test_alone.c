#include "fed/messages.h"
#include "federation.h"
#include "state/state.h"
#include "tap.h"

/* One node whose timers alone make anything happen: when it closes a phase, and when it sends again. */

struct alone {
    struct federation world; /* in which all others are missing */
    unsigned self;
    int64_t sent_ns[64]; /* when entries were sent to validators */
    unsigned sent;
    int64_t closed_ns[16]; /* when it signed a CLOSE */
    unsigned closed;
    uint64_t submitted_sequence;
    unsigned accused;
};

static void see_sent(struct federation *f, unsigned from, unsigned to, struct bytes message)
{
    struct alone *a = (struct alone *)f; /* its first member */

    (void)from, (void)to;
    if (message.data[1] == FED_ENTRY && a->sent < 64)
        a->sent_ns[a->sent++] = federation_now(f);
}

static void see_note(struct federation *f, unsigned node, const char *name, uint64_t number, uint64_t other)
{
    struct alone *a = (struct alone *)f;

    (void)node, (void)number;
    if (strcmp(name, "fed.close") == 0 && a->closed < 16)
        a->closed_ns[a->closed++] = federation_now(f);
    else if (strcmp(name, "fed.evidence") == 0)
        a->accused++;
    else if (strcmp(name, "fed.sign") == 0)
        a->submitted_sequence = other;
}

static enum err step(struct alone *a, struct fed_event event)
{
    return node_step(&a->world, a->self, &event);
}

static const struct federation_state *state_of(const struct alone *a)
{
    return fed_state(a->world.nodes[a->self].fed);
}

static const struct disk *disk_of(const struct alone *a)
{
    return &a->world.nodes[a->self].host.disk;
}

/* A federation of which only `self` is there. What it computes comes to nothing within these tests, which answer for
 * it. */
static void begin_of(struct alone *a, unsigned self, unsigned validators, uint64_t seed)
{
    struct federation_options options = federation_usual(validators, 1, seed);

    *a = (struct alone){.self = self};
    federation_init(&a->world, &options);
    a->world.watch = see_sent;
    a->world.noted = see_note;
    a->world.nodes[self].cycle_ns = INT64_MAX / 4;
    node_start(&a->world, self);
}

/* Of one validator (node 0) and one participant (node 1). */
static void begin(struct alone *a, unsigned self)
{
    begin_of(a, self, 1, 1);
}

static void end(struct alone *a)
{
    CHECK_EQ_U64(a->world.breach[0], '\0');
    federation_fini(&a->world);
}

static void run_until(struct alone *a, int64_t until_ns)
{
    (void)federation_run(&a->world, until_ns);
    agenda_wait(&a->world.hosts.agenda, until_ns);
}

/* Nobody has contributed: the attempt fails, and the next one waits twice as long, so that a site that is slower than
 * the policy thought is heard after all. */
static void each_attempt_waits_twice_as_long(void)
{
    struct alone a;

    begin(&a, 0);
    run_until(&a, a.world.options.collect_ns - 1);
    CHECK_EQ_U64(a.closed, 0);
    run_until(&a, 60 * SECOND);
    CHECK(a.closed >= 2);
    CHECK_EQ_U64((uint64_t)a.closed_ns[0], (uint64_t)a.world.options.collect_ns);
    int64_t first = a.closed_ns[0], second = a.closed_ns[1] - a.closed_ns[0];
    CHECK(second >= 2 * first && second < 2 * first + SECOND);
    end(&a);
}

static void give_cycle(struct alone *a)
{
    struct cycle_result result = {
        .count = 1, .evaluations = 1, .iterations = 1, .incumbent_cost = 100, .best = {{state_of(a)->incumbent, 90}}};

    CHECK_OK(step(a, (struct fed_event){.kind = FED_EVENT_CYCLE_DONE, .epoch = state_of(a)->epoch, .cycle = &result}));
}

/* Validators may be away for long: an entry goes again after a while that doubles, up to a limit. */
static void an_entry_is_sent_again_more_and_more_seldom(void)
{
    struct alone a;

    begin(&a, 1);
    struct fed_config config = federation_config(&a.world, 1);
    give_cycle(&a);
    CHECK_EQ_U64(a.sent, 1);
    run_until(&a, 20 * config.submit_max_ns);
    CHECK(a.sent >= 6);
    int64_t wait = config.submit_ns;
    for (unsigned i = 1; i < a.sent; i++) {
        CHECK_EQ_U64((uint64_t)(a.sent_ns[i] - a.sent_ns[i - 1]), (uint64_t)wait);
        wait = 2 * wait < config.submit_max_ns ? 2 * wait : config.submit_max_ns;
    }
    end(&a);
}

/* After a restart it sends the same again, under the same number, and signs the next one above. */
static void an_entry_is_sent_again_after_a_restart(void)
{
    struct alone a;

    begin(&a, 1);
    give_cycle(&a);
    CHECK_EQ_U64(a.submitted_sequence, 1);
    CHECK_EQ_U64(disk_of(&a)->count, 1);
    node_crash(&a.world, 1);
    a.submitted_sequence = 0;
    a.sent = 0;
    node_start(&a.world, 1);
    run_until(&a, federation_now(&a.world) + 30 * SECOND);
    CHECK(a.sent > 0);
    CHECK_EQ_U64(a.submitted_sequence, 0);
    CHECK_OK(step(&a, (struct fed_event){.kind = FED_EVENT_LEAVE}));
    CHECK_EQ_U64(a.submitted_sequence, 2);
    end(&a);
}

/* What the primary alone can have ordered is sent to nobody. */
static void a_close_is_sent_to_nobody(void)
{
    struct alone a;

    begin_of(&a, 0, 3, 1);
    run_until(&a, a.world.options.collect_ns + SECOND / 2);
    CHECK(a.closed > 0);
    CHECK_EQ_U64(a.sent, 0);
    end(&a);
}

/* The disk of another federation's node: its records are refused, though their form is ours. */
static void records_of_another_federation_are_refused(void)
{
    struct alone a, b;
    struct fed *fed = NULL;
    struct diag diag = {{0}};

    begin(&a, 1);
    give_cycle(&a);
    begin_of(&b, 1, 1, 2);
    struct fed_config config = federation_config(&b.world, 1);
    REQUIRE_OK(fed_new(bytes_of_buf(&b.world.genesis), &config, NULL, &fed, &diag));
    CHECK_EQ_U64(disk_of(&a)->count, 1);
    CHECK_ERR(fed_restore(fed, blob_bytes(disk_of(&a)->records[0].blob)), ERR_MISMATCH);
    fed_free(fed);
    end(&a);
    end(&b);
}

static enum err hear_entry(struct alone *a, struct bytes entry)
{
    struct blob *message = message_entry(entry);
    enum err err = step(a, (struct fed_event){.kind = FED_EVENT_MESSAGE, .from = 1, .blob = message});

    blob_drop(message);
    return err;
}

/* What a participant signed is taken; with one bit of the signature flipped it is nobody's, and accuses nobody. */
static void an_entry_is_its_signers(void)
{
    struct alone site, validator;
    struct cbor_reader r;

    begin(&site, 1);
    give_cycle(&site);
    begin(&validator, 0);
    CHECK_EQ_U64(disk_of(&site)->count, 1);
    cbor_reader_init(&r, blob_bytes(disk_of(&site)->records[0].blob));
    (void)cbor_get_array(&r);
    (void)cbor_get_uint(&r);
    struct bytes entry = cbor_get_bytes(&r);
    struct blob *forged = blob_new(entry);
    forged->data[forged->len - 1] ^= 1;
    CHECK_ERR(hear_entry(&validator, blob_bytes(forged)), ERR_SIGNATURE);
    CHECK_OK(hear_entry(&validator, entry));
    CHECK_EQ_U64(validator.accused, 0);
    blob_drop(forged);
    end(&site);
    end(&validator);
}

/* An answer to what was not asked, or to what is over. */
static void a_cycle_of_another_epoch_is_refused(void)
{
    struct cycle_result result = {.count = 1, .evaluations = 1, .iterations = 1, .incumbent_cost = 100};
    struct alone a;

    begin(&a, 1);
    result.best[0] = (struct cycle_candidate){state_of(&a)->incumbent, 90};
    CHECK(step(&a, (struct fed_event){.kind = FED_EVENT_CYCLE_DONE, .epoch = 7, .cycle = &result}) != ERR_OK);
    CHECK_EQ_U64(a.sent, 0);
    end(&a);
}

int main(void)
{
    key_library_init();
    TAP_RUN(each_attempt_waits_twice_as_long);
    TAP_RUN(an_entry_is_sent_again_more_and_more_seldom);
    TAP_RUN(an_entry_is_sent_again_after_a_restart);
    TAP_RUN(a_close_is_sent_to_nobody);
    TAP_RUN(records_of_another_federation_are_refused);
    TAP_RUN(an_entry_is_its_signers);
    TAP_RUN(a_cycle_of_another_epoch_is_refused);
    return tap_done();
}
