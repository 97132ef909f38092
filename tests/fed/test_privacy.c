#include "federation.h"

#include <string.h>

#include "base/file.h"
#include "fed/messages.h"
#include "replica/messages.h"
#include "transfer/transfer.h"
#include "transfer/messages.h"
#include "tap.h"

/* Nothing leaves a site but what docs/privacy.md lists: every message of every node is taken apart to the last field.
 */

enum { VALIDATORS = 3, KEYS_MAX = 96, PIECE = 16 };

static struct federation fed;
static struct buf document;
static unsigned key_count;
static struct bytes keys_seen[KEYS_MAX]; /* of maps, as docs/privacy.md has to name them; copies */
static unsigned strange_messages, found_secrets, messages_seen;

static bool contains(struct bytes in, struct bytes what)
{
    for (size_t i = 0; i + what.len <= in.len; i++) {
        if (memcmp(in.data + i, what.data, what.len) == 0)
            return true;
    }
    return false;
}

static void key_note(struct bytes key)
{
    for (unsigned i = 0; i < key_count; i++) {
        if (bytes_equal(keys_seen[i], key))
            return;
    }
    REQUIRE(key_count < KEYS_MAX);
    uint8_t *copy = mem_alloc(key.len);
    memcpy(copy, key.data, key.len);
    keys_seen[key_count++] = bytes_of(copy, key.len);
}

static void item_walk(struct cbor_reader *r);

/* Byte strings that are CBOR themselves (envelopes, payloads, genomes) are walked, too. */
static void inner_walk(struct bytes in)
{
    struct cbor_reader r;

    if (in.len < 2 || cbor_check(in, NULL) != ERR_OK)
        return;
    cbor_reader_init(&r, in);
    enum cbor_type type = cbor_peek(&r);
    if (type == CBOR_MAP || type == CBOR_ARRAY || type == CBOR_TAG)
        item_walk(&r);
}

static void map_walk(struct cbor_reader *r)
{
    uint64_t pairs = cbor_get_map(r);

    for (uint64_t i = 0; i < pairs; i++) {
        if (cbor_peek(r) == CBOR_TEXT)
            key_note(cbor_get_text(r));
        else
            (void)cbor_get_raw(r); /* numbers: labels of COSE */
        item_walk(r);
    }
}

static void item_walk(struct cbor_reader *r)
{
    switch (cbor_peek(r)) {
    case CBOR_MAP:
        map_walk(r);
        break;
    case CBOR_ARRAY:
        for (uint64_t n = cbor_get_array(r); n > 0; n--)
            item_walk(r);
        break;
    case CBOR_TAG:
        (void)cbor_get_tag(r);
        item_walk(r);
        break;
    case CBOR_BYTES:
        inner_walk(cbor_get_bytes(r));
        break;
    default:
        (void)cbor_get_raw(r);
    }
}

/* Does the message hold anything of the node's own instances or of the stream of its draws? */
static bool has_secret(const struct federation *f, unsigned node, struct bytes message)
{
    const struct workload *work = &f->nodes[node].work;
    struct fed_config config = federation_config(f, node);
    uint8_t seed[8];

    be64_put(seed, config.seed);
    if (config.seed > UINT32_MAX && contains(message, bytes_of(seed, sizeof seed)))
        return true;
    if (contains(message, bytes_of(config.key.b, 32)))
        return true;
    for (unsigned i = 0; i < work->count; i++) {
        const struct graph *g = work->instances[i].graph;
        struct bytes edges = bytes_of((const uint8_t *)g->neighbors, g->offsets[g->vertices] * sizeof g->neighbors[0]);
        if (contains(message, digest_bytes(&work->instances[i].hash)))
            return true;
        for (size_t at = 0; at + PIECE <= edges.len; at += PIECE) {
            if (contains(message, bytes_of(edges.data + at, PIECE)))
                return true;
        }
    }
    return false;
}

/* A participant sends entries of these kinds and asks for blocks and states; no more. */
static bool is_known(unsigned from, struct bytes message)
{
    struct transfer_wire wire;
    struct replica_wire m;
    struct bytes entry;
    struct envelope e;
    struct cose_sign1 cose;
    struct update_body update;
    struct score_body score;
    struct reconcile_body reconcile;

    if (pbft_owns(message))
        return from < VALIDATORS;
    if (transfer_decode(message, &wire) == ERR_OK)
        return from < VALIDATORS || wire.type == TRANSFER_ASK || wire.type == TRANSFER_GET;
    if (replica_message_decode(message, &m) == ERR_OK)
        return from < VALIDATORS || m.type == REPLICA_FETCH;
    if (message_entry_decode(message, &entry) != ERR_OK || envelope_parse(entry, &e, &cose) != ERR_OK)
        return false;
    if (from < VALIDATORS)
        return true;
    switch (e.kind) {
    case ENTRY_UPDATE:
        return update_body_decode(e.body, &update) == ERR_OK;
    case ENTRY_SCORE:
        return score_body_decode(e.body, &score) == ERR_OK;
    case ENTRY_RECONCILE:
        return reconcile_body_decode(e.body, &reconcile) == ERR_OK;
    case ENTRY_LEAVE:
        return leave_body_decode(e.body) == ERR_OK;
    default:
        return false;
    }
}

