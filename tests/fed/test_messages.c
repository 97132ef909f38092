#include "fed/messages.h"

#include "base/text.h"
#include "tap.h"

/* The wire messages of fed, as bytes. */

static void check_encoding(struct blob *message, const char *hex)
{
    struct buf text = {0};

    hex_encode(blob_bytes(message), &text);
    CHECK_EQ_TEXT(buf_text(&text), hex);
    buf_free(&text);
    blob_drop(message);
}

static void messages_have_these_bytes(void)
{
    check_encoding(message_entry(bytes_of("\xaa", 1)), "821041aa");
}

static void messages_come_back(void)
{
    struct blob *bytes = message_entry(bytes_of("\x02\x03", 2));
    struct bytes entry;

    REQUIRE_OK(message_entry_decode(blob_bytes(bytes), &entry));
    CHECK_EQ_BYTES(entry, bytes_of("\x02\x03", 2));
    blob_drop(bytes);
}

static enum err decode_hex(const char *hex)
{
    struct buf bytes = {0};
    struct bytes entry;

    enum err err = hex_decode(bytes_of_text(hex), &bytes);
    if (err == ERR_OK)
        err = message_entry_decode(bytes_of_buf(&bytes), &entry);
    buf_free(&bytes);
    return err;
}

static void other_bytes_are_refused(void)
{
    CHECK_ERR(decode_hex("820107"), ERR_UNKNOWN); /* PBFT's */
    CHECK_ERR(decode_hex("821107"), ERR_UNKNOWN); /* the replica's */
    CHECK_ERR(decode_hex("83104107"), ERR_RANGE); /* one part too many */
    CHECK_ERR(decode_hex("8210"), ERR_TRUNCATED);
    CHECK_ERR(decode_hex("8210410700"), ERR_SYNTAX);    /* trailing byte */
    CHECK_ERR(decode_hex("8210580107"), ERR_CANONICAL); /* its length in two bytes */
    CHECK_ERR(decode_hex("821041"), ERR_TRUNCATED);
    CHECK_ERR(decode_hex("82106161"), ERR_TYPE); /* text, not bytes */
}

int main(void)
{
    TAP_RUN(messages_have_these_bytes);
    TAP_RUN(messages_come_back);
    TAP_RUN(other_bytes_are_refused);
    return tap_done();
}
