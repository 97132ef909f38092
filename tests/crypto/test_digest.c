#include "crypto/digest.h"

#include "base/text.h"
#include "tap.h"

static void check_hex(struct bytes in, const char *want)
{
    struct digest d = digest_of(in);
    char hex[2 * DIGEST_SIZE + 1];

    digest_hex(&d, hex);
    CHECK_EQ_TEXT(hex, want);
}

/* FIPS 180-4's examples. */
static void fips_vectors(void)
{
    struct digest_context c;
    struct digest d;
    char hex[2 * DIGEST_SIZE + 1];

    check_hex(bytes_of(NULL, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_hex(bytes_of_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_hex(bytes_of_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    digest_init(&c);
    for (int i = 0; i < 1000; i++) {
        char a[1000];

        memset(a, 'a', sizeof a);
        digest_add(&c, a, sizeof a);
    }
    d = digest_final(&c);
    digest_hex(&d, hex);
    CHECK_EQ_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_context_is_reused_in_pieces(void)
{
    struct digest_context c;
    uint8_t data[300];
    struct digest got, want;

    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    want = digest_of(bytes_of(data, sizeof data));
    digest_init(&c);
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        digest_add(&c, data, cut);
        digest_add(&c, data + cut, sizeof data - cut);
        got = digest_final(&c);
        CHECK(digest_equal(&got, &want));
    }
}

static void order_and_zero(void)
{
    struct digest zero = {0}, one = {.b[DIGEST_SIZE - 1] = 1}, high = {.b[0] = 0x80};

    CHECK(digest_is_zero(&zero) && !digest_is_zero(&one));
    CHECK(digest_compare(&zero, &one) < 0 && digest_compare(&one, &high) < 0 && digest_compare(&high, &zero) > 0);
    CHECK(digest_equal(&one, &one) && !digest_equal(&one, &high));
}

static void from_bytes(void)
{
    struct digest d = digest_of(bytes_of_text("x")), back = digest_from(digest_bytes(&d));

    CHECK(digest_equal(&d, &back));
    back = digest_from(bytes_of(d.b, DIGEST_SIZE - 1));
    CHECK(digest_is_zero(&back));
    back = digest_from(bytes_of(NULL, 0));
    CHECK(digest_is_zero(&back));
}

int main(void)
{
    TAP_RUN(fips_vectors);
    TAP_RUN(a_context_is_reused_in_pieces);
    TAP_RUN(order_and_zero);
    TAP_RUN(from_bytes);
    return tap_done();
}
