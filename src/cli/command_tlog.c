/* prismfed tlog: the log in the forms of other transparency logs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/tlog_witness.h"
#include "state/membership.h"
#include "state/state.h"
#include "tlog/folder.h"
#include "tlog/tiles.h"
#include "tlog/trust_policy.h"

enum { WITNESSES_MAX = 32 };

struct arguments {
    const char *label, *output, *policy;
    uint64_t needed;
    bool has_needed;
    unsigned witness_count;
    struct trust_extra witnesses[WITNESSES_MAX];
};

/* VKEY or VKEY=URL. */
static int take_witness(void *arguments, const char *value)
{
    struct arguments *a = arguments;
    const char *url = strstr(value, "=http");
    struct bytes vkey = url != NULL ? bytes_of(value, (size_t)(url - value)) : bytes_of_text(value);
    struct note_key key;

    if (a->witness_count == WITNESSES_MAX)
        return command_misuse("tlog", "at most %d witnesses", (int)WITNESSES_MAX);
    if (note_key_parse(vkey, &key) != ERR_OK || key.type != NOTE_KEY_COSIGNER)
        return command_misuse("tlog", "--witness needs the verifier key of a cosigner, NAME+ID+KEY, and not \"%s\"",
                              value);
    a->witnesses[a->witness_count++] = (struct trust_extra){vkey, bytes_of_text(url != NULL ? url + 1 : "")};
    return EXIT_FINE;
}

static const struct option_row rows[] = {
    {"label", "LABEL", OPTION_TEXT, offsetof(struct arguments, label),
     .help = "of the artifacts (default \"default\")"},
    {"output", "FILE", OPTION_TEXT, offsetof(struct arguments, output),
     .help = "where the policy goes (default: standard output)"},
    {"policy", "FILE", OPTION_TEXT, offsetof(struct arguments, policy),
     .help = "with witness: the trust policy whose witnesses with a URL are asked"},
    {"witness", "VKEY", OPTION_TAKE, .take = take_witness,
     .help = "with policy: a witness that is to cosign, too, or VKEY=URL; may be given more than once"},
    {"needed", "K", OPTION_NUMBER, offsetof(struct arguments, needed), 1, WITNESSES_MAX,
     offsetof(struct arguments, has_needed), .help = "with policy: how many of the witnesses (default: all of them)"},
};

