#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/option.h"
#include "cli/say.h"
#include "node/net.h"

enum {
    EPOCHS_MAX = 100000,
    THREADS_MAX = 256,
    LOOK_MS = 100,
    UP_PATIENCE_S = 60,
    MISSING_PATIENCE_S = 10,
    WAIT_DEFAULT_S = 3600
};

struct arguments {
    struct net_options net;
    const char *output_dir;
    uint64_t timeout_s;
    bool json;
};

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"scenario", "FILE", OPTION_TEXT, OF(net.scenario), .help = "with up: what runs (JSON; docs/scenarios.md)"},
    {"dir", "DIR", OPTION_TEXT, OF(net.folder), .help = "where the federation's files are (net)"},
    {"epochs", "N", OPTION_NUMBER, OF(net.epochs), 1, EPOCHS_MAX,
     .help = "with up: the nodes rest after so many epochs; without it they go on"},
    {"seed", "S", OPTION_NUMBER, OF(net.seed), 0, UINT64_MAX, OF(net.has_seed),
     .help = "with up: instead of the scenario's seed"},
    {"threads", "T", OPTION_UNSIGNED, OF(net.threads), 1, THREADS_MAX,
     .help = "with up: threads for the work of each node (1)"},
    {"trace", NULL, OPTION_FLAG, OF(net.trace),
     .help = "with up: each node records what it hears and does, for prismfed replay"},
    {"timeout", "SECONDS", OPTION_NUMBER, OF(timeout_s), 1, UINT32_MAX, .help = "with wait: how long at most (3600)"},
    {"output-dir", "DIR", OPTION_TEXT, OF(output_dir), .help = "with record: where artifacts go (DIR/record)"},
    {"format", "FORMAT", OPTION_FORMAT, OF(json), .help = "how status is printed: text (the default) or json"},
};

static const struct option_table table = {
    .verb = "net",
    .usage = "prismfed net up --scenario FILE [--epochs N] [--dir DIR]\n"
             "       prismfed net status|wait|down [--dir DIR]\n"
             "       prismfed net record [--dir DIR] [--output-dir DIR]\n",
    .about =
        "Runs a whole federation on this machine, each node a process of its own that speaks QUIC with the others, "
        "from a scenario file that a rehearsal runs, too. up starts it and ends when all nodes answer; wait ends when "
        "the last epoch has ended everywhere; record writes what prismfed audit reads; down stops the nodes and leaves "
        "their files.",
    .after = "The keys are those of a rehearsal, which everybody can derive: what the federation leaves is marked as "
             "simulated.\n\n"
             "Exit status: 0 done; 1 of status: a node does not answer, of wait: the time was over; 2 wrong usage or "
             "unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static void pause_ms(unsigned ms)
{
    const struct timespec t = {.tv_nsec = (long)ms * 1000000};

    nanosleep(&t, NULL);
}

static double seconds(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- status */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "?";
}

static void print_node(const struct net_node *n, const json_t *status)
{
    const json_t *consensus = json_object_get(status, "consensus");

    if (!json_is_object(status)) {
        say(stdout, "%-16s  does not answer (%s)\n", n->name, n->log);
        return;
    }
    say(stdout, "%-16s  %6lld  %-8s  %6lld  %-5s %5lld  %.12s  %.12s\n", n->name,
        (long long)json_integer_value(json_object_get(status, "epoch")), text_of(status, "phase"),
        (long long)json_integer_value(json_object_get(status, "height")),
        !json_is_object(consensus)                                   ? "-"
        : json_is_true(json_object_get(consensus, "is_primary"))     ? "first"
        : json_is_true(json_object_get(consensus, "in_view_change")) ? "moves"
                                                                     : "votes",
        (long long)json_integer_value(json_object_get(consensus, "view")), text_of(status, "state_root"),
        text_of(status, "incumbent"));
}

static int print_status(const struct net *net, bool json)
{
    json_t *status;
    bool all = true;

    (void)net_has_ended(net, &status);
    if (!json)
        puts("node               epoch  phase     height  role   view  state root    genome");
    for (unsigned i = 0; i < net->node_count; i++) {
        all &= net->nodes[i].joins_later || json_is_object(json_array_get(status, i));
        if (!json)
            print_node(&net->nodes[i], json_array_get(status, i));
    }
    if (json) {
        struct buf text = {0};

        json_line(status, &text);
        say(stdout, "%s\n", buf_text(&text));
        buf_free(&text);
    }
    json_decref(status);
    return all ? EXIT_FINE : EXIT_WRONG;
}

/* ---- up, wait, down */

static bool all_answer(const struct net *net)
{
    for (unsigned i = 0; i < net->node_count; i++) {
        json_t *status = net->nodes[i].joins_later ? json_object() : net_ask(&net->nodes[i], "status");

        if (status == NULL)
            return false;
        json_decref(status);
    }
    return true;
}

static int up(struct arguments *a)
{
    char program[PATH_MAX];
    struct diag diag = {0};
    struct net net;
    double start = seconds();
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);

    if (a->net.scenario == NULL)
        return command_misuse("net", "which scenario? --scenario FILE");
    if (n <= 0)
        return command_fail("net", "/proc/self/exe cannot be read, so nobody knows what a node is started with");
    program[n] = '\0';
    a->net.program = program;
    if (a->net.threads == 0)
        a->net.threads = 1;
    if (net_make(&a->net, &diag) != ERR_OK || net_load(a->net.folder, &net, &diag) != ERR_OK)
        return command_fail("net", "%s", diag.text);
    int status = net_start(&net, &diag) == ERR_OK ? EXIT_FINE : command_fail("net", "%s", diag.text);
    bool answer = false;
    while (status == EXIT_FINE && !(answer = all_answer(&net)) && seconds() - start < UP_PATIENCE_S && net_is_up(&net))
        pause_ms(LOOK_MS);
    if (status == EXIT_FINE && !answer)
        say(stderr, "prismfed net: not all nodes answer; prismfed net status --dir %s says which\n", net.folder);
    if (status == EXIT_FINE)
        say(stdout, "%u nodes are up after %.1f s, in %s\n", net.node_count, seconds() - start, net.folder);
    net_fini(&net);
    return status;
}

