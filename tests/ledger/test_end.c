#include "ledger/end.h"
#include "tap.h"

/* The end statement: strict on the way in, bound to all that it says. */

static const struct end_statement statement = {
    .federation_id = {{1}},
    .membership_epoch = 2,
    .epoch = 7,
    .height = 31,
    .block_id = {{2}},
    .log_size = 77,
    .log_root = {{3}},
    .state_root = {{4}},
};

static void make(struct secret_key *key, struct buf *out)
{
    key_simulated(3, "a validator", key);
    end_sign(key, &statement, out);
}

static void there_and_back(void)
{
    struct secret_key key;
    struct buf bytes = {0};
    struct end_statement found;
    struct cose_sign1 cose;

    make(&key, &bytes);
    REQUIRE_OK(end_parse(bytes_of_buf(&bytes), &found, &cose));
    CHECK(digest_equal(&found.federation_id, &statement.federation_id));
    CHECK_EQ_U64(found.membership_epoch, 2);
    CHECK_EQ_U64(found.epoch, 7);
    CHECK_EQ_U64(found.height, 31);
    CHECK(digest_equal(&found.block_id, &statement.block_id));
    CHECK_EQ_U64(found.log_size, 77);
    CHECK(digest_equal(&found.log_root, &statement.log_root));
    CHECK(digest_equal(&found.state_root, &statement.state_root));
    CHECK(digest_equal(&cose.kid, &key.fingerprint));
    CHECK_OK(cose_verify(&cose, &key.public));
    buf_free(&bytes);
}

static void every_flipped_bit_fails(void)
{
    struct secret_key key;
    struct buf bytes = {0};

    make(&key, &bytes);
    for (size_t i = 0; i < 8 * bytes.len; i++) {
        struct end_statement found;
        struct cose_sign1 cose;

        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
        enum err err = end_parse(bytes_of_buf(&bytes), &found, &cose);
        if (err == ERR_OK)
            err = cose_verify(&cose, &key.public);
        CHECK(err != ERR_OK);
        bytes.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    buf_free(&bytes);
}

/* The same payload, signed as something else. */
static void nothing_else_passes_for_it(void)
{
    static const char *const as[][2] = {{END_CONTENT_TYPE, "anchor"}, {"application/prismfed.anchor+cbor", "end"}};

    for (unsigned i = 0; i < 2; i++) {
        struct secret_key key;
        struct buf bytes = {0}, payload = {0};
        struct end_statement found;
        struct cose_sign1 cose;

        key_simulated(3, "a validator", &key);
        end_payload(&statement, &payload);
        cose_sign(&key, as[i][0], as[i][1], bytes_of_buf(&payload), &bytes);
        CHECK_ERR(end_parse(bytes_of_buf(&bytes), &found, &cose), ERR_TYPE);
        buf_free(&bytes);
        buf_free(&payload);
    }
}

int main(void)
{
    key_library_init();
    TAP_RUN(there_and_back);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(nothing_else_passes_for_it);
    return tap_done();
}
