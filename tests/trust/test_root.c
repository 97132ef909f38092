#include "tap.h"
#include "trust/root.h"

/* Trust roots: versions, thresholds over different keys, times. */

static struct secret_key keys[6];

static struct root root_of(uint64_t version, unsigned threshold, unsigned first, unsigned count)
{
    struct root root = {.version = version, .expires = 4102444800};

    root.roles[ROOT_ROLE_ROOT].threshold = threshold;
    for (unsigned i = 0; i < count; i++)
        CHECK_OK(root_party_add(&root.roles[ROOT_ROLE_ROOT], &keys[first + i].public));
    return root;
}

static struct dsse signed_by(const struct root *root, unsigned first, unsigned count)
{
    struct buf payload = {0};
    struct dsse d;

    root_encode(root, &payload);
    dsse_init(&d, ROOT_TYPE, bytes_of_buf(&payload));
    buf_free(&payload);
    for (unsigned i = 0; i < count; i++)
        CHECK_OK(dsse_sign(&d, &keys[first + i]));
    return d;
}

static enum err check(const struct root *root, const struct root *before, unsigned first, unsigned count)
{
    struct dsse d = signed_by(root, first, count);
    enum err err = root_check(&d, root, before, NULL);

    dsse_free(&d);
    return err;
}

static void it_comes_back_as_it_was(void)
{
    struct root root = root_of(3, 2, 0, 3), read;
    struct buf bytes = {0}, again = {0};
    struct diag diag = {0};

    root.federation.b[5] = 7;
    root.roles[ROOT_ROLE_GOVERNANCE].threshold = 1;
    CHECK_OK(root_party_add(&root.roles[ROOT_ROLE_GOVERNANCE], &keys[1].public));
    CHECK_ERR(root_party_add(&root.roles[ROOT_ROLE_GOVERNANCE], &keys[1].public), ERR_DUPLICATE);
    root_encode(&root, &bytes);
    REQUIRE_OK(root_decode("root", bytes_of_buf(&bytes), &read, &diag));
    CHECK_EQ_U64(read.version, 3);
    CHECK_EQ_U64(read.roles[ROOT_ROLE_ROOT].count, 3);
    CHECK_EQ_U64(read.roles[ROOT_ROLE_AUDITOR].count, 0);
    root_encode(&read, &again);
    CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
    buf_free(&bytes);
    buf_free(&again);
}

/* One place of the text in other words. */
static enum err decode_with(const char *from, const char *to)
{
    struct root root = root_of(1, 2, 0, 3), read;
    struct buf bytes = {0}, other = {0};

    root_encode(&root, &bytes);
    const char *at = strstr(buf_text(&bytes), from);
    ASSERT(at != NULL);
    buf_add(&other, bytes.data, (size_t)(at - (const char *)bytes.data));
    buf_add_text(&other, to);
    buf_add_text(&other, at + strlen(from));
    enum err err = root_decode("root", bytes_of_buf(&other), &read, NULL);
    buf_free(&bytes);
    buf_free(&other);
    return err;
}

static void what_is_none(void)
{
    CHECK_ERR(decode_with("\"threshold\":2", "\"threshold\":0"), ERR_RANGE);
    CHECK_ERR(decode_with("\"threshold\":2", "\"threshold\":-1"), ERR_RANGE);
    CHECK_ERR(decode_with("\"threshold\":2", "\"threshold\":4"), ERR_RANGE);
    CHECK_ERR(decode_with("\"version\":1", "\"version\":0"), ERR_RANGE);
    CHECK_ERR(decode_with("\"version\":1", "\"version\":9223372036854775807"), ERR_RANGE);
    CHECK_ERR(decode_with("\"version\":1", "\"version\": 1"), ERR_CANONICAL);
    CHECK_ERR(decode_with("2100-01-01T00:00:00Z", "2100-02-29T00:00:00Z"), ERR_SYNTAX);
    CHECK_ERR(decode_with("\"scheme\":\"ed25519\"", "\"scheme\":\"rsa\""), ERR_CANONICAL);
    CHECK_ERR(decode_with("\"_type\":\"root\"", "\"_type\":\"targets\""), ERR_CANONICAL);
    CHECK_ERR(decode_with("\"roles\":{\"root\"", "\"roles\":{\"timestamp\""), ERR_UNKNOWN);
}

