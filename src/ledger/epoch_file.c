#include <jansson.h>

#include "ledger/epoch_file.h"

#include "codec/cbor.h"
#include "codec/json_text.h"
#include "crypto/envelope.h"

/* Rendering: nothing here looks at anything but the record and the names, so that the auditor's rendering is ours. */

struct rendering {
    const struct epoch_record *e;
    const struct epoch_names *names;
    struct json_text t;
};

static void put_text(struct rendering *r, const char *key, const char *text)
{
    json_text_key(&r->t, key);
    if (text != NULL)
        json_text_string(&r->t, bytes_of_text(text));
    else
        json_text_null(&r->t);
}

static void put_digest(struct rendering *r, const char *key, const struct digest *d)
{
    json_text_key(&r->t, key);
    json_text_hex(&r->t, digest_bytes(d));
}

static void put_u64(struct rendering *r, const char *key, uint64_t v)
{
    json_text_key(&r->t, key);
    json_text_u64(&r->t, v);
}

static void put_bool(struct rendering *r, const char *key, bool v)
{
    json_text_key(&r->t, key);
    json_text_bool(&r->t, v);
}

static void put_base64(struct rendering *r, const char *key, struct bytes v)
{
    json_text_key(&r->t, key);
    json_text_base64(&r->t, v);
}

/* The decoded view of bytes that may be anything. */
static void put_decoded(struct rendering *r, const char *key, struct bytes in)
{
    json_text_key(&r->t, key);
    if (cbor_write_json(in, &r->t) != ERR_OK)
        json_text_null(&r->t);
}

static void put_proof(struct rendering *r, const char *key, const struct merkle_proof *proof)
{
    json_text_key(&r->t, key);
    json_text_open(&r->t, '[');
    for (size_t i = 0; i < proof->count; i++) {
        json_text_item(&r->t);
        json_text_hex(&r->t, digest_bytes(&proof->nodes[i]));
    }
    json_text_close(&r->t, ']');
}

static void put_log(struct rendering *r)
{
    const struct epoch_record *e = r->e;
    struct merkle_proof proof = {0};
    struct digest before = merkle_tree_root(e->log, e->size_before);
    struct digest after = merkle_tree_root(e->log, e->log->size);

    merkle_consistency_proof(e->log, e->size_before, e->log->size, &proof);
    json_text_key(&r->t, "log");
    json_text_open(&r->t, '{');
    put_u64(r, "size_before", e->size_before);
    put_digest(r, "root_before", &before);
    put_u64(r, "size_after", e->log->size);
    put_digest(r, "root_after", &after);
    put_proof(r, "consistency_proof", &proof);
    json_text_close(&r->t, '}');
}

/* ---- blocks */

/* The next vote of a certificate; false: there is none, or it is no certificate from here on. */
static bool next_vote(struct cbor_reader *r, struct bytes *item, struct vote *vote, struct cose_sign1 *cose)
{
    *item = cbor_get_raw(r);
    return r->err == ERR_OK && vote_parse(*item, vote, cose) == ERR_OK;
}

/* Votes, their view and their signers. A certificate that is none is empty. */
static void put_certificate(struct rendering *r, struct bytes certificate)
{
    struct bytes votes[CERTIFICATE_VOTES_MAX], item;
    struct digest kids[CERTIFICATE_VOTES_MAX];
    struct vote vote;
    struct cose_sign1 cose;
    struct cbor_reader c;
    unsigned count = 0;

    cbor_reader_init(&c, certificate);
    uint64_t all = cbor_get_array(&c);
    while (count < all && count < CERTIFICATE_VOTES_MAX && next_vote(&c, &item, &vote, &cose)) {
        kids[count] = cose.kid;
        votes[count++] = item;
    }
    json_text_key(&r->t, "view"); /* of all of them */
    if (count > 0)
        json_text_u64(&r->t, vote.view);
    else
        json_text_null(&r->t);
    json_text_key(&r->t, "signers");
    json_text_open(&r->t, '[');
    for (unsigned i = 0; i < count; i++) {
        const char *name = r->names->name(r->names->context, &kids[i]);

        json_text_item(&r->t);
        if (name != NULL)
            json_text_string(&r->t, bytes_of_text(name));
        else
            json_text_null(&r->t);
    }
    json_text_close(&r->t, ']');
    json_text_key(&r->t, "certificate");
    json_text_open(&r->t, '[');
    for (unsigned i = 0; i < count; i++) {
        json_text_item(&r->t);
        json_text_base64(&r->t, votes[i]);
    }
    json_text_close(&r->t, ']');
}

