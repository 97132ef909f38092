#include "base/text.h"
#include "codec/cbor.h"
#include "ledger/epoch_file.h"

#include <jansson.h>
#include <stdio.h>

/* Where in the file we are, for complaints. */
struct place {
    const struct json_doc *doc;
    struct diag *diag;
    char pointer[96];
};

static enum err complain(const struct place *at, enum err err, const char *expected)
{
    return json_doc_complain(at->doc, at->pointer, at->diag, err, "%s", expected);
}

static enum err read_base64(const struct place *at, const json_t *value, struct buf *out)
{
    const char *text = json_string_value(value);
    if (text == NULL)
        return complain(at, value == NULL ? ERR_MISSING : ERR_TYPE, "should be a string of base64");
    enum err err = base64_decode(bytes_of_text(text), out);
    return err == ERR_OK ? ERR_OK : complain(at, err, "is not base64");
}

static enum err read_array(struct place *at, const json_t *object, const char *key, const json_t **out)
{
    const json_t *array = json_object_get(object, key);
    snprintf(at->pointer, sizeof at->pointer, "/%s", key);
    if (!json_is_array(array))
        return complain(at, array == NULL ? ERR_MISSING : ERR_TYPE, "should be an array");
    *out = array;
    return ERR_OK;
}

/* Numbers above 2^53 are decimal strings. */
static enum err read_epoch(struct place *at, const json_t *root, uint64_t *out)
{
    const json_t *value = json_object_get(root, "epoch");
    snprintf(at->pointer, sizeof at->pointer, "/epoch");
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return ERR_OK;
    }
    if (json_is_string(value) && u64_parse(json_string_value(value), out) == ERR_OK)
        return ERR_OK;
    return complain(at, value == NULL ? ERR_MISSING : ERR_TYPE, "should be the number of an epoch");
}

/* ---- blocks */

/* The votes as they stand, wrapped in an array; none at all is no certificate. */
static enum err read_certificate(struct place *at, const json_t *block, unsigned i, struct buf *out)
{
    const json_t *votes = json_object_get(block, "certificate");
    struct buf items[CERTIFICATE_VOTES_MAX] = {{0}};
    struct cbor_writer w;
    enum err err = ERR_OK;
    size_t count = json_array_size(votes);
    snprintf(at->pointer, sizeof at->pointer, "/blocks/%u/certificate", i);
    if (!json_is_array(votes))
        return complain(at, votes == NULL ? ERR_MISSING : ERR_TYPE, "should be an array of votes");
    if (count > CERTIFICATE_VOTES_MAX)
        return complain(at, ERR_LIMIT, "has more votes than there can be validators");
    if (count == 0)
        return ERR_OK;
    cbor_writer_init(&w, out);
    cbor_put_array(&w, count);
    for (size_t k = 0; err == ERR_OK && k < count; k++) {
        snprintf(at->pointer, sizeof at->pointer, "/blocks/%u/certificate/%zu", i, k);
        err = read_base64(at, json_array_get(votes, k), &items[k]);
        if (err == ERR_OK && cbor_check(bytes_of_buf(&items[k]), NULL) != ERR_OK)
            err = complain(at, ERR_SYNTAX, "is not deterministic CBOR");
        if (err == ERR_OK)
            cbor_put_raw(&w, bytes_of_buf(&items[k]));
    }
    for (size_t k = 0; k < count; k++)
        buf_free(&items[k]);
    return err;
}

static enum err read_header(struct place *at, const json_t *block, unsigned i, struct block_header *out)
{
    struct buf bytes = {0};
    snprintf(at->pointer, sizeof at->pointer, "/blocks/%u/header", i);
    enum err err = read_base64(at, json_object_get(block, "header"), &bytes);
    if (err == ERR_OK) {
        err = block_header_decode(bytes_of_buf(&bytes), out);
        if (err != ERR_OK)
            complain(at, err, err_text(err));
    }
    buf_free(&bytes);
    if (err == ERR_OK && out->entry_count > BLOCK_ENTRIES_MAX)
        err = complain(at, ERR_LIMIT, "counts more entries than a block may have");
    return err;
}

/* The block's envelopes: the next entry_count of the file's entries. */
static enum err read_entries(struct place *at, const json_t *entries, size_t first, struct buf *texts, unsigned count)
{
    enum err err = ERR_OK;
    for (unsigned k = 0; err == ERR_OK && k < count; k++) {
        snprintf(at->pointer, sizeof at->pointer, "/entries/%zu/envelope", first + k);
        err = read_base64(at, json_object_get(json_array_get(entries, first + k), "envelope"), &texts[k]);
    }
    return err;
}