/* Any key under the id of another one would count as that one. */
static void an_id_is_its_keys_fingerprint(void)
{
    char first[2 * DIGEST_SIZE + 1], stranger[2 * DIGEST_SIZE + 1];

    digest_hex(&keys[0].fingerprint, first);
    digest_hex(&keys[5].fingerprint, stranger);
    CHECK(decode_with(first, stranger) != ERR_OK);
}

static void so_many_different_keys_sign(void)
{
    struct root root = root_of(1, 2, 0, 3);

    CHECK_ERR(check(&root, NULL, 0, 0), ERR_QUORUM);
    CHECK_ERR(check(&root, NULL, 0, 1), ERR_QUORUM);
    CHECK_ERR(check(&root, NULL, 2, 3), ERR_QUORUM); /* one of its own, two strangers */
    CHECK_OK(check(&root, NULL, 0, 2));
    CHECK_OK(check(&root, NULL, 0, 5));
}

static void the_next_version_needs_both(void)
{
    struct root one = root_of(1, 2, 0, 2), two = root_of(2, 2, 2, 2), three = root_of(3, 1, 0, 1);

    CHECK_ERR(check(&two, &one, 2, 2), ERR_QUORUM); /* its own */
    CHECK_ERR(check(&two, &one, 0, 2), ERR_QUORUM); /* the old ones */
    CHECK_ERR(check(&two, &one, 1, 3), ERR_QUORUM); /* one of the old ones is missing */
    CHECK_OK(check(&two, &one, 0, 4));
    CHECK_ERR(check(&one, &two, 0, 4), ERR_STALE);
    CHECK_ERR(check(&two, &two, 0, 4), ERR_STALE);
    CHECK_ERR(check(&three, &one, 0, 4), ERR_MISSING);
    two.federation.b[0] = 1;
    CHECK_ERR(check(&two, &one, 0, 4), ERR_MISMATCH);
}

static void a_signature_in_vain_is_refused(void)
{
    struct root root = root_of(1, 2, 0, 3);
    struct dsse d = signed_by(&root, 0, 3);

    d.signatures[1].signature[9] ^= 1;
    CHECK_ERR(root_check(&d, &root, NULL, NULL), ERR_SIGNATURE);
    dsse_free(&d);
}

static void times(void)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } known[] = {{"1970-01-01T00:00:00Z", 0},
                 {"2000-02-29T12:34:56Z", 951827696},
                 {"2026-11-30T23:59:59Z", 1796083199},
                 {"2100-03-01T00:00:00Z", 4107542400},
                 {"9999-12-31T23:59:59Z", 253402300799}};
    static const char *const bad[] = {"",
                                      "1969-12-31T23:59:59Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-32T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:00:60Z",
                                      "2026-01-01T00:00:00+00:00",
                                      "2026-01-01 00:00:00Z",
                                      "2026-1-01T00:00:000Z"};
    char text[ROOT_TIME_SIZE];
    int64_t seconds;

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        CHECK_OK(root_time_parse(known[i].text, &seconds));
        CHECK_EQ_I64(seconds, known[i].seconds);
        root_time_print(known[i].seconds, text);
        CHECK_EQ_TEXT(text, known[i].text);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ERR(root_time_parse(bad[i], &seconds), ERR_SYNTAX);
}

int main(void)
{
    key_library_init();
    for (unsigned i = 0; i < 6; i++)
        key_simulated(i, "root", &keys[i]);
    TAP_RUN(it_comes_back_as_it_was);
    TAP_RUN(what_is_none);
    TAP_RUN(an_id_is_its_keys_fingerprint);
    TAP_RUN(so_many_different_keys_sign);
    TAP_RUN(the_next_version_needs_both);
    TAP_RUN(a_signature_in_vain_is_refused);
    TAP_RUN(times);
    return tap_done();
}