static void put_block(struct rendering *r, const struct block *b)
{
    struct digest id = block_id(&b->header);
    struct buf header = {0};

    block_header_encode(&b->header, &header);
    json_text_item(&r->t);
    json_text_open(&r->t, '{');
    put_u64(r, "height", b->header.height);
    put_digest(r, "ledger_block_id", &id);
    put_base64(r, "header", bytes_of_buf(&header));
    put_decoded(r, "decoded", bytes_of_buf(&header));
    put_certificate(r, b->certificate);
    put_u64(r, "first_entry", b->header.log_size - b->count);
    put_u64(r, "entry_count", b->count);
    json_text_close(&r->t, '}');
    buf_free(&header);
}

static void put_blocks(struct rendering *r)
{
    json_text_key(&r->t, "blocks");
    json_text_open(&r->t, '[');
    for (unsigned i = 0; i < r->e->block_count; i++)
        put_block(r, &r->e->blocks[i]);
    json_text_close(&r->t, ']');
}

/* ---- entries */

static void put_entry(struct rendering *r, struct bytes entry, uint64_t number)
{
    const struct epoch_record *e = r->e;
    uint64_t index = e->size_before + number;
    struct merkle_proof proof = {0};
    struct envelope envelope;
    struct cose_sign1 cose;
    struct digest leaf = merkle_tree_range_root(e->log, index, index + 1);
    bool parsed = envelope_parse(entry, &envelope, &cose) == ERR_OK;
    enum err verdict = e->verdicts[number];

    merkle_inclusion_proof(e->log, index, e->log->size, &proof);
    json_text_item(&r->t);
    json_text_open(&r->t, '{');
    put_text(r, "node_id", parsed ? r->names->name(r->names->context, &envelope.node_fingerprint) : NULL);
    put_digest(r, "anchor_hash", &leaf);
    put_u64(r, "leaf_index", index);
    put_text(r, "kind", parsed ? entry_kind_name(envelope.kind) : NULL);
    put_text(r, "verdict", verdict == ERR_OK ? VERDICT_ACCEPTED : err_text(verdict));
    put_proof(r, "inclusion_proof", &proof);
    put_base64(r, "envelope", entry);
    if (parsed)
        put_decoded(r, "decoded", cose.payload);
    else
        put_text(r, "decoded", NULL);
    json_text_close(&r->t, '}');
}

static void put_entries(struct rendering *r)
{
    uint64_t number = 0;

    json_text_key(&r->t, "entries");
    json_text_open(&r->t, '[');
    for (unsigned i = 0; i < r->e->block_count; i++) {
        for (unsigned k = 0; k < r->e->blocks[i].count; k++)
            put_entry(r, r->e->blocks[i].entries[k], number++);
    }
    json_text_close(&r->t, ']');
    ASSERT(r->e->size_before + number == r->e->log->size);
}

static void put_anchor(struct rendering *r)
{
    struct buf payload = {0};

    anchor_payload(&r->e->anchor, &payload);
    put_decoded(r, "anchor", bytes_of_buf(&payload));
    buf_free(&payload);
}

static void put_next_voters(struct rendering *r)
{
    struct bytes set = r->e->next_voters;

    if (set.len == 0) {
        put_text(r, "next_voters", NULL);
        return;
    }
    json_text_key(&r->t, "next_voters");
    json_text_open(&r->t, '{');
    put_base64(r, "set", set);
    put_decoded(r, "decoded", set);
    json_text_close(&r->t, '}');
}

void epoch_file_write(const struct epoch_record *e, const struct epoch_names *names, struct buf *out)
{
    struct rendering r = {.e = e, .names = names};

    json_text_init(&r.t, out, 0);
    json_text_open(&r.t, '{');
    put_text(&r, "format", EPOCH_FILE_FORMAT);
    put_u64(&r, "version", EPOCH_FILE_VERSION);
    put_text(&r, "federation", e->federation);
    put_digest(&r, "federation_id", &e->anchor.federation_id);
    put_bool(&r, "simulated", e->simulated);
    put_u64(&r, "epoch", e->epoch);
    put_bool(&r, "anchored", e->anchor.anchored);
    if (e->anchor.anchored)
        put_digest(&r, "merkle_root", &e->anchor.merkle_root);
    else
        put_text(&r, "merkle_root", NULL);
    put_base64(&r, "signature", e->signature);
    put_anchor(&r);
    json_text_key(&r.t, "outcome");
    json_text_value(&r.t, e->outcome);
    put_log(&r);
    put_blocks(&r);
    put_next_voters(&r);
    put_entries(&r);
    json_text_close(&r.t, '}');
    buf_add_byte(out, '\n');
}

json_t *epoch_file_render(const struct epoch_record *record, const struct epoch_names *names)
{
    struct buf text = {0};
    json_error_t error;

    epoch_file_write(record, names, &text);
    json_t *j = json_loadb((const char *)text.data, text.len, 0, &error);
    ASSERT(j != NULL);
    buf_free(&text);
    return j;
}
