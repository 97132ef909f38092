#include "ledger/block.h"

#include "codec/cbor.h"
#include "merkle/tree.h"

void block_header_encode(const struct block_header *h, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 13);
    cbor_put_text(&w, "height");
    cbor_put_uint(&w, h->height);
    cbor_put_text(&w, "schema");
    cbor_put_uint(&w, BLOCK_SCHEMA);
    cbor_put_text(&w, "log_root");
    digest_put(&w, &h->log_root);
    cbor_put_text(&w, "log_size");
    cbor_put_uint(&w, h->log_size);
    cbor_put_text(&w, "parent_id");
    digest_put(&w, &h->parent_id);
    cbor_put_text(&w, "state_root");
    digest_put(&w, &h->state_root);
    cbor_put_text(&w, "entry_count");
    cbor_put_uint(&w, h->entry_count);
    cbor_put_text(&w, "next_voters");
    digest_put(&w, &h->next_voters);
    cbor_put_text(&w, "entries_root");
    digest_put(&w, &h->entries_root);
    cbor_put_text(&w, "federation_id");
    digest_put(&w, &h->federation_id);
    cbor_put_text(&w, "recent_blocks");
    digest_put(&w, &h->recent_blocks);
    cbor_put_text(&w, "federated_epoch");
    cbor_put_uint(&w, h->federated_epoch);
    cbor_put_text(&w, "membership_epoch");
    cbor_put_uint(&w, h->membership_epoch);
    cbor_writer_done(&w);
}

enum err block_header_decode(struct bytes in, struct block_header *out)
{
    struct block_header h = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 13);
    cbor_expect_key(&r, "height");
    h.height = cbor_get_uint(&r);
    cbor_expect_key(&r, "schema");
    if (cbor_get_uint(&r) != BLOCK_SCHEMA)
        cbor_fail(&r, ERR_UNKNOWN);
    cbor_expect_key(&r, "log_root");
    h.log_root = digest_get(&r);
    cbor_expect_key(&r, "log_size");
    h.log_size = cbor_get_uint(&r);
    cbor_expect_key(&r, "parent_id");
    h.parent_id = digest_get(&r);
    cbor_expect_key(&r, "state_root");
    h.state_root = digest_get(&r);
    cbor_expect_key(&r, "entry_count");
    h.entry_count = cbor_get_uint(&r);
    cbor_expect_key(&r, "next_voters");
    h.next_voters = digest_get(&r);
    cbor_expect_key(&r, "entries_root");
    h.entries_root = digest_get(&r);
    cbor_expect_key(&r, "federation_id");
    h.federation_id = digest_get(&r);
    cbor_expect_key(&r, "recent_blocks");
    h.recent_blocks = digest_get(&r);
    cbor_expect_key(&r, "federated_epoch");
    h.federated_epoch = cbor_get_uint(&r);
    cbor_expect_key(&r, "membership_epoch");
    h.membership_epoch = cbor_get_uint(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = h;
    return err;
}

struct digest block_id(const struct block_header *h)
{
    struct buf bytes = {0};
    block_header_encode(h, &bytes);
    struct digest id = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return id;
}

struct digest block_ids_digest(const struct digest *ids, unsigned count)
{
    struct buf bytes = {0};
    struct cbor_writer w;
    cbor_writer_init(&w, &bytes);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        digest_put(&w, &ids[i]);
    cbor_writer_done(&w);
    struct digest digest = digest_of(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return digest;
}

/* Tiles carry entries whole behind a length of two bytes (C2SP tlog-tiles), so larger ones are in the log by digest. */
void entry_leaf(struct bytes entry, struct buf *out)
{
    struct digest digest;
    struct cbor_writer w;

    if (entry.len <= ENTRY_LOGGED_MAX) {
        buf_add(out, entry.data, entry.len);
        return;
    }
    digest = digest_of(entry);
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "size");
    cbor_put_uint(&w, entry.len);
    cbor_put_text(&w, "digest");
    digest_put(&w, &digest);
    cbor_writer_done(&w);
}

struct digest entry_leaf_hash(struct bytes entry)
{
    struct buf leaf = {0};
    struct digest hash;

    if (entry.len <= ENTRY_LOGGED_MAX)
        return merkle_leaf_hash(entry);
    entry_leaf(entry, &leaf);
    hash = merkle_leaf_hash(bytes_of_buf(&leaf));
    buf_free(&leaf);
    return hash;
}

void block_encode(const struct block_header *header, const struct bytes *entries, unsigned count,
                  struct bytes certificate, struct buf *out)
{
    ASSERT(count == header->entry_count);
    struct buf head = {0};
    block_header_encode(header, &head);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_array(&w, 3);
    cbor_put_bytes(&w, bytes_of_buf(&head));
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_bytes(&w, entries[i]);
    cbor_put_bytes(&w, certificate);
    cbor_writer_done(&w);
    buf_free(&head);
}

static enum err check_entries(const struct block *b)
{
    if (b->header.entry_count != b->count)
        return ERR_MISMATCH;
    struct merkle_frontier tree = {0};
    for (unsigned i = 0; i < b->count; i++) {
        struct digest leaf = entry_leaf_hash(b->entries[i]);
        merkle_frontier_append(&tree, &leaf);
    }
    struct digest root = merkle_frontier_root(&tree);
    return digest_equal(&root, &b->header.entries_root) ? ERR_OK : ERR_MISMATCH;
}

enum err block_decode(struct blob *bytes, struct block *out)
{
    struct block b = {0};
    struct cbor_reader r;
    struct bytes in = blob_bytes(bytes);
    if (in.len > BLOCK_SIZE_MAX)
        return ERR_LIMIT;
    cbor_reader_init(&r, in);
    cbor_expect_array(&r, 3);
    struct bytes head = cbor_get_bytes(&r);
    uint64_t count = cbor_get_array(&r);
    if (count > BLOCK_ENTRIES_MAX)
        cbor_fail(&r, ERR_LIMIT);
    if (r.err == ERR_OK) {
        b.count = (unsigned)count;
        b.entries = mem_array(b.count, sizeof b.entries[0]);
    }
    for (unsigned i = 0; i < b.count; i++)
        b.entries[i] = cbor_get_bytes(&r);
    b.certificate = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = block_header_decode(head, &b.header);
    if (err == ERR_OK)
        err = check_entries(&b);
    if (err != ERR_OK) {
        mem_free(b.entries);
        return err;
    }
    b.bytes = blob_hold(bytes);
    *out = b;
    return ERR_OK;
}

void block_fini(struct block *b)
{
    mem_free(b->entries);
    blob_drop(b->bytes);
    *b = (struct block){0};
}
