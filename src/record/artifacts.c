#include "record/artifacts.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "ledger/epoch_file.h"
#include "tlog/checkpoint.h"

/* What a file of ours begins with is in its first bytes. */
enum { HEAD_SIZE = 512 };

/* ---- names */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* genesis.json, epoch_NNN.json or epoch_NNN.checkpoint, or what was on its way to become one: only more text behind,
 * with ".new" or ".tmp" at its end. */
static bool ledger_name(const char *name, bool *unfinished)
{
    size_t digits = 0, len = strlen(name);
    const char *rest;

    if (strncmp(name, "genesis.json", 12) == 0) {
        rest = name + 12;
    } else {
        if (strncmp(name, "epoch_", 6) != 0)
            return false;
        while (is_digit(name[6 + digits]))
            digits++;
        rest = name + 6 + digits;
        if (digits < 3 || (!begins(rest, ".json") && !begins(rest, ".checkpoint")))
            return false;
        rest += begins(rest, ".json") ? 5 : 11;
    }
    *unfinished = *rest != '\0';
    return *rest == '\0' ||
           (*rest == '.' && (strcmp(name + len - 4, ".new") == 0 || strcmp(name + len - 4, ".tmp") == 0));
}

void artifacts_label_of(const char *path, struct buf *out)
{
    const char *slash = strrchr(path, '/');
    const char *stem = slash != NULL ? slash + 1 : path;
    size_t len = strlen(stem);

    if (len > 5 && strcmp(stem + len - 5, ".json") == 0)
        len -= 5;
    if (len == 8 && strncmp(stem, "baseline", len) == 0)
        buf_add_text(out, ARTIFACTS_DEFAULT_LABEL);
    else
        buf_add(out, stem, len);
}

enum err artifacts_check_label(const char *label, struct diag *diag)
{
    bool unfinished;

    if (!name_valid(bytes_of_text(label), ARTIFACT_LABEL_MAX) || ledger_name(label, &unfinished))
        return diag_set(diag, ERR_SYNTAX,
                        "label \"%s\": expected 1 to %d " NAME_ALPHABET ", and not the name of a ledger file", label,
                        (int)ARTIFACT_LABEL_MAX);
    return ERR_OK;
}

static bool is_default(const struct artifacts *a)
{
    return strcmp(a->label, ARTIFACTS_DEFAULT_LABEL) == 0;
}

void artifacts_init(struct artifacts *a, const char *output_dir, const char *label)
{
    *a = (struct artifacts){.label = label};
    buf_printf(&a->simulations, "%s/simulations", output_dir);
    buf_printf(&a->ledger, "%s/ledger", output_dir);
    buf_printf(&a->journal, "%s/unfinished_%s.journal", output_dir, label);
    buf_printf(&a->summary, "%s/simulations/epoch_summary", output_dir);
    buf_printf(&a->governance, "%s/simulations/META-GOVERNANCE-LOG", output_dir);
    if (!is_default(a)) {
        buf_printf(&a->ledger, "/%s", label);
        buf_printf(&a->summary, "_%s", label);
        buf_printf(&a->governance, "_%s", label);
    }
    buf_add_text(&a->summary, ".json");
    buf_add_text(&a->governance, ".md");
    buf_text(&a->simulations);
    buf_text(&a->ledger);
    buf_text(&a->journal);
    buf_text(&a->summary);
    buf_text(&a->governance);
}

void artifacts_fini(struct artifacts *a)
{
    buf_free(&a->simulations);
    buf_free(&a->ledger);
    buf_free(&a->journal);
    buf_free(&a->summary);
    buf_free(&a->governance);
    mem_free(a->checkpoints);
    *a = (struct artifacts){0};
}

/* buf_text was called on it when it was made. */
static const char *path_of(const struct buf *buf)
{
    return (const char *)buf->data;
}

const char *artifacts_journal(const struct artifacts *a)
{
    return path_of(&a->journal);
}

static void epoch_path(const struct artifacts *a, uint64_t epoch, const char *ending, struct buf *out)
{
    buf_printf(out, "%s/epoch_%03" PRIu64 "%s", path_of(&a->ledger), epoch, ending);
}

