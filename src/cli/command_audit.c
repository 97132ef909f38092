#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/verdict.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/disclosed_work.h"
#include "cli/option.h"
#include "cli/say.h"
#include "crypto/key_file.h"
#include "prismfed/simulation.h"

static void show_progress(void *context, const char *label)
{
    (void)context;
    fputc('\r', stderr);
    say(stderr, "auditing %s ", label);
    fputs("\033[K", stderr);
}

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_JUNIT, FORMAT_GITHUB, FORMAT_COUNT };

static const char *const format_names[FORMAT_COUNT + 1] = {"text", "json", "sarif", "junit", "github", NULL};

static void print(const struct audit_report *report, enum format format)
{
    struct buf out = {0};
    json_t *value = format == FORMAT_JSON    ? audit_report_json(report)
                    : format == FORMAT_SARIF ? audit_report_sarif(report, PRISMFED_VERSION)
                                             : NULL;

    if (value != NULL)
        json_render(value, &out);
    else if (format == FORMAT_JUNIT)
        audit_report_junit(report, &out);
    else if (format == FORMAT_GITHUB)
        audit_report_github(report, &out);
    else
        audit_report_text(report, &out);
    json_decref(value);
    say_lines(stdout, bytes_of_buf(&out));
    buf_free(&out);
}

/* Whatever a hostile folder makes of this process: it can open nothing but the folders, and talk to nobody. */
static struct confine_force confine_to(char **folders, int count)
{
    struct confine_path *paths = mem_array((size_t)count + 1, sizeof paths[0]);
    struct confine_rules rules = {.paths = paths, .path_count = (unsigned)count};
    struct confine_force force = {0};
    struct confine confine;

    for (int i = 0; i < count; i++)
        paths[i] = (struct confine_path){folders[i], CONFINE_READ};
#ifdef __SANITIZE_ADDRESS__ /* the leak checker looks at its own process */
    paths[rules.path_count++] = (struct confine_path){"/proc", CONFINE_READ};
#endif
    if (confine_init(&confine, &rules, NULL) == ERR_OK) { /* else the audit will say why a folder cannot be opened */
        force = confine_enter(&confine);
        confine_fini(&confine);
    }
    mem_free(paths);
    return force;
}

/* Where a signed verdict goes: opened before the process can open nothing any more. */
struct verdict {
    const char *key_path, *path; /* NULL: none is asked for */
    struct secret_key key;
    const char *at; /* NULL: not said */
    int fd;
};

static enum err verdict_open(struct verdict *v, struct diag *diag)
{
    enum err err;

    v->fd = -1;
    if (v->path == NULL)
        return ERR_OK;
    err = key_file_read_secret(v->key_path, NULL, &v->key, diag);
    if (err != ERR_OK)
        return err;
    v->fd = open(v->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return v->fd >= 0 ? ERR_OK : diag_set(diag, ERR_IO, "%s: cannot make it: %s", v->path, strerror(errno));
}

static enum err verdict_write(const struct verdict *v, const struct audit_report *report, struct diag *diag)
{
    struct buf out = {0};
    enum err err = ERR_OK;

    if (v->fd < 0)
        return ERR_OK;
    err = verdict_sign(report, &v->key, v->at, &out);
    buf_add_byte(&out, '\n');
    if (err != ERR_OK)
        (void)diag_set(diag, err, "%s: there are too many labels for a signed verdict: name one folder", v->path);
    else if (write(v->fd, out.data, out.len) != (ssize_t)out.len || fsync(v->fd) != 0)
        err = diag_set(diag, ERR_IO, "%s: cannot write: %s", v->path, strerror(errno));
    buf_free(&out);
    return err;
}

static void verdict_close(struct verdict *v)
{
    if (v->fd >= 0)
        close(v->fd);
    key_wipe(&v->key);
}

static int audit(char **folders, int count, const struct audit_options *options, const struct verdict *verdict,
                 enum format format)
{
    struct audit_report report = {0};
    struct diag diag = {0};
    enum err err = ERR_OK;

    report.confined = confine_to(folders, count);
    for (int i = 0; i < count && err == ERR_OK; i++)
        err = audit_folder(folders[i], options, &report, &diag);

