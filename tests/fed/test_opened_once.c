#include "federation.h"

#include "base/table.h"
#include "fed/internal.h"
#include "tap.h"

/* An entry is opened once at each node, whichever way it comes in first and how often ever it comes again: one parse of
 * its envelope, one verification of its signature, one decoding of its body, without any cache that nodes share. The
 * linker puts the counters around the functions (--wrap), so that what is counted is the product's own code. */

enum act { PARSE, VERIFY, DECODE, ACTS };

/* How often a node's machine did this to an entry. */
struct count {
    struct digest name; /* of machine, act and entry */
    const struct fed *machine;
    enum act act;
    struct digest entry;
    unsigned times;
};

static struct table counts;
static const struct fed *machine; /* that is at work; NULL: none */

static void count(enum act act, struct bytes entry)
{
    struct digest_context c;
    bool is_new;

    if (machine == NULL)
        return;
    struct digest id = digest_of(entry);
    digest_init(&c);
    digest_add(&c, &machine, sizeof machine);
    digest_add(&c, &act, sizeof act);
    digest_add(&c, id.b, DIGEST_SIZE);
    struct digest name = digest_final(&c);
    struct count *item = table_add(&counts, &name, &is_new);
    item->machine = machine;
    item->act = act;
    item->entry = id;
    item->times++;
}

/* ---- the wrapped functions */

enum err __real_fed_step(struct fed *f, const struct fed_event *event, struct effects *effects);
enum err __wrap_fed_step(struct fed *f, const struct fed_event *event, struct effects *effects);
enum err __wrap_fed_step(struct fed *f, const struct fed_event *event, struct effects *effects)
{
    machine = f;
    enum err err = __real_fed_step(f, event, effects);
    machine = NULL;
    return err;
}

enum err __real_fed_restore(struct fed *f, struct bytes record);
enum err __wrap_fed_restore(struct fed *f, struct bytes record);
enum err __wrap_fed_restore(struct fed *f, struct bytes record)
{
    machine = f;
    enum err err = __real_fed_restore(f, record);
    machine = NULL;
    return err;
}

static bool is_of_another(void *freed, const void *item)
{
    return ((const struct count *)item)->machine != freed;
}

static unsigned crashes;

/* Its next life opens entries anew. */
void __real_fed_free(struct fed *f);
void __wrap_fed_free(struct fed *f);
void __wrap_fed_free(struct fed *f)
{
    table_filter(&counts, is_of_another, f);
    crashes += f != NULL;
    __real_fed_free(f);
}

enum err __real_envelope_parse(struct bytes in, struct envelope *out, struct cose_sign1 *cose);
enum err __wrap_envelope_parse(struct bytes in, struct envelope *out, struct cose_sign1 *cose);
enum err __wrap_envelope_parse(struct bytes in, struct envelope *out, struct cose_sign1 *cose)
{
    count(PARSE, in);
    return __real_envelope_parse(in, out, cose);
}

static bool is_entry(struct bytes message)
{
    struct bytes type = bytes_of_text(ENVELOPE_CONTENT_TYPE);
    bool found = false;

    for (size_t i = 0; i + type.len <= message.len && !found; i++)
        found = memcmp(message.data + i, type.data, type.len) == 0;
    return found;
}

enum err __real_key_verify(const struct public_key *key, struct bytes message, const uint8_t signature[SIGNATURE_SIZE]);
enum err __wrap_key_verify(const struct public_key *key, struct bytes message, const uint8_t signature[SIGNATURE_SIZE]);
enum err __wrap_key_verify(const struct public_key *key, struct bytes message, const uint8_t signature[SIGNATURE_SIZE])
{
    if (is_entry(message))
        count(VERIFY, bytes_of(signature, SIGNATURE_SIZE));
    return __real_key_verify(key, message, signature);
}

/* A body is named by all that its envelope says: two entries may have the same body. */
static void count_decoding(const struct envelope *e)
{
    struct buf name = {0};

    buf_add(&name, e->node_fingerprint.b, DIGEST_SIZE);
    buf_add(&name, &e->sequence, sizeof e->sequence);
    buf_add(&name, e->body.data, e->body.len);
    count(DECODE, bytes_of_buf(&name));
    buf_free(&name);
}

static entry_decoder *decoder;

static enum err counted_decoder(const void *context, const struct envelope *e, void **body)
{
    count_decoding(e);
    return decoder(context, e, body);
}

enum err __real_entry_decode(struct entry *e, entry_decoder *decode, const void *context);
enum err __wrap_entry_decode(struct entry *e, entry_decoder *decode, const void *context);
enum err __wrap_entry_decode(struct entry *e, entry_decoder *decode, const void *context)
{
    decoder = decode;
    return __real_entry_decode(e, counted_decoder, context);
}

/* ---- what they say */

struct sums {
    unsigned entries[ACTS], most[ACTS]; /* most: times of one entry */
};

