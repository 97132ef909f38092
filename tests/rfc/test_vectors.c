#include <jansson.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "ledger/epoch_file.h"
#include "state/execute.h"
#include "tap.h"

/* docs/rfc/vectors.txt: what a verifier of its own computes on its way through the shipped baseline ledger, value by
 * value, so that whoever writes one finds the step that goes wrong. After a change of format: test_rfc_vectors --write.
 */

enum { EPOCHS = 5, FILE_MAX = 4 << 20, STATES_SHOWN = 6 };

static const char vectors_path[] = "docs/rfc/vectors.txt";

static void put_hex(struct buf *out, const char *name, struct bytes value)
{
    buf_printf(out, "%s ", name);
    for (size_t i = 0; i < value.len; i++)
        buf_printf(out, "%02x", value.data[i]);
    buf_add_byte(out, '\n');
}

static void put_digest(struct buf *out, const char *name, struct digest d)
{
    put_hex(out, name, digest_bytes(&d));
}

static void put_state(struct buf *out, const struct federation_state *s)
{
    struct buf bytes = {0};

    state_encode(s, &bytes);
    buf_printf(out, "state_size %zu\n", bytes.len);
    if (s->height < STATES_SHOWN)
        put_hex(out, "state", bytes_of_buf(&bytes));
    put_digest(out, "state_root", state_root(s));
    buf_free(&bytes);
}

static void put_header(struct buf *out, const struct block_header *h)
{
    struct buf bytes = {0};

    buf_printf(out, "\nblock %ju\n", (uintmax_t)h->height);
    block_header_encode(h, &bytes);
    put_hex(out, "header", bytes_of_buf(&bytes));
    put_digest(out, "block_id", block_id(h));
    buf_free(&bytes);
}

static void put_block(struct buf *out, struct federation_state *s, const struct block *b)
{
    struct execution e = {0};

    put_header(out, &b->header);
    REQUIRE_OK(state_apply_block(s, b, &e));
    for (unsigned i = 0; i < b->count; i++) {
        put_digest(out, "leaf_hash", e.leaf_hashes[i]);
        buf_printf(out, "verdict %s\n", e.verdicts[i] == ERR_OK ? VERDICT_ACCEPTED : err_text(e.verdicts[i]));
    }
    put_digest(out, "entries_root", b->header.entries_root);
    put_digest(out, "log_root", merkle_frontier_root(&s->log));
    put_state(out, s);
    if (e.epoch_ended)
        put_digest(out, "incumbent", e.outcome.incumbent);
    execution_free(&e);
}

static void load(struct json_doc *doc, const char *path)
{
    struct diag diag = {0};

    if (!CHECK_OK(json_doc_load(doc, tap_source(path), FILE_MAX, &diag)))
        tap_note("%s", diag.text);
}

static void begin(struct buf *out, struct federation_state *s)
{
    struct json_doc doc = {0};
    struct buf genesis = {0};
    struct diag diag = {0};

    load(&doc, "artifacts/mec/M5/ledger/genesis.json");
    const char *text = json_string_value(json_object_get(doc.root, "genesis"));
    REQUIRE(text != NULL && base64_decode(bytes_of_text(text), &genesis) == ERR_OK);
    REQUIRE_OK(state_genesis(bytes_of_buf(&genesis), s, &diag));
    buf_add_text(
        out, "The baseline ledger of artifacts/mec/M5/ledger, block by block. Written by a test; formats.md says how\n"
             "each value comes about. Encoded states are shown for the first blocks.\n\n");
    put_digest(out, "federation_id", s->federation_id);
    put_digest(out, "genesis_leaf_hash", entry_leaf_hash(bytes_of_buf(&genesis)));
    struct block_header header = state_genesis_header(s);
    put_header(out, &header);
    put_state(out, s);
    buf_free(&genesis);
    json_doc_free(&doc);
}

static void make(struct buf *out)
{
    struct federation_state s = {0};

    begin(out, &s);
    for (unsigned epoch = 1; epoch <= EPOCHS; epoch++) {
        struct json_doc doc = {0};
        struct epoch_file file = {0};
        struct diag diag = {0};
        char path[64];

        snprintf(path, sizeof path, "artifacts/mec/M5/ledger/epoch_%03u.json", epoch);
        load(&doc, path);
        REQUIRE_OK(epoch_file_parse(&doc, &file, &diag));
        for (unsigned i = 0; i < file.block_count; i++)
            put_block(out, &s, &file.blocks[i]);
        epoch_file_fini(&file);
        json_doc_free(&doc);
    }
    state_free(&s);
}

static void vectors_are_what_execution_gives(void)
{
    struct buf made = {0}, written = {0};
    struct diag diag = {0};

    make(&made);
    CHECK_OK(file_read(tap_source(vectors_path), FILE_MAX, &written, &diag));
    CHECK(bytes_equal(bytes_of_buf(&made), bytes_of_buf(&written)));
    buf_free(&made);
    buf_free(&written);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        struct buf made = {0};
        struct diag diag = {0};

        make(&made);
        ASSERT(file_write(tap_source(vectors_path), bytes_of_buf(&made), &diag) == ERR_OK);
        buf_free(&made);
        return 0;
    }
    TAP_RUN(vectors_are_what_execution_gives);
    return tap_done();
}
