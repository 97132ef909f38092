#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/disclosed_work.h"

static int help(void)
{
    puts("usage: prismfed audit [OPTION...] DIR\n"
         "\n"
         "Checks a folder of artifacts (simulations/, ledger/) and reads nothing else: every leaf, root, proof,\n"
         "signature and certificate is recomputed, the log is executed again from its genesis, and everything that\n"
         "the files say is compared with the result. Each finding has a stable code, the file and the JSON pointer.\n"
         "\n"
         "  --federation ID   the federation to trust: SHA-256 of its genesis document, 64 hex digits\n"
         "  --spot-check N    run N of the claimed costs again, drawn by the log's root, where --scenario discloses "
         "the work\n"
         "  --scenario FILE   the scenario whose nodes with \"disclosed\" show their work; with its seed, or\n"
         "  --seed S          another one\n"
         "  --json            the report for a program\n"
         "  --help            this text\n"
         "\n"
         "What passed, what failed and what was not checked are three things and are told apart.\n"
         "Exit status: 0 compliant; 1 not compliant; 2 wrong usage or unusable input.");
    return EXIT_FINE;
}

static void show_progress(void *context, const char *label)
{
    (void)context;
    fprintf(stderr, "\rauditing %s \033[K", label);
}

static int read_id(const char *text, struct audit_options *options)
{
    struct buf id = {0};
    bool ok = hex_decode(bytes_of_text(text), &id) == ERR_OK && id.len == DIGEST_SIZE;

    options->has_federation_id = true;
    if (ok)
        options->federation_id = digest_from(bytes_of_buf(&id));
    buf_free(&id);
    return ok ? EXIT_FINE : command_misuse("audit", "--federation needs 64 lower-case hex digits");
}

static void print(const struct audit_report *report, bool json)
{
    struct buf out = {0};

    if (json) {
        json_t *value = audit_report_json(report);

        json_render(value, &out);
        json_decref(value);
    } else {
        audit_report_text(report, &out);
    }
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
}

static int audit(const char *folder, const struct audit_options *options, bool json)
{
    struct audit_report report = {0};
    struct diag diag = {0};
    enum err err = audit_folder(folder, options, &report, &diag);

    if (options->progress != NULL)
        fputs("\r\033[K", stderr);
    if (err != ERR_OK)
        return command_fail("audit", "%s", diag.text);
    print(&report, json);
    bool compliant = report.finding_count == 0;
    audit_report_free(&report);
    return compliant ? EXIT_FINE : EXIT_WRONG;
}

struct arguments {
    struct audit_options options;
    const char *scenario;
    bool json, help, has_seed;
    uint64_t seed;
};

static int take_option(struct arguments *a, int option, char **argv)
{
    switch (option) {
    case 'f':
        return read_id(optarg, &a->options);
    case 'n':
        return command_number("audit", "--spot-check", optarg, 1, UINT64_MAX, &a->options.spot_checks);
    case 's':
        a->scenario = optarg;
        return EXIT_FINE;
    case 'S':
        a->has_seed = true;
        return command_number("audit", "--seed", optarg, 0, UINT64_MAX, &a->seed);
    case 'j':
        a->json = true;
        return EXIT_FINE;
    case 'h':
        a->help = true;
        return EXIT_FINE;
    default:
        return command_bad_option("audit", option, argv);
    }
}

static int read_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option long_options[] = {
        {"federation", required_argument, NULL, 'f'},
        {"spot-check", required_argument, NULL, 'n'},
        {"scenario", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'S'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        status = take_option(a, option, argv);
        if (status != EXIT_FINE || a->help)
            return status;
    }
    if (argc - optind != 1)
        return command_misuse("audit", "expected one folder");
    if ((a->options.spot_checks > 0) != (a->scenario != NULL))
        return command_misuse("audit", "--spot-check and --scenario go together");
    return EXIT_FINE;
}

int command_audit(int argc, char **argv)
{
    struct arguments a = {0};
    struct disclosed_work *disclosed = NULL;
    struct claim_work work;
    struct diag diag = {0};
    int status = read_arguments(argc, argv, &a);

    if (status != EXIT_FINE)
        return status;
    if (a.help)
        return help();
    if (a.scenario != NULL) {
        if (disclosed_work_new(a.scenario, a.has_seed ? &a.seed : NULL, &disclosed, &diag) != ERR_OK)
            return command_fail("audit", "%s", diag.text);
        work = disclosed_work_view(disclosed);
        a.options.work = &work;
    }
    if (isatty(STDERR_FILENO))
        a.options.progress = show_progress;
    status = audit(argv[optind], &a.options, a.json);
    disclosed_work_free(disclosed);
    return status;
}
