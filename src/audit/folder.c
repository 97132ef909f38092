#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"

/* docs/audit.md, Limits. */
enum { NAMES_MAX = 1 << 20, LABEL_MAX = 64, NOTES_MAX = 20 };

#define DEFAULT_LABEL "default"

/* What one name in the folder stands for. */
struct found {
    char *label; /* owned */
    char *path;  /* owned; as findings name it: the folder as it was given, and below */
    enum { FOUND_GENESIS, FOUND_EPOCH, FOUND_CHECKPOINT, FOUND_GOVERNANCE, FOUND_SUMMARY } kind;
    uint64_t epoch;
};

struct finder {
    const char *folder;
    int fd; /* of the folder */
    struct audit_report *report;
    size_t count;
    struct found *items;
    bool is_ours; /* there is a simulations or a ledger folder */
    unsigned beside;
};

/* A name where one is looked at, itself and not what a link points to. */
enum file_type { TYPE_FILE, TYPE_FOLDER, TYPE_LINK, TYPE_OTHER };

struct place {
    struct finder *finder;
    const char *label; /* of the files here */
    const char *path;  /* of the folder */
};

static char *copy(const char *text, size_t len)
{
    char *out = mem_alloc(len + 1);

    memcpy(out, text, len);
    return out;
}

static char *join(const char *a, const char *b)
{
    struct buf path = {0};
    char *out;

    buf_printf(&path, "%s/%s", a, b);
    out = copy(buf_text(&path), path.len);
    buf_free(&path);
    return out;
}

static void add(struct finder *f, const char *label, size_t label_len, const char *path, struct found found)
{
    found.label = copy(label, label_len);
    found.path = copy(path, strlen(path));
    f->items = mem_resize(f->items, f->count + 1, sizeof f->items[0]);
    f->items[f->count++] = found;
    audit_pass(f->report, RULE_FILE_EXTRA);
}

/* epoch_NNN and the ending: at least three digits, more only where they are needed. */
static bool epoch_name(const char *name, const char *ending, uint64_t *epoch)
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
    if (n < 3 || (n > 3 && digits[0] == '0') || strcmp(name + 6 + n, ending) != 0)
        return false;
    while (zeros + 1 < n && digits[zeros] == '0')
        zeros++;
    return u64_parse(digits + zeros, epoch) == ERR_OK;
}

static void extra(struct finder *f, const char *path, enum file_type type)
{
    static const char *const why[] = {"not a file that belongs to a folder of artifacts",
                                      "not a folder that belongs to a folder of artifacts",
                                      "a symbolic link, which is not followed: artifacts are files of their own",
                                      "neither a file nor a folder, and not opened"};

    audit_fail(f->report, RULE_FILE_EXTRA, path, "", "%s", why[type]);
}

