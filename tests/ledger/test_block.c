#include "ledger/block.h"
#include "ledger/store.h"
#include "merkle/tree.h"
#include "tap.h"

static struct digest digest_text(const char *text)
{
    return digest_of(bytes_of_text(text));
}

/* A header that fits these entries. */
static struct block_header header_for(const struct bytes *entries, unsigned count)
{
    struct merkle_frontier tree = {0};
    for (unsigned i = 0; i < count; i++) {
        struct digest leaf = entry_leaf_hash(entries[i]);
        merkle_frontier_append(&tree, &leaf);
    }
    return (struct block_header){
        .federation_id = digest_text("federation"),
        .membership_epoch = 1,
        .height = 3,
        .federated_epoch = 2,
        .parent_id = digest_text("parent"),
        .entries_root = merkle_frontier_root(&tree),
        .entry_count = count,
        .log_size = 7,
        .log_root = digest_text("log"),
        .state_root = digest_text("state"),
    };
}

static void a_header_round_trips(void)
{
    struct buf first = {0}, second = {0};
    struct block_header h = header_for(NULL, 0), back;
    block_header_encode(&h, &first);
    REQUIRE_OK(block_header_decode(bytes_of_buf(&first), &back));
    block_header_encode(&back, &second);
    CHECK_EQ_BYTES(bytes_of_buf(&second), bytes_of_buf(&first));
    struct digest id = block_id(&h), hash = digest_of(bytes_of_buf(&first));
    CHECK(digest_equal(&id, &hash));
    buf_free(&first);
    buf_free(&second);
}

/* Whatever a header says is in its id: the state root too, which is how a vote vouches for the state. */
static void every_field_is_in_the_id(void)
{
    const struct block_header base = header_for(NULL, 0);
    struct digest id = block_id(&base);
    struct block_header changed[11];
    for (unsigned i = 0; i < 11; i++)
        changed[i] = base;
    changed[0].federation_id.b[31] ^= 1;
    changed[1].membership_epoch++;
    changed[2].height++;
    changed[3].federated_epoch++;
    changed[4].parent_id.b[0] ^= 1;
    changed[5].entries_root.b[0] ^= 1;
    changed[6].entry_count++;
    changed[7].log_size++;
    changed[8].log_root.b[0] ^= 1;
    changed[9].state_root.b[0] ^= 1;
    changed[10].next_voters.b[7] ^= 1;
    for (unsigned i = 0; i < 11; i++) {
        struct digest other = block_id(&changed[i]);
        CHECK(!digest_equal(&id, &other));
    }
}

/* Every flipped bit of a header is another header or none; no prefix is one. */
static void a_header_has_one_encoding(void)
{
    struct buf bytes = {0}, again = {0};
    struct block_header h = header_for(NULL, 0), back;
    block_header_encode(&h, &bytes);
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (block_header_decode(bytes_of_buf(&bytes), &back) == ERR_OK) {
            buf_clear(&again);
            block_header_encode(&back, &again);
            CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
        }
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < bytes.len; len++)
        CHECK(block_header_decode(bytes_of(bytes.data, len), &back) != ERR_OK);
    buf_add_byte(&bytes, 0);
    CHECK(block_header_decode(bytes_of_buf(&bytes), &back) != ERR_OK);
    buf_free(&bytes);
    buf_free(&again);
}

static void a_block_round_trips(void)
{
    struct bytes entries[] = {bytes_of_text("one"), bytes_of_text(""), bytes_of_text("three")};
    struct block_header h = header_for(entries, 3);
    struct buf bytes = {0};
    struct block block;
    block_encode(&h, entries, 3, bytes_of_text("certificate"), &bytes);
    struct blob *blob = blob_new(bytes_of_buf(&bytes));
    REQUIRE_OK(block_decode(blob, &block));
    blob_drop(blob);
    REQUIRE(block.count == 3);
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ_BYTES(block.entries[i], entries[i]);
    CHECK_EQ_BYTES(block.certificate, bytes_of_text("certificate"));
    struct digest id = block_id(&h), other = block_id(&block.header);
    CHECK(digest_equal(&id, &other));
    block_fini(&block);
    buf_free(&bytes);
}

static enum err decode(const struct block_header *h, const struct bytes *entries, unsigned count)
{
    struct buf bytes = {0};
    struct block block;
    struct block_header counted = *h;
    counted.entry_count = count;
    block_encode(&counted, entries, count, bytes_of_text(""), &bytes);
    struct blob *blob = blob_new(bytes_of_buf(&bytes));
    enum err err = block_decode(blob, &block);
    if (err == ERR_OK)
        block_fini(&block);
    blob_drop(blob);
    buf_free(&bytes);
    return err;
}

