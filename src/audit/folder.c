#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"

enum { FILE_SIZE_MAX = 512 << 20 };

#define DEFAULT_LABEL "default"

/* What one name in the folder stands for. */
struct found {
    char *label; /* owned */
    char *path;  /* owned */
    enum { FOUND_GENESIS, FOUND_EPOCH, FOUND_SUMMARY } kind;
    uint64_t epoch;
};

struct finder {
    const char *folder;
    struct audit_report *report;
    size_t count;
    struct found *items;
    bool is_ours; /* there is a simulations or a ledger folder */
};

static char *join(const char *a, const char *b)
{
    size_t length = strlen(a), size = length + strlen(b) + 2;
    char *out = mem_alloc(size);

    memcpy(out, a, length);
    out[length] = '/';
    memcpy(out + length + 1, b, strlen(b) + 1);
    return out;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void add(struct finder *f, const char *label, size_t label_len, const char *path, struct found found)
{
    found.label = mem_alloc(label_len + 1);
    memcpy(found.label, label, label_len);
    found.path = mem_alloc(strlen(path) + 1);
    memcpy(found.path, path, strlen(path) + 1);
    f->items = mem_resize(f->items, f->count + 1, sizeof f->items[0]);
    f->items[f->count++] = found;
    audit_pass(f->report, RULE_FILE_EXTRA);
}

/* epoch_NNN.json: at least three digits, more only where they are needed. */
static bool epoch_name(const char *name, uint64_t *epoch)
{
    char digits[24];
    size_t n = 0, zeros = 0;

    if (strncmp(name, "epoch_", 6) != 0)
        return false;
    while (name[6 + n] >= '0' && name[6 + n] <= '9' && n + 1 < sizeof digits) {
        digits[n] = name[6 + n];
        n++;
    }
    digits[n] = '\0';
    if (n < 3 || (n > 3 && digits[0] == '0') || strcmp(name + 6 + n, ".json") != 0)
        return false;
    while (zeros + 1 < n && digits[zeros] == '0')
        zeros++;
    return u64_parse(digits + zeros, epoch) == ERR_OK;
}

static void extra(struct finder *f, const char *path)
{
    audit_fail(f->report, RULE_FILE_EXTRA, path, "", "not a file that belongs to a folder of artifacts");
}

/* Names in a folder, in an order that no file system decides. */
static enum err list(const char *path, struct dirent ***names, int *count, struct diag *diag)
{
    *count = scandir(path, names, NULL, alphasort);
    return *count >= 0 ? ERR_OK : diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum err each(struct finder *f, const char *label, const char *folder,
                     enum err (*see)(struct finder *f, const char *label, const char *name, const char *path,
                                     struct diag *diag),
                     struct diag *diag)
{
    struct dirent **names;
    int count;
    enum err err = list(folder, &names, &count, diag);

    for (int i = 0; i < count; i++) {
        if (err == ERR_OK && !is_dots(names[i]->d_name)) {
            char *path = join(folder, names[i]->d_name);

            err = see(f, label, names[i]->d_name, path, diag);
            mem_free(path);
        }
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return err;
}

static enum err see_ledger_file(struct finder *f, const char *label, const char *name, const char *path,
                                struct diag *diag)
{
    uint64_t epoch = 0;

    (void)diag;
    if (is_folder(path))
        extra(f, path);
    else if (strcmp(name, "genesis.json") == 0)
        add(f, label, strlen(label), path, (struct found){.kind = FOUND_GENESIS});
    else if (epoch_name(name, &epoch))
        add(f, label, strlen(label), path, (struct found){.kind = FOUND_EPOCH, .epoch = epoch});
    else
        extra(f, path);
    return ERR_OK;
}

/* Files of the default label, and a folder for each other one. */
static enum err see_ledger(struct finder *f, const char *label, const char *name, const char *path, struct diag *diag)
{
    size_t before = f->count;

    if (is_folder(path) && strcmp(name, DEFAULT_LABEL) != 0) {
        enum err err = each(f, name, path, see_ledger_file, diag);

        if (err == ERR_OK && f->count == before)
            extra(f, path); /* a label's folder without anything of the label */
        return err;
    }
    return see_ledger_file(f, label, name, path, diag);
}

/* The label's name in a summary's file; false: it is none. The default label's file has no suffix: with one it would be
 * a second file for the same thing, and one of the two would be read by nobody. */
static bool summary_label(const char *name, size_t *len)
{
    static const char prefix[] = "epoch_summary_", suffix[] = ".json";
    size_t whole = strlen(name), both = sizeof prefix - 1 + sizeof suffix - 1;

    if (whole <= both || strncmp(name, prefix, sizeof prefix - 1) != 0 ||
        strcmp(name + whole - (sizeof suffix - 1), suffix) != 0)
        return false;
    *len = whole - both;
    return MUTATE(AUDIT_DEFAULT_TWICE, true, strcmp(name + sizeof prefix - 1, DEFAULT_LABEL ".json") != 0);
}

static enum err see_summary(struct finder *f, const char *label, const char *name, const char *path, struct diag *diag)
{
    size_t len;

    (void)diag;
    if (is_folder(path))
        extra(f, path);
    else if (strcmp(name, "epoch_summary.json") == 0)
        add(f, label, strlen(label), path, (struct found){.kind = FOUND_SUMMARY});
    else if (summary_label(name, &len))
        add(f, name + strlen("epoch_summary_"), len, path, (struct found){.kind = FOUND_SUMMARY});
    else
        extra(f, path);
    return ERR_OK;
}

static enum err find_part(struct finder *f, const char *part,
                          enum err (*see)(struct finder *f, const char *label, const char *name, const char *path,
                                          struct diag *diag),
                          struct diag *diag)
{
    char *path = join(f->folder, part);
    enum err err = ERR_OK;

    if (is_folder(path)) {
        f->is_ours = true;
        err = each(f, DEFAULT_LABEL, path, see, diag);
    }
    mem_free(path);
    return err;
}

/* ---- reading and auditing */

/* By label, the default one first; then genesis, epochs in their order, summary. */
static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = strcmp(y->label, DEFAULT_LABEL) == 0 ? 1 : 0;

    order -= strcmp(x->label, DEFAULT_LABEL) == 0 ? 1 : 0;
    if (order == 0)
        order = strcmp(x->label, y->label);
    if (order == 0)
        order = (int)x->kind - (int)y->kind;
    if (order == 0)
        order = x->epoch < y->epoch ? -1 : x->epoch > y->epoch;
    return order;
}

/* A file that cannot be read is unusable input; one that is too large to be an artifact is, too. */
static enum err read_one(const struct found *found, struct buf *text, struct audit_input *in,
                         struct audit_epoch_file *epochs, struct diag *diag)
{
    enum err err = file_read(found->path, FILE_SIZE_MAX, text, diag);
    struct audit_file file = {.path = found->path, .text = bytes_of_buf(text)};

    if (err != ERR_OK)
        return err;
    if (found->kind == FOUND_GENESIS)
        in->genesis = file;
    else if (found->kind == FOUND_SUMMARY)
        in->summary = file;
    else
        epochs[in->epoch_count++] = (struct audit_epoch_file){.epoch = found->epoch, .file = file};
    return ERR_OK;
}

static enum err audit_group(const struct found *items, size_t count, const struct audit_options *options,
                            struct audit_report *report, struct diag *diag)
{
    struct buf *texts = mem_array(count, sizeof texts[0]);
    struct audit_epoch_file *epochs = mem_array(count, sizeof epochs[0]);
    struct audit_input in = {.label = items[0].label, .epochs = epochs};
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = read_one(&items[i], &texts[i], &in, epochs, diag);
    if (err == ERR_OK)
        audit_label(&in, options, report);
    for (size_t i = 0; i < count; i++)
        buf_free(&texts[i]);
    mem_free(texts);
    mem_free(epochs);
    return err;
}

static enum err no_such_label(const struct finder *f, const char *label, struct diag *diag)
{
    struct buf there = {0};
    enum err err;

    for (size_t i = 0; i < f->count; i++) {
        if (i == 0 || strcmp(f->items[i].label, f->items[i - 1].label) != 0)
            buf_printf(&there, "%s%s", i > 0 ? ", " : "", f->items[i].label);
    }
    err = diag_set(diag, ERR_UNKNOWN, "%s: nothing here has the label \"%s\"; there are %s", f->folder, label,
                   buf_text(&there));
    buf_free(&there);
    return err;
}

static enum err audit_groups(const struct finder *f, const struct audit_options *options, struct diag *diag)
{
    enum err err = ERR_OK;
    bool found = false;
    size_t begin = 0;

    for (size_t i = 1; i <= f->count && err == ERR_OK; i++) {
        if (i < f->count && strcmp(f->items[i].label, f->items[begin].label) == 0)
            continue;
        if (options->label == NULL || strcmp(f->items[begin].label, options->label) == 0) {
            err = audit_group(&f->items[begin], i - begin, options, f->report, diag);
            found = true;
        }
        begin = i;
    }
    return found || err != ERR_OK ? err : no_such_label(f, options->label, diag);
}

enum err audit_folder(const char *folder, const struct audit_options *options, struct audit_report *report,
                      struct diag *diag)
{
    struct finder f = {.folder = folder, .report = report};
    enum err err;

    if (!is_folder(folder))
        return diag_set(diag, ERR_IO, "%s: there is no such folder", folder);
    audit_folder_begin(report, folder);
    err = find_part(&f, "simulations", see_summary, diag);
    if (err == ERR_OK)
        err = find_part(&f, "ledger", see_ledger, diag);
    if (err == ERR_OK && (!f.is_ours || f.count == 0))
        err =
            diag_set(diag, ERR_MISSING, "%s: no artifacts here (simulations/epoch_summary*.json, ledger/...)", folder);
    if (err == ERR_OK) {
        qsort(f.items, f.count, sizeof f.items[0], compare_found);
        err = audit_groups(&f, options, diag);
    }
    for (size_t i = 0; i < f.count; i++) {
        mem_free(f.items[i].label);
        mem_free(f.items[i].path);
    }
    mem_free(f.items);
    if (err != ERR_OK)
        audit_report_free(report);
    return err;
}
