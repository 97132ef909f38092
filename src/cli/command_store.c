#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/genesis_file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/store_look.h"
#include "node/store_execute.h"

struct arguments {
    const char *genesis;
    bool mend, json;
};

static const struct option_row rows[] = {
    {"genesis", "FILE", OPTION_TEXT, offsetof(struct arguments, genesis),
     .help =
         "the federation's genesis (genesis.cbor, or genesis.json of a run): the ledger that the files hold together "
         "is executed from its first block on or, where that is not there, from the latest snapshot; every "
         "certificate, entry and state root is verified"},
    {"mend", NULL, OPTION_FLAG, offsetof(struct arguments, mend),
     .help = "drop the damaged blocks that a node can fetch from its peers again; the node must be down"},
    {"format", "FORMAT", OPTION_FORMAT, offsetof(struct arguments, json),
     .help = "text (the default), or json for a program"},
};

static const struct option_table table = {
    .verb = "store",
    .usage = "prismfed store check [--genesis FILE] [--mend] STORE...\n",
    .about =
        "Checks everything that is in the store of a node: the structure of the file, the digest of every row, that "
        "nothing is gone that was durable, and that each block is the child of the one below it. A store that a "
        "running node has open can be checked, too. Several files (archives that prune has written, oldest first, "
        "and the store) are one ledger.",
    .after =
        "Each store is sound, mendable (only blocks are damaged that a node can fetch from its peers: --mend) or lost: "
        "then its node must not start from it, and goes on as one that has lost its disk, once the files are moved "
        "away.\n\nExit status: 0 sound, or mended; 1 something is damaged or does not follow from the genesis; 2 "
        "wrong usage, or a file that is no store or cannot be read.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

/* ---- one file */

static json_t *finding_json(const struct store_finding *f)
{
    json_t *o = json_object();

    json_put(o, "fault", json_string(store_fault_name(f->fault)));
    if (f->fault == STORE_FAULT_BLOCK || f->fault == STORE_FAULT_SNAPSHOT)
        json_put(o, "height", json_u64(f->number));
    json_put(o, "text", json_string(f->text.text));
    return o;
}

static json_t *report_json(const char *path, const struct store_report *r, bool mended)
{
    json_t *o = json_object(), *findings = json_array();

    json_put(o, "store", json_string(path));
    json_put(o, "federation_id", json_hex(digest_bytes(&r->federation_id)));
    json_put(o, "verdict", json_string(store_verdict_name(r->verdict)));
    json_put(o, "mended", json_boolean(mended));
    json_put(o, "blocks", json_u64(r->blocks));
    json_put(o, "first_block", json_u64(r->first));
    json_put(o, "whole_to", json_u64(r->whole));
    json_put(o, "height", json_u64(r->counters.top));
    json_put(o, "snapshot", json_u64(r->snapshot));
    json_put(o, "records", json_u64(r->counters.records));
    json_put(o, "transactions", json_u64(r->counters.commits));
    json_put(o, "recovering", json_boolean(r->recovering));
    for (size_t i = 0; i < r->count; i++)
        json_push(findings, finding_json(&r->findings[i]));
    json_put(o, "findings", findings);
    return o;
}

static void report_text(const char *path, const struct store_report *r, bool mended)
{
    for (size_t i = 0; i < r->count; i++)
        say(stdout, "%s: FAIL %s: %s\n", path, store_fault_name(r->findings[i].fault), r->findings[i].text.text);
    say(stdout,
        "%s: %s: height %" PRIu64 ", %" PRIu64 " blocks from %" PRIu64 " on, latest snapshot at %" PRIu64 ", %" PRIu64
        " records of its node's own\n",
        path, store_verdict_name(r->verdict), r->counters.top, r->blocks, r->first, r->snapshot, r->counters.records);
    if (r->whole < r->counters.top)
        say(stdout, "%s: the blocks from %" PRIu64 " to %" PRIu64 " have not come yet; peers have them\n", path,
            r->whole + 1, r->counters.base);
    if (r->recovering)
        say(stdout, "%s: a node that starts from it has lost its disk, and asks the others before it signs\n", path);
    if (mended && r->mend_from > 0)
        say(stdout, "%s: mended: the blocks from %" PRIu64 " to %" PRIu64 " are dropped; peers have them\n", path,
            r->mend_from, r->mend_to);
    else if (mended)
        say(stdout, "%s: mended by itself: a start falls back on the snapshot that is sound\n", path);
}

/* federation_id: NULL: anybody's. Returns the exit status. */
static int check_one(const char *path, const struct arguments *a, const struct digest *federation_id, json_t *out)
{
    struct store_report report;
    struct diag diag = {0};
    bool mended = false;
    int status;

    if (store_check(path, &report, &diag) != ERR_OK)
        return command_fail("store", "%s", diag.text);
    status = report.verdict == STORE_SOUND ? EXIT_FINE : EXIT_WRONG;
    if (status == EXIT_FINE && federation_id != NULL && !digest_equal(federation_id, &report.federation_id)) {
        say(stderr, "prismfed store: %s: another federation's than that of %s\n", path, a->genesis);
        status = EXIT_WRONG;
    }
    if (a->mend && report.verdict == STORE_MENDABLE) {
        mended = store_mend(path, &report, &diag) == ERR_OK;
        status = mended ? EXIT_FINE : command_fail("store", "%s", diag.text);
    }
    if (a->json)
        json_push(out, report_json(path, &report, mended));
    else
        report_text(path, &report, mended);
    store_report_free(&report);
    return status;
}

/* ---- all of them as one ledger */

static void execution_tell(const struct store_execution *e, bool json, json_t *out)
{
    char block[2 * DIGEST_SIZE + 1], root[2 * DIGEST_SIZE + 1];

    digest_hex(&e->block_id, block);
    digest_hex(&e->state_root, root);
    if (!json) {
        say(stdout, "executed from block %" PRIu64 " to %" PRIu64 ": ledger_block_id %s, state_root %s\n", e->from,
            e->height, block, root);
        return;
    }
    json_t *o = json_object();
    json_put(o, "from", json_u64(e->from));
    json_put(o, "height", json_u64(e->height));
    json_put(o, "ledger_block_id", json_string(block));
    json_put(o, "state_root", json_string(root));
    json_put(out, "executed", o);
}

/* From the first block, unless it or some behind it are not there. */
static enum err execute(const struct store_chain *chain, struct bytes genesis, struct store_execution *e,
                        struct diag *diag)
{
    const struct ledger_store *ledger = store_chain_ledger(chain);
    uint64_t top = store_chain_top(chain);
    enum err err = store_execute(genesis, ledger, true, e, diag);

    if (err == ERR_OK && e->height < top)
        err = store_execute(genesis, ledger, false, e, diag);
    if (err == ERR_OK && e->height < top)
        err = diag_set(diag, ERR_MISSING, "the blocks lead to %" PRIu64 ", and not to the last one, %" PRIu64,
                       e->height, top);
    return err;
}

static int check_ledger(const char *const *paths, unsigned count, const struct arguments *a, struct bytes genesis,
                        json_t *out)
{
    struct store_chain *chain = NULL;
    struct store_execution e;
    struct diag diag = {0};
    int status = EXIT_FINE;

    if (store_chain_open(paths, count, &chain, &diag) != ERR_OK)
        return command_fail("store", "%s", diag.text);
    if (execute(chain, genesis, &e, &diag) == ERR_OK) {
        execution_tell(&e, a->json, out);
    } else {
        status = EXIT_WRONG;
        if (a->json)
            json_put(out, "execution_fails", json_string(diag.text));
        else
            say(stdout, "FAIL execution: %s\n", diag.text);
    }
    store_chain_close(chain);
    return status;
}

static int check(const char *const *paths, unsigned count, const struct arguments *a, struct bytes genesis,
                 const struct digest *federation_id)
{
    json_t *out = json_object(), *stores = json_array();
    int status = EXIT_FINE;

    for (unsigned i = 0; i < count && status != EXIT_UNUSABLE; i++) {
        int one = check_one(paths[i], a, federation_id, stores);
        status = one > status ? one : status;
    }
    json_put(out, "stores", stores);
    if (federation_id != NULL && status == EXIT_FINE)
        status = check_ledger(paths, count, a, genesis, out);
    if (a->json && status != EXIT_UNUSABLE)
        store_say_json(out);
    else
        json_decref(out);
    return status;
}

int command_store(int argc, char **argv)
{
    struct arguments a = {0};
    struct digest federation_id;
    struct buf genesis = {0};
    struct diag diag = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands < 2)
        return command_misuse("store", "expected what to do and a STORE");
    if (strcmp(argv[operands], "check") != 0)
        return command_misuse("store", "\"%s\" is not check", argv[operands]);
    if (a.genesis != NULL && genesis_file_read(a.genesis, &genesis, &federation_id, &diag) != ERR_OK)
        status = command_fail("store", "%s", diag.text);
    else
        status = check((const char *const *)argv + operands + 1, (unsigned)(argc - operands - 1), &a,
                       bytes_of_buf(&genesis), a.genesis != NULL ? &federation_id : NULL);
    buf_free(&genesis);
    return status;
}