    if (options->progress != NULL)
        fputs("\r\033[K", stderr);
    if (err == ERR_OK && (err = verdict_write(verdict, &report, &diag)) != ERR_OK)
        audit_report_free(&report);
    if (err != ERR_OK)
        return command_fail("audit", "%s", diag.text);
    print(&report, format);
    enum audit_verdict said = audit_verdict(&report);
    audit_report_free(&report);
    return said == AUDIT_COMPLIANT ? EXIT_FINE : said == AUDIT_CONSISTENT ? EXIT_OPEN : EXIT_WRONG;
}

/* One scenario that was named, and what it discloses. */
struct named {
    const char *path;
    struct disclosed_work *disclosed; /* owned */
    struct claim_work work;           /* a view */
};

struct arguments {
    struct audit_options options;
    struct digest *federations;         /* owned */
    struct audit_rehearsal *rehearsals; /* owned */
    struct named *named;                /* owned */
    unsigned named_count;
    const char *policy_path;
    struct audit_trust trust;
    struct trust_policy policy; /* owned */
    enum format format;
    const char *against; /* NULL: none */
    struct verdict verdict;
    bool json, has_seed;
    uint64_t seed;
};

static int add_federation(void *arguments, const char *text)
{
    struct arguments *a = arguments;
    struct buf id = {0};
    bool ok = hex_decode(bytes_of_text(text), &id) == ERR_OK && id.len == DIGEST_SIZE;

    if (ok) {
        a->federations = mem_resize(a->federations, a->options.federation_count + 1, sizeof a->federations[0]);
        a->federations[a->options.federation_count++] = digest_from(bytes_of_buf(&id));
        a->options.federations = a->federations;
    }
    buf_free(&id);
    return ok ? EXIT_FINE : command_misuse("audit", "--federation needs 64 lower-case hex digits");
}

/* Each one behind the version that was given before it. */
static int add_trust(void *arguments, const char *path)
{
    struct arguments *a = arguments;
    struct buf text = {0};
    struct diag diag = {0};
    enum err err = file_read(path, DSSE_SIZE_MAX, &text, &diag);

    if (err == ERR_OK)
        err = audit_trust_add(&a->trust, path, bytes_of_buf(&text), &diag);
    buf_free(&text);
    a->options.trust = &a->trust;
    return err == ERR_OK ? EXIT_FINE : command_fail("audit", "%s", diag.text);
}

static int take_at(void *arguments, const char *text)
{
    struct arguments *a = arguments;

    a->trust.has_at = root_time_parse(text, &a->trust.at) == ERR_OK;
    a->verdict.at = text;
    return a->trust.has_at ? EXIT_FINE : command_misuse("audit", "--at needs a time like 2027-01-31T00:00:00Z");
}

static int add_scenario(void *arguments, const char *path)
{
    struct arguments *a = arguments;

    a->named = mem_resize(a->named, a->named_count + 1, sizeof a->named[0]);
    a->named[a->named_count++] = (struct named){.path = path};
    return EXIT_FINE;
}

static int set_format(void *arguments, const char *text)
{
    struct arguments *a = arguments;

    for (unsigned i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(format_names[i], text) == 0) {
            a->format = (enum format)i;
            return EXIT_FINE;
        }
    }
    return command_misuse("audit", "--format is one of text, json, sarif, junit and github");
}

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"federation", "ID", OPTION_TAKE, .take = add_federation,
     .help = "a federation to trust: SHA-256 of its genesis document, 64 hex digits"},
    {"trust", "ROOT", OPTION_TAKE, .take = add_trust,
     .help = "a trust root (prismfed root) that vouches for its federation; once more for each version behind it"},
    {"at", "TIME", OPTION_TAKE, .take = take_at,
     .help =
         "the time of the audit, like 2027-01-31T00:00:00Z: the trust root must hold then, and the verdict says it"},
    {"scenario", "FILE", OPTION_TAKE, .take = add_scenario,
     .help = "a scenario whose rehearsal to trust: it makes the genesis, with its seed, or"},
    {"seed", "S", OPTION_NUMBER, OF(seed), 0, UINT64_MAX, OF(has_seed), .help = "another one"},
    {"spot-check", "N", OPTION_NUMBER, OF(options.spot_checks), 1, UINT64_MAX,
     .help = "run N of the claimed costs again, drawn by the log's root, of the rehearsals' nodes with \"disclosed\" "
             "work"},
    {"memory", "MB", OPTION_NUMBER, OF(options.memory_mb), 1, 1 << 20,
     .help = "MiB that the values of a label's files may take together (default 4096)"},
    {"policy", "FILE", OPTION_TEXT, OF(policy_path),
     .help = "a trust policy (C2SP tlog-policy): who must have cosigned the last checkpoint"},
    {"against", "DIR", OPTION_TEXT, OF(against),
     .help = "another folder, whose histories are compared with those of the others: a split view is a finding of "
             "PF-BLOCK-FORK that names who signed both"},
    {"sign", "KEY", OPTION_TEXT, OF(verdict.key_path), .help = "the auditor's own key, which signs the"},
    {"verdict", "FILE", OPTION_TEXT, OF(verdict.path),
     .help = "file that is made for others: what passed, as an in-toto statement (SVR) in a DSSE envelope"},
    {"format", "NAME", OPTION_TAKE, .take = set_format,
     .help = "the report's form: text, json, sarif (SARIF 2.1.0), junit (XML), or github (annotations)"},
    {"json", NULL, OPTION_FLAG, OF(json), .help = "the same as --format json"},
};

