/* Messages in a stream. */
#include "node/quic_frame.h"

#include <zstd.h>

#include "base/mutate.h"

enum { PACKED_FROM = 512, PACKING_LEVEL = 1 }; /* bytes: less than that is not worth the time */

struct quic_outgoing {
    struct quic_outgoing *next;
    struct blob *message; /* one holding */
    uint8_t header[QUIC_FRAME_HEADER];
};

/* ---- in */

void quic_inlet_init(struct quic_inlet *in, size_t limit, bool allows_packed)
{
    ASSERT(limit <= QUIC_FRAME_MAX);
    *in = (struct quic_inlet){.limit = limit, .allows_packed = allows_packed};
}

void quic_inlet_allow_packed(struct quic_inlet *in)
{
    in->allows_packed = true;
}

static enum err begin(struct quic_inlet *in)
{
    size_t len = (size_t)in->header[1] << 16 | (size_t)in->header[2] << 8 | in->header[3];

    if (in->header[0] != QUIC_FRAME_PLAIN && !(in->allows_packed && in->header[0] == QUIC_FRAME_ZSTD))
        return ERR_UNKNOWN;
    if (len > in->limit)
        return ERR_LIMIT;
    in->message = blob_sized(len);
    in->got = 0;
    return ERR_OK;
}

/* What it unpacks to is known before any room is made for it, and is within the limit. */
static enum err unpack(const struct quic_inlet *in, struct blob **out)
{
    const struct blob *packed = in->message;
    unsigned long long len = ZSTD_getFrameContentSize(packed->data, packed->len);
    struct blob *message;

    if (len == ZSTD_CONTENTSIZE_UNKNOWN || len == ZSTD_CONTENTSIZE_ERROR)
        return ERR_SYNTAX;
    if (MUTATE(FRAME_BOMB, false, len > in->limit))
        return ERR_LIMIT;
    message = blob_sized((size_t)len);
    if (ZSTD_decompress(message->data, message->len, packed->data, packed->len) != len) {
        blob_drop(message);
        return ERR_SYNTAX;
    }
    *out = message;
    return ERR_OK;
}

/* The message that is complete, as it was before it was packed; one holding. */
static enum err finish(struct quic_inlet *in, struct blob **out)
{
    enum err err = ERR_OK;

    in->header_len = 0;
    if (in->header[0] == QUIC_FRAME_ZSTD) {
        err = unpack(in, out);
        blob_drop(in->message);
    } else {
        *out = in->message;
    }
    in->message = NULL;
    return err;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum err take_some(struct quic_inlet *in, struct bytes *bytes)
{
    size_t len;

    if (in->message == NULL) {
        len = at_most(QUIC_FRAME_HEADER - in->header_len, bytes->len);
        memcpy(in->header + in->header_len, bytes->data, len);
        in->header_len += len;
    } else {
        len = at_most(in->message->len - in->got, bytes->len);
        memcpy(in->message->data + in->got, bytes->data, len);
        in->got += len;
    }
    *bytes = bytes_of(bytes->data + len, bytes->len - len);
    return in->message == NULL && in->header_len == QUIC_FRAME_HEADER ? begin(in) : ERR_OK;
}

enum err quic_inlet_take(struct quic_inlet *in, struct bytes bytes, bool (*tell)(void *context, struct blob *message),
                         void *context)
{
    enum err err = ERR_OK;
    bool goes_on = true;

    while (goes_on && err == ERR_OK && bytes.len > 0) {
        struct blob *message = NULL;

        err = take_some(in, &bytes);
        if (err == ERR_OK && in->message != NULL && in->got == in->message->len)
            err = finish(in, &message);
        if (message != NULL)
            goes_on = tell(context, message);
        blob_drop(message);
    }
    return err;
}

void quic_inlet_fini(struct quic_inlet *in)
{
    blob_drop(in->message);
    *in = (struct quic_inlet){0};
}

/* ---- out */

struct blob *quic_frame_pack(struct blob *message, enum quic_frame_packing *packing)
{
    size_t room = message->len - message->len / 8, len;
    struct blob *packed;

    *packing = QUIC_FRAME_PLAIN;
    if (message->len < PACKED_FROM)
        return blob_hold(message);
    packed = blob_sized(room);
    len = ZSTD_compress(packed->data, room, message->data, message->len, PACKING_LEVEL);
    if (!ZSTD_isError(len)) {
        struct blob *fitting = blob_new(bytes_of(packed->data, len));

        *packing = QUIC_FRAME_ZSTD;
        blob_drop(packed);
        return fitting;
    }
    blob_drop(packed);
    return blob_hold(message);
}

static size_t size_of(const struct quic_outgoing *o)
{
    return QUIC_FRAME_HEADER + o->message->len;
}

void quic_outlet_add(struct quic_outlet *out, enum quic_frame_packing packing, struct blob *message)
{
    struct quic_outgoing *o = mem_alloc(sizeof *o);

    ASSERT(message->len <= QUIC_FRAME_MAX);
    *o = (struct quic_outgoing){.message = blob_hold(message),
                                .header = {(uint8_t)packing, (uint8_t)(message->len >> 16),
                                           (uint8_t)(message->len >> 8), (uint8_t)message->len}};
    if (out->last != NULL)
        out->last->next = o;
    else
        out->first = o;
    out->last = o;
    if (out->next == NULL) {
        out->next = o;
        out->next_sent = 0;
    }
    out->held += size_of(o);
}

bool quic_outlet_has_more(const struct quic_outlet *out)
{
    return out->next != NULL;
}

static unsigned add_part(struct iovec *part, const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    part->iov_len = len;
    memcpy(&part->iov_base, &data, sizeof data); /* an iovec is read here, though its pointer is not to const */
    return 1;
}

unsigned quic_outlet_parts(const struct quic_outlet *out, struct iovec *parts, unsigned room)
{
    size_t skip = out->next_sent;
    unsigned count = 0;

    for (const struct quic_outgoing *o = out->next; o != NULL && count + 2 <= room; o = o->next, skip = 0) {
        size_t of_header = at_most(skip, QUIC_FRAME_HEADER), of_message = skip - of_header;

        count += add_part(&parts[count], o->header + of_header, QUIC_FRAME_HEADER - of_header);
        count += add_part(&parts[count], o->message->data + of_message, o->message->len - of_message);
    }
    return count;
}

void quic_outlet_sent(struct quic_outlet *out, size_t len)
{
    out->next_sent += len;
    while (out->next != NULL && out->next_sent >= size_of(out->next)) {
        out->next_sent -= size_of(out->next);
        out->next = out->next->next;
    }
    ASSERT(out->next != NULL || out->next_sent == 0);
}

static void drop_first(struct quic_outlet *out)
{
    struct quic_outgoing *o = out->first;

    out->first = o->next;
    if (out->first == NULL)
        out->last = NULL;
    if (out->next == o)
        out->next = o->next;
    out->first_offset += size_of(o);
    out->held -= size_of(o);
    blob_drop(o->message);
    mem_free(o);
}

void quic_outlet_acknowledged(struct quic_outlet *out, uint64_t offset)
{
    while (out->first != out->next && out->first_offset + size_of(out->first) <= offset)
        drop_first(out);
}

void quic_outlet_fini(struct quic_outlet *out)
{
    while (out->first != NULL)
        drop_first(out);
    *out = (struct quic_outlet){0};
}