static enum file_type type_of(int folder, const char *name)
{
    struct stat status;

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return TYPE_OTHER;
    return S_ISREG(status.st_mode)   ? TYPE_FILE
           : S_ISDIR(status.st_mode) ? TYPE_FOLDER
           : S_ISLNK(status.st_mode) ? TYPE_LINK
                                     : TYPE_OTHER;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a folder has, in an order that no file system and no locale decides. Too many names, and one that the system
 * cannot list, are findings. */
static void each(const struct place *place, int fd,
                 void (*see)(const struct place *place, int fd, const char *name, const char *path))
{
    struct finder *f = place->finder;
    DIR *folder = fdopendir(fd); /* has the descriptor from here on */
    struct dirent *entry;
    char **names = NULL;
    size_t count = 0;

    if (folder == NULL) {
        audit_fail(f->report, RULE_FILE_MISSING, place->path, "", "cannot be listed: %s", strerror(errno));
        close(fd);
        return;
    }
    while ((entry = readdir(folder)) != NULL && count < NAMES_MAX) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if ((count & (count + 1)) == 0)
            names = mem_resize(names, 2 * count + 2, sizeof names[0]);
        names[count++] = copy(entry->d_name, strlen(entry->d_name));
    }
    if (entry != NULL)
        audit_fail(f->report, RULE_FILE_EXTRA, place->path, "", "has more than %d names; the others are not looked at",
                   (int)NAMES_MAX);
    if (count > 0)
        qsort(names, count, sizeof names[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        char *path = join(place->path, names[i]);

        see(place, fd, names[i], path);
        mem_free(path);
        mem_free(names[i]);
    }
    mem_free(names);
    closedir(folder);
}

static void see_ledger_file(const struct place *place, int fd, const char *name, const char *path)
{
    struct finder *f = place->finder;
    enum file_type type = type_of(fd, name);
    uint64_t epoch = 0;

    if (type != TYPE_FILE)
        extra(f, path, type);
    else if (strcmp(name, "genesis.json") == 0)
        add(f, place->label, strlen(place->label), path, (struct found){.kind = FOUND_GENESIS});
    else if (epoch_name(name, ".json", &epoch))
        add(f, place->label, strlen(place->label), path, (struct found){.kind = FOUND_EPOCH, .epoch = epoch});
    else if (epoch_name(name, ".checkpoint", &epoch))
        add(f, place->label, strlen(place->label), path, (struct found){.kind = FOUND_CHECKPOINT, .epoch = epoch});
    else
        extra(f, path, type);
}

static void not_a_label(struct finder *f, const char *path)
{
    audit_fail(f->report, RULE_FILE_EXTRA, path, "", "not the name of a label: expected 1 to %d " NAME_ALPHABET,
               (int)LABEL_MAX);
}

/* Files of the default label, and a folder for each other one. */
static void see_ledger(const struct place *place, int fd, const char *name, const char *path)
{
    struct finder *f = place->finder;
    size_t before = f->count;
    int inner;

    if (type_of(fd, name) != TYPE_FOLDER || strcmp(name, DEFAULT_LABEL) == 0) {
        see_ledger_file(place, fd, name, path);
        return;
    }
    if (!name_valid(bytes_of_text(name), LABEL_MAX)) {
        not_a_label(f, path);
        return;
    }
    inner = file_open_folder(fd, name);
    if (inner < 0) {
        audit_fail(f->report, RULE_FILE_MISSING, path, "", "cannot be opened: %s", strerror(errno));
        return;
    }
    each(&(struct place){f, name, path}, inner, see_ledger_file);
    if (f->count == before)
        extra(f, path, TYPE_FOLDER); /* a label's folder without anything of the label */
}

/* The default label's file has no suffix: with one it would be a second file for the same thing, and one of the two
 * would be read by nobody. */
bool audit_summary_label(const char *name, struct bytes *label)
{
    static const char prefix[] = "epoch_summary_", suffix[] = ".json";
    size_t whole = strlen(name), both = sizeof prefix - 1 + sizeof suffix - 1;

    *label = bytes_of_text(DEFAULT_LABEL);
    if (strcmp(name, "epoch_summary.json") == 0)
        return true;
    if (whole <= both || strncmp(name, prefix, sizeof prefix - 1) != 0 ||
        strcmp(name + whole - (sizeof suffix - 1), suffix) != 0)
        return false;
    *label = bytes_of(name + sizeof prefix - 1, whole - both);
    return MUTATE(AUDIT_DEFAULT_TWICE, true, !bytes_equal(*label, bytes_of_text(DEFAULT_LABEL)));
}

/* META-GOVERNANCE-LOG.md of the default label, or with another one behind it. */
static bool governance_label(const char *name, struct bytes *label)
{
    static const char stem[] = "META-GOVERNANCE-LOG", ending[] = ".md";
    size_t whole = strlen(name), both = sizeof stem - 1 + sizeof ending - 1;

    *label = bytes_of_text(DEFAULT_LABEL);
    if (whole < both || strncmp(name, stem, sizeof stem - 1) != 0 ||
        strcmp(name + whole - (sizeof ending - 1), ending) != 0)
        return false;
    if (whole == both)
        return true;
    *label = bytes_of(name + sizeof stem, whole - both - 1);
    return name[sizeof stem - 1] == '_' && label->len > 0 && !bytes_equal(*label, bytes_of_text(DEFAULT_LABEL));
}

static void see_summary(const struct place *place, int fd, const char *name, const char *path)
{
    struct finder *f = place->finder;
    enum file_type type = type_of(fd, name);
    struct bytes label;

    bool governance = governance_label(name, &label);
    if (type != TYPE_FILE || (!governance && !audit_summary_label(name, &label)))
        extra(f, path, type);
    else if (!name_valid(label, LABEL_MAX))
        not_a_label(f, path);
    else
        add(f, (const char *)label.data, label.len, path,
            (struct found){.kind = governance ? FOUND_GOVERNANCE : FOUND_SUMMARY});
}

static void see_part(const struct place *place, int fd, const char *name, const char *path)
{
    struct finder *f = place->finder;
    bool is_ledger = strcmp(name, "ledger") == 0;
    enum file_type type = type_of(fd, name);
    int inner;

    if (!is_ledger && strcmp(name, "simulations") != 0) {
        if (f->beside++ < NOTES_MAX)
            audit_note(f->report, "%s lies beside simulations and ledger and was not looked at", path);
        return;
    }
    f->is_ours = true;
    if (type != TYPE_FOLDER) {
        extra(f, path, type);
        return;
    }
    inner = file_open_folder(fd, name);
    if (inner < 0)
        audit_fail(f->report, RULE_FILE_MISSING, path, "", "cannot be opened: %s", strerror(errno));
    else
        each(&(struct place){f, DEFAULT_LABEL, path}, inner, is_ledger ? see_ledger : see_summary);
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

static enum err read_file(void *context, const char *path, uint64_t at, size_t limit, struct buf *out,
                          struct diag *diag)
{
    const struct finder *f = context;
    const char *below = path + strlen(f->folder) + 1;

    return at == 0 && limit == AUDIT_FILE_MAX ? file_read_below(f->fd, below, path, limit, out, diag)
                                              : file_read_part_below(f->fd, below, path, at, limit, out, diag);
}

static void audit_group(struct finder *f, const struct found *items, size_t count, const struct audit_options *options)
{
    struct audit_epoch_file *epochs = mem_array(count, sizeof epochs[0]);
    struct audit_epoch_file *checkpoints = mem_array(count, sizeof checkpoints[0]);
    struct audit_source source = {f, read_file};
    struct audit_input in = {.label = items[0].label, .source = &source, .epochs = epochs, .checkpoints = checkpoints};

    for (size_t i = 0; i < count; i++) {
        struct audit_file file = {.path = items[i].path};

        if (items[i].kind == FOUND_GENESIS)
            in.genesis = file;
        else if (items[i].kind == FOUND_SUMMARY)
            in.summary = file;
        else if (items[i].kind == FOUND_GOVERNANCE)
            in.governance = file;
        else if (items[i].kind == FOUND_CHECKPOINT)
            checkpoints[in.checkpoint_count++] = (struct audit_epoch_file){.epoch = items[i].epoch, .file = file};
        else
            epochs[in.epoch_count++] = (struct audit_epoch_file){.epoch = items[i].epoch, .file = file};
    }
    audit_label(&in, options, f->report);
    mem_free(epochs);
    mem_free(checkpoints);
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

static enum err audit_groups(struct finder *f, const struct audit_options *options, struct diag *diag)
{
    bool found = false;
    size_t begin = 0;

    for (size_t i = 1; i <= f->count; i++) {
        if (i < f->count && strcmp(f->items[i].label, f->items[begin].label) == 0)
            continue;
        if (options->label == NULL || strcmp(f->items[begin].label, options->label) == 0) {
            audit_group(f, &f->items[begin], i - begin, options);
            found = true;
        }
        begin = i;
    }
    return found || options->label == NULL ? ERR_OK : no_such_label(f, options->label, diag);
}

static enum err audit_found(struct finder *f, const struct audit_options *options, size_t findings_before,
                            struct diag *diag)
{
    each(&(struct place){f, NULL, f->folder}, fcntl(f->fd, F_DUPFD_CLOEXEC, 0), see_part);
    if (f->beside > NOTES_MAX)
        audit_note(f->report, "%s: and %u more", f->folder, f->beside - NOTES_MAX);
    if (!f->is_ours || (f->count == 0 && f->report->finding_count == findings_before))
        return diag_set(diag, ERR_MISSING, "%s: no artifacts here (simulations/epoch_summary*.json, ledger/...)",
                        f->folder);
    if (f->count > 0)
        qsort(f->items, f->count, sizeof f->items[0], compare_found);
    return audit_groups(f, options, diag);
}

enum err audit_folder(const char *folder, const struct audit_options *options, struct audit_report *report,
                      struct diag *diag)
{
    struct finder f = {.folder = folder, .report = report};
    size_t findings_before = report->finding_count;
    enum err err;

    f.fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f.fd < 0)
        return diag_set(diag, ERR_IO, "%s: %s", folder,
                        errno == ENOENT || errno == ENOTDIR ? "there is no such folder" : strerror(errno));
    audit_folder_begin(report, folder);
    err = audit_found(&f, options, findings_before, diag);
    for (size_t i = 0; i < f.count; i++) {
        mem_free(f.items[i].label);
        mem_free(f.items[i].path);
    }
    mem_free(f.items);
    close(f.fd);
    if (err != ERR_OK)
        audit_report_free(report);
    return err;
}