static void watch(struct federation *f, unsigned from, unsigned to, struct bytes message)
{
    struct cbor_reader r;

    (void)to;
    messages_seen++;
    strange_messages += !is_known(from, message);
    found_secrets += has_secret(f, from, message);
    cbor_reader_init(&r, message);
    item_walk(&r);
}

static void federation_watched(void)
{
    struct federation_options options = federation_usual(VALIDATORS, 2, 5);

    options.last_epoch = 20; /* so long that who comes back is given a state */
    options.collect_ns = options.score_ns = SECOND;
    options.spot_checks = 8;
    federation_init(&fed, &options);
    fed.nodes[3].inflates = true; /* somebody has to say so */
    fed.watch = watch;
    federation_at(&fed, 200 * MILLISECOND, node_cut_off, 4);
    federation_at(&fed, 40 * SECOND, node_reconnect, 4);
    federation_start(&fed);
    CHECK(federation_run(&fed, 600 * SECOND));
    CHECK_EQ_TEXT(fed.breach, "");
    CHECK(fed.nodes[4].installs > 0);
}

static bool is_listed(struct bytes key)
{
    char quoted[80];

    if (key.len > 64)
        return false;
    snprintf(quoted, sizeof quoted, "`%.*s`", (int)key.len, (const char *)key.data);
    return strstr(buf_text(&document), quoted) != NULL;
}

static void every_field_that_is_sent_is_listed(void)
{
    CHECK(messages_seen > 100);
    CHECK_EQ_U64(strange_messages, 0);
    for (unsigned i = 0; i < key_count; i++) {
        if (!CHECK(is_listed(keys_seen[i])))
            tap_note("not in docs/privacy.md: %.*s", (int)keys_seen[i].len, (const char *)keys_seen[i].data);
    }
}

/* Rows of the table of entries: | `kind` | `field`, `field` ... |: all of them were met. */
static void every_field_that_is_listed_is_sent(void)
{
    for (const char *at = strstr(buf_text(&document), "\n| `"); at != NULL; at = strstr(at + 1, "\n| `")) {
        const char *end = strchr(at + 1, '\n'), *tick = strchr(at + 4, '`');
        while (tick != NULL && tick < end && (tick = strchr(tick + 1, '`')) != NULL && tick < end) {
            const char *close = strchr(tick + 1, '`');
            bool met = false;
            for (unsigned i = 0; i < key_count; i++)
                met = met || bytes_equal(keys_seen[i], bytes_of((const uint8_t *)tick + 1, (size_t)(close - tick - 1)));
            if (!CHECK(met))
                tap_note("listed but never sent: %.*s", (int)(close - tick - 1), tick + 1);
            tick = close;
        }
    }
}

static void nothing_of_the_private_work_is_sent(void)
{
    CHECK_EQ_U64(found_secrets, 0);
}

/* The search would find it. */
static void a_leak_would_be_seen(void)
{
    const struct instance *instance = &fed.nodes[3].work.instances[0];
    struct buf message = {0};

    buf_add(&message, "xyz", 3);
    buf_add(&message, instance->graph->neighbors, 8 * sizeof instance->graph->neighbors[0]);
    CHECK(has_secret(&fed, 3, bytes_of_buf(&message)));
    buf_clear(&message);
    buf_add(&message, instance->hash.b, DIGEST_SIZE);
    CHECK(has_secret(&fed, 3, bytes_of_buf(&message)));
    buf_clear(&message);
    buf_add(&message, "\x82\x18\x63\x61\x61", 5); /* [99, "a"] */
    CHECK(!is_known(3, bytes_of_buf(&message)));
    CHECK(!has_secret(&fed, 3, bytes_of_buf(&message)));
    buf_free(&message);
}

int main(void)
{
    struct diag diag = {0};

    key_library_init();
    if (file_read(tap_source("docs/privacy.md"), 1 << 20, &document, &diag) != ERR_OK)
        return 1;
    TAP_RUN(federation_watched);
    TAP_RUN(every_field_that_is_sent_is_listed);
    TAP_RUN(every_field_that_is_listed_is_sent);
    TAP_RUN(nothing_of_the_private_work_is_sent);
    TAP_RUN(a_leak_would_be_seen);
    return tap_done();
}
