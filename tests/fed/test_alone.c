#include "fed/messages.h"
#include "federation.h"
#include "state/state.h"
#include "tap.h"

/* One node whose timers alone make anything happen: when it closes a phase, and when it sends again. */

struct alone {
    struct federation world;
    struct fed *fed;
    unsigned self;
    int64_t now_ns, timers[FED_TIMER_END];
    int64_t sent_ns[64]; /* when entries were sent to validators */
    unsigned sent;
    int64_t closed_ns[16]; /* when it signed a CLOSE */
    unsigned closed;
    uint64_t submitted_sequence;
    unsigned accused;
    struct blob *records[64];
    unsigned record_count;
};

static void look(struct alone *a, const struct effect *e)
{
    if (e->kind == EFFECT_TIMER_SET)
        a->timers[e->timer] = e->at_ns;
    else if (e->kind == EFFECT_TIMER_STOP)
        a->timers[e->timer] = STOPPED;
    else if (e->kind == EFFECT_SEND && e->blob->data[1] == FED_ENTRY && a->sent < 64)
        a->sent_ns[a->sent++] = a->now_ns;
    else if (e->kind == EFFECT_PERSIST && a->record_count < 64)
        a->records[a->record_count++] = blob_hold(e->blob);
    else if (e->kind == EFFECT_NOTE && strcmp(e->name, "fed.close") == 0 && a->closed < 16)
        a->closed_ns[a->closed++] = a->now_ns;
    else if (e->kind == EFFECT_NOTE && strcmp(e->name, "fed.evidence") == 0)
        a->accused++;
    else if (e->kind == EFFECT_NOTE && strcmp(e->name, "fed.sign") == 0)
        a->submitted_sequence = e->other;
}

static enum err step(struct alone *a, struct fed_event event)
{
    struct effects effects = {0};

    event.now_ns = a->now_ns;
    enum err err = fed_step(a->fed, &event, &effects);
    for (size_t i = 0; i < effects.count; i++)
        look(a, &effects.items[i]);
    effects_free(&effects);
    return err;
}

static void node_make(struct alone *a)
{
    struct fed_config config = federation_config(&a->world, a->self);
    struct diag diag = {{0}};

    CHECK_OK(fed_new(bytes_of_buf(&a->world.genesis), &config, &a->world.nodes[a->self].disk.ledger, &a->fed, &diag));
    for (unsigned i = 0; i < FED_TIMER_END; i++)
        a->timers[i] = STOPPED;
}

/* A federation of which only `self` is there. */
static void begin_of(struct alone *a, unsigned self, unsigned validators, uint64_t seed)
{
    struct federation_options options = federation_usual(validators, 1, seed);

    *a = (struct alone){.self = self};
    federation_init(&a->world, &options);
    node_make(a);
    CHECK_OK(step(a, (struct fed_event){.kind = FED_EVENT_START}));
}

/* Of one validator (node 0) and one participant (node 1). */
static void begin(struct alone *a, unsigned self)
{
    begin_of(a, self, 1, 1);
}

static void end(struct alone *a)
{
    fed_free(a->fed);
    while (a->record_count > 0)
        blob_drop(a->records[--a->record_count]);
    federation_fini(&a->world);
}

static void run_until(struct alone *a, int64_t until_ns)
{
    for (;;) {
        unsigned next = 0;
        for (unsigned i = 1; i < FED_TIMER_END; i++) {
            if (a->timers[i] != STOPPED && (a->timers[next] == STOPPED || a->timers[i] < a->timers[next]))
                next = i;
        }
        if (a->timers[next] == STOPPED || a->timers[next] > until_ns)
            break;
        a->now_ns = a->timers[next] > a->now_ns ? a->timers[next] : a->now_ns;
        a->timers[next] = STOPPED;
        (void)step(a, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = next});
    }
    a->now_ns = until_ns;
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
    struct cycle_result result = {.count = 1,
                                  .evaluations = 1,
                                  .iterations = 1,
                                  .incumbent_cost = 100,
                                  .best = {{fed_state(a->fed)->incumbent, 90}}};

    CHECK_OK(
        step(a, (struct fed_event){.kind = FED_EVENT_CYCLE_DONE, .epoch = fed_state(a->fed)->epoch, .cycle = &result}));
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
    CHECK_EQ_U64(a.record_count, 1);
    fed_free(a.fed);
    a.submitted_sequence = 0;
    a.sent = 0;
    node_make(&a);
    for (unsigned i = 0; i < a.record_count; i++)
        CHECK_OK(fed_restore(a.fed, blob_bytes(a.records[i])));
    CHECK_OK(step(&a, (struct fed_event){.kind = FED_EVENT_START}));
    run_until(&a, a.now_ns + 30 * SECOND);
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

    begin(&a, 1);
    give_cycle(&a);
    begin_of(&b, 1, 1, 2);
    fed_free(b.fed);
    node_make(&b);
    CHECK_EQ_U64(a.record_count, 1);
    CHECK_ERR(fed_restore(b.fed, blob_bytes(a.records[0])), ERR_MISMATCH);
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
    CHECK_EQ_U64(site.record_count, 1);
    cbor_reader_init(&r, blob_bytes(site.records[0]));
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
    result.best[0] = (struct cycle_candidate){fed_state(a.fed)->incumbent, 90};
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