/* Paths of the files that are staged so far: epochs, their checkpoints (an empty path where there is none), genesis,
 * governance log (likewise), summary. False: no more. */
static bool item_path(const struct artifacts *a, uint64_t item, struct buf *out)
{
    uint64_t epochs = a->epoch_count;

    buf_clear(out);
    if (item < epochs)
        epoch_path(a, a->first_epoch + item, ".json", out);
    else if (item < 2 * epochs && !a->checkpoints[item - epochs])
        return true;
    else if (item < 2 * epochs)
        epoch_path(a, a->first_epoch + item - epochs, ".checkpoint", out);
    else if (item == 2 * epochs && a->genesis)
        buf_printf(out, "%s/genesis.json", path_of(&a->ledger));
    else if (item == 2 * epochs + 1 && a->genesis && a->governed)
        buf_add_text(out, path_of(&a->governance));
    else if (item == 2 * epochs + 2 && a->whole)
        buf_add_text(out, path_of(&a->summary));
    else
        return item == 2 * epochs + 1 && a->genesis;
    return true;
}

/* ---- what is there already */

/* The first bytes of a regular file as text; false when it cannot be read. */
static bool read_head(const char *path, char head[HEAD_SIZE + 1])
{
    struct stat st;
    FILE *file;
    size_t n;

    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    file = fopen(path, "rb");
    if (file == NULL)
        return false;
    n = fread(head, 1, HEAD_SIZE, file);
    fclose(file);
    head[n] = '\0';
    return true;
}

static bool ledger_file_is_ours(const char *path, const char *name)
{
    char head[HEAD_SIZE + 1];
    bool unfinished;

    if (!ledger_name(name, &unfinished) || !read_head(path, head))
        return false;
    return unfinished || begins(head, CHECKPOINT_ORIGIN) ||
           begins(head, "{\n  \"format\": \"" EPOCH_FILE_FORMAT "\"") ||
           begins(head, "{\n  \"format\": \"prismfed.genesis\"");
}