static void entries_are_bound_to_the_header(void)
{
    struct bytes entries[] = {bytes_of_text("one"), bytes_of_text("two"), bytes_of_text("three")};
    struct bytes swapped[] = {bytes_of_text("two"), bytes_of_text("one"), bytes_of_text("three")};
    struct block_header h = header_for(entries, 3);
    CHECK_OK(decode(&h, entries, 3));
    CHECK_ERR(decode(&h, entries, 2), ERR_MISMATCH);
    CHECK_ERR(decode(&h, swapped, 3), ERR_MISMATCH);
    CHECK_ERR(decode(&h, NULL, 0), ERR_MISMATCH);
}

/* Arbitrary damage gives an error or a block whose entries fit its header; never a crash. */
static void damaged_blocks_are_refused(void)
{
    struct bytes entries[] = {bytes_of_text("one"), bytes_of_text("two")};
    struct block_header h = header_for(entries, 2);
    struct buf bytes = {0};
    struct block block;
    block_encode(&h, entries, 2, bytes_of_text("c"), &bytes);
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct blob *blob = blob_new(bytes_of_buf(&bytes));
        if (block_decode(blob, &block) == ERR_OK) {
            struct digest a = block_id(&h), b = block_id(&block.header);
            CHECK(!digest_equal(&a, &b) || !bytes_equal(block.certificate, bytes_of_text("c")));
            block_fini(&block);
        }
        blob_drop(blob);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < bytes.len; len++) {
        struct blob *blob = blob_new(bytes_of(bytes.data, len));
        CHECK(block_decode(blob, &block) != ERR_OK);
        blob_drop(blob);
    }
    buf_free(&bytes);
}

/* Up to 65535 bytes an entry is its own leaf; above, the map {"size", "digest"} is. */
static void large_entries_are_logged_by_digest(void)
{
    uint8_t *data = mem_alloc(ENTRY_LOGGED_MAX + 1);
    struct bytes fits = bytes_of(data, ENTRY_LOGGED_MAX), large = bytes_of(data, ENTRY_LOGGED_MAX + 1);
    struct digest leaf = entry_leaf_hash(fits), plain = merkle_leaf_hash(fits);
    CHECK(digest_equal(&leaf, &plain));
    struct digest digest = digest_of(large);
    struct buf map = {0};
    buf_add(&map,
            "\xa2\x64size\x1a\x00\x01\x00\x00\x66"
            "digest\x58\x20",
            20);
    buf_add(&map, digest.b, DIGEST_SIZE);
    leaf = entry_leaf_hash(large);
    plain = merkle_leaf_hash(bytes_of_buf(&map));
    CHECK(digest_equal(&leaf, &plain));
    buf_free(&map);
    mem_free(data);
}

static void check_block(const struct ledger_store *store, unsigned height)
{
    struct blob *read = NULL;
    char text[16];
    snprintf(text, sizeof text, "block %u", height);
    CHECK_OK(store->read(store->context, height, &read));
    CHECK_EQ_BYTES(blob_bytes(read), bytes_of_text(text));
    blob_drop(read);
}

static void a_store_keeps_blocks_in_order(void)
{
    struct ledger_store store = ledger_store_new(NULL);
    struct blob *read = NULL;
    struct diag diag = {0};
    char text[16];
    CHECK_ERR(store.read(store.context, 1, &read), ERR_MISSING);
    for (unsigned i = 1; i <= 200; i++) {
        snprintf(text, sizeof text, "block %u", i);
        CHECK_OK(store.append(store.context, i, bytes_of_text(text), &diag));
    }
    CHECK_ERR(store.append(store.context, 200, bytes_of_text("again"), &diag), ERR_STATE);
    CHECK_ERR(store.append(store.context, 202, bytes_of_text("gap"), &diag), ERR_STATE);
    check_block(&store, 1);
    check_block(&store, 2);
    check_block(&store, 200);
    CHECK_ERR(store.read(store.context, 201, &read), ERR_MISSING);
    CHECK_ERR(store.read(store.context, 0, &read), ERR_MISSING);
    ledger_store_free(&store);
}

int main(void)
{
    TAP_RUN(a_header_round_trips);
    TAP_RUN(every_field_is_in_the_id);
    TAP_RUN(a_header_has_one_encoding);
    TAP_RUN(a_block_round_trips);
    TAP_RUN(entries_are_bound_to_the_header);
    TAP_RUN(damaged_blocks_are_refused);
    TAP_RUN(large_entries_are_logged_by_digest);
    TAP_RUN(a_store_keeps_blocks_in_order);
    return tap_done();
}
