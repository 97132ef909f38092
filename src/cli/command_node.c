#define _GNU_SOURCE /* realpath, also where the C library is not fortified */

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "node/control.h"
#include "node/log.h"
#include "node/node.h"
#include "state/sign_off.h"

enum { ANSWER_MS = 5000, CHANGE_SIZE_MAX = 64 << 10 };

struct arguments {
    const char *config, *level, *peer, *change, *folder;
    uint64_t timeout_s, from;
    bool json;
};

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"config", "FILE", OPTION_TEXT, OF(config), .help = "the node's configuration (node.json)"},
    {"level", "LEVEL", OPTION_TEXT, OF(level),
     .help = "with run and log-level: what is written to the log: error, warning, info (at first) or debug"},
    {"peer", "NODE", OPTION_TEXT, OF(peer), .help = "with ban and unban: the member's name"},
    {"change", "FILE", OPTION_TEXT, OF(change),
     .help = "with sign-off: what prismfed change or prismfed govern has made"},
    {"folder", "DIR", OPTION_TEXT, OF(folder),
     .help = "with carry: the folder that goes to a site without a network and back"},
    {"from", "HEIGHT", OPTION_NUMBER, OF(from), 1, INT64_MAX, .help = "with entries: the first block (1)"},
    {"timeout", "SECONDS", OPTION_NUMBER, OF(timeout_s), 1, 86400,
     .help = "with the verbs that ask: how long to try when no node answers (0)"},
    {"format", "FORMAT", OPTION_FORMAT, OF(json),
     .help = "how status, peers and entries are printed: text (the default) or json"},
};

static const struct option_table table = {
    .verb = "node",
    .usage = "prismfed node create --config FILE\n"
             "       prismfed node run --config FILE\n"
             "       prismfed node status|peers --config FILE\n"
             "       prismfed node entries [--from HEIGHT] --config FILE\n"
             "       prismfed node log-level --level LEVEL --config FILE\n"
             "       prismfed node ban|unban --peer NODE --config FILE\n"
             "       prismfed node sign-off --change FILE --config FILE\n"
             "       prismfed node carry --folder DIR --config FILE\n"
             "       prismfed node leave --config FILE\n",
    .about =
        "create makes the store of a node that has never run, once. run runs the node until SIGTERM or SIGINT; when "
        "its store is not there, it takes its disk for lost, and asks the others what it may have signed before it "
        "signs anything. Its log goes to standard error, a line for each thing that happened (logfmt). The other "
        "verbs ask a node that runs, through its Unix socket; entries tells what stands in its durable log, a few "
        "blocks at a time; carry takes the signed entries that prismfed site --once --folder has left in a folder, and "
        "adds the blocks that the folder does not have yet.",
    .after =
        "Exit status: 0 done; 1 the node had to stop, and its last line says why; 2 wrong usage, unusable input, or "
        "no node answers.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

/* ---- run */

static struct node *running;

static void on_signal(int number)
{
    (void)number;
    node_stop(running);
}

static int run(const struct node_config *config, const struct arguments *a)
{
    struct diag diag = {0};
    struct sigaction action = {.sa_handler = on_signal};
    enum log_level level;
    enum err err;

    if (a->level != NULL && !log_level_of(a->level, &level))
        return command_misuse("node", "--level: expected error, warning, info or debug");
    if (a->level != NULL)
        log_level_set(level);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of the write, which says so */
    if (node_open(config, NULL, &running, &diag) != ERR_OK)
        return command_fail("node", "%s", diag.text);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    err = node_run(running, &diag);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    node_close(running);
    return err == ERR_OK ? EXIT_FINE : EXIT_WRONG;
}

/* ---- asking */

static void print_value(const char *key, const json_t *value)
{
    struct buf text = {0};

    if (json_is_string(value)) {
        say(stdout, "%-18s  %s\n", key, json_string_value(value));
        return;
    }
    json_line(value, &text);
    say(stdout, "%-18s  %s\n", key, buf_text(&text));
    buf_free(&text);
}

static void print_words(const char *key, const json_t *words)
{
    say(stdout, "%-18s ", key);
    for (size_t i = 0; i < json_array_size(words); i++)
        say(stdout, " %s", json_string_value(json_array_get(words, i)));
    puts("");
}

static void print_text(const json_t *answer)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)answer); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)answer, at)) {
        const json_t *value = json_object_iter_value(at);

        if (json_is_array(value) && json_is_string(json_array_get(value, 0))) {
            print_words(json_object_iter_key(at), value);
        } else if (json_is_object(value)) {
            print_text(value);
        } else if (json_is_array(value)) {
            for (size_t i = 0; i < json_array_size(value); i++) {
                print_text(json_array_get(value, i));
                puts("");
            }
        } else {
            print_value(json_object_iter_key(at), value);
        }
    }
}

static double seconds(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The node may be on its way. */
static enum err ask_until(const char *path, const json_t *question, uint64_t timeout_s, json_t **answer,
                          struct diag *diag)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    double end = seconds() + (double)timeout_s;
    enum err err;

    while ((err = control_ask(path, question, ANSWER_MS, answer, diag)) != ERR_OK && seconds() < end)
        nanosleep(&pause, NULL);
    return err;
}

