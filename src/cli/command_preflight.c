#include <jansson.h>
#include <stdio.h>

#include "cli/option.h"
#include "cli/say.h"
#include "codec/json.h"
#include "node/preflight.h"

/* Would this node start? */

struct arguments {
    const char *config;
    bool json;
};

static const struct option_row rows[] = {
    {"config", "FILE", OPTION_TEXT, offsetof(struct arguments, config), .help = "the node's configuration (node.json)"},
    {"format", "FORMAT", OPTION_FORMAT, offsetof(struct arguments, json),
     .help = "text (the default), or json for a program"},
};

static const struct option_table table = {
    .verb = "preflight",
    .usage = "prismfed preflight --config FILE\n",
    .about =
        "Looks, before a node is started, whether it could run: the plan and the node's name in it, its key file, "
        "genesis, the ports, the clock, the disk and how fast it is, whether the other validators resolve and answer, "
        "and whether the site's program runs. Each line says PASSED, NOTE (nothing to mend, but worth knowing), or "
        "MEND and what to do. Nothing is changed.",
    .after =
        "Exit status: 0 nothing is to be mended; 1 something is; 2 wrong usage, or the configuration cannot be used.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static void tell_text(void *context, const char *check, enum preflight_verdict verdict, const char *text)
{
    (void)context;
    say(stdout, "%-8s %-6s  %s\n", check, preflight_verdict_name(verdict), text);
    fflush(stdout);
}

static void tell_json(void *context, const char *check, enum preflight_verdict verdict, const char *text)
{
    json_t *row = json_object();

    json_put(row, "check", json_string(check));
    json_put(row, "verdict", json_string(preflight_verdict_name(verdict)));
    json_put(row, "text", json_string(text));
    json_push(context, row);
}

static bool fly_json(const struct node_config *config)
{
    json_t *out = json_object(), *checks = json_array();
    struct preflight_listener listener = {.tell = tell_json, .context = checks};
    struct buf text = {0};
    bool ready = preflight(config, &listener);

    json_put(out, "node", json_string(config->node));
    json_put(out, "ready", json_boolean(ready));
    json_put(out, "checks", checks);
    json_line(out, &text);
    puts(buf_text(&text));
    buf_free(&text);
    json_decref(out);
    return ready;
}

int command_preflight(int argc, char **argv)
{
    struct arguments a = {0};
    struct preflight_listener listener = {.tell = tell_text};
    struct node_config config;
    struct diag diag = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (a.config == NULL)
        return command_misuse("preflight", "which node? --config FILE");
    if (operands != argc)
        return command_misuse("preflight", "one word too many: \"%s\"", argv[operands]);
    if (node_config_load(a.config, &config, &diag) != ERR_OK)
        return command_fail("preflight", "%s", diag.text);
    bool ready = a.json ? fly_json(&config) : preflight(&config, &listener);
    node_config_fini(&config);
    return ready ? EXIT_FINE : EXIT_WRONG;
}
