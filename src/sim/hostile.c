#include "sim/hostile.h"

#include <string.h>

#include "base/prng.h"
#include "fed/messages.h"
#include "replica/messages.h"
#include "sim/hostile_entry.h"
#include "transfer/messages.h"

/* Wire messages: one of two is an entry (hostile_entry.c), the others are of any type or of none. */

enum { KEPT = 32, NOISE_MAX = 400, TYPES = 26 };

struct hostile {
    struct hostile_author author;
    struct blob *kept[KEPT]; /* a holding each; a ring */
    unsigned kept_count, next;
};

struct hostile *hostile_new(uint64_t seed, unsigned index)
{
    struct hostile *h = mem_alloc(sizeof *h);

    prng_stream(&h->author.prng, seed, "hostile", index);
    return h;
}

void hostile_free(struct hostile *h)
{
    if (h == NULL)
        return;
    for (unsigned i = 0; i < h->kept_count; i++)
        blob_drop(h->kept[i]);
    buf_free(&h->author.first);
    buf_free(&h->author.second);
    mem_free(h);
}

void hostile_keep(struct hostile *h, struct blob *message)
{
    if (h->kept_count == KEPT)
        blob_drop(h->kept[h->next]);
    else
        h->kept_count++;
    h->kept[h->next] = blob_hold(message);
    h->next = (h->next + 1) % KEPT;
}

static uint64_t draw(struct hostile *h, uint64_t below)
{
    return prng_below(&h->author.prng, below);
}

static struct blob *any_kept(struct hostile *h)
{
    return h->kept_count > 0 ? h->kept[draw(h, h->kept_count)] : NULL;
}

/* ---- what was said before */

static struct blob *damaged(struct hostile *h, const struct blob *kept)
{
    struct blob *out = blob_new(blob_bytes(kept));

    for (uint64_t i = 0, flips = 1 + draw(h, 3); i < flips && out->len > 0; i++)
        out->data[draw(h, out->len)] ^= (uint8_t)(1 + draw(h, 255));
    return out;
}

/* Somebody's entry, under a signature that is not of it: a message ends with the signature. */
static struct blob *forged(struct hostile *h)
{
    for (unsigned i = 0; i < h->kept_count; i++) {
        struct blob *kept = any_kept(h), *out;
        struct bytes envelope;
        if (message_entry_decode(blob_bytes(kept), &envelope) != ERR_OK || envelope.len < SIGNATURE_SIZE)
            continue;
        out = blob_new(blob_bytes(kept));
        out->data[out->len - 1 - draw(h, SIGNATURE_SIZE)] ^= (uint8_t)(1 + draw(h, 255));
        return out;
    }
    return NULL;
}

static struct blob *cut(struct hostile *h, const struct blob *kept)
{
    return blob_new(bytes_of(kept->data, kept->len > 0 ? draw(h, kept->len) : 0));
}

/* ---- what nobody has said */

static struct blob *noise(struct hostile *h, size_t size)
{
    struct buf bytes = {0};

    for (size_t i = 0; i < size; i++)
        buf_add_byte(&bytes, (uint8_t)draw(h, 256));
    struct blob *out = blob_new(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return out;
}

/* [type, ...] of any type, with a number, bytes and an array behind it. */
static struct blob *made_up(struct hostile *h)
{
    static const uint64_t numbers[] = {0, 1, 17, UINT64_C(1) << 62, UINT64_MAX};
    struct blob *inner = any_kept(h), *out;
    struct buf bytes = {0};
    struct cbor_writer w;
    uint64_t items = draw(h, 5);

    cbor_writer_init(&w, &bytes);
    cbor_put_array(&w, 1 + items);
    cbor_put_uint(&w, draw(h, TYPES));
    for (uint64_t i = 0; i < items; i++) {
        switch (draw(h, 3)) {
        case 0:
            cbor_put_uint(&w, numbers[draw(h, sizeof numbers / sizeof numbers[0])]);
            break;
        case 1:
            cbor_put_bytes(&w, inner != NULL ? blob_bytes(inner) : bytes_of_text("x"));
            break;
        default:
            cbor_put_array(&w, 1);
            cbor_put_bytes(&w, bytes_of_text("y"));
            break;
        }
    }
    cbor_writer_done(&w);
    out = blob_new(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return out;
}

/* [type, number] */
static struct blob *numbered(uint64_t type, uint64_t number)
{
    struct buf bytes = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &bytes);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, type);
    cbor_put_uint(&w, number);
    cbor_writer_done(&w);
    struct blob *out = blob_new(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return out;
}

/* Of catch-up and of states, about heights that nobody has. */
static struct blob *about_heights(struct hostile *h, const struct federation_state *s)
{
    const uint64_t heights[] = {0, 1, s->height, s->height + 1, s->height + 1000, UINT64_MAX};
    uint64_t height = heights[draw(h, sizeof heights / sizeof heights[0])];
    struct blob *kept = any_kept(h);
    struct bytes bytes = kept != NULL ? blob_bytes(kept) : bytes_of_text("z");

    switch (draw(h, 7)) {
    case 0:
        return numbered(REPLICA_FETCH, height);
    case 1:
        return numbered(REPLICA_STATUS, height);
    case 2:
        return replica_message_blocks(height, &bytes, (unsigned)draw(h, 2));
    case 3:
        return transfer_ask(height);
    case 4:
        return transfer_offer(height, bytes, bytes_of(s->block_id.b, DIGEST_SIZE));
    case 5:
        return transfer_get(height, draw(h, 3));
    default:
        return transfer_chunk(height, draw(h, 3), bytes);
    }
}

static struct blob *entry(struct hostile *h, const struct federation_state *s, unsigned self,
                          const struct secret_key *key)
{
    struct buf envelope = {0};

    hostile_entry(&h->author, s, self, key, &envelope);
    struct blob *out = message_entry(bytes_of_buf(&envelope));
    buf_free(&envelope);
    return out;
}

struct blob *hostile_message(struct hostile *h, const struct federation_state *s, unsigned self,
                             const struct secret_key *key)
{
    struct blob *kept = any_kept(h);

    if (self >= s->member_count) /* its own log does not go so far yet */
        return NULL;
    switch (draw(h, 16)) {
    case 0:
        return noise(h, draw(h, NOISE_MAX));
    case 1:
        return made_up(h);
    case 2:
        return about_heights(h, s);
    case 3:
        return kept != NULL ? damaged(h, kept) : NULL;
    case 4:
        return kept != NULL ? cut(h, kept) : NULL;
    case 5:
    case 6:
        return kept != NULL ? blob_hold(kept) : NULL;
    case 7:
        return forged(h);
    case 8:
    case 9:
    case 10:
    case 11:
        return entry(h, s, self, key);
    default:
        return NULL;
    }
}
