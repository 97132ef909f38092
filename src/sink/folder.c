#include "sink/folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "record/artifacts.h"

enum { DOCUMENT_SIZE_MAX = 512 << 20 };

static const char *path_of(const struct buf *buf)
{
    return (const char *)buf->data; /* artifacts_init() has ended it */
}

/* ---- what a folder has */

struct names {
    unsigned count;
    char **items; /* owned */
};

static void names_add(struct names *n, const char *name)
{
    n->items = mem_resize(n->items, n->count + 1, sizeof n->items[0]);
    n->items[n->count++] = text_copy(bytes_of_text(name));
}

static void names_fini(struct names *n)
{
    for (unsigned i = 0; i < n->count; i++)
        mem_free(n->items[i]);
    mem_free(n->items);
    *n = (struct names){0};
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_genesis(const char *folder, const char *label)
{
    struct artifacts a;
    struct buf path = {0};
    bool has;

    artifacts_init(&a, folder, label);
    buf_printf(&path, "%s/genesis.json", path_of(&a.ledger));
    has = access(buf_text(&path), F_OK) == 0;
    buf_free(&path);
    artifacts_fini(&a);
    return has;
}

static enum err labels_of(const char *folder, struct names *out, struct diag *diag)
{
    struct buf path = {0};
    const struct dirent *entry;

    buf_printf(&path, "%s/ledger", folder);
    DIR *dir = opendir(buf_text(&path));
    if (dir == NULL) {
        enum err err = diag_set(diag, ERR_MISSING, "%s: %s", buf_text(&path), strerror(errno));
        buf_free(&path);
        return err;
    }
    if (has_genesis(folder, ARTIFACTS_DEFAULT_LABEL))
        names_add(out, ARTIFACTS_DEFAULT_LABEL);
    while ((entry = readdir(dir)) != NULL) {
        if (artifacts_check_label(entry->d_name, NULL) == ERR_OK &&
            strcmp(entry->d_name, ARTIFACTS_DEFAULT_LABEL) != 0 && has_genesis(folder, entry->d_name))
            names_add(out, entry->d_name);
    }
    closedir(dir);
    buf_free(&path);
    if (out->count == 0)
        return diag_set(diag, ERR_MISSING, "%s: there is no ledger (ledger/.../genesis.json)", folder);
    qsort(out->items, out->count, sizeof out->items[0], compare_names);
    return ERR_OK;
}

/* The numbers of the epochs' files; first > last: there is none. */
static enum err epochs_of(const struct artifacts *a, uint64_t *first, uint64_t *last, struct diag *diag)
{
    DIR *dir = opendir(path_of(&a->ledger));
    const struct dirent *entry;

    if (dir == NULL)
        return diag_set(diag, ERR_MISSING, "%s: %s", path_of(&a->ledger), strerror(errno));
    *first = UINT64_MAX;
    *last = 0;
    while ((entry = readdir(dir)) != NULL) {
        char expected[40];
        uint64_t epoch = strncmp(entry->d_name, "epoch_", 6) == 0 ? strtoull(entry->d_name + 6, NULL, 10) : 0;

        snprintf(expected, sizeof expected, "epoch_%03" PRIu64 ".json", epoch);
        if (epoch == 0 || strcmp(entry->d_name, expected) != 0)
            continue;
        *first = epoch < *first ? epoch : *first;
        *last = epoch > *last ? epoch : *last;
    }
    closedir(dir);
    return ERR_OK;
}

/* ---- into the sink */

static enum err fill_epoch(struct sink *s, const struct artifacts *a, uint64_t epoch, struct diag *diag)
{
    struct buf path = {0}, text = {0}, checkpoint = {0};
    enum err err;

    buf_printf(&path, "%s/epoch_%03" PRIu64 ".json", path_of(&a->ledger), epoch);
    err = file_read(buf_text(&path), DOCUMENT_SIZE_MAX, &text, diag);
    buf_clear(&path);
    buf_printf(&path, "%s/epoch_%03" PRIu64 ".checkpoint", path_of(&a->ledger), epoch);
    if (err == ERR_OK && access(buf_text(&path), F_OK) == 0)
        err = file_read(buf_text(&path), DOCUMENT_SIZE_MAX, &checkpoint, diag);
    if (err == ERR_OK)
        err = sink_put_epoch(s, epoch, bytes_of_buf(&text), bytes_of_buf(&checkpoint), diag);
    buf_free(&path);
    buf_free(&text);
    buf_free(&checkpoint);
    return err;
}

static enum err fill_epochs(struct sink *s, const struct artifacts *a, uint64_t there, struct sink_moved *out,
                            struct diag *diag)
{
    uint64_t first, last;
    enum err err = epochs_of(a, &first, &last, diag);

    for (uint64_t epoch = first; err == ERR_OK && epoch <= last; epoch++) {
        err = fill_epoch(s, a, epoch, diag);
        out->epochs += err == ERR_OK;
        out->written += err == ERR_OK && epoch > there;
    }
    return err;
}

/* It is there where somebody governs. */
static enum err fill_governance(struct sink *s, const struct artifacts *a, struct diag *diag)
{
    struct buf text = {0};
    enum err err;

    if (access(path_of(&a->governance), F_OK) != 0)
        return ERR_OK;
    err = file_read(path_of(&a->governance), DOCUMENT_SIZE_MAX, &text, diag);
    if (err == ERR_OK)
        err = sink_put_governance(s, bytes_of_buf(&text), diag);
    buf_free(&text);
    return err;
}

static enum err fill_label(struct sink *s, const char *folder, const char *label, struct sink_moved *out,
                           struct diag *diag)
{
    struct artifacts a;
    struct buf path = {0}, genesis = {0}, summary = {0};
    uint64_t there = 0;
    enum err err;

    artifacts_init(&a, folder, label);
    buf_printf(&path, "%s/genesis.json", path_of(&a.ledger));
    err = file_read(buf_text(&path), DOCUMENT_SIZE_MAX, &genesis, diag);
    if (err == ERR_OK) /* it gets its name last: without it, the record is not whole */
        err = file_read(path_of(&a.summary), DOCUMENT_SIZE_MAX, &summary, diag);
    if (err == ERR_OK)
        err = sink_begin(s, label, bytes_of_buf(&genesis), &there, diag);
    if (err == ERR_OK)
        err = fill_epochs(s, &a, there, out, diag);
    if (err == ERR_OK)
        err = fill_governance(s, &a, diag);
    if (err == ERR_OK)
        err = sink_put_summary(s, bytes_of_buf(&summary), diag);
    out->ledgers += err == ERR_OK;
    artifacts_fini(&a);
    buf_free(&path);
    buf_free(&genesis);
    buf_free(&summary);
    return err;
}

enum err sink_fill(struct sink *s, const char *folder, const char *label, struct sink_moved *out, struct diag *diag)
{
    struct names labels = {0};
    enum err err = ERR_OK;

    *out = (struct sink_moved){0};
    if (label != NULL)
        names_add(&labels, label);
    else
        err = labels_of(folder, &labels, diag);
    for (unsigned i = 0; i < labels.count && err == ERR_OK; i++)
        err = fill_label(s, folder, labels.items[i], out, diag);
    names_fini(&labels);
    return err;
}

/* ---- out of the sink */

/* Not every epoch has one. */
static enum err export_checkpoint(struct sink *s, struct artifacts *a, uint64_t epoch, struct diag *diag)
{
    struct buf note = {0};
    enum err err = sink_document(s, a->label, SINK_CHECKPOINT, epoch, &note, diag);

    if (err == ERR_OK)
        err = artifacts_stage_checkpoint(a, epoch, bytes_of_buf(&note), diag);
    buf_free(&note);
    return err == ERR_MISSING ? ERR_OK : err;
}

static enum err export_epoch(struct sink *s, struct artifacts *a, uint64_t epoch, struct diag *diag)
{
    struct buf text = {0};
    enum err err = sink_document(s, a->label, SINK_EPOCH, epoch, &text, diag);

    if (err == ERR_OK)
        err = artifacts_stage_epoch(a, epoch, bytes_of_buf(&text), diag);
    if (err == ERR_OK)
        err = export_checkpoint(s, a, epoch, diag);
    buf_free(&text);
    return err;
}

static enum err export_epochs(struct sink *s, struct artifacts *a, struct sink_moved *out, struct diag *diag)
{
    uint64_t first, last;
    enum err err = sink_epochs(s, a->label, &first, &last, diag);

    for (uint64_t epoch = first; err == ERR_OK && first > 0 && epoch <= last; epoch++) {
        err = export_epoch(s, a, epoch, diag);
        out->epochs += err == ERR_OK;
    }
    return err;
}

static enum err export_governance(struct sink *s, struct artifacts *a, struct diag *diag)
{
    struct buf text = {0};
    enum err err = sink_document(s, a->label, SINK_GOVERNANCE, 0, &text, diag);

    if (err == ERR_OK)
        err = artifacts_stage_governance(a, bytes_of_buf(&text), diag);
    buf_free(&text);
    return err == ERR_MISSING ? ERR_OK : err;
}

static enum err export_rest(struct sink *s, struct artifacts *a, struct diag *diag)
{
    struct buf genesis = {0}, summary = {0};
    struct bytes part;
    enum err err = sink_document(s, a->label, SINK_GENESIS, 0, &genesis, diag);

    if (err == ERR_OK)
        err = artifacts_stage_genesis(a, bytes_of_buf(&genesis), diag);
    if (err == ERR_OK)
        err = export_governance(s, a, diag);
    if (err == ERR_OK)
        err = sink_document(s, a->label, SINK_SUMMARY, 0, &summary, diag);
    part = bytes_of_buf(&summary);
    if (err == ERR_OK)
        err = artifacts_stage_summary(a, file_give_once, &part, diag);
    buf_free(&genesis);
    buf_free(&summary);
    return err;
}

static enum err export_label(struct sink *s, const char *folder, const char *label, struct sink_moved *out,
                             struct diag *diag)
{
    struct artifacts a;
    enum err err = artifacts_check_label(label, diag); /* the sink may be a stranger's */

    if (err != ERR_OK)
        return err;
    artifacts_init(&a, folder, label);
    err = artifacts_prepare(&a, true, diag);
    if (err == ERR_OK)
        err = export_epochs(s, &a, out, diag);
    if (err == ERR_OK)
        err = export_rest(s, &a, diag);
    if (err == ERR_OK)
        err = artifacts_commit(&a, true, diag);
    else
        artifacts_abandon(&a);
    out->ledgers += err == ERR_OK;
    artifacts_fini(&a);
    return err;
}

static enum err take_label(void *context, const char *label, uint64_t last_epoch, struct diag *diag)
{
    (void)last_epoch, (void)diag;
    names_add(context, label);
    return ERR_OK;
}

enum err sink_export(struct sink *s, const char *folder, const char *label, struct sink_moved *out, struct diag *diag)
{
    struct names labels = {0};
    enum err err = ERR_OK;

    *out = (struct sink_moved){0};
    if (label != NULL)
        names_add(&labels, label);
    else
        err = sink_ledgers(s, take_label, &labels, diag);
    if (err == ERR_OK && labels.count == 0)
        err = diag_set(diag, ERR_MISSING, "the sink has no ledger");
    for (unsigned i = 0; i < labels.count && err == ERR_OK; i++)
        err = export_label(s, folder, labels.items[i], out, diag);
    names_fini(&labels);
    return err;
}
