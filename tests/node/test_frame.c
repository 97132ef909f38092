#include <string.h>
#include <zstd.h>

#include "base/prng.h"
#include "node/quic_frame.h"
#include "tap.h"

/* Messages in a stream: whole, in order, within their limits, however the bytes are cut. */

static struct buf stream; /* that an outlet gave */
static struct buf came;   /* the messages, one after the other */
static unsigned count, ends_after;

static bool tell(void *context, struct blob *message)
{
    (void)context;
    buf_add(&came, message->data, message->len);
    count++;
    return count != ends_after;
}

static void start(void)
{
    buf_clear(&stream);
    buf_clear(&came);
    count = ends_after = 0;
}

/* What an outlet sends, in pieces of random size. */
static void drain(struct quic_outlet *out, struct prng *prng)
{
    struct iovec parts[8];

    while (quic_outlet_has_more(out)) {
        unsigned n = quic_outlet_parts(out, parts, 8);
        size_t room = 1 + prng_below(prng, 300), sent = 0;

        for (unsigned i = 0; i < n && sent < room; i++) {
            size_t len = parts[i].iov_len < room - sent ? parts[i].iov_len : room - sent;

            buf_add(&stream, parts[i].iov_base, len);
            sent += len;
        }
        quic_outlet_sent(out, sent);
    }
}

static void messages_come_out_as_they_went_in(void)
{
    struct quic_outlet out = {0};
    struct quic_inlet in;
    struct buf went = {0};
    struct prng prng;

    tap_seed(5);
    prng_stream(&prng, 5, "frame", 0);
    start();
    quic_inlet_init(&in, 100000, true);
    for (unsigned i = 0; i < 200; i++) {
        struct blob *b = blob_sized(prng_below(&prng, 3000)), *packed;
        enum quic_frame_packing packing;

        for (size_t k = 0; k < b->len; k++)
            b->data[k] = (uint8_t)(i % 2 == 0 ? i : prng_next(&prng));
        buf_add(&went, b->data, b->len);
        packed = quic_frame_pack(b, &packing);
        CHECK((packing == QUIC_FRAME_ZSTD) == (i % 2 == 0 && b->len >= 512));
        quic_outlet_add(&out, packing, packed);
        blob_drop(packed);
        blob_drop(b);
    }
    drain(&out, &prng);
    for (size_t at = 0; at < stream.len;) {
        size_t len = 1 + prng_below(&prng, 2000);

        if (len > stream.len - at)
            len = stream.len - at;
        CHECK_OK(quic_inlet_take(&in, bytes_of(stream.data + at, len), tell, NULL));
        quic_outlet_acknowledged(&out, at + len);
        at += len;
    }
    CHECK_EQ_U64(count, 200);
    CHECK_EQ_BYTES(bytes_of_buf(&came), bytes_of_buf(&went));
    CHECK(out.held == 0 && out.first == NULL);
    quic_outlet_fini(&out);
    quic_inlet_fini(&in);
    buf_free(&went);
}

/* What is not acknowledged in whole is kept. */
static void messages_stay_until_they_have_arrived(void)
{
    struct blob *b = blob_new(bytes_of_text("0123456789"));
    struct quic_outlet out = {0};

    quic_outlet_add(&out, QUIC_FRAME_PLAIN, b);
    quic_outlet_add(&out, QUIC_FRAME_PLAIN, b);
    quic_outlet_sent(&out, 20);
    quic_outlet_acknowledged(&out, 13);
    CHECK_EQ_U64(out.held, 28);
    quic_outlet_acknowledged(&out, 20);
    CHECK_EQ_U64(out.held, 14);
    CHECK_EQ_U64(b->holders, 2);
    quic_outlet_sent(&out, 8);
    quic_outlet_acknowledged(&out, 28);
    CHECK_EQ_U64(out.held, 0);
    CHECK_EQ_U64(b->holders, 1);
    blob_drop(b);
    quic_outlet_fini(&out);
}

static enum err taken(size_t limit, bool allows_packed, const void *data, size_t len)
{
    struct quic_inlet in;
    enum err err;

    start();
    quic_inlet_init(&in, limit, allows_packed);
    err = quic_inlet_take(&in, bytes_of(data, len), tell, NULL);
    quic_inlet_fini(&in);
    return err;
}

static void what_is_too_long_or_unknown_is_refused(void)
{
    CHECK_OK(taken(4, false, "\0\0\0\4abcd", 8));
    CHECK_EQ_U64(count, 1);
    CHECK_OK(taken(0, false, "\0\0\0\0\0\0\0\0", 8));
    CHECK_EQ_U64(count, 2);
    CHECK_ERR(taken(4, false, "\0\0\0\5", 4), ERR_LIMIT);
    CHECK_ERR(taken(QUIC_FRAME_MAX, false, "\0\xff\xff\xff", 4), ERR_LIMIT);
    CHECK_ERR(taken(4, false, "\1\0\0\1", 4), ERR_UNKNOWN);
    CHECK_ERR(taken(4, true, "\2\0\0\1", 4), ERR_UNKNOWN);
    CHECK_ERR(taken(100, true, "\1\0\0\4abcd", 8), ERR_SYNTAX);
}

/* A few bytes that unpack to more than a message may be. */
static void a_packed_message_is_not_longer_than_a_plain_one(void)
{
    static uint8_t zeros[10000], packed[4 + 1000];
    size_t len = ZSTD_compress(packed + 4, 1000, zeros, sizeof zeros, 1);

    REQUIRE(!ZSTD_isError(len));
    packed[0] = QUIC_FRAME_ZSTD;
    packed[2] = (uint8_t)(len >> 8);
    packed[3] = (uint8_t)len;
    CHECK_OK(taken(10000, true, packed, 4 + len));
    CHECK_EQ_U64(came.len, 10000);
    CHECK_ERR(taken(9999, true, packed, 4 + len), ERR_LIMIT);
    CHECK_EQ_U64(count, 0);
}

static void nothing_is_told_behind_the_end(void)
{
    struct quic_inlet in;

    start();
    ends_after = 1;
    quic_inlet_init(&in, 10, false);
    CHECK_OK(quic_inlet_take(&in, bytes_of("\0\0\0\1a\0\0\0\1b", 10), tell, NULL));
    CHECK_EQ_U64(count, 1);
    quic_inlet_fini(&in);
}

int main(void)
{
    TAP_RUN(messages_come_out_as_they_went_in);
    TAP_RUN(messages_stay_until_they_have_arrived);
    TAP_RUN(what_is_too_long_or_unknown_is_refused);
    TAP_RUN(a_packed_message_is_not_longer_than_a_plain_one);
    TAP_RUN(nothing_is_told_behind_the_end);
    buf_free(&stream);
    buf_free(&came);
    return tap_done();
}
