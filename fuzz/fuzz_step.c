/* A whole node: a genesis and then messages from anybody, each behind its length (two bytes). It is a
 * validator (member 1) with a simulated key; what is in the corpus is what it received in a small federation. */

#include "crypto/verify_cache.h"
#include "fed/fed.h"
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
        .self = 1,
        .view_timeout_ns = 1000 * MILLISECOND,
        .view_timeout_max_ns = 8000 * MILLISECOND,
        .batch_delay_ns = 20 * MILLISECOND,
        .resend_ns = 300 * MILLISECOND,
        .submit_ns = 600 * MILLISECOND,
        .submit_max_ns = 4000 * MILLISECOND,
        .poll_ns = 1000 * MILLISECOND,
        .pipeline = 4,
        .checkpoint_interval = 4,
        .window = 16,
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

static void add_effects(struct digest_context *c, const struct effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        const struct effect *e = &effects->items[i];
        add_number(c, (uint64_t)e->kind);
        add_number(c, e->number);
        if (e->blob != NULL)
            digest_add(c, e->blob->data, e->blob->len);
    }
}

/* Claims that it asks to be run again: not disclosed, as claimed, or not. */
static void answer(struct fed *fed, struct effects *effects, int64_t now_ns, struct digest_context *c)
{
    uint64_t numbers[2 * SPOT_CHECKS_MAX], cost;
    unsigned count = 0;

    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind == EFFECT_RECOUNT)
            numbers[count++] = effects->items[i].number;
    }
    for (unsigned i = 0; i < count; i++) {
        struct fed_event event = {.kind = FED_EVENT_RECOUNT_DONE, .number = numbers[i], .now_ns = now_ns};
        cost = fed_claim(fed, numbers[i])->cost + numbers[i] % 2;
        event.costs = numbers[i] % 3 == 0 ? NULL : &cost;
        effects_clear(effects);
        add_number(c, fed_step(fed, &event, effects));
        add_effects(c, effects);
    }
}

static struct digest run(struct bytes in, struct verify_cache *cache)
{
    struct digest_context c;
    struct effects effects = {0};
    struct fed_event event = {.kind = FED_EVENT_START};
    struct fed *fed = new_node(take_frame(&in), cache);

    digest_init(&c);
    while (fed != NULL) {
        add_number(&c, fed_step(fed, &event, &effects));
        add_effects(&c, &effects);
        answer(fed, &effects, event.now_ns, &c);
        effects_clear(&effects);
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