/* *more (may be NULL): the node has more to say to the same question. */
static int ask(const struct node_config *config, json_t *question, const struct arguments *a, bool *more)
{
    struct diag diag = {0};
    struct buf text = {0};
    json_t *answer = NULL;
    int status = EXIT_FINE;

    if (config->control == NULL)
        status = command_fail("node", "the configuration names no \"control\": the node has no socket to ask");
    else if (ask_until(config->control, question, a->timeout_s, &answer, &diag) != ERR_OK)
        status = command_fail("node", "%s", diag.text);
    else if (json_object_get(answer, "error") != NULL)
        status = command_fail("node", "%s", json_string_value(json_object_get(answer, "error")));
    else if (!a->json)
        print_text(answer);
    if (status == EXIT_FINE && a->json) {
        json_line(answer, &text);
        say(stdout, "%s\n", buf_text(&text));
    }
    if (more != NULL)
        *more = status == EXIT_FINE && json_is_true(json_object_get(answer, "more"));
    buf_free(&text);
    json_decref(answer);
    json_decref(question);
    return status;
}

/* What governors have signed, as the body of an entry; anything else stays as it is. */
static void wrap_envelope(struct buf *body)
{
    struct buf form = {0}, wrapped = {0};
    struct dsse envelope;

    if (dsse_parse("envelope", bytes_of_buf(body), &envelope, NULL) != ERR_OK)
        return;
    dsse_encode(&envelope, &form);
    sign_off_body_encode(bytes_of_buf(&form), &wrapped);
    dsse_free(&envelope);
    buf_free(&form);
    buf_free(body);
    *body = wrapped;
}

/* The change that is signed off, as it stands in its file. */
static int read_change(const char *path, json_t *question)
{
    struct diag diag = {0};
    struct buf body = {0};
    int status = EXIT_FINE;

    if (path == NULL)
        status = command_misuse("node", "which change? --change FILE");
    else if (file_read(path, CHANGE_SIZE_MAX, &body, &diag) != ERR_OK)
        status = command_fail("node", "%s", diag.text);
    else
        wrap_envelope(&body);
    if (status == EXIT_FINE)
        json_put(question, "change", json_base64(bytes_of_buf(&body)));
    buf_free(&body);
    return status;
}

static json_t *question_of(const char *verb, const struct arguments *a)
{
    json_t *out = json_object();

    json_put(out, "ask", json_string(verb));
    if (a->level != NULL)
        json_put(out, "level", json_string(a->level));
    if (a->from > 0)
        json_put(out, "from", json_integer((json_int_t)a->from));
    if (a->folder != NULL)
        json_put(out, "folder", json_string(a->folder));
    if (a->peer != NULL)
        json_put(out, "node_id", json_string(a->peer));
    return out;
}

static int ask_for(const struct node_config *config, const char *verb, const struct arguments *a)
{
    json_t *question = question_of(verb, a);
    int status = strcmp(verb, "sign-off") == 0 ? read_change(a->change, question) : EXIT_FINE;

    if (status == EXIT_FINE)
        return ask(config, question, a, NULL);
    json_decref(question);
    return status;
}

/* The node runs elsewhere: it is told the whole path. It adds some blocks at a time, and says so each time. */
static int carry(const struct node_config *config, struct arguments *a)
{
    struct diag diag = {0};
    int status = EXIT_FINE;
    bool more = true;
    char *path;

    if (a->folder == NULL)
        return command_misuse("node", "which folder? --folder DIR");
    if (file_make_folder(a->folder, &diag) != ERR_OK)
        return command_fail("node", "%s", diag.text);
    path = realpath(a->folder, NULL);
    if (path == NULL)
        return command_fail("node", "%s: cannot be found", a->folder);
    a->folder = path;
    while (more)
        status = ask(config, question_of("carry", a), a, &more);
    free(path);
    return status;
}

int command_node(int argc, char **argv)
{
    static const char *const questions[] = {"status", "peers",    "entries", "log-level", "ban",
                                            "unban",  "sign-off", "leave",   "carry"};
    struct arguments a = {0};
    struct node_config config;
    struct diag diag = {0};
    bool helped, is_question = false;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (operands + 1 != argc)
        return command_misuse("node",
                              "create, run, status, peers, entries, log-level, ban, unban, carry, sign-off or leave?");
    for (unsigned i = 0; i < sizeof questions / sizeof questions[0]; i++)
        is_question |= strcmp(argv[operands], questions[i]) == 0;
    if (!is_question && strcmp(argv[operands], "run") != 0 && strcmp(argv[operands], "create") != 0)
        return command_misuse(
            "node", "\"%s\": create, run, status, peers, entries, log-level, ban, unban, carry, sign-off or leave?",
            argv[operands]);
    if (a.config == NULL)
        return command_misuse("node", "which node? --config FILE");
    if (node_config_load(a.config, &config, &diag) != ERR_OK)
        return command_fail("node", "%s", diag.text);
    if (strcmp(argv[operands], "carry") == 0)
        status = carry(&config, &a);
    else if (is_question)
        status = ask_for(&config, argv[operands], &a);
    else if (strcmp(argv[operands], "run") == 0)
        status = run(&config, &a);
    else
        status = node_create(&config, &diag) == ERR_OK ? EXIT_FINE : command_fail("node", "%s", diag.text);
    node_config_fini(&config);
    return status;
}