static const struct option_table table = {
    .verb = "audit",
    .usage = "prismfed audit [OPTION...] DIR...\n",
    .about =
        "Checks folders of artifacts (simulations/, ledger/) and reads nothing else: every leaf, root, proof, "
        "signature and certificate is recomputed, the log is executed again from its genesis, and everything that "
        "the files say is compared with the result. Each finding has a stable code, the file and the JSON pointer. "
        "Histories of one federation are compared with each other, over all labels and folders.",
    .after =
        "--federation and --scenario may be given more than once. Each rule has passed, failed, was not checked, or "
        "had nothing to check.\n"
        "Exit status: 0 compliant; 1 not compliant; 2 wrong usage or unusable input; 3 consistent, but a question "
        "is open that keeps it from being compliant: nobody said whose log it is, no quorum vouches for its end, "
        "there is no epoch, or a spot check that was asked for could not be made.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static int read_arguments(int argc, char **argv, struct arguments *a, int *folders, bool *helped)
{
    int status = option_read(&table, argc, argv, a, folders, helped);

    if (status != EXIT_FINE || *helped)
        return status;
    if (argc - *folders < 1)
        return command_misuse("audit", "expected a folder");
    if (a->options.spot_checks > 0 && a->named_count == 0)
        return command_misuse("audit", "--spot-check needs the scenario that discloses the work: --scenario FILE");
    if (a->trust.has_at && a->options.trust == NULL && a->verdict.path == NULL)
        return command_misuse("audit", "--at goes with --trust ROOT or --verdict FILE");
    if ((a->verdict.key_path == NULL) != (a->verdict.path == NULL))
        return command_misuse("audit", "--sign KEY and --verdict FILE go together");
    if (a->has_seed && a->named_count == 0)
        return command_misuse("audit", "--seed is that of a rehearsal, and needs its --scenario FILE");
    return EXIT_FINE;
}

static enum err load_scenarios(struct arguments *a, struct diag *diag)
{
    enum err err = ERR_OK;

    a->rehearsals = mem_array(a->named_count + 1, sizeof a->rehearsals[0]);
    a->options.rehearsals = a->rehearsals;
    for (unsigned i = 0; i < a->named_count && err == ERR_OK; i++) {
        struct named *n = &a->named[i];

        err = disclosed_work_new(n->path, a->has_seed ? &a->seed : NULL, &n->disclosed, diag);
        if (err != ERR_OK)
            break;
        n->work = disclosed_work_view(n->disclosed);
        a->rehearsals[a->options.rehearsal_count++] = disclosed_work_rehearsal(n->disclosed, n->path, &n->work);
    }
    return err;
}

static enum err load_policy(struct arguments *a, struct diag *diag)
{
    struct buf text = {0};
    enum err err;

    if (a->policy_path == NULL)
        return ERR_OK;
    err = file_read(a->policy_path, TRUST_POLICY_SIZE_MAX, &text, diag);
    if (err == ERR_OK)
        err = trust_policy_parse(bytes_of_buf(&text), &a->policy, diag);
    if (err == ERR_OK)
        a->options.policy = &a->policy;
    buf_free(&text);
    return err;
}

static void arguments_fini(struct arguments *a)
{
    trust_policy_free(&a->policy);
    for (unsigned i = 0; i < a->named_count; i++)
        disclosed_work_free(a->named[i].disclosed);
    mem_free(a->named);
    mem_free(a->rehearsals);
    mem_free(a->federations);
}

static int run(int argc, char **argv, struct arguments *a)
{
    struct fork_watch forks = {0};
    struct diag diag = {0};
    bool helped;
    int folders, status = read_arguments(argc, argv, a, &folders, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (load_scenarios(a, &diag) != ERR_OK || load_policy(a, &diag) != ERR_OK ||
        verdict_open(&a->verdict, &diag) != ERR_OK)
        return command_fail("audit", "%s", diag.text);
    if (isatty(STDERR_FILENO))
        a->options.progress = show_progress;
    a->options.forks = &forks;
    if (a->against != NULL) /* the operands stand at the end of argv, which has room for the option that was taken */
        argv[--folders] = (char *)(uintptr_t)a->against;
    status = audit(argv + folders, argc - folders, &a->options, &a->verdict, a->json ? FORMAT_JSON : a->format);
    verdict_close(&a->verdict);
    fork_watch_free(&forks);
    return status;
}

int command_audit(int argc, char **argv)
{
    struct arguments a = {0};
    int status = run(argc, argv, &a);

    arguments_fini(&a);
    return status;
}
