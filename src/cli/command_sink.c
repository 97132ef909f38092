#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/option.h"
#include "cli/say.h"
#include "cli/sink_fill.h"
#include "sink/folder.h"

struct arguments {
    const char *label;
};

static const struct option_row rows[] = {
    {"label", "L", OPTION_TEXT, offsetof(struct arguments, label),
     .help = "this ledger alone (without it, fill and export take all that are there)"},
};

static const struct option_table table = {
    .verb = "sink",
    .usage = "prismfed sink fill [--label L] URL DIR     what a folder of artifacts has, into a database\n"
             "       prismfed sink export [--label L] URL DIR   the same files again, for an audit\n"
             "       prismfed sink list URL                     which ledgers are there, and up to which epoch\n",
    .about =
        "A sink is a database that receives ledgers for queries: sqlite:FILE, or postgresql://HOST/DATABASE as libpq "
        "reads it, where the program was built with libpq. Each epoch gets there exactly once, in its order: whatever "
        "fails meanwhile, fill goes on where it was. It never changes an epoch that is there. Export writes the very "
        "bytes of the files, which prismfed audit then checks. federated_sim --sink and a node's \"sink\" fill one by "
        "themselves (docs/sinks.md).",
    .after = "Exit status: 0 done; 1 the sink has another history under the label, or a document that contradicts "
             "itself; 2 wrong usage, or a file or a database that cannot be used.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static enum err tell_ledger(void *context, const char *label, uint64_t last_epoch, struct diag *diag)
{
    (void)context, (void)diag;
    if (last_epoch == 0)
        say(stdout, "%s: no epoch yet\n", label);
    else
        say(stdout, "%s: up to epoch %" PRIu64 "\n", label, last_epoch);
    return ERR_OK;
}

static int fill(const char *url, const char *folder, const char *label)
{
    struct sink_moved moved;
    struct diag diag = {0};
    enum err err = sink_fill_now(url, folder, label, &moved, &diag);

    if (err != ERR_OK)
        return sink_fail("sink", err, &diag);
    say(stdout, "%s: %" PRIu64 " ledgers, %" PRIu64 " epochs, of which %" PRIu64 " were not there yet\n", folder,
        moved.ledgers, moved.epochs, moved.written);
    return EXIT_FINE;
}

static int read_sink(const char *url, const char *folder, const char *label)
{
    const struct patience patience = {.seconds = SINK_PATIENCE_S};
    struct sink *sink = NULL;
    struct sink_moved moved;
    struct diag diag = {0};
    enum err err = sink_open(url, SINK_READ, &patience, &sink, &diag);

    if (err == ERR_OK && folder == NULL)
        err = sink_ledgers(sink, tell_ledger, NULL, &diag);
    else if (err == ERR_OK)
        err = sink_export(sink, folder, label, &moved, &diag);
    sink_close(sink);
    if (err != ERR_OK)
        return sink_fail("sink", err, &diag);
    if (folder != NULL)
        say(stdout, "%s: %" PRIu64 " ledgers, %" PRIu64 " epochs\n", folder, moved.ledgers, moved.epochs);
    return EXIT_FINE;
}

static int act(const char *what, char **operands, int count, const struct arguments *a)
{
    if (strcmp(what, "list") == 0)
        return count == 1 && a->label == NULL ? read_sink(operands[0], NULL, NULL)
                                              : command_misuse("sink", "list needs a URL, and nothing else");
    if (strcmp(what, "fill") != 0 && strcmp(what, "export") != 0)
        return command_misuse("sink", "\"%s\" is not one of fill, export, list", what);
    if (count != 2)
        return command_misuse("sink", "%s needs a URL and a DIR", what);
    return strcmp(what, "fill") == 0 ? fill(operands[0], operands[1], a->label)
                                     : read_sink(operands[0], operands[1], a->label);
}

int command_sink(int argc, char **argv)
{
    struct arguments a = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands < 1)
        return command_misuse("sink", "expected fill, export or list");
    return act(argv[operands], argv + operands + 1, argc - operands - 1, &a);
}
