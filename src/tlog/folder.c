/* A label's ledger files, as `prismfed prove` and `prismfed tlog` read them. */
#include "tlog/folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ledger/link.h"
#include "tlog/note.h"

enum { FILE_MAX = 256 << 20 };

static int compare_epochs(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* epoch_NNN.json. */
static bool epoch_of(const char *name, uint64_t *epoch)
{
    char digits[24] = {0};
    size_t len = strlen(name), zeros = 0;

    if (len < 14 || len - 11 >= sizeof digits || strncmp(name, "epoch_", 6) != 0 ||
        strcmp(name + len - 5, ".json") != 0)
        return false;
    memcpy(digits, name + 6, len - 11);
    while (digits[zeros] == '0' && digits[zeros + 1] != '\0')
        zeros++;
    return u64_parse(digits + zeros, epoch) == ERR_OK;
}

static enum err list(struct log_folder *f, struct diag *diag)
{
    DIR *dir = opendir(f->path);
    struct dirent *entry;
    uint64_t epoch;

    if (dir == NULL)
        return diag_set(diag, ERR_IO, "%s: cannot open the folder: %s", f->path, strerror(errno));
    while ((entry = readdir(dir)) != NULL) {
        if (!epoch_of(entry->d_name, &epoch))
            continue;
        if ((f->count & (f->count + 1)) == 0)
            f->epochs = mem_resize(f->epochs, 2 * (size_t)f->count + 2, sizeof f->epochs[0]);
        f->epochs[f->count++] = epoch;
    }
    closedir(dir);
    if (f->count == 0)
        return diag_set(diag, ERR_MISSING,
                        "%s: there is no epoch here (epoch_NNN.json); a folder in it is another label: --label",
                        f->path);
    qsort(f->epochs, f->count, sizeof f->epochs[0], compare_epochs);
    return ERR_OK;
}

static enum err read_genesis(struct log_folder *f, struct diag *diag)
{
    struct json_doc doc;
    struct buf path = {0};
    const char *text;
    enum err err;

    buf_printf(&path, "%s/genesis.json", f->path);
    err = json_doc_load(&doc, buf_text(&path), FILE_MAX, diag);
    buf_free(&path);
    if (err != ERR_OK)
        return err;
    text = json_string_value(json_object_get(doc.root, "genesis"));
    err = text != NULL ? base64_decode(bytes_of_text(text), &f->genesis) : ERR_MISSING;
    if (err != ERR_OK)
        err = json_doc_complain(&doc, "/genesis", diag, err, "expected the document in base64");
    f->federation_id = digest_of(bytes_of_buf(&f->genesis));
    json_doc_free(&doc);
    return err;
}

enum err log_folder_open(const char *dir, const char *label, struct log_folder *out, struct diag *diag)
{
    struct log_folder f = {0};
    struct buf path = {0};
    enum err err;

    buf_printf(&path, "%s/ledger", dir);
    if (label != NULL && strcmp(label, "default") != 0)
        buf_printf(&path, "/%s", label);
    f.path = text_copy(bytes_of_buf(&path));
    buf_free(&path);
    err = list(&f, diag);
    if (err == ERR_OK)
        err = read_genesis(&f, diag);
    if (err != ERR_OK)
        log_folder_close(&f);
    else
        *out = f;
    return err;
}

void log_folder_close(struct log_folder *f)
{
    mem_free(f->path);
    mem_free(f->epochs);
    buf_free(&f->genesis);
    *f = (struct log_folder){0};
}

void log_folder_name(const struct log_folder *f, uint64_t epoch, const char *ending, struct buf *out)
{
    buf_printf(out, "%s/epoch_%03" PRIu64 "%s", f->path, epoch, ending);
}

enum err log_folder_epoch(const struct log_folder *f, unsigned at, struct log_epoch *out, struct diag *diag)
{
    struct log_epoch e = {.epoch = f->epochs[at]};
    struct buf path = {0};
    enum err err;

    if (at > 0 && f->epochs[at - 1] + 1 != e.epoch)
        return diag_set(diag, ERR_MISSING, "%s: the file of epoch %" PRIu64 " is missing", f->path, e.epoch - 1);
    log_folder_name(f, e.epoch, ".json", &path);
    err = json_doc_load(&e.doc, buf_text(&path), FILE_MAX, diag);
    buf_free(&path);
    if (err != ERR_OK)
        return err;
    err = epoch_file_parse(&e.doc, &e.file, diag);
    if (err != ERR_OK)
        json_doc_free(&e.doc);
    else
        *out = e;
    return err;
}

void log_epoch_close(struct log_epoch *e)
{
    json_doc_free(&e->doc);
    epoch_file_fini(&e->file);
}

enum err log_folder_checkpoint(const struct log_folder *f, uint64_t epoch, struct buf *out, struct diag *diag)
{
    struct buf path = {0};
    enum err err;

    log_folder_name(f, epoch, ".checkpoint", &path);
    if (access(buf_text(&path), F_OK) != 0)
        err = diag_set(diag, ERR_MISSING, "%s: there is no such file", buf_text(&path));
    else
        err = file_read(buf_text(&path), NOTE_SIZE_MAX, out, diag);
    buf_free(&path);
    return err;
}

/* ---- from the first leaf to the last */

static void add_leaf(struct log_walk *w, struct bytes entry)
{
    struct digest leaf = entry_leaf_hash(entry);

    merkle_tree_append(&w->tree, &leaf);
}

/* The epoch closes its membership epoch: the next validators follow from its last block. */
static void keep_link(struct log_walk *w, const struct log_epoch *e)
{
    const struct block *last = &e->file.blocks[e->file.block_count - 1];
    struct buf header = {0};

    w->links = mem_resize(w->links, w->link_count + 1, sizeof w->links[0]);
    w->links[w->link_count] = (struct buf){0};
    block_header_encode(&last->header, &header);
    link_encode(bytes_of_buf(&header), last->certificate, bytes_of_buf(&e->file.next_voters),
                &w->links[w->link_count++]);
    buf_free(&header);
}

static enum err walk_entries(struct log_walk *w, const struct log_epoch *e, struct diag *diag)
{
    size_t number = 0;
    enum err err = ERR_OK;

    for (unsigned b = 0; b < e->file.block_count; b++) {
        const struct block *block = &e->file.blocks[b];

        for (unsigned i = 0; i < block->count && err == ERR_OK; i++) {
            if (w->entry != NULL)
                err = w->entry(w->context, w, e, number++, block->entries[i], diag);
            add_leaf(w, block->entries[i]);
        }
    }
    return err;
}

static enum err walk_epoch(struct log_walk *w, const struct log_epoch *e, struct diag *diag)
{
    const struct block_header *last;
    struct digest root;
    enum err err = walk_entries(w, e, diag);

    if (err != ERR_OK || e->file.block_count == 0)
        return err;
    last = &e->file.blocks[e->file.block_count - 1].header;
    root = merkle_tree_root(&w->tree, w->tree.size);
    if (last->log_size != w->tree.size || !digest_equal(&last->log_root, &root))
        return diag_set(diag, ERR_MISMATCH, "%s: the entries up to epoch %" PRIu64 " give another root than its header",
                        w->folder->path, e->epoch);
    if (e->file.next_voters.len > 0)
        keep_link(w, e);
    return w->ended != NULL ? w->ended(w->context, w, e, diag) : ERR_OK;
}

enum err log_walk_run(struct log_walk *w, struct diag *diag)
{
    enum err err = ERR_OK;

    if (w->entry != NULL)
        err = w->entry(w->context, w, NULL, 0, bytes_of_buf(&w->folder->genesis), diag);
    add_leaf(w, bytes_of_buf(&w->folder->genesis));
    for (unsigned i = 0; i < w->folder->count && err == ERR_OK; i++) {
        struct log_epoch e;

        err = log_folder_epoch(w->folder, i, &e, diag);
        if (err != ERR_OK)
            break;
        err = walk_epoch(w, &e, diag);
        log_epoch_close(&e);
    }
    return err;
}

void log_walk_fini(struct log_walk *w)
{
    for (unsigned i = 0; i < w->link_count; i++)
        buf_free(&w->links[i]);
    mem_free(w->links);
    merkle_tree_free(&w->tree);
}
