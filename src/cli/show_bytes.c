#include "base/text.h"
#include "cli/show.h"
#include "codec/cbor.h"
#include "crypto/envelope.h"
#include "ledger/block.h"

static void add_digest(struct buf *out, const char *what, const struct digest *d)
{
    char hex[2 * DIGEST_SIZE + 1];

    digest_hex(d, hex);
    buf_printf(out, "%-18s %s\n", what, hex);
}

static void add_text(struct buf *out, const char *what, struct bytes text)
{
    buf_printf(out, "%-18s ", what);
    text_escape(text, out);
    buf_add_byte(out, '\n');
}

static void add_cbor(struct buf *out, const char *what, struct bytes item)
{
    buf_printf(out, "%-18s ", what);
    if (cbor_diagnostic(item, out) != ERR_OK) {
        buf_add_text(out, "bytes ");
        for (size_t i = 0; i < item.len; i++)
            buf_printf(out, "%02x", item.data[i]);
    }
    buf_add_byte(out, '\n');
}

static void show_envelope(struct bytes in, const struct envelope *e, struct buf *out)
{
    struct digest id = envelope_id(in);

    buf_printf(out, "envelope: %s of epoch %ju\n", entry_kind_name(e->kind), (uintmax_t)e->federated_epoch);
    add_digest(out, "envelope id", &id);
    add_digest(out, "federation_id", &e->federation_id);
    add_digest(out, "node_fingerprint", &e->node_fingerprint);
    buf_printf(out, "%-18s %ju\n", "sequence", (uintmax_t)e->sequence);
    add_digest(out, "ledger_block_id", &e->ledger_block_id);
    add_cbor(out, "body", e->body);
    for (unsigned i = 0; i < e->attached_count; i++)
        add_cbor(out, "attached", e->attached[i]);
}

static void show_cose(const struct cose_sign1 *c, struct buf *out)
{
    buf_add_text(out, "signed statement (COSE_Sign1), signature not checked\n");
    add_text(out, "content type", c->content_type);
    add_text(out, "subject", c->subject);
    add_digest(out, "signer", &c->kid);
    add_cbor(out, "payload", c->payload);
}

static void show_block(const struct block *b, struct buf *out)
{
    struct digest id = block_id(&b->header);

    buf_printf(out, "block %ju of epoch %ju: %u entries\n", (uintmax_t)b->header.height,
               (uintmax_t)b->header.federated_epoch, b->count);
    add_digest(out, "ledger_block_id", &id);
    add_digest(out, "parent_id", &b->header.parent_id);
    add_digest(out, "entries_root", &b->header.entries_root);
    buf_printf(out, "%-18s %ju\n", "log_size", (uintmax_t)b->header.log_size);
    add_digest(out, "log_root", &b->header.log_root);
    add_digest(out, "state_root", &b->header.state_root);
    for (unsigned i = 0; i < b->count; i++) {
        struct envelope e;
        struct cose_sign1 c;

        buf_add_byte(out, '\n');
        if (envelope_parse(b->entries[i], &e, &c) == ERR_OK)
            show_envelope(b->entries[i], &e, out);
        else
            add_cbor(out, "not an envelope", b->entries[i]);
    }
}

static bool try_block(struct bytes in, struct buf *out)
{
    struct blob *blob = blob_new(in);
    struct block block;
    bool ok = block_decode(blob, &block) == ERR_OK;

    if (ok) {
        show_block(&block, out);
        if (block.certificate.len > 0) {
            buf_add_byte(out, '\n');
            ok = show_bytes(block.certificate, out) == ERR_OK;
        }
        block_fini(&block);
    }
    blob_drop(blob);
    return ok;
}

/* An array of votes: either whole items, or each in a byte string. */
static bool try_certificate(struct bytes in, struct buf *out)
{
    struct cbor_reader r;
    struct buf text = {0};
    struct vote vote = {0};
    struct cose_sign1 cose;
    bool ok;

    cbor_reader_init(&r, in);
    if (cbor_peek(&r) != CBOR_ARRAY)
        return false;
    uint64_t count = cbor_get_array(&r);
    ok = count > 0;
    for (uint64_t i = 0; ok && i < count; i++) {
        struct bytes item = cbor_peek(&r) == CBOR_BYTES ? cbor_get_bytes(&r) : cbor_get_raw(&r);

        ok = vote_parse(item, &vote, &cose) == ERR_OK;
        if (ok)
            add_digest(&text, "vote of", &cose.kid);
    }
    ok = cbor_reader_done(&r) == ERR_OK && ok;
    if (ok) {
        buf_printf(out, "certificate: %ju commit votes over block %ju (view %ju), signatures not checked\n",
                   (uintmax_t)count, (uintmax_t)vote.sequence, (uintmax_t)vote.view);
        add_digest(out, "block_id", &vote.block_id);
        add_digest(out, "federation_id", &vote.federation_id);
        buf_add(out, text.data, text.len);
    }
    buf_free(&text);
    return ok;
}

enum err show_bytes(struct bytes in, struct buf *out)
{
    struct envelope envelope;
    struct cose_sign1 cose;
    enum err err = cbor_check(in, NULL);

    if (err != ERR_OK)
        return err;
    if (envelope_parse(in, &envelope, &cose) == ERR_OK)
        show_envelope(in, &envelope, out);
    else if (cose_parse(in, &cose) == ERR_OK)
        show_cose(&cose, out);
    else if (!try_certificate(in, out) && !try_block(in, out)) {
        buf_add_text(out, "deterministic CBOR of no kind that is known here\n");
        add_cbor(out, "value", in);
    }
    return ERR_OK;
}