static enum err assemble(struct place *at, unsigned i, const struct block_header *header, const struct buf *texts,
                         struct bytes certificate, struct block *out)
{
    unsigned count = (unsigned)header->entry_count;
    struct bytes *views = mem_array(count, sizeof views[0]);
    struct buf encoded = {0};
    for (unsigned k = 0; k < count; k++)
        views[k] = bytes_of_buf(&texts[k]);
    block_encode(header, views, count, certificate, &encoded);
    struct blob *blob = blob_new(bytes_of_buf(&encoded));
    enum err err = block_decode(blob, out);
    snprintf(at->pointer, sizeof at->pointer, "/blocks/%u", i);
    if (err != ERR_OK)
        complain(at, err, "the entries are not those that the header was made for");
    blob_drop(blob);
    buf_free(&encoded);
    mem_free(views);
    return err;
}

static enum err read_block(struct place *at, const json_t *block, unsigned i, const json_t *entries, size_t *next,
                           struct block *out)
{
    struct block_header header;
    struct buf certificate = {0}, *texts = NULL;
    enum err err = read_header(at, block, i, &header);
    if (err != ERR_OK)
        return err;
    unsigned count = (unsigned)header.entry_count;
    err = read_certificate(at, block, i, &certificate);
    if (err != ERR_OK)
        goto done;
    if (json_array_size(entries) - *next < count) {
        snprintf(at->pointer, sizeof at->pointer, "/entries");
        err = complain(at, ERR_MISSING, "has fewer entries than the blocks count");
        goto done;
    }
    texts = mem_array(count, sizeof texts[0]);
    err = read_entries(at, entries, *next, texts, count);
    if (err == ERR_OK)
        err = assemble(at, i, &header, texts, bytes_of_buf(&certificate), out);
    *next += count;
done:
    for (unsigned k = 0; texts != NULL && k < count; k++)
        buf_free(&texts[k]);
    mem_free(texts);
    buf_free(&certificate);
    return err;
}

static enum err read_blocks(struct place *at, const json_t *root, struct epoch_file *f)
{
    const json_t *blocks = NULL, *entries = NULL;
    size_t next = 0;
    enum err err = read_array(at, root, "entries", &entries);
    if (err == ERR_OK)
        err = read_array(at, root, "blocks", &blocks);
    if (err != ERR_OK)
        return err;
    size_t count = json_array_size(blocks);
    f->blocks = mem_array(count, sizeof f->blocks[0]);
    for (unsigned i = 0; i < count; i++) {
        err = read_block(at, json_array_get(blocks, i), i, entries, &next, &f->blocks[i]);
        if (err != ERR_OK)
            return err;
        f->block_count++;
    }
    if (next == json_array_size(entries))
        return ERR_OK;
    snprintf(at->pointer, sizeof at->pointer, "/entries/%zu", next);
    return complain(at, ERR_RANGE, "belongs to no block");
}

static enum err read_next_voters(struct place *at, const json_t *root, struct buf *out)
{
    const json_t *value = json_object_get(root, "next_voters");
    if (json_is_null(value))
        return ERR_OK;
    snprintf(at->pointer, sizeof at->pointer, "/next_voters/set");
    return read_base64(at, json_object_get(value, "set"), out);
}

enum err epoch_file_parse(const struct json_doc *doc, struct epoch_file *out, struct diag *diag)
{
    struct place at = {.doc = doc, .diag = diag};
    struct epoch_file f = {0};
    if (!json_is_object(doc->root))
        return complain(&at, ERR_TYPE, "should be an object");
    enum err err = read_epoch(&at, doc->root, &f.epoch);
    if (err == ERR_OK)
        err = read_blocks(&at, doc->root, &f);
    if (err == ERR_OK) {
        snprintf(at.pointer, sizeof at.pointer, "/signature");
        err = read_base64(&at, json_object_get(doc->root, "signature"), &f.signature);
    }
    if (err == ERR_OK)
        err = read_next_voters(&at, doc->root, &f.next_voters);
    if (err == ERR_OK)
        *out = f;
    else
        epoch_file_fini(&f);
    return err;
}

void epoch_file_fini(struct epoch_file *f)
{
    for (unsigned i = 0; i < f->block_count; i++)
        block_fini(&f->blocks[i]);
    mem_free(f->blocks);
    buf_free(&f->signature);
    buf_free(&f->next_voters);
    *f = (struct epoch_file){0};
}
