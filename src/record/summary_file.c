#include "record/summary_file.h"

#include <string.h>

#include "ledger/epoch_file.h"

enum { PART_SIZE = 65536 };

void summary_file_init(struct summary_file *f, struct spool_room *room)
{
    *f = (struct summary_file){.room = room, .text = spool_new(room), .canonical = spool_new(room)};
}

void summary_file_fini(struct summary_file *f)
{
    spool_free(f->text);
    spool_free(f->canonical);
    buf_free(&f->head);
    buf_free(&f->tail);
    buf_free(&f->part);
    *f = (struct summary_file){0};
}

/* The element as it stands in the document, two levels deep. No string in JSON has a line's end in it. */
static void indent(struct bytes text, struct buf *out)
{
    bool fresh = true;

    for (size_t i = 0; i + 1 < text.len; i++) { /* without the last line's end */
        if (fresh)
            buf_add_text(out, "    ");
        buf_add_byte(out, text.data[i]);
        fresh = text.data[i] == '\n';
    }
}

void summary_file_add(struct summary_file *f, const json_t *epoch)
{
    bool first = spool_size(f->text) == 0;
    struct buf plain = {0}, text = {0};

    json_render(epoch, &plain);
    buf_add_text(&text, first ? "\n" : ",\n");
    indent(bytes_of_buf(&plain), &text);
    spool_add(f->text, bytes_of_buf(&text));
    buf_clear(&text);
    buf_add_text(&text, first ? "" : ",");
    json_canonical(epoch, &text);
    spool_add(f->canonical, bytes_of_buf(&text));
    buf_free(&plain);
    buf_free(&text);
}

/* Where the epochs belong in a document that has none: behind the bracket. */
static size_t gap_of(struct buf *text, const char *key)
{
    const char *all = buf_text(text), *at = strstr(all, key);

    ASSERT(at != NULL);
    return (size_t)(at - all) + strlen(key);
}

static enum err digest_spool(struct digest_context *c, struct spool *s, struct buf *part)
{
    uint64_t size = spool_size(s);
    enum err err = ERR_OK;

    for (uint64_t at = 0; at < size && err == ERR_OK; at += PART_SIZE) {
        size_t n = size - at < PART_SIZE ? (size_t)(size - at) : PART_SIZE;

        err = spool_read(s, at, part->data, n);
        if (err == ERR_OK)
            digest_add(c, part->data, n);
    }
    return err;
}

/* summary_digest() of the whole document. */
static enum err digest_whole(struct summary_file *f, const json_t *summary, struct digest *out)
{
    struct digest_context c;
    struct buf bare = {0};
    size_t gap;
    enum err err;

    json_canonical(summary, &bare);
    gap = gap_of(&bare, "\"epochs\":[");
    digest_init(&c);
    digest_add(&c, bare.data, gap);
    err = digest_spool(&c, f->canonical, &f->part);
    digest_add(&c, bare.data + gap, bare.len - gap);
    *out = digest_final(&c);
    buf_free(&bare);
    return err;
}

enum err summary_file_finish(struct summary_file *f, json_t *summary, const struct secret_key *key, struct diag *diag)
{
    struct buf signature = {0}, text = {0};
    struct digest digest;
    size_t gap;

    ASSERT(spool_size(f->text) > 0);
    buf_clear(&f->head);
    buf_clear(&f->tail);
    f->stage = 0;
    f->given = 0;
    f->part.data = mem_resize(f->part.data, PART_SIZE, 1);
    f->part.cap = PART_SIZE;
    if (digest_whole(f, summary, &digest) != ERR_OK)
        return diag_set(diag, ERR_IO, "%s", f->room->diag.text);
    summary_sign(key, &digest, &signature);
    json_put(summary, "summary_signature", json_base64(bytes_of_buf(&signature)));
    json_render(summary, &text);
    gap = gap_of(&text, "\n  \"epochs\": [");
    buf_add(&f->head, text.data, gap);
    buf_add_text(&f->tail, "\n  ");
    buf_add(&f->tail, text.data + gap, text.len - gap);
    buf_free(&text);
    buf_free(&signature);
    return ERR_OK;
}

static enum err give_text(struct summary_file *f, struct bytes *part, struct diag *diag)
{
    uint64_t left = spool_size(f->text) - f->given;
    size_t n = left < PART_SIZE ? (size_t)left : PART_SIZE;

    if (spool_read(f->text, f->given, f->part.data, n) != ERR_OK)
        return diag_set(diag, ERR_IO, "%s", f->room->diag.text);
    f->given += n;
    *part = bytes_of(f->part.data, n);
    return ERR_OK;
}

enum err summary_file_give(void *context, struct bytes *part, struct diag *diag)
{
    struct summary_file *f = context;

    if (f->stage == 1 && f->given < spool_size(f->text))
        return give_text(f, part, diag);
    f->stage++;
    switch (f->stage) {
    case 1:
        *part = bytes_of_buf(&f->head);
        break;
    case 2:
        *part = bytes_of_buf(&f->tail);
        break;
    default:
        *part = (struct bytes){0};
    }
    return ERR_OK;
}
