#include "driver/outbox.h"
#include "tap.h"

/* A driver that writes down what it is told to do; its disk is slow unless `quick`. */
struct driver {
    struct outbox outbox;
    struct buf done;
    bool quick;
    unsigned crash_after; /* sends; 0: never */
};

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct driver *d = context;

    CHECK_EQ_BYTES(blob_bytes(record), bytes_of_text("record"));
    buf_printf(&d->done, "w%u/%u ", (unsigned)serial, (unsigned)number);
    if (d->quick)
        outbox_durable(&d->outbox, serial);
}

static void do_forget(void *context, uint64_t number)
{
    struct driver *d = context;

    buf_printf(&d->done, "f%u ", (unsigned)number);
}

static void do_send(void *context, const struct effect *send)
{
    struct driver *d = context;

    buf_printf(&d->done, "s%d ", (int)send->to);
    if (d->crash_after > 0 && --d->crash_after == 0)
        outbox_reset(&d->outbox);
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct driver *d = context;

    (void)number, (void)other;
    buf_printf(&d->done, "%s ", name);
}

static const struct outbox_actions ACTIONS = {
    .persist = do_persist,
    .append = do_persist,
    .snapshot = do_persist,
    .forget = do_forget,
    .send = do_send,
    .note = do_note,
};

static void told(struct driver *d, const char *expected)
{
    CHECK_EQ_TEXT(buf_text(&d->done), expected);
    buf_clear(&d->done);
}

static struct driver *driver_new(bool quick)
{
    struct driver *d = mem_alloc(sizeof *d);

    d->quick = quick;
    outbox_init(&d->outbox, &ACTIONS, d);
    return d;
}

static void driver_free(struct driver *d)
{
    outbox_fini(&d->outbox);
    buf_free(&d->done);
    mem_free(d);
}

/* Sends 1, a record, sends 2, a block, forgets, sends 3. */
static void ask(struct driver *d, struct blob *blob)
{
    struct effects effects = {0};

    effects_send(&effects, 1, blob);
    effects_persist(&effects, 7, bytes_of_text("record"));
    effects_send(&effects, 2, blob);
    effects_append(&effects, 8, blob);
    effects_forget(&effects, 6);
    effects_send(&effects, 3, blob);
    outbox_carry(&d->outbox, &effects);
    CHECK_EQ_U64(effects.count, 0);
    effects_free(&effects);
}

static void a_quick_disk_holds_nothing_back(void)
{
    struct blob *blob = blob_new(bytes_of_text("record"));
    struct driver *d = driver_new(true);

    ask(d, blob);
    told(d, "s1 w1/7 s2 w2/8 f6 s3 ");
    CHECK_EQ_U64(outbox_in_flight(&d->outbox), 0);
    CHECK_EQ_U64(outbox_held(&d->outbox), 0);
    driver_free(d);
    CHECK_EQ_U64(blob->holders, 1);
    blob_drop(blob);
}

static void nothing_before_its_record_is_durable(void)
{
    struct blob *blob = blob_new(bytes_of_text("record"));
    struct driver *d = driver_new(false);

    ask(d, blob);
    told(d, "s1 w1/7 w2/8 ");
    CHECK_EQ_U64(outbox_in_flight(&d->outbox), 2);
    CHECK_EQ_U64(outbox_held(&d->outbox), 3);
    outbox_durable(&d->outbox, 1);
    told(d, "s2 ");
    outbox_durable(&d->outbox, 2);
    told(d, "f6 s3 ");
    driver_free(d);
    CHECK_EQ_U64(blob->holders, 1);
    blob_drop(blob);
}

/* Whoever waits for no write, or an early one, is not held up by later ones. */
static void an_effect_waits_for_what_it_says(void)
{
    struct blob *blob = blob_new(bytes_of_text("record"));
    struct driver *d = driver_new(false);
    struct effects effects = {0};

    for (int32_t i = 1; i <= 3; i++) {
        effects_persist(&effects, 1, bytes_of_text("record"));
        effects_send(&effects, i, blob);
    }
    effects_send(&effects, 4, blob);
    effects_after(&effects, AFTER_NONE);
    effects_send(&effects, 5, blob);
    effects_after(&effects, 2);
    effects_send(&effects, 6, blob);
    CHECK_EQ_U64(effects.writes, 3);
    outbox_carry(&d->outbox, &effects);
    CHECK_EQ_U64(effects.writes, 0);
    told(d, "w1/1 w2/1 w3/1 s4 ");
    outbox_durable(&d->outbox, 1);
    told(d, "s1 ");
    outbox_durable(&d->outbox, 2);
    told(d, "s2 s5 ");
    effects_send(&effects, 7, blob);
    effects_after(&effects, 1);
    outbox_carry(&d->outbox, &effects);
    told(d, "s7 ");
    outbox_durable(&d->outbox, 3);
    told(d, "s3 s6 ");
    effects_free(&effects);
    driver_free(d);
    CHECK_EQ_U64(blob->holders, 1);
    blob_drop(blob);
}

/* The ring of what is held goes round, and grows. */
static void many_steps_keep_their_order(void)
{
    struct blob *blob = blob_new(bytes_of_text("record"));
    struct driver *d = driver_new(false);
    struct effects effects = {0};
    struct buf expected = {0};
    int32_t asked = 0, told_of = 0;

    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < 1 + round % 7; i++) {
            effects_persist(&effects, 1, bytes_of_text("record"));
            effects_send(&effects, ++asked, blob);
            outbox_carry(&d->outbox, &effects);
        }
        buf_clear(&d->done);
        buf_clear(&expected);
        uint64_t serial = d->outbox.durable + outbox_in_flight(&d->outbox) * (round % 3) / 2;
        outbox_durable(&d->outbox, serial);
        while (told_of < (int32_t)serial)
            buf_printf(&expected, "s%d ", (int)++told_of);
        told(d, buf_text(&expected));
    }
    effects_free(&effects);
    buf_free(&expected);
    driver_free(d);
    CHECK_EQ_U64(blob->holders, 1);
    blob_drop(blob);
}

static void a_crash_leaves_nothing_to_do(void)
{
    struct blob *blob = blob_new(bytes_of_text("record"));
    struct driver *d = driver_new(true);

    d->crash_after = 2;
    ask(d, blob);
    told(d, "s1 w1/7 s2 ");
    d->quick = false;
    ask(d, blob);
    told(d, "s1 w1/7 w2/8 "); /* serials begin anew */
    outbox_reset(&d->outbox);
    CHECK_EQ_U64(outbox_held(&d->outbox), 0);
    CHECK_EQ_U64(blob->holders, 1);
    ask(d, blob);
    d->crash_after = 1; /* while what was held is let go */
    buf_clear(&d->done);
    outbox_durable(&d->outbox, 2);
    told(d, "s2 ");
    CHECK_EQ_U64(blob->holders, 1);
    driver_free(d);
    blob_drop(blob);
}

int main(void)
{
    TAP_RUN(a_quick_disk_holds_nothing_back);
    TAP_RUN(nothing_before_its_record_is_durable);
    TAP_RUN(an_effect_waits_for_what_it_says);
    TAP_RUN(many_steps_keep_their_order);
    TAP_RUN(a_crash_leaves_nothing_to_do);
    return tap_done();
}
