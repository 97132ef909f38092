#include "ledger/end.h"

#include "codec/cbor.h"

/* The end statement of docs/rfc/M5-federation.md section 5. */

static const char END_SUBJECT[] = "end";

void end_payload(const struct end_statement *e, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 8);
    cbor_put_text(&w, "epoch");
    cbor_put_uint(&w, e->epoch);
    cbor_put_text(&w, "height");
    cbor_put_uint(&w, e->height);
    cbor_put_text(&w, "block_id");
    digest_put(&w, &e->block_id);
    cbor_put_text(&w, "log_root");
    digest_put(&w, &e->log_root);
    cbor_put_text(&w, "log_size");
    cbor_put_uint(&w, e->log_size);
    cbor_put_text(&w, "state_root");
    digest_put(&w, &e->state_root);
    cbor_put_text(&w, "federation_id");
    digest_put(&w, &e->federation_id);
    cbor_put_text(&w, "membership_epoch");
    cbor_put_uint(&w, e->membership_epoch);
    cbor_writer_done(&w);
}

void end_sign(const struct secret_key *key, const struct end_statement *e, struct buf *out)
{
    struct buf payload = {0};

    end_payload(e, &payload);
    cose_sign(key, END_CONTENT_TYPE, END_SUBJECT, bytes_of_buf(&payload), out);
    buf_free(&payload);
}

static enum err payload_parse(struct bytes payload, struct end_statement *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, payload);
    cbor_expect_map(&r, 8);
    cbor_expect_key(&r, "epoch");
    out->epoch = cbor_get_uint(&r);
    cbor_expect_key(&r, "height");
    out->height = cbor_get_uint(&r);
    cbor_expect_key(&r, "block_id");
    out->block_id = digest_get(&r);
    cbor_expect_key(&r, "log_root");
    out->log_root = digest_get(&r);
    cbor_expect_key(&r, "log_size");
    out->log_size = cbor_get_uint(&r);
    cbor_expect_key(&r, "state_root");
    out->state_root = digest_get(&r);
    cbor_expect_key(&r, "federation_id");
    out->federation_id = digest_get(&r);
    cbor_expect_key(&r, "membership_epoch");
    out->membership_epoch = cbor_get_uint(&r);
    return cbor_reader_done(&r);
}

enum err end_parse(struct bytes in, struct end_statement *out, struct cose_sign1 *cose)
{
    struct cose_sign1 message;
    struct end_statement statement = {0};
    enum err err = cose_parse_as(in, END_CONTENT_TYPE, END_SUBJECT, &message);

    if (err == ERR_OK)
        err = payload_parse(message.payload, &statement);
    if (err == ERR_OK) {
        *out = statement;
        *cose = message;
    }
    return err;
}
