#include <string.h>

#include "pbft/messages.h"
#include "tap.h"

/* Members that members_prepare() has seen read and write the very same as those that it has not. */

static struct secret_key keys[2];
static struct members plain, prepared;
static struct claim_forms forms;

static void members_make(uint64_t membership_epoch)
{
    plain = (struct members){.membership_epoch = membership_epoch, .n = 2, .quorum = 2};
    plain.federation_id = digest_of(bytes_of_text("a federation"));
    for (unsigned i = 0; i < 2; i++) {
        key_simulated(i, "claims", &keys[i]);
        plain.keys[i] = keys[i].public;
        plain.fingerprints[i] = keys[i].fingerprint;
    }
    prepared = plain;
    members_prepare(&prepared, &forms);
}

static bool claims_equal(const struct claim *a, const struct claim *b)
{
    return a->says.type == b->says.type && a->says.view == b->says.view && a->says.sequence == b->says.sequence &&
           digest_equal(&a->says.digest, &b->says.digest) && a->signer == b->signer &&
           memcmp(a->signature, b->signature, SIGNATURE_SIZE) == 0;
}

/* The same verdict, and after a good one the same claim. */
static bool parsed_alike(struct bytes in, enum message_type type)
{
    struct claim a = {0}, b = {0};
    enum err one = claim_parse(&plain, in, type, &a), other = claim_parse(&prepared, in, type, &b);

    return one == other && claims_equal(&a, &b);
}

static bool opened_alike(struct bytes in, enum message_type type, bool alone)
{
    struct claim a = {0}, b = {0};
    struct bytes rest_a = {0}, rest_b = {0};
    enum err one = message_parse(&plain, in, type, &a, alone ? NULL : &rest_a);
    enum err other = message_parse(&prepared, in, type, &b, alone ? NULL : &rest_b);

    return one == other && claims_equal(&a, &b) && rest_a.data == rest_b.data && rest_a.len == rest_b.len;
}

static void one_claim(const struct statement *says)
{
    struct claim a, b;
    struct buf one = {0}, other = {0};

    statement_sign(&plain, 1, &keys[1], says, &a);
    statement_sign(&prepared, 1, &keys[1], says, &b);
    CHECK(claims_equal(&a, &b));
    CHECK_OK(claim_verify(&plain, &b));
    CHECK_OK(claim_verify(&prepared, &a));
    claim_encode(&plain, &a, &one);
    claim_encode(&prepared, &a, &other);
    CHECK_EQ_BYTES(bytes_of_buf(&one), bytes_of_buf(&other));
    CHECK(parsed_alike(bytes_of_buf(&one), says->type));
    CHECK_EQ_U64(claim_parse(&prepared, bytes_of_buf(&one), says->type, &b),
                 says->view > VIEW_MAX || says->sequence > SEQUENCE_MAX ? ERR_RANGE : ERR_OK);
    buf_free(&one);
    buf_free(&other);
}

static void every_size_of_number(void)
{
    static const uint64_t NUMBERS[] = {
        0, 23, 24, 255, 256, 65535, 65536, UINT32_MAX, UINT64_C(1) << 32, VIEW_MAX, VIEW_MAX + 1, UINT64_MAX};
    enum { COUNT = sizeof NUMBERS / sizeof NUMBERS[0] };

    for (enum message_type type = 0; type < MESSAGE_TYPES_END; type++) {
        if (statement_subject(type) == NULL)
            continue;
        for (unsigned i = 0; i < COUNT; i++) {
            members_make(NUMBERS[(i + type) % COUNT]);
            for (unsigned k = 0; k < COUNT; k++)
                one_claim(&(struct statement){type, NUMBERS[i], NUMBERS[k], digest_of(bytes_of_text("says"))});
        }
    }
}

/* Bits flipped, cut short, longer: the prepared reader must not take more, nor less, nor give another reason. */
static void any_other_byte(void)
{
    members_make(3);
    for (enum message_type type = 0; type < MESSAGE_TYPES_END; type++) {
        struct statement says = {type, 300, 24, digest_of(bytes_of_text("says"))};
        struct claim claim;
        struct buf cose = {0};
        bool alike = true;
        if (statement_subject(type) == NULL)
            continue;
        statement_sign(&plain, 0, &keys[0], &says, &claim);
        claim_encode(&plain, &claim, &cose);
        for (size_t bit = 0; bit < 8 * cose.len; bit++) {
            cose.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            alike = alike && parsed_alike(bytes_of_buf(&cose), type);
            cose.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t len = 0; len < cose.len; len++)
            alike = alike && parsed_alike(bytes_of(cose.data, len), type);
        buf_add_byte(&cose, 0);
        alike = alike && parsed_alike(bytes_of_buf(&cose), type);
        CHECK(alike);
        buf_free(&cose);
    }
}

