#include "crypto/envelope.h"

#include <string.h>

#include "codec/cbor.h"

static const char *const kind_names[ENTRY_KIND_COUNT] = {
    [ENTRY_UPDATE] = "update",     [ENTRY_SCORE] = "score",
    [ENTRY_CLOSE] = "close",       [ENTRY_ROLLBACK] = "rollback",
    [ENTRY_EVIDENCE] = "evidence", [ENTRY_RECONCILE] = "reconcile",
    [ENTRY_LEAVE] = "leave",       [ENTRY_RECONFIGURE] = "reconfigure",
    [ENTRY_RECOUNT] = "recount",   [ENTRY_SIGN_OFF] = "sign_off",
};

const char *entry_kind_name(enum entry_kind kind)
{
    ASSERT((unsigned)kind < ENTRY_KIND_COUNT);
    return kind_names[kind];
}

enum err entry_kind_parse(struct bytes name, enum entry_kind *out)
{
    for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++) {
        if (bytes_equal(name, bytes_of_text(kind_names[i]))) {
            *out = (enum entry_kind)i;
            return ERR_OK;
        }
    }
    return ERR_UNKNOWN;
}

static void encode_payload(const struct envelope *e, const struct digest *signer, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 8);
    cbor_put_text(&w, "body");
    cbor_put_raw(&w, e->body);
    cbor_put_text(&w, "kind");
    cbor_put_text(&w, entry_kind_name(e->kind));
    cbor_put_text(&w, "schema");
    cbor_put_uint(&w, ENVELOPE_SCHEMA);
    cbor_put_text(&w, "sequence");
    cbor_put_uint(&w, e->sequence);
    cbor_put_text(&w, "federation_id");
    digest_put(&w, &e->federation_id);
    cbor_put_text(&w, "federated_epoch");
    cbor_put_uint(&w, e->federated_epoch);
    cbor_put_text(&w, "ledger_block_id");
    digest_put(&w, &e->ledger_block_id);
    cbor_put_text(&w, "node_fingerprint");
    digest_put(&w, signer);
    cbor_writer_done(&w);
}

static size_t attached_size(const struct bytes *attached, unsigned count)
{
    size_t size = 0;

    for (unsigned i = 0; i < count; i++)
        size += attached[i].len;
    return size;
}

void envelope_sign(const struct secret_key *key, const struct envelope *e, struct buf *out)
{
    struct buf payload = {0};
    size_t before = out->len;

    encode_payload(e, &key->fingerprint, &payload);
    ASSERT(e->attached_count == 0 || e->kind == ENTRY_EVIDENCE);
    cose_sign_attached(key, ENVELOPE_CONTENT_TYPE, entry_kind_name(e->kind), bytes_of_buf(&payload), e->attached,
                       e->attached_count, out);
    ASSERT(out->len - before <= ENVELOPE_SIZE_MAX);
    ASSERT(out->len - before - attached_size(e->attached, e->attached_count) <= ENVELOPE_STATEMENT_MAX);
    buf_free(&payload);
}

static enum err parse_payload(struct bytes in, struct envelope *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 8);
    cbor_expect_key(&r, "body");
    out->body = cbor_get_raw(&r);
    cbor_expect_key(&r, "kind");
    if (entry_kind_parse(cbor_get_text(&r), &out->kind) != ERR_OK)
        cbor_fail(&r, ERR_UNKNOWN);
    cbor_expect_key(&r, "schema");
    if (cbor_get_uint(&r) != ENVELOPE_SCHEMA)
        cbor_fail(&r, ERR_UNKNOWN);
    cbor_expect_key(&r, "sequence");
    out->sequence = cbor_get_uint(&r);
    cbor_expect_key(&r, "federation_id");
    out->federation_id = digest_get(&r);
    cbor_expect_key(&r, "federated_epoch");
    out->federated_epoch = cbor_get_uint(&r);
    cbor_expect_key(&r, "ledger_block_id");
    out->ledger_block_id = digest_get(&r);
    cbor_expect_key(&r, "node_fingerprint");
    out->node_fingerprint = digest_get(&r);
    return cbor_reader_done(&r);
}

enum err envelope_parse(struct bytes in, struct envelope *out, struct cose_sign1 *cose)
{
    struct cose_sign1 message;
    struct envelope e = {0};
    enum err err;

    if (in.len > ENVELOPE_SIZE_MAX)
        return ERR_LIMIT;
    err = cose_parse_attached(in, &message);
    if (err == ERR_OK && in.len - attached_size(message.attached, message.attached_count) > ENVELOPE_STATEMENT_MAX)
        err = ERR_LIMIT;
    if (err == ERR_OK && !bytes_equal(message.content_type, bytes_of_text(ENVELOPE_CONTENT_TYPE)))
        err = ERR_UNKNOWN;
    if (err == ERR_OK)
        err = parse_payload(message.payload, &e);
    if (err != ERR_OK)
        return err;
    if (!digest_equal(&message.kid, &e.node_fingerprint) ||
        !bytes_equal(message.subject, bytes_of_text(entry_kind_name(e.kind))))
        return ERR_MISMATCH;
    if (message.attached_count > 0 && e.kind != ENTRY_EVIDENCE)
        return ERR_RANGE;
    e.attached_count = message.attached_count;
    for (unsigned i = 0; i < message.attached_count; i++)
        e.attached[i] = message.attached[i];
    *out = e;
    *cose = message;
    return ERR_OK;
}

void envelope_statement(struct bytes in, struct buf *out)
{
    struct cose_sign1 message;

    ASSERT(cose_parse_attached(in, &message) == ERR_OK);
    message.attached_count = 0;
    cose_encode(&message, out);
}

struct digest envelope_id(struct bytes in)
{
    return digest_of(in);
}
