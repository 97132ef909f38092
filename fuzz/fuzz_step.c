/* A whole node: a genesis and then messages from anybody, each behind its length (two bytes). It is a
 * validator (member 1) with a simulated key; what is in the corpus is what it received in a small federation. */

#include "crypto/verify_cache.h"
#include "driver/outbox.h"
#include "fed/fed.h"
#include "fed/job.h"
#include "fuzz.h"

#define MILLISECOND INT64_C(1000000)

static struct bytes take_frame(struct bytes *in)
{
    struct bytes frame = {0};

    if (in->len < 2)
        return frame;
    size_t len = (size_t)in->data[0] << 8 | in->data[1];
    frame = bytes_of(in->data + 2, len < in->len - 2 ? len : in->len - 2);
    *in = bytes_of(frame.data + frame.len, in->len - 2 - frame.len);
    return frame;
}

static struct fed *new_node(struct bytes genesis, struct verify_cache *cache)
{
    struct fed_config config = {
        .view_timeout_ns = 1000 * MILLISECOND,
        .view_timeout_max_ns = 8000 * MILLISECOND,
        .batch_delay_ns = 20 * MILLISECOND,
        .resend_ns = 300 * MILLISECOND,
        .submit_ns = 600 * MILLISECOND,
        .submit_max_ns = 4000 * MILLISECOND,
        .poll_ns = 1000 * MILLISECOND,
        .pipeline = 4,
        .last_epoch = UINT64_MAX,
        .verify_cache = cache,
    };
    struct fed *fed = NULL;

    key_simulated(1, "node-1", &config.key);
    return fed_new(genesis, &config, NULL, &fed, NULL) == ERR_OK ? fed : NULL;
}

static void add_number(struct digest_context *c, uint64_t number)
{
    uint8_t bytes[8];

    be64_put(bytes, number);
    digest_add(c, bytes, sizeof bytes);
}

enum { ASKED_MAX = 4 * SPOT_CHECKS_MAX };

struct asked {
    struct outbox outbox;
    struct digest_context *digest; /* of all effects */
    unsigned count;
    uint64_t numbers[ASKED_MAX], costs[ASKED_MAX];
};

/* ---- a driver that does nothing, but remembers which claims are to be run again */

static void do_write(void *context, uint64_t serial, uint64_t number, struct blob *blob)
{
    struct asked *asked = context;

    (void)number, (void)blob;
    outbox_durable(&asked->outbox, serial);
}

static void do_job(void *context, struct effect_body *body)
{
    struct asked *asked = context;
    const struct job *job = job_of(body);

    if (job->kind != JOB_RECOUNT || asked->count == ASKED_MAX)
        return;
    asked->numbers[asked->count] = job->number;
    asked->costs[asked->count++] = job->claimed + job->number % 2;
}

static void seen(void *context, const struct effect *e)
{
    struct asked *asked = context;

    add_number(asked->digest, (uint64_t)e->kind);
    add_number(asked->digest, e->number);
    if (e->blob != NULL)
        digest_add(asked->digest, e->blob->data, e->blob->len);
}

static const struct outbox_actions ACTIONS = {
    .persist = do_write,
    .append = do_write,
    .snapshot = do_write,
    .job = do_job,
    .seen = seen,
};

static void step(struct fed *fed, const struct fed_event *event, struct effects *effects, struct asked *asked)
{
    add_number(asked->digest, fed_step(fed, event, effects));
    outbox_carry(&asked->outbox, effects);
    if (event->kind == FED_EVENT_DURABLE || asked->outbox.durable == 0)
        return;
    struct fed_event durable = {.kind = FED_EVENT_DURABLE, .number = asked->outbox.durable, .now_ns = event->now_ns};
    step(fed, &durable, effects, asked);
}

/* Claims that it asks to be run again: not disclosed, as claimed, or not. */
static void answer(struct fed *fed, struct effects *effects, int64_t now_ns, struct asked *asked)
{
    for (unsigned i = 0; i < asked->count; i++) {
        uint64_t number = asked->numbers[i], cost = asked->costs[i];
        struct fed_event event = {.kind = FED_EVENT_RECOUNT_DONE, .number = number, .now_ns = now_ns};

        event.costs = number % 3 == 0 ? NULL : &cost;
        step(fed, &event, effects, asked);
    }
    asked->count = 0;
}

static struct digest run(struct bytes in, struct verify_cache *cache)
{
    struct digest_context c;
    struct effects effects = {0};
    struct asked asked = {.digest = &c};
    struct fed_event event = {.kind = FED_EVENT_START};
    struct fed *fed = new_node(take_frame(&in), cache);

    digest_init(&c);
    outbox_init(&asked.outbox, &ACTIONS, &asked);
    while (fed != NULL) {
        step(fed, &event, &effects, &asked);
        answer(fed, &effects, event.now_ns, &asked);
        blob_drop(event.blob);
        if (in.len < 2)
            break;
        event = (struct fed_event){
            .kind = FED_EVENT_MESSAGE,
            .now_ns = event.now_ns + 10 * MILLISECOND,
            .from = (const unsigned[]){0, 2, 3}[in.data[1] % 3], /* anybody else */
            .blob = blob_new(take_frame(&in)),
        };
    }
    effects_free(&effects);
    outbox_fini(&asked.outbox);
    fed_free(fed);
    return digest_final(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    key_library_init();
    struct verify_cache *cache = verify_cache_new(1024);
    struct digest first = run(bytes_of(data, size), cache), again = run(bytes_of(data, size), cache);
    verify_cache_free(cache);
    ASSERT(digest_equal(&first, &again));
    return 0;
}
