#include <stdio.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "crypto/key_file.h"
#include "node/config.h"
#include "node/replay.h"

enum { TRACE_MAX = 1 << 30 };

struct arguments {
    const char *config;
};

static const struct option_row rows[] = {
    {"config", "FILE", OPTION_TEXT, offsetof(struct arguments, config),
     .help = "the configuration of the node whose trace it is: it names its genesis document and its key"},
};

static const struct option_table table = {
    .verb = "replay",
    .usage = "prismfed replay --config FILE TRACE\n",
    .about = "Runs a node's machine once more on what it has heard, which the node has recorded (\"trace\" in its "
             "configuration), and compares what it does with what it did then: the same events give the same effects, "
             "byte for byte, through every crash and restart.",
    .after =
        "Exit status: 0 it does the same; 1 it does something else, and the first such step is named; 2 wrong usage "
        "or unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static int replay(const char *path, const struct node_config *config)
{
    struct diag diag = {0};
    struct buf trace = {0}, genesis = {0};
    struct secret_key key = {.b = {0}}, next_key = {.b = {0}};
    struct replay_report report;
    int status = EXIT_FINE;
    enum err err = file_read(config->genesis, GENESIS_SIZE_MAX, &genesis, &diag);

    if (err == ERR_OK)
        err = key_file_read_secret(config->key, config->passphrase, &key, &diag);
    if (err == ERR_OK && config->next_key != NULL)
        err = key_file_read_secret(config->next_key, config->passphrase, &next_key, &diag);
    if (err == ERR_OK)
        err = file_read(path, TRACE_MAX, &trace, &diag);
    if (err != ERR_OK) {
        status = command_fail("replay", "%s", diag.text);
    } else {
        const struct replay replayed = {bytes_of_buf(&trace), bytes_of_buf(&genesis), &key, &next_key};

        err = replay_run(&replayed, &report, &diag);
        if (err != ERR_OK)
            status = command_fail("replay", "%s: %s", path, diag.text);
        else
            say(stdout, "the same effects in %llu steps of %llu lives, up to height %llu in epoch %llu%s\n",
                (unsigned long long)report.steps, (unsigned long long)report.lives, (unsigned long long)report.height,
                (unsigned long long)report.epoch, report.torn ? "; the last item is not whole" : "");
        status = err == ERR_MISMATCH ? EXIT_WRONG : status;
    }
    key_wipe(&key);
    key_wipe(&next_key);
    buf_free(&trace);
    buf_free(&genesis);
    return status;
}

int command_replay(int argc, char **argv)
{
    struct arguments a = {0};
    struct node_config config;
    struct diag diag = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (a.config == NULL)
        return command_misuse("replay", "whose trace? --config FILE");
    if (operands + 1 != argc)
        return command_misuse("replay", "which trace?");
    if (node_config_load(a.config, &config, &diag) != ERR_OK)
        return command_fail("replay", "%s", diag.text);
    status = replay(argv[operands], &config);
    node_config_fini(&config);
    return status;
}
