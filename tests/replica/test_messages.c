#include "replica/messages.h"

#include "base/text.h"
#include "tap.h"

/* The wire messages of catch-up, as bytes. */

static void check_encoding(struct blob *message, const char *hex)
{
    struct buf text = {0};

    hex_encode(blob_bytes(message), &text);
    CHECK_EQ_TEXT(buf_text(&text), hex);
    CHECK(replica_owns(blob_bytes(message)));
    buf_free(&text);
    blob_drop(message);
}

static void messages_have_these_bytes(void)
{
    struct bytes blocks[] = {bytes_of("\x01", 1), bytes_of("\x02\x03", 2)};

    check_encoding(replica_message_fetch(7), "821107");
    check_encoding(replica_message_blocks(256, blocks, 2), "8312190100824101420203");
    check_encoding(replica_message_blocks(5, NULL, 0), "83120580");
    check_encoding(replica_message_status(24), "82131818");
}

static void messages_come_back(void)
{
    struct bytes blocks[] = {bytes_of("\x01", 1), bytes_of("\x02\x03", 2)};
    struct blob *bytes = replica_message_blocks(5, blocks, 2);
    struct replica_wire m;

    REQUIRE_OK(replica_message_decode(blob_bytes(bytes), &m));
    CHECK_EQ_U64(m.type, REPLICA_BLOCKS);
    CHECK_EQ_U64(m.height, 5);
    REQUIRE(m.count == 2);
    CHECK_EQ_BYTES(m.blocks[1], blocks[1]);
    blob_drop(bytes);
}

static enum err decode_hex(const char *hex)
{
    struct buf bytes = {0};
    struct replica_wire m;

    enum err err = hex_decode(bytes_of_text(hex), &bytes);
    if (err == ERR_OK)
        err = replica_message_decode(bytes_of_buf(&bytes), &m);
    buf_free(&bytes);
    return err;
}

static void other_bytes_are_refused(void)
{
    CHECK_ERR(decode_hex("820107"), ERR_UNKNOWN); /* PBFT's */
    CHECK_ERR(decode_hex("821407"), ERR_UNKNOWN); /* that of the transfer */
    CHECK_ERR(decode_hex("821041"), ERR_UNKNOWN); /* the application's */
    CHECK_ERR(decode_hex("83110707"), ERR_RANGE); /* one part too many */
    CHECK_ERR(decode_hex("8211"), ERR_TRUNCATED);
    CHECK_ERR(decode_hex("82110700"), ERR_SYNTAX);                                  /* trailing byte */
    CHECK_ERR(decode_hex("82111807"), ERR_CANONICAL);                               /* 7 in two bytes */
    CHECK_ERR(decode_hex("831200816161"), ERR_TYPE);                                /* text, not bytes */
    CHECK_ERR(decode_hex("831200914040404040404040404040404040404040"), ERR_LIMIT); /* 17 blocks */
}

int main(void)
{
    TAP_RUN(messages_have_these_bytes);
    TAP_RUN(messages_come_back);
    TAP_RUN(other_bytes_are_refused);
    return tap_done();
}