/* Who is no member, and a header that somebody else's kid is in. */
static void other_signers(void)
{
    struct statement says = {MESSAGE_PREPARE, 1, 2, digest_of(bytes_of_text("says"))};
    struct buf cose = {0};
    struct claim claim;

    members_make(3);
    statement_sign(&prepared, 1, &keys[1], &says, &claim);
    claim_encode(&prepared, &claim, &cose);
    plain.n = prepared.n = 1;
    CHECK(parsed_alike(bytes_of_buf(&cose), MESSAGE_PREPARE));
    CHECK_ERR(claim_parse(&prepared, bytes_of_buf(&cose), MESSAGE_PREPARE, &claim), ERR_UNKNOWN);
    plain.n = prepared.n = 2;
    prepared.membership_epoch = plain.membership_epoch = 4;
    CHECK_ERR(claim_parse(&prepared, bytes_of_buf(&cose), MESSAGE_PREPARE, &claim), ERR_MISMATCH);
    prepared.membership_epoch = plain.membership_epoch = 3;
    prepared.federation_id.b[31] ^= 1;
    CHECK_ERR(claim_parse(&prepared, bytes_of_buf(&cose), MESSAGE_PREPARE, &claim), ERR_MISMATCH);
    prepared.federation_id.b[31] ^= 1;
    uint8_t *kid = memchr(cose.data, keys[1].fingerprint.b[0], cose.len);
    while (kid != NULL && memcmp(kid, keys[1].fingerprint.b, DIGEST_SIZE) != 0)
        kid = memchr(kid + 1, keys[1].fingerprint.b[0], cose.len - (size_t)(kid + 1 - cose.data));
    CHECK(kid != NULL);
    if (kid != NULL)
        memcpy(kid, keys[0].fingerprint.b, DIGEST_SIZE);
    CHECK(parsed_alike(bytes_of_buf(&cose), MESSAGE_PREPARE));
    CHECK_ERR(claim_parse(&prepared, bytes_of_buf(&cose), MESSAGE_PREPARE, &claim), ERR_MISMATCH);
    buf_free(&cose);
}

static void whole_messages(void)
{
    struct statement says = {MESSAGE_STATUS, 7, 70000, digest_of(bytes_of_text("says"))};
    struct claim claim;

    members_make(3);
    statement_sign(&prepared, 1, &keys[1], &says, &claim);
    for (unsigned i = 0; i < 2; i++) {
        struct bytes rest = bytes_of("\x80", i);
        struct blob *one = message_make(&plain, &claim, rest), *other = message_make(&prepared, &claim, rest);
        bool alike = true;
        CHECK_EQ_BYTES(blob_bytes(one), blob_bytes(other));
        struct claim again;
        CHECK_OK(message_parse(&prepared, blob_bytes(one), MESSAGE_STATUS, &again, i == 0 ? NULL : &rest));
        CHECK(claims_equal(&claim, &again) && rest.len == i);
        for (size_t bit = 0; bit < 8 * one->len; bit++) {
            one->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            alike = alike && opened_alike(blob_bytes(one), MESSAGE_STATUS, i == 0);
            one->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t len = 0; len <= one->len; len++)
            alike = alike && opened_alike(bytes_of(one->data, len), MESSAGE_STATUS, i == 0);
        CHECK(alike && opened_alike(blob_bytes(one), MESSAGE_STATUS, i == 1));
        CHECK(opened_alike(blob_bytes(one), MESSAGE_PREPARE, i == 0));
        blob_drop(one);
        blob_drop(other);
    }
}

int main(void)
{
    key_library_init();
    claim_forms_init(&forms);
    TAP_RUN(every_size_of_number);
    TAP_RUN(any_other_byte);
    TAP_RUN(other_signers);
    TAP_RUN(whole_messages);
    return tap_done();
}
