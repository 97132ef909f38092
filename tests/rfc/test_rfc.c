#include "base/file.h"
#include "base/text.h"
#include "codec/cbor.h"
#include "document.h"
#include "state/body.h"
#include "ledger/block.h"
#include "pbft/quorum.h"
#include "tap.h"

/* docs/rfc/M5-federation.md: the worked example is derived again, the table of quorums computed. */

static struct buf document;

static void block_is(const char *name, struct bytes want)
{
    struct buf got = {0}, hex = {0};

    hex_encode(want, &hex);
    CHECK(document_block(buf_text(&document), name, &got));
    if (!CHECK_EQ_TEXT(buf_text(&got), buf_text(&hex)))
        tap_note("%s should be %s", name, buf_text(&hex));
    buf_free(&got);
    buf_free(&hex);
}

static struct envelope example(struct buf *body)
{
    struct envelope e = {.kind = ENTRY_CLOSE, .sequence = 7, .federated_epoch = 3};
    struct close_body close = {.phase = PHASE_COLLECT, .attempt = 1};

    memset(e.federation_id.b, 0x11, DIGEST_SIZE);
    memset(e.ledger_block_id.b, 0x22, DIGEST_SIZE);
    close_body_encode(&close, body);
    e.body = bytes_of_buf(body);
    return e;
}

static void worked_example(void)
{
    uint8_t seed[KEY_SEED_SIZE], spki[KEY_SPKI_SIZE];
    struct secret_key key;
    struct buf body = {0}, bytes = {0};
    struct cose_sign1 cose;
    struct envelope parsed;

    for (unsigned i = 0; i < KEY_SEED_SIZE; i++)
        seed[i] = (uint8_t)i;
    key_from_seed(seed, &key);
    key_spki(&key.public, spki);
    struct envelope e = example(&body);
    envelope_sign(&key, &e, &bytes);
    REQUIRE_OK(envelope_parse(bytes_of_buf(&bytes), &parsed, &cose));
    CHECK_OK(cose_verify(&cose, &key.public));
    struct digest id = envelope_id(bytes_of_buf(&bytes)), leaf = entry_leaf_hash(bytes_of_buf(&bytes));
    block_is("spki", bytes_of(spki, sizeof spki));
    block_is("fingerprint", digest_bytes(&key.fingerprint));
    block_is("protected", cose.protected);
    block_is("payload", cose.payload);
    block_is("signature", bytes_of(cose.signature, sizeof cose.signature));
    block_is("envelope", bytes_of_buf(&bytes));
    block_is("envelope-id", digest_bytes(&id));
    block_is("leaf", digest_bytes(&leaf));
    buf_free(&body);
    buf_free(&bytes);
}

static uint64_t number(const char *text)
{
    uint64_t out = UINT64_MAX;

    CHECK_OK(u64_parse(text, &out));
    return out;
}

static void table_of_quorums(void)
{
    const char *at = NULL;
    char cells[4][64];
    unsigned n = 0;

    while (document_row(buf_text(&document), "quorums", &at, cells, 4) == 4) {
        n++;
        unsigned f = quorum_faults(n), q = quorum_size(n, f);
        CHECK_EQ_U64(number(cells[0]), n);
        CHECK_EQ_U64(number(cells[1]), f);
        CHECK_EQ_U64(number(cells[2]), q);
        CHECK_EQ_U64(number(cells[3]), n - q);
        CHECK_OK(quorum_check(n, f, q, NULL));
        CHECK(quorum_check(n, f, q - 1, NULL) != ERR_OK);
    }
    CHECK_EQ_U64(n, 10);
}

/* Any two quorums share a correct validator, and (from n = 4 on) f silent ones do not stop a quorum. */
static void what_the_table_promises(void)
{
    for (unsigned n = 1; n <= 100; n++) {
        unsigned f = quorum_faults(n), q = quorum_size(n, f);

        CHECK(2 * q >= n + f + 1);
        CHECK(q <= n);
        CHECK(n < 4 || q + f <= n);
    }
}

int main(void)
{
    struct diag diag = {0};

    key_library_init();
    if (file_read(tap_source("docs/rfc/M5-federation.md"), 1 << 20, &document, &diag) != ERR_OK) {
        printf("Bail out! %s\n", diag.text);
        return 1;
    }
    TAP_RUN(worked_example);
    TAP_RUN(table_of_quorums);
    TAP_RUN(what_the_table_promises);
    buf_free(&document);
    return tap_done();
}
