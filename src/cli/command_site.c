#include "cli/option.h"
#include "cli/say.h"
#include "node/log.h"
#include "node/node.h"

enum { TIMEOUT_DEFAULT_S = 600 };

struct arguments {
    const char *config, *folder;
    bool once;
    uint64_t timeout_s;
};

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"once", NULL, OPTION_FLAG, OF(once), .help = "do what is owed now, and end"},
    {"config", "FILE", OPTION_TEXT, OF(config), .help = "the node's configuration (node.json)"},
    {"folder", "DIR", OPTION_TEXT, OF(folder),
     .help = "no network: read the blocks in this folder, which prismfed node carry has filled, and leave the signed "
             "entry there"},
    {"timeout", "SECONDS", OPTION_NUMBER, OF(timeout_s), 1, 864000, .help = "how long at most (600)"},
};

static const struct option_table table = {
    .verb = "site",
    .usage = "prismfed site --once --config FILE [--folder DIR] [--timeout SECONDS]\n",
    .about =
        "Takes part without a daemon and without a port, from cron or a batch job: fetches what is new from the "
        "validators, does what this site owes in the present phase of the epoch, leaves its signed entry with them, "
        "and ends when that is in the log. Two runs an epoch, one while updates are collected and one while they are "
        "scored, are a whole contribution; who comes later is late, as the policy allows. Each entry of this site's "
        "that came into the log meanwhile is told: its kind, its epoch, its place in the log, and the hash of its "
        "leaf.",
    .after = "Exit status: 0 what is owed is in the log, or in the folder; 1 the time was over first, or the node had "
             "to stop; 2 wrong usage "
             "or unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static void tell(void *context, const struct logged *logged)
{
    char leaf[2 * DIGEST_SIZE + 1];

    (void)context;
    digest_hex(&logged->entry->leaf_hash, leaf);
    say(stdout, "%s of epoch %llu: entry %llu of the log, in block %llu, %s\n",
        entry_kind_name(logged->entry->envelope.kind), (unsigned long long)logged->entry->envelope.federated_epoch,
        (unsigned long long)logged->index, (unsigned long long)logged->height, leaf);
}

static int once(const struct node_config *config, const char *folder, uint64_t timeout_s)
{
    struct diag diag = {0};
    struct node *n;
    enum err err;

    if (node_open(config, folder, &n, &diag) != ERR_OK)
        return command_fail("site", "%s", diag.text);
    err = node_run_once(n, timeout_s, &diag);
    if (err == ERR_OK && node_own_entries(n, tell, NULL) != ERR_OK)
        err =
            diag_set(&diag, ERR_MISMATCH, "%s: the ledger is damaged; prismfed store check says where", config->store);
    node_close(n);
    if (err == ERR_OK)
        return EXIT_FINE;
    (void)command_fail("site", "%s", diag.text);
    return EXIT_WRONG;
}

int command_site(int argc, char **argv)
{
    struct arguments a = {.timeout_s = TIMEOUT_DEFAULT_S};
    struct node_config config;
    struct diag diag = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (operands < argc)
        return command_misuse("site", "\"%s\" is one word too many", argv[operands]);
    if (!a.once)
        return command_misuse("site", "--once is missing; prismfed node run is for a site that stays");
    if (a.config == NULL)
        return command_misuse("site", "which site? --config FILE");
    if (node_config_load(a.config, &config, &diag) != ERR_OK)
        return command_fail("site", "%s", diag.text);
    log_level_set(LOG_WARNING);
    status = once(&config, a.folder, a.timeout_s);
    node_config_fini(&config);
    return status;
}