static bool summary_is_ours(const struct artifacts *a)
{
    char head[HEAD_SIZE + 1], label[ARTIFACT_LABEL_MAX + 32];

    snprintf(label, sizeof label, "\n  \"label\": \"%s\",\n", a->label);
    return read_head(path_of(&a->summary), head) && begins(head, "{\n  \"format\": \"prismfed.epoch-summary\",\n") &&
           strstr(head, label) != NULL;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Is it the name of a file that is staged? */
static bool is_staged(const struct artifacts *a, const char *name)
{
    char expected[40];
    uint64_t epoch = 0;

    if (strcmp(name, "genesis.json") == 0)
        return a->genesis;
    if (strncmp(name, "epoch_", 6) != 0)
        return false;
    for (const char *digit = name + 6; is_digit(*digit) && epoch < UINT64_MAX / 100; digit++)
        epoch = 10 * epoch + (uint64_t)(*digit - '0');
    if (epoch < a->first_epoch || epoch - a->first_epoch >= a->epoch_count)
        return false;
    snprintf(expected, sizeof expected, "epoch_%03" PRIu64 ".json", epoch);
    if (strcmp(name, expected) == 0)
        return true;
    snprintf(expected, sizeof expected, "epoch_%03" PRIu64 ".checkpoint", epoch);
    return strcmp(name, expected) == 0 && a->checkpoints[epoch - a->first_epoch];
}

static bool is_expected(const struct artifacts *a, const char *path, const char *name)
{
    if (is_staged(a, name))
        return true;
    /* The ledgers of other labels lie in folders beside the default one's files. */
    return is_default(a) && is_folder(path) && artifacts_check_label(name, NULL) == ERR_OK;
}

/* Looks at (remove false) or removes (true) the files of an earlier run that are not among a's. */
static enum err sweep(const struct artifacts *a, bool remove, struct diag *diag)
{
    DIR *folder = opendir(path_of(&a->ledger));
    struct buf path = {0};
    enum err err = ERR_OK;
    struct dirent *entry;

    if (folder == NULL)
        return diag_set(diag, ERR_IO, "%s: cannot open the folder: %s", path_of(&a->ledger), strerror(errno));
    while (err == ERR_OK && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        buf_clear(&path);
        buf_printf(&path, "%s/%s", path_of(&a->ledger), entry->d_name);
        if (is_expected(a, buf_text(&path), entry->d_name))
            continue;
        if (!ledger_file_is_ours(buf_text(&path), entry->d_name))
            err = diag_set(diag, ERR_STATE, "%s: not written by this program; --clean touches nothing here",
                           buf_text(&path));
        else if (remove && unlink(buf_text(&path)) != 0)
            err = diag_set(diag, ERR_IO, "%s: cannot remove: %s", buf_text(&path), strerror(errno));
    }
    closedir(folder);
    buf_free(&path);
    return err;
}

enum err artifacts_prepare(const struct artifacts *a, bool clean, struct diag *diag)
{
    enum err err;

    if (clean && access(path_of(&a->summary), F_OK) == 0 && !summary_is_ours(a))
        return diag_set(diag, ERR_STATE,
                        "%s: not a summary that this program wrote for label \"%s\"; --clean touches "
                        "nothing here",
                        path_of(&a->summary), a->label);
    if (clean && is_folder(path_of(&a->ledger))) {
        err = sweep(a, false, diag);
        if (err != ERR_OK)
            return err;
    }
    err = file_make_folder(path_of(&a->simulations), diag);
    if (err == ERR_OK)
        err = file_make_folder(path_of(&a->ledger), diag);
    return err;
}

/* ---- writing */

/* path: used up. */
static enum err stage(struct buf *path, struct bytes text, struct diag *diag)
{
    enum err err;

    buf_add_text(path, ".new");
    err = file_stage(buf_text(path), file_give_once, &text, diag);
    buf_free(path);
    return err;
}

enum err artifacts_stage_epoch(struct artifacts *a, uint64_t epoch, struct bytes text, struct diag *diag)
{
    struct buf path = {0};

    ASSERT(a->epoch_count == 0 || epoch == a->first_epoch + a->epoch_count);
    if (a->epoch_count == 0)
        a->first_epoch = epoch;
    if ((a->epoch_count & (a->epoch_count + 1)) == 0)
        a->checkpoints = mem_resize(a->checkpoints, 2 * a->epoch_count + 2, sizeof a->checkpoints[0]);
    a->checkpoints[a->epoch_count++] = false;
    epoch_path(a, epoch, ".json", &path);
    return stage(&path, text, diag);
}

enum err artifacts_stage_checkpoint(struct artifacts *a, uint64_t epoch, struct bytes note, struct diag *diag)
{
    struct buf path = {0};

    ASSERT(a->epoch_count > 0 && epoch == a->first_epoch + a->epoch_count - 1);
    a->checkpoints[a->epoch_count - 1] = true;
    epoch_path(a, epoch, ".checkpoint", &path);
    return stage(&path, note, diag);
}

enum err artifacts_stage_genesis(struct artifacts *a, struct bytes text, struct diag *diag)
{
    struct buf path = {0};

    a->genesis = true;
    buf_printf(&path, "%s/genesis.json", path_of(&a->ledger));
    return stage(&path, text, diag);
}

enum err artifacts_stage_governance(struct artifacts *a, struct bytes text, struct diag *diag)
{
    struct buf path = {0};

    ASSERT(a->genesis && !a->whole);
    a->governed = true;
    buf_add_text(&path, path_of(&a->governance));
    return stage(&path, text, diag);
}

enum err artifacts_stage_summary(struct artifacts *a,
                                 enum err (*give)(void *context, struct bytes *part, struct diag *diag), void *context,
                                 struct diag *diag)
{
    struct buf path = {0};
    enum err err;

    ASSERT(a->genesis);
    a->whole = true;
    buf_printf(&path, "%s.new", path_of(&a->summary));
    err = file_stage(buf_text(&path), give, context, diag);
    buf_free(&path);
    return err;
}

/* What a process that was killed while it wrote has left of this label: all of ours has its name by now, and nobody
 * else writes under the label (the journal is locked). */
static enum err sweep_unfinished(const char *folder, const char *begin, struct diag *diag)
{
    DIR *dir = opendir(folder);
    struct buf path = {0};
    enum err err = ERR_OK;
    struct dirent *entry;

    if (dir == NULL)
        return diag_set(diag, ERR_IO, "%s: cannot open the folder: %s", folder, strerror(errno));
    while (err == ERR_OK && (entry = readdir(dir)) != NULL) {
        bool unfinished = false;

        if (begin != NULL ? !begins(entry->d_name, begin) : !ledger_name(entry->d_name, &unfinished) || !unfinished)
            continue;
        buf_clear(&path);
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        if (unlink(buf_text(&path)) != 0)
            err = diag_set(diag, ERR_IO, "%s: cannot remove: %s", buf_text(&path), strerror(errno));
    }
    closedir(dir);
    buf_free(&path);
    return err;
}

static enum err sweep_all_unfinished(const struct artifacts *a, struct diag *diag)
{
    struct buf begin = {0};
    enum err err = sweep_unfinished(path_of(&a->ledger), NULL, diag);

    buf_printf(&begin, "%s.new", strrchr(path_of(&a->summary), '/') + 1);
    if (err == ERR_OK)
        err = sweep_unfinished(path_of(&a->simulations), buf_text(&begin), diag);
    buf_free(&begin);
    return err;
}

/* An epoch that nobody signed a checkpoint of has none, whatever an earlier run left there. */
static void drop_old_checkpoints(const struct artifacts *a)
{
    struct buf path = {0};

    for (uint64_t i = 0; i < a->epoch_count; i++) {
        buf_clear(&path);
        epoch_path(a, a->first_epoch + i, ".checkpoint", &path);
        if (!a->checkpoints[i])
            unlink(buf_text(&path));
    }
    buf_free(&path);
}

/* Nobody governs any more under this label. Only what begins as ours does is removed. */
static void drop_old_governance(const struct artifacts *a)
{
    char head[HEAD_SIZE + 1];

    if (read_head(path_of(&a->governance), head) && begins(head, "# Governance of "))
        unlink(path_of(&a->governance));
}

enum err artifacts_commit(struct artifacts *a, bool clean, struct diag *diag)
{
    struct buf path = {0}, from = {0};
    enum err err = ERR_OK;

    ASSERT(a->whole);
    for (uint64_t item = 0; err == ERR_OK && item_path(a, item, &path); item++) {
        if (path.len == 0)
            continue;
        buf_add_text(&path, ".new");
        err = file_sync(buf_text(&path), diag);
    }
    for (uint64_t item = 0; err == ERR_OK && item_path(a, item, &path); item++) {
        if (path.len == 0)
            continue;
        buf_clear(&from);
        buf_printf(&from, "%s.new", buf_text(&path));
        if (rename(buf_text(&from), buf_text(&path)) != 0)
            err = diag_set(diag, ERR_IO, "%s: cannot replace: %s", buf_text(&path), strerror(errno));
    }
    buf_free(&path);
    buf_free(&from);
    if (err == ERR_OK)
        drop_old_checkpoints(a);
    if (err == ERR_OK && !a->governed)
        drop_old_governance(a);
    if (err == ERR_OK)
        err = file_sync_folder(path_of(&a->ledger), diag);
    if (err == ERR_OK)
        err = file_sync_folder(path_of(&a->simulations), diag);
    if (err == ERR_OK)
        err = sweep_all_unfinished(a, diag);
    if (err == ERR_OK && clean)
        err = sweep(a, true, diag);
    return err;
}

void artifacts_abandon(struct artifacts *a)
{
    struct buf path = {0};

    for (uint64_t item = 0; item_path(a, item, &path); item++) {
        if (path.len == 0)
            continue;
        buf_add_text(&path, ".new");
        unlink(buf_text(&path)); /* what has its name already is gone from here */
    }
    buf_free(&path);
}
