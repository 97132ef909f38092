#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/text.h"
#include "cli/command.h"

static int help(void)
{
    puts("usage: prismfed audit [--json] [--federation ID] DIR\n"
         "\n"
         "Checks a folder of artifacts (simulations/, ledger/) and reads nothing else: every leaf, root, proof,\n"
         "signature and certificate is recomputed, the log is executed again from its genesis, and everything that\n"
         "the files say is compared with the result. Each finding has a stable code, the file and the JSON pointer.\n"
         "\n"
         "  --federation ID   the federation to trust: SHA-256 of its genesis document, 64 hex digits\n"
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

int command_audit(int argc, char **argv)
{
    static const struct option long_options[] = {{"federation", required_argument, NULL, 'f'},
                                                 {"json", no_argument, NULL, 'j'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {0}};
    struct audit_options options = {0};
    bool json = false;
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == 'h')
            return help();
        if (option != 'j' && option != 'f')
            return command_bad_option("audit", option, argv);
        if (option == 'f' && read_id(optarg, &options) != EXIT_FINE)
            return EXIT_UNUSABLE;
        json |= option == 'j';
    }
    if (argc - optind != 1)
        return command_misuse("audit", "expected one folder");
    if (isatty(STDERR_FILENO))
        options.progress = show_progress;
    return audit(argv[optind], &options, json);
}