static void sum(const struct fed *node, struct sums *out)
{
    *out = (struct sums){{0}, {0}};
    for (size_t i = 0; i < counts.room; i++) {
        const struct count *c = (const struct count *)(const void *)(counts.items + i * counts.item_size);
        if (c->times == 0 || c->machine != node)
            continue;
        out->entries[c->act]++;
        if (c->times > out->most[c->act])
            out->most[c->act] = c->times;
    }
}

static struct federation fed;

static void begin(const struct federation_options *options)
{
    table_init(&counts, sizeof(struct count), sizeof(struct digest));
    federation_init(&fed, options);
    verify_cache_free(fed.verify_cache);
    fed.verify_cache = NULL;
    federation_start(&fed);
}

/* logged: so many entries at least that every node must have opened: those of the log. */
static void end(bool whole)
{
    CHECK(federation_agrees(&fed));
    for (unsigned i = 0; i < fed.count; i++) {
        const struct fed *node = fed.nodes[i].fed;
        uint64_t logged = fed_state(node)->log.size - 1;
        struct sums s;

        sum(node, &s);
        for (unsigned act = 0; act < ACTS; act++) {
            CHECK_EQ_U64(s.most[act], 1);
            CHECK_EQ_U64(s.entries[act], s.entries[PARSE]);
        }
        CHECK(!whole || s.entries[PARSE] >= logged);
    }
    federation_fini(&fed);
    table_free(&counts);
}

static void nothing_is_lost(void)
{
    struct federation_options options = federation_usual(4, 3, 11);

    options.last_epoch = 3;
    begin(&options);
    CHECK(federation_run(&fed, 600 * SECOND));
    end(true);
}

/* Entries are sent again, come twice, and come after the batch that holds them. */
static void they_come_again_and_in_any_order(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct federation_options options = federation_usual(4, 3, seed);

        options.last_epoch = 2;
        options.loss_permille = 50;
        options.duplicate_permille = 100;
        options.delay_max_ns = 400 * MILLISECOND;
        begin(&options);
        CHECK(federation_run(&fed, 600 * SECOND));
        end(true);
    }
}

/* A life that ends takes what it opened with it; the next one opens own entries from their records. */
static void nodes_start_again(void)
{
    struct federation_options options = federation_usual(4, 3, 5);

    options.last_epoch = 3;
    crashes = 0;
    begin(&options);
    federation_at(&fed, 150 * MILLISECOND, node_crash, 5);
    federation_at(&fed, 160 * MILLISECOND, node_crash, 1);
    federation_at(&fed, 400 * MILLISECOND, node_start, 5);
    federation_at(&fed, 410 * MILLISECOND, node_start, 1);
    CHECK(federation_run(&fed, 600 * SECOND));
    CHECK_EQ_U64(crashes, 2);
    end(false);
}

/* ---- how many are open */

enum { FLOOD = 4000, FLOODER = 6, VICTIM = 0 };

static size_t most_open;

/* Entries for the epoch after this one, which is worth waiting for, and each with another number. */
static void flood(struct federation *f, unsigned node)
{
    const struct federation_state *s = federation_state(f);
    struct buf body = {0};

    update_body_encode(&(struct update_body){0}, &body);
    for (unsigned i = 1; i <= FLOOD; i++) {
        struct envelope e = {.kind = ENTRY_UPDATE,
                             .sequence = i,
                             .federation_id = s->federation_id,
                             .federated_epoch = s->epoch + 1,
                             .ledger_block_id = s->block_id,
                             .body = bytes_of_buf(&body)};
        struct buf bytes = {0};

        envelope_sign(&f->nodes[node].key, &e, &bytes);
        federation_send(f, node, VICTIM, message_entry(bytes_of_buf(&bytes)));
        buf_free(&bytes);
    }
    buf_free(&body);
}

static void look(struct federation *f, unsigned node)
{
    size_t open = f->nodes[node].fed->admission.open.count;

    if (open > most_open)
        most_open = open;
}

/* Who sends entries without end has the latest of them remembered, and what nobody uses is closed. */
static void a_flood_is_forgotten(void)
{
    struct federation_options options = federation_usual(4, 3, 3);

    options.last_epoch = 1;
    table_init(&counts, sizeof(struct count), sizeof(struct digest));
    federation_init(&fed, &options);
    fed.nodes[FLOODER].played = true;
    federation_start(&fed);
    most_open = 0;
    federation_at(&fed, 1 * MILLISECOND, flood, FLOODER);
    for (int64_t ms = 5; ms < 60; ms++)
        federation_at(&fed, ms * MILLISECOND, look, VICTIM);
    CHECK(federation_run(&fed, 600 * SECOND));
    CHECK(most_open > 100 && most_open < FLOOD / 4);
    CHECK_EQ_U64(fed_state(fed.nodes[VICTIM].fed)->epoch, 2);
    tap_note("%zu of %d entries were open at once", most_open, FLOOD);
    federation_fini(&fed);
    table_free(&counts);
}

int main(void)
{
    TAP_RUN(nothing_is_lost);
    TAP_RUN(they_come_again_and_in_any_order);
    TAP_RUN(nodes_start_again);
    TAP_RUN(a_flood_is_forgotten);
    return tap_done();
}
