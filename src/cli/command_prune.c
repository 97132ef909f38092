#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "cli/option.h"
#include "cli/say.h"
#include "cli/store_look.h"
#include "node/config.h"
#include "node/control.h"
#include "node/store_copy.h"
#include "node/store_shrink.h"

enum { ANSWER_MS = 5000 };

struct arguments {
    uint64_t keep;
    bool has_keep, no_archive, json;
    const char *archive, *config;
};

static const struct option_row rows[] = {
    {"keep", "N", OPTION_NUMBER, offsetof(struct arguments, keep), 1, UINT32_MAX, offsetof(struct arguments, has_keep),
     .help = "how many of the latest blocks stay, at least; those that a start may need stay in any case"},
    {"archive", "FILE", OPTION_TEXT, offsetof(struct arguments, archive),
     .help = "a new file into which the blocks go that are dropped; it is checked before they are"},
    {"no-archive", NULL, OPTION_FLAG, offsetof(struct arguments, no_archive),
     .help = "somebody else has them: they are dropped for good"},
    {"config", "FILE", OPTION_TEXT, offsetof(struct arguments, config),
     .help = "in place of STORE: the configuration (node.json) of a node that runs, which then does it itself, behind "
             "each checkpoint until it ends"},
    {"format", "FORMAT", OPTION_FORMAT, offsetof(struct arguments, json),
     .help = "text (the default), or json for a program"},
};

static const struct option_table table = {
    .verb = "prune",
    .usage = "prismfed prune --keep N --archive FILE STORE\n"
             "       prismfed prune --keep N --no-archive STORE\n"
             "       prismfed prune --keep N --no-archive --config FILE\n",
    .about =
        "Drops old blocks from the store of a node that is down, and gives their room back to the disk; or has a node "
        "that runs drop them, which uses their room again. The node "
        "needs none of them: it starts from a state, and who is far behind gets a state. An auditor does need them: "
        "prismfed store check --genesis FILE ARCHIVE... STORE executes the archives and the store as one ledger, "
        "from the first block on.",
    .after = "Exit status: 0 done, or there was nothing to drop; 1 the store or the archive is damaged, nothing was "
             "dropped; 2 wrong usage, a file that cannot be read, or an archive that exists already.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

struct pruning {
    uint64_t from, to; /* blocks that go; from > to: none */
};

static void tell(const char *path, const struct pruning *p, const struct arguments *a)
{

    if (!a->json) {
        if (p->from > p->to)
            say(stdout, "%s: there is nothing to drop\n", path);
        else
            say(stdout, "%s: the blocks from %" PRIu64 " to %" PRIu64 " are dropped%s%s\n", path, p->from, p->to,
                a->archive != NULL ? "; they are in " : "", a->archive != NULL ? a->archive : "");
        return;
    }
    json_t *o = json_object();
    json_put(o, "store", json_string(path));
    json_put(o, "dropped", json_u64(p->from > p->to ? 0 : p->to - p->from + 1));
    json_put(o, "first_block", json_u64(p->from > p->to ? p->from : p->to + 1));
    json_put(o, "archive", a->archive != NULL && p->from <= p->to ? json_string(a->archive) : json_null());
    store_say_json(o);
}

static int archive(const char *path, const char *to, const struct pruning *p)
{
    const struct store_part part = {.from = p->from, .to = p->to, .pruned = p->from > 1};
    struct store_report report = {0};
    struct diag diag = {0};
    int status;

    if (store_copy(path, to, &part, &diag) != ERR_OK)
        return command_fail("prune", "%s", diag.text);
    status = store_look("prune", to, &report);
    if (status == EXIT_FINE && (report.first != p->from || report.whole != p->to))
        status = command_fail("prune", "%s: not all of the blocks have come there", to);
    store_report_free(&report);
    return status;
}

static int prune(const char *path, const struct arguments *a)
{
    struct store_report report = {0};
    struct diag diag = {0};
    struct pruning p;
    int status;

    if (store_is_free(path, &diag) != ERR_OK)
        return command_fail("prune", "%s", diag.text);
    status = store_look("prune", path, &report);
    if (status == EXIT_FINE) {
        uint64_t most = report.counters.top > a->keep ? report.counters.top - a->keep : 0;
        p = (struct pruning){report.first, most < report.needed ? most : report.needed - 1};
        if (p.from <= p.to && a->archive != NULL)
            status = archive(path, a->archive, &p);
        if (status == EXIT_FINE && p.from <= p.to && store_shrink(path, p.to, &diag) != ERR_OK)
            status = command_fail("prune", "%s", diag.text);
    }
    if (status == EXIT_FINE)
        tell(path, &p, a);
    store_report_free(&report);
    return status;
}

/* ---- of a node that runs */

static int ask_node(const struct node_config *config, const struct arguments *a)
{
    json_t *question = json_object(), *answer = NULL;
    struct diag diag = {0};
    int status = EXIT_FINE;

    json_put(question, "ask", json_string("prune"));
    json_put(question, "keep", json_integer((json_int_t)a->keep));
    if (config->control == NULL)
        status = command_fail("prune", "the configuration names no \"control\": the node has no socket to ask");
    else if (control_ask(config->control, question, ANSWER_MS, &answer, &diag) != ERR_OK)
        status = command_fail("prune", "%s", diag.text);
    else if (json_object_get(answer, "error") != NULL)
        status = command_fail("prune", "%s", json_string_value(json_object_get(answer, "error")));
    else if (a->json)
        store_say_json(json_incref(answer));
    else
        say(stdout, "from the next checkpoint on the last %" PRIu64 " blocks are kept; now it has %lld to %lld\n",
            a->keep, (long long)json_integer_value(json_object_get(answer, "oldest_block")),
            (long long)json_integer_value(json_object_get(answer, "height")));
    json_decref(answer);
    json_decref(question);
    return status;
}

static int prune_running(const struct arguments *a)
{
    struct node_config config;
    struct diag diag = {0};
    int status;

    if (a->archive != NULL)
        return command_misuse("prune", "a node that runs writes no archive: prismfed snapshot save has its blocks");
    if (node_config_load(a->config, &config, &diag) != ERR_OK)
        return command_fail("prune", "%s", diag.text);
    status = ask_node(&config, a);
    node_config_fini(&config);
    return status;
}

int command_prune(int argc, char **argv)
{
    struct arguments a = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands != (a.config == NULL))
        return command_misuse("prune", "expected one STORE, or --config FILE");
    if (!a.has_keep)
        return command_misuse("prune", "how many blocks are to stay? (--keep)");
    if ((a.archive != NULL) == a.no_archive)
        return command_misuse("prune", "say where the blocks go: --archive FILE, or --no-archive");
    return a.config != NULL ? prune_running(&a) : prune(argv[operands], &a);
}
