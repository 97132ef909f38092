#include <jansson.h>

#include "ledger/epoch_file.h"

#include "codec/cbor.h"
#include "crypto/envelope.h"

/* Rendering: nothing here looks at anything but the record and the names, so that the auditor's rendering is ours. */

static json_t *text_or_null(const char *text)
{
    json_t *value = text != NULL ? json_string(text) : json_null();
    ASSERT(value != NULL);
    return value;
}

static json_t *digest_json(const struct digest *d)
{
    return json_hex(digest_bytes(d));
}

/* The decoded view of bytes that may be anything. */
static json_t *decoded_json(struct bytes in)
{
    json_t *value;
    return cbor_to_json(in, &value) == ERR_OK ? value : json_null();
}

static json_t *proof_json(const struct merkle_proof *proof)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < proof->count; i++)
        json_push(nodes, digest_json(&proof->nodes[i]));
    return nodes;
}

static json_t *log_json(const struct epoch_record *e)
{
    struct merkle_proof proof = {0};
    struct digest before = merkle_tree_root(e->log, e->size_before);
    struct digest after = merkle_tree_root(e->log, e->log->size);
    json_t *log = json_object();
    merkle_consistency_proof(e->log, e->size_before, e->log->size, &proof);
    json_put(log, "size_before", json_u64(e->size_before));
    json_put(log, "root_before", digest_json(&before));
    json_put(log, "size_after", json_u64(e->log->size));
    json_put(log, "root_after", digest_json(&after));
    json_put(log, "consistency_proof", proof_json(&proof));
    return log;
}

/* ---- blocks */

/* Votes, their view and their signers. A certificate that is none is empty. */
static void put_certificate(json_t *block, struct bytes certificate, const struct epoch_names *names)
{
    json_t *votes = json_array(), *signers = json_array();
    struct cbor_reader r;
    cbor_reader_init(&r, certificate);
    json_put(block, "view", json_null());
    uint64_t count = cbor_get_array(&r);
    for (uint64_t i = 0; r.err == ERR_OK && i < count; i++) {
        struct vote vote;
        struct cose_sign1 cose;
        struct bytes item = cbor_get_raw(&r);
        if (vote_parse(item, &vote, &cose) != ERR_OK)
            break;
        json_put(block, "view", json_u64(vote.view)); /* of all of them */
        json_push(votes, json_base64(item));
        json_push(signers, text_or_null(names->name(names->context, &cose.kid)));
    }
    json_put(block, "signers", signers);
    json_put(block, "certificate", votes);
}

static json_t *block_json(const struct block *b, const struct epoch_names *names)
{
    json_t *j = json_object();
    struct digest id = block_id(&b->header);
    struct buf header = {0};
    block_header_encode(&b->header, &header);
    json_put(j, "height", json_u64(b->header.height));
    json_put(j, "ledger_block_id", digest_json(&id));
    json_put(j, "header", json_base64(bytes_of_buf(&header)));
    json_put(j, "decoded", decoded_json(bytes_of_buf(&header)));
    put_certificate(j, b->certificate, names);
    json_put(j, "first_entry", json_u64(b->header.log_size - b->count));
    json_put(j, "entry_count", json_u64(b->count));
    buf_free(&header);
    return j;
}

/* ---- entries */

static json_t *inclusion_json(const struct epoch_record *e, uint64_t index)
{
    struct merkle_proof proof = {0};
    merkle_inclusion_proof(e->log, index, e->log->size, &proof);
    return proof_json(&proof);
}

static json_t *entry_json(const struct epoch_record *e, const struct epoch_names *names, struct bytes entry,
                          uint64_t number)
{
    struct envelope envelope;
    struct cose_sign1 cose;
    struct digest leaf = entry_leaf_hash(entry);
    bool parsed = envelope_parse(entry, &envelope, &cose) == ERR_OK;
    enum err verdict = e->verdicts[number];
    json_t *j = json_object();
    json_put(j, "node_id", text_or_null(parsed ? names->name(names->context, &envelope.node_fingerprint) : NULL));
    json_put(j, "anchor_hash", digest_json(&leaf));
    json_put(j, "leaf_index", json_u64(e->size_before + number));
    json_put(j, "kind", text_or_null(parsed ? entry_kind_name(envelope.kind) : NULL));
    json_put(j, "verdict", text_or_null(verdict == ERR_OK ? VERDICT_ACCEPTED : err_text(verdict)));
    json_put(j, "inclusion_proof", inclusion_json(e, e->size_before + number));
    json_put(j, "envelope", json_base64(entry));
    json_put(j, "decoded", parsed ? decoded_json(cose.payload) : json_null());
    return j;
}

static json_t *anchor_json(const struct anchor_statement *a)
{
    struct buf payload = {0};
    anchor_payload(a, &payload);
    json_t *j = decoded_json(bytes_of_buf(&payload));
    buf_free(&payload);
    return j;
}

static json_t *next_voters_json(struct bytes set)
{
    json_t *j;
    if (set.len == 0)
        return json_null();
    j = json_object();
    json_put(j, "set", json_base64(set));
    json_put(j, "decoded", decoded_json(set));
    return j;
}

json_t *epoch_file_render(const struct epoch_record *record, const struct epoch_names *names)
{
    json_t *j = json_object(), *blocks = json_array(), *entries = json_array();
    uint64_t number = 0;
    for (unsigned i = 0; i < record->block_count; i++) {
        const struct block *b = &record->blocks[i];
        json_push(blocks, block_json(b, names));
        for (unsigned k = 0; k < b->count; k++)
            json_push(entries, entry_json(record, names, b->entries[k], number++));
    }
    ASSERT(record->size_before + number == record->log->size);
    json_put(j, "format", text_or_null(EPOCH_FILE_FORMAT));
    json_put(j, "version", json_u64(EPOCH_FILE_VERSION));
    json_put(j, "federation", text_or_null(record->federation));
    json_put(j, "federation_id", digest_json(&record->anchor.federation_id));
    json_put(j, "simulated", json_boolean(record->simulated));
    json_put(j, "epoch", json_u64(record->epoch));
    json_put(j, "anchored", json_boolean(record->anchor.anchored));
    json_put(j, "merkle_root", record->anchor.anchored ? digest_json(&record->anchor.merkle_root) : json_null());
    json_put(j, "signature", json_base64(record->signature));
    json_put(j, "anchor", anchor_json(&record->anchor));
    json_put(j, "outcome", json_incref(record->outcome));
    json_put(j, "log", log_json(record));
    json_put(j, "blocks", blocks);
    json_put(j, "next_voters", next_voters_json(record->next_voters));
    json_put(j, "entries", entries);
    return j;
}
