#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/genesis_file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/store_look.h"
#include "node/store_copy.h"
#include "node/store_execute.h"

struct arguments {
    const char *genesis;
    bool state, json;
};

static const struct option_row rows[] = {
    {"genesis", "FILE", OPTION_TEXT, offsetof(struct arguments, genesis),
     .help = "with verify: the federation's genesis (genesis.cbor, or genesis.json of a run)"},
    {"state", NULL, OPTION_FLAG, offsetof(struct arguments, state),
     .help = "with save: only the latest state and the blocks above it; whoever restores that fetches the other blocks "
             "from the peers"},
    {"format", "FORMAT", OPTION_FORMAT, offsetof(struct arguments, json),
     .help = "text (the default), or json for a program"},
};

static const struct option_table table = {
    .verb = "snapshot",
    .usage =
        "prismfed snapshot save [--state] STORE FILE     what a node has of the federation's ledger, into a new file\n"
        "       prismfed snapshot verify --genesis FILE FILE  does it follow from the genesis?\n"
        "       prismfed snapshot restore FILE STORE          a store for a node that has lost its own\n",
    .about = "A snapshot has the ledger's blocks and the latest states, and nothing of the node's own: what a node has "
             "signed since then nobody can give back. So a node that starts from a restored store goes on as one that "
             "has lost its disk, and votes again when the others have told it that it may. Save works beside a running "
             "node.",
    .after = "Exit status: 0 done, and verify has found nothing; 1 the snapshot is damaged or does not follow from the "
             "genesis; 2 wrong usage, or a file that cannot be read or exists already.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static void tell(const char *done, const char *path, const struct store_report *r, bool json)
{
    char id[2 * DIGEST_SIZE + 1];

    digest_hex(&r->federation_id, id);
    if (!json) {
        say(stdout, "%s: %s: height %" PRIu64 ", %" PRIu64 " blocks, latest state at %" PRIu64 ", federation %s\n",
            path, done, r->counters.top, r->blocks, r->snapshot, id);
        return;
    }
    json_t *o = json_object();
    json_put(o, "file", json_string(path));
    json_put(o, "result", json_string(done));
    json_put(o, "federation_id", json_string(id));
    json_put(o, "height", json_u64(r->counters.top));
    json_put(o, "blocks", json_u64(r->blocks));
    json_put(o, "snapshot", json_u64(r->snapshot));
    store_say_json(o);
}

/* All that the store has, or what leads to its last block from the latest state on. */
static struct store_part part_of(const struct store_report *r, bool state)
{
    if (state)
        return (struct store_part){.from = r->snapshot + 1, .to = r->counters.top, .snapshots = 1};
    return (struct store_part){.from = r->counters.pruned + 1,
                               .to = r->counters.top,
                               .snapshots = (unsigned)r->counters.snapshots,
                               .pruned = r->counters.pruned > 0};
}

static int copy(const char *done, const char *from, const char *to, const struct arguments *a)
{
    struct store_report report = {0}, copied = {0};
    struct diag diag = {0};
    int status = store_look("snapshot", from, &report);

    if (status == EXIT_FINE && a->state && report.snapshot == 0)
        status =
            command_fail("snapshot", "%s: it has no state yet: the first one comes with the first checkpoint", from);
    if (status == EXIT_FINE) {
        struct store_part part = part_of(&report, a->state);
        if (store_copy(from, to, &part, &diag) != ERR_OK)
            status = command_fail("snapshot", "%s", diag.text);
    }
    if (status == EXIT_FINE)
        status = store_look("snapshot", to, &copied);
    if (status == EXIT_FINE)
        tell(done, to, &copied, a->json);
    store_report_free(&report);
    store_report_free(&copied);
    return status;
}

/* What belongs to a store that is gone must not be taken for the new one's. */
static int restore(const char *from, const char *to, const struct arguments *a)
{
    static const char *const ends[] = {"-wal", "-shm", "-mark"};
    struct buf name = {0};

    if (access(to, F_OK) == 0)
        return command_fail("snapshot", "%s: it exists; a node's store is never overwritten", to);
    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        buf_clear(&name);
        buf_printf(&name, "%s%s", to, ends[i]);
        (void)unlink(buf_text(&name));
    }
    buf_free(&name);
    return copy("restored", from, to, a);
}

/* As a node would start from it. */
static int execute(const char *path, struct bytes genesis, const struct store_report *report)
{
    struct store_chain *chain = NULL;
    struct store_execution e;
    struct diag diag = {0};

    if (store_chain_open(&path, 1, &chain, &diag) != ERR_OK)
        return command_fail("snapshot", "%s", diag.text);
    enum err err = store_execute(genesis, store_chain_ledger(chain), false, &e, &diag);
    if (err == ERR_OK && e.height != report->counters.top)
        err = diag_set(&diag, ERR_MISSING, "its blocks lead to %" PRIu64 ", and not to %" PRIu64, e.height,
                       report->counters.top);
    if (err != ERR_OK)
        say(stderr, "prismfed snapshot: %s: FAIL execution: %s\n", path, diag.text);
    store_chain_close(chain);
    return err == ERR_OK ? EXIT_FINE : EXIT_WRONG;
}

static int verify(const char *path, const struct arguments *a)
{
    struct store_report report = {0};
    struct digest federation_id;
    struct buf genesis = {0};
    struct diag diag = {0};
    int status = EXIT_FINE;

    if (genesis_file_read(a->genesis, &genesis, &federation_id, &diag) != ERR_OK)
        status = command_fail("snapshot", "%s", diag.text);
    if (status == EXIT_FINE)
        status = store_look("snapshot", path, &report);
    if (status == EXIT_FINE && !digest_equal(&federation_id, &report.federation_id)) {
        say(stderr, "prismfed snapshot: %s: another federation's than that of %s\n", path, a->genesis);
        status = EXIT_WRONG;
    }
    if (status == EXIT_FINE)
        status = execute(path, bytes_of_buf(&genesis), &report);
    if (status == EXIT_FINE)
        tell("follows from the genesis", path, &report, a->json);
    store_report_free(&report);
    buf_free(&genesis);
    return status;
}

static int act(const char *what, char **operands, int count, const struct arguments *a)
{
    if (strcmp(what, "save") == 0)
        return count == 2 ? copy("saved", operands[0], operands[1], a)
                          : command_misuse("snapshot", "save needs a STORE and a FILE");
    if (a->state)
        return command_misuse("snapshot", "--state goes with save");
    if (strcmp(what, "restore") == 0)
        return count == 2 ? restore(operands[0], operands[1], a)
                          : command_misuse("snapshot", "restore needs a FILE and a STORE");
    if (strcmp(what, "verify") != 0)
        return command_misuse("snapshot", "\"%s\" is not one of save, verify, restore", what);
    if (a->genesis == NULL)
        return command_misuse("snapshot", "verify needs the --genesis");
    return count == 1 ? verify(operands[0], a) : command_misuse("snapshot", "verify needs one FILE");
}

int command_snapshot(int argc, char **argv)
{
    struct arguments a = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands < 1)
        return command_misuse("snapshot", "expected save, verify or restore");
    return act(argv[operands], argv + operands + 1, argc - operands - 1, &a);
}
