#include "tap.h"
#include "trust/dsse.h"

/* DSSE envelopes: what is signed, the one form, and what is none. */

static void init(struct dsse *d, const char *payload, unsigned keys)
{
    dsse_init(d, "http://example.com/HelloWorld", bytes_of_text(payload));
    for (unsigned i = 0; i < keys; i++) {
        struct secret_key key;
        key_simulated(i, "dsse", &key);
        CHECK_OK(dsse_sign(d, &key));
    }
}

/* The example of DSSE's protocol.md. */
static void what_is_signed(void)
{
    struct dsse d;
    struct buf bytes = {0};

    init(&d, "hello world", 0);
    dsse_signed_bytes(&d, &bytes);
    CHECK_EQ_TEXT(buf_text(&bytes), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    buf_free(&bytes);
    dsse_free(&d);
}

static void it_comes_back_as_it_was(void)
{
    struct dsse d, again = {0};
    struct buf bytes = {0}, second = {0};

    init(&d, "hello world", 3);
    dsse_encode(&d, &bytes);
    REQUIRE_OK(dsse_decode(bytes_of_buf(&bytes), &again));
    CHECK_EQ_U64(again.count, 3);
    CHECK(digest_compare(&again.signatures[0].keyid, &again.signatures[1].keyid) < 0);
    for (unsigned i = 0; i < 3; i++) {
        struct secret_key key;
        unsigned good = 0;
        key_simulated(i, "dsse", &key);
        for (unsigned k = 0; k < 3; k++)
            good += dsse_verify(&again, k, &key.public) == ERR_OK;
        CHECK_EQ_U64(good, 1);
    }
    dsse_encode(&again, &second);
    CHECK_EQ_BYTES(bytes_of_buf(&second), bytes_of_buf(&bytes));
    buf_free(&bytes);
    buf_free(&second);
    dsse_free(&again);
    dsse_free(&d);
}

/* Payload and type are both signed. */
static void nothing_of_it_can_be_changed(void)
{
    struct secret_key key;
    struct dsse d;

    key_simulated(0, "dsse", &key);
    init(&d, "hello world", 1);
    CHECK_OK(dsse_verify(&d, 0, &key.public));
    d.type[0] = 'H';
    CHECK_ERR(dsse_verify(&d, 0, &key.public), ERR_SIGNATURE);
    d.type[0] = 'h';
    d.payload.data[0] ^= 1;
    CHECK_ERR(dsse_verify(&d, 0, &key.public), ERR_SIGNATURE);
    d.payload.data[0] ^= 1;
    d.signatures[0].signature[3] ^= 1;
    CHECK_ERR(dsse_verify(&d, 0, &key.public), ERR_SIGNATURE);
    dsse_free(&d);
}

/* Same content in another form of JSON: fine for people, not for a log. */
static void a_log_has_one_form(void)
{
    struct buf bytes = {0}, spaced = {0};
    struct dsse d, read;
    struct diag diag = {0};

    init(&d, "hello world", 2);
    dsse_encode(&d, &bytes);
    buf_printf(&spaced, " %s\n", buf_text(&bytes));
    CHECK_ERR(dsse_decode(bytes_of_buf(&spaced), &read), ERR_CANONICAL);
    REQUIRE_OK(dsse_parse("spaced", bytes_of_buf(&spaced), &read, &diag));
    dsse_free(&read);
    buf_free(&bytes);
    buf_free(&spaced);
    dsse_free(&d);
}

static void what_is_none(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"payload\":\"aGk=\",\"payloadType\":\"t\"}",
        "{\"payload\":\"aGk\",\"payloadType\":\"t\",\"signatures\":[]}",
        "{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[{\"keyid\":\"00\",\"sig\":\"\"}]}",
        "{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[],\"more\":1}",
        "{\"payload\":\"aGk=\",\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[]}",
        "{\"payload\":1,\"payloadType\":\"t\",\"signatures\":[]}",
    };
    struct dsse d;

    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct diag diag = {0};
        CHECK(dsse_parse("text", bytes_of_text(texts[i]), &d, &diag) != ERR_OK);
        CHECK(diag.text[0] != '\0');
    }
}

/* One key is one voice, however often it signs. */
static void a_key_signs_once(void)
{
    struct buf bytes = {0}, twice = {0};
    struct secret_key key;
    struct dsse d, read;

    key_simulated(0, "dsse", &key);
    init(&d, "hello world", 1);
    CHECK_OK(dsse_sign(&d, &key));
    CHECK_EQ_U64(d.count, 1);
    d.signatures[d.count++] = d.signatures[0];
    dsse_encode(&d, &twice);
    CHECK_ERR(dsse_decode(bytes_of_buf(&twice), &read), ERR_DUPLICATE);
    buf_free(&bytes);
    buf_free(&twice);
    dsse_free(&d);
}

int main(void)
{
    key_library_init();
    TAP_RUN(what_is_signed);
    TAP_RUN(it_comes_back_as_it_was);
    TAP_RUN(nothing_of_it_can_be_changed);
    TAP_RUN(a_log_has_one_form);
    TAP_RUN(what_is_none);
    TAP_RUN(a_key_signs_once);
    return tap_done();
}