static bool nobody_is_missing(const struct net *net, const json_t *status)
{
    for (unsigned i = 0; i < net->node_count; i++) {
        if (!net->nodes[i].joins_later && !json_is_object(json_array_get(status, i)))
            return false;
    }
    return true;
}

static int wait_for(const struct net *net, uint64_t timeout_s)
{
    double start = seconds(), ended_at = 0;
    bool ended = false;

    if (net->epochs == 0)
        return command_misuse("net",
                              "these nodes never rest: wait goes with a federation that was begun with --epochs");
    while (!ended && seconds() - start < (double)(timeout_s > 0 ? timeout_s : WAIT_DEFAULT_S)) {
        json_t *status;

        ended = net_has_ended(net, &status);
        ended_at = ended && ended_at == 0 ? seconds() : ended_at;
        /* who is down may be about to be started again by an event of the scenario */
        ended = ended && (nobody_is_missing(net, status) || seconds() - ended_at > MISSING_PATIENCE_S);
        json_decref(status);
        if (!net_is_up(net))
            return command_fail("net", "%s: it is not up; prismfed net up begins a new one", net->folder);
        pause_ms(LOOK_MS);
    }
    if (!ended)
        say(stderr, "prismfed net: the time is over, and not all nodes have ended epoch %llu\n",
            (unsigned long long)net->last_epoch);
    return ended ? EXIT_FINE : EXIT_WRONG;
}

static int record(const struct net *net, const char *output_dir)
{
    struct diag diag = {0};
    struct buf beside = {0};
    uint64_t epochs;
    int status = EXIT_FINE;

    buf_printf(&beside, "%s/record", net->folder);
    if (output_dir == NULL)
        output_dir = buf_text(&beside);
    if (net_record(net, output_dir, &epochs, &diag) != ERR_OK)
        status = command_fail("net", "%s", diag.text);
    else
        say(stdout, "%llu epochs are recorded in %s\n", (unsigned long long)epochs, output_dir);
    buf_free(&beside);
    return status;
}

int command_net(int argc, char **argv)
{
    struct arguments a = {.net = {.folder = "net"}};
    struct diag diag = {0};
    struct net net;
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (operands + 1 != argc)
        return command_misuse("net", "up, status, wait, record or down?");
    if (strcmp(argv[operands], "up") == 0)
        return up(&a);
    if (net_load(a.net.folder, &net, &diag) != ERR_OK)
        return command_fail("net", "%s", diag.text);
    if (strcmp(argv[operands], "status") == 0)
        status = print_status(&net, a.json);
    else if (strcmp(argv[operands], "wait") == 0)
        status = wait_for(&net, a.timeout_s);
    else if (strcmp(argv[operands], "record") == 0)
        status = record(&net, a.output_dir);
    else if (strcmp(argv[operands], "down") == 0)
        status = net_stop(&net, &diag) == ERR_OK ? EXIT_FINE : command_fail("net", "%s", diag.text);
    else
        status = command_misuse("net", "\"%s\": up, status, wait, record or down?", argv[operands]);
    net_fini(&net);
    return status;
}
