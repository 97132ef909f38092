#include <string.h>

#include "base/text.h"
#include "codec/cbor.h"
#include "ledger/epoch_file.h"

/* The bytes of a file that is in the form in which it is written, without a tree. In that form each value has a line of
 * its own, and its indentation says where it belongs. Whatever else stands in the text is not looked at: who relies on
 * what comes out renders the file from it and compares. */

struct scan {
    const uint8_t *at, *end;
    struct bytes line; /* without its end */
};

static bool next_line(struct scan *s)
{
    const uint8_t *end = s->at < s->end ? memchr(s->at, '\n', (size_t)(s->end - s->at)) : NULL;

    if (end == NULL)
        return false;
    s->line = bytes_of(s->at, (size_t)(end - s->at));
    s->at = end + 1;
    return true;
}

static bool begins(struct bytes line, const char *with, size_t len)
{
    return line.len >= len && memcmp(line.data, with, len) == 0;
}

#define BEGINS(line, text) begins(line, text, sizeof(text) - 1)

/* What stands between the quotes: behind the first `from` bytes, a comma may follow. */
static bool quoted(struct bytes line, size_t from, struct bytes *out)
{
    size_t len = line.len;

    if (len > 0 && line.data[len - 1] == ',')
        len--;
    if (len <= from || line.data[len - 1] != '"')
        return false;
    *out = bytes_of(line.data + from, len - 1 - from);
    return true;
}

/* The next line that begins so; false: the one that ends the search is before it. */
static bool find_line(struct scan *s, const char *with, const char *stop)
{
    size_t len = strlen(with), stop_len = stop != NULL ? strlen(stop) : 0;

    while (next_line(s)) {
        if (begins(s->line, with, len))
            return true;
        if (stop != NULL && begins(s->line, stop, stop_len))
            return false;
    }
    return false;
}

static bool find_quoted(struct scan *s, const char *with, const char *stop, struct bytes *out)
{
    return find_line(s, with, stop) && quoted(s->line, strlen(with), out);
}

static bool find_base64(struct scan *s, const char *with, const char *stop, struct buf *out)
{
    struct bytes text;

    return find_quoted(s, with, stop, &text) && base64_decode(text, out) == ERR_OK;
}

/* ---- blocks: the first pass finds them, the entries come behind */

struct scanned_block {
    struct block_header header;
    struct buf certificate;
};

static bool scan_certificate(struct scan *s, struct buf *out)
{
    struct bytes texts[CERTIFICATE_VOTES_MAX];
    struct cbor_writer w;
    struct buf item = {0};
    unsigned count = 0;
    bool well = find_line(s, "      \"certificate\": [", "    }");

    while (well && next_line(s) && BEGINS(s->line, "        \"")) {
        well = count < CERTIFICATE_VOTES_MAX && quoted(s->line, 9, &texts[count]);
        count++;
    }
    if (!well || count == 0)
        return false; /* a block without votes is for another reader */
    cbor_writer_init(&w, out);
    cbor_put_array(&w, count);
    for (unsigned i = 0; well && i < count; i++) {
        buf_clear(&item);
        well = base64_decode(texts[i], &item) == ERR_OK && cbor_check(bytes_of_buf(&item), NULL) == ERR_OK;
        if (well)
            cbor_put_known(&w, bytes_of_buf(&item));
    }
    buf_free(&item);
    return well;
}

static bool scan_block(struct scan *s, struct scanned_block *b)
{
    struct buf header = {0};
    bool well = find_base64(s, "      \"header\": \"", "    }", &header) &&
                block_header_decode(bytes_of_buf(&header), &b->header) == ERR_OK &&
                b->header.entry_count <= BLOCK_ENTRIES_MAX && scan_certificate(s, &b->certificate);

    buf_free(&header);
    return well && find_line(s, "    }", NULL);
}

static bool scan_blocks(struct scan *s, struct scanned_block **blocks, unsigned *count)
{
    bool well = find_line(s, "  \"blocks\": [", NULL), more = well;

    while (well && more) {
        if (!next_line(s))
            return false;
        more = !BEGINS(s->line, "  ]");
        if (!more)
            break;
        if ((*count & (*count + 1)) == 0)
            *blocks = mem_resize(*blocks, 2 * (size_t)*count + 2, sizeof **blocks);
        (*blocks)[*count] = (struct scanned_block){.certificate = {0}};
        well = scan_block(s, &(*blocks)[(*count)++]);
    }
    return well;
}

static bool scan_next_voters(struct scan *s, struct buf *out)
{
    if (!next_line(s) || !BEGINS(s->line, "  \"next_voters\": "))
        return false;
    return BEGINS(s->line, "  \"next_voters\": null") ||
           (find_base64(s, "    \"set\": \"", "  }", out) && find_line(s, "  }", NULL));
}

/* The block with the next of the file's entries. */
static bool join_block(struct scan *s, const struct scanned_block *b, struct block *out)
{
    unsigned count = (unsigned)b->header.entry_count, read = 0;
    struct buf *texts = mem_array(count + 1, sizeof texts[0]);
    struct bytes *views = mem_array(count + 1, sizeof views[0]);
    bool well = true;

    for (; well && read < count; read++) {
        well = find_base64(s, "      \"envelope\": \"", "  ]", &texts[read]);
        views[read] = bytes_of_buf(&texts[read]);
    }
    if (well) {
        struct buf encoded = {0};

        block_encode(&b->header, views, count, bytes_of_buf(&b->certificate), &encoded);
        struct blob *blob = blob_new(bytes_of_buf(&encoded));
        well = block_decode(blob, out) == ERR_OK;
        blob_drop(blob);
        buf_free(&encoded);
    }
    for (unsigned i = 0; i < read; i++)
        buf_free(&texts[i]);
    mem_free(texts);
    mem_free(views);
    return well;
}

static bool join_blocks(struct scan *s, const struct scanned_block *blocks, unsigned count, struct epoch_file *f)
{
    f->blocks = mem_array(count + 1, sizeof f->blocks[0]);
    for (unsigned i = 0; i < count; i++) {
        if (!join_block(s, &blocks[i], &f->blocks[i]))
            return false;
        f->block_count++;
    }
    return true;
}

static bool scan_head(struct scan *s, struct epoch_file *f)
{
    static const char key[] = "  \"epoch\": ";

    if (!find_line(s, key, NULL) || s->line.data[s->line.len - 1] != ',')
        return false;
    struct buf digits = {0};
    buf_add(&digits, s->line.data + sizeof key - 1, s->line.len - sizeof key);
    bool well = u64_parse(buf_text(&digits), &f->epoch) == ERR_OK;
    buf_free(&digits);
    return well && find_base64(s, "  \"signature\": \"", "  \"anchor\"", &f->signature);
}

bool epoch_file_scan(struct bytes text, struct epoch_file *out)
{
    struct scan s = {.at = text.data, .end = text.data + text.len};
    struct epoch_file f = {0};
    struct scanned_block *blocks = NULL;
    unsigned count = 0;
    bool well = text.len > 0 && scan_head(&s, &f) && scan_blocks(&s, &blocks, &count) &&
                scan_next_voters(&s, &f.next_voters) && join_blocks(&s, blocks, count, &f);

    for (unsigned i = 0; i < count; i++)
        buf_free(&blocks[i].certificate);
    mem_free(blocks);
    if (well)
        *out = f;
    else
        epoch_file_fini(&f);
    return well;
}