static const struct option_table table = {
    .verb = "tlog",
    .usage = "prismfed tlog export [--label LABEL] DIR OUT\n"
             "       prismfed tlog policy [OPTION...] DIR\n"
             "       prismfed tlog witness --policy FILE [--label LABEL] DIR\n",
    .about =
        "Hands the log in a folder of artifacts to others, in the formats of C2SP. export writes it as the static "
        "files "
        "of a tiled log (checkpoint, tile/...), which any web server can serve. policy writes the trust policy that "
        "follows from the validators at the end of the log: read it, or compare it with what you were told, before "
        "you trust it. witness sends the last checkpoint to the witnesses of a policy (C2SP tlog-witness) and keeps "
        "their cosignatures in it.",
    .after = "Exit status: 0 done; 1 the folder contradicts itself, or a witness refused; 2 wrong usage or unusable "
             "input, or nobody answered.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static int failed(enum err err, const struct diag *diag)
{
    command_fail("tlog", "%s", diag->text);
    return err == ERR_MISMATCH ? EXIT_WRONG : EXIT_UNUSABLE;
}

/* ---- export */

struct exporting {
    const struct log_folder *folder;
    const char *out;
    struct tiles tiles;
    struct buf note; /* of the last epoch with a checkpoint */
    uint64_t note_size;
};

static enum err put_file(void *context, const char *path, struct bytes bytes, struct diag *diag)
{
    const struct exporting *x = context;
    struct buf full = {0};
    const char *slash = strrchr(path, '/');
    enum err err = ERR_OK;

    buf_printf(&full, "%s/%.*s", x->out, slash != NULL ? (int)(slash - path) : 0, path);
    err = file_make_folder(buf_text(&full), diag);
    buf_clear(&full);
    buf_printf(&full, "%s/%s", x->out, path);
    if (err == ERR_OK)
        err = file_write(buf_text(&full), bytes, diag);
    buf_free(&full);
    return err;
}

static enum err export_entry(void *context, const struct log_walk *w, const struct log_epoch *e, size_t number,
                             struct bytes entry, struct diag *diag)
{
    struct exporting *x = context;
    struct buf leaf = {0};
    enum err err;

    (void)w;
    (void)e;
    (void)number;
    entry_leaf(entry, &leaf);
    err = tiles_add(&x->tiles, bytes_of_buf(&leaf), diag);
    buf_free(&leaf);
    return err;
}

static enum err export_end(void *context, const struct log_walk *w, const struct log_epoch *e, struct diag *diag)
{
    struct exporting *x = context;
    struct buf note = {0};
    enum err err = log_folder_checkpoint(x->folder, e->epoch, &note, diag);

    if (err == ERR_OK) {
        buf_free(&x->note);
        x->note = note;
        x->note_size = w->tree.size;
    }
    return err == ERR_MISSING ? ERR_OK : err;
}

/* A reader asks for the tiles of the checkpoint's size and no other: so its tree is the whole log. */
static enum err export_log(struct exporting *x, struct log_walk *w, struct diag *diag)
{
    enum err err = log_walk_run(w, diag);

    if (err == ERR_OK && x->note_size != w->tree.size)
        err = diag_set(diag, ERR_MISSING, "%s: the last epoch has no checkpoint", x->folder->path);
    if (err == ERR_OK)
        err = tiles_finish(&x->tiles, diag);
    if (err == ERR_OK)
        err = put_file(x, "checkpoint", bytes_of_buf(&x->note), diag);
    return err;
}

static int run_export(const struct log_folder *f, const char *out)
{
    struct exporting x = {.folder = f, .out = out};
    struct log_walk walk = {.folder = f, .context = &x, .entry = export_entry, .ended = export_end};
    struct diag diag = {0};
    enum err err;

    if (mkdir(out, 0777) != 0)
        return command_fail("tlog", "%s: cannot make the folder: %s", out, strerror(errno));
    tiles_init(&x.tiles, (struct tiles_out){put_file, &x});
    err = export_log(&x, &walk, &diag);
    if (err == ERR_OK)
        say(stdout, "%s: %" PRIu64 " entries\n", out, walk.tree.size);
    log_walk_fini(&walk);
    tiles_fini(&x.tiles);
    buf_free(&x.note);
    return err == ERR_OK ? EXIT_FINE : failed(err, &diag);
}

/* ---- policy */

/* The validators of genesis, and those to whom the links lead. */
static enum err last_voters(const struct log_folder *f, struct voter_set *voters, struct diag *diag)
{
    struct log_walk walk = {.folder = f};
    struct federation_state state = {0};
    enum err err = state_genesis(bytes_of_buf(&f->genesis), &state, diag);

    if (err != ERR_OK)
        return err;
    state_voter_set(&state, voters);
    state_free(&state);
    err = log_walk_run(&walk, diag);
    for (unsigned i = 0; i < walk.link_count && err == ERR_OK; i++) {
        err = link_verify(bytes_of_buf(&walk.links[i]), &f->federation_id, voters, voters, NULL);
        if (err != ERR_OK)
            err = diag_set(diag, ERR_MISMATCH, "%s: link %u between membership epochs: %s", f->path, i, err_text(err));
    }
    log_walk_fini(&walk);
    return err;
}

static int run_policy(const struct log_folder *f, const struct arguments *a)
{
    unsigned needed = a->has_needed ? (unsigned)a->needed : a->witness_count;
    struct voter_set voters;
    struct buf text = {0};
    struct diag diag = {0};
    enum err err = last_voters(f, &voters, &diag);

    if (err != ERR_OK)
        return failed(err, &diag);
    trust_policy_print(&voters, &f->federation_id, a->witnesses, a->witness_count, needed, &text);
    if (a->output == NULL)
        say_lines(stdout, bytes_of_buf(&text));
    else
        err = file_write(a->output, bytes_of_buf(&text), &diag);
    buf_free(&text);
    return err == ERR_OK ? EXIT_FINE : failed(err, &diag);
}

static int run_witness(const struct log_folder *f, const struct arguments *a)
{
    struct trust_policy policy = {0};
    struct buf text = {0};
    struct diag diag = {0};
    int status;
    enum err err;

    if (a->policy == NULL)
        return command_misuse("tlog", "which witnesses? --policy FILE names them");
    err = file_read(a->policy, TRUST_POLICY_SIZE_MAX, &text, &diag);
    if (err == ERR_OK)
        err = trust_policy_parse(bytes_of_buf(&text), &policy, &diag);
    status = err == ERR_OK ? tlog_witness(f, &policy) : command_fail("tlog", "%s", diag.text);
    trust_policy_free(&policy);
    buf_free(&text);
    return status;
}

static int run(const char *act, char **operands, int count, const struct arguments *a)
{
    bool is_export = strcmp(act, "export") == 0;
    struct log_folder folder = {0};
    struct diag diag = {0};
    int status;

    if (!is_export && strcmp(act, "policy") != 0 && strcmp(act, "witness") != 0)
        return command_misuse("tlog", "export, policy or witness, and not \"%s\"", act);
    if (count != (is_export ? 2 : 1))
        return command_misuse("tlog", is_export ? "expected a folder of artifacts, and a new folder"
                                                : "expected a folder of artifacts");
    if (log_folder_open(operands[0], a->label, &folder, &diag) != ERR_OK)
        return command_fail("tlog", "%s", diag.text);
    if (is_export)
        status = run_export(&folder, operands[1]);
    else
        status = strcmp(act, "policy") == 0 ? run_policy(&folder, a) : run_witness(&folder, a);
    log_folder_close(&folder);
    return status;
}

int command_tlog(int argc, char **argv)
{
    struct arguments a = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands < 1)
        return command_misuse("tlog", "what is to be done? export, policy or witness");
    if (a.has_needed && a.needed > a.witness_count)
        return command_misuse("tlog", "--needed %" PRIu64 " is more than there are witnesses", a.needed);
    return run(argv[operands], argv + operands + 1, argc - operands - 1, &a);
}
