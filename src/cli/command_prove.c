/* prismfed prove: one entry, its way to the root, and who signed that root. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "ledger/entry.h"
#include "state/membership.h"
#include "state/state.h"
#include "tlog/folder.h"
#include "tlog/proof.h"
#include "tlog/receipt.h"

struct arguments {
    const char *label, *update, *output;
    uint64_t entry, epoch, at;
    bool has_entry, has_epoch, has_at, receipt;
};

static const struct option_row rows[] = {
    {"update", "NODE", OPTION_TEXT, offsetof(struct arguments, update),
     .help = "the update of this node: the one of the last epoch that has one, or"},
    {"epoch", "N", OPTION_NUMBER, offsetof(struct arguments, epoch), 0, UINT64_MAX,
     offsetof(struct arguments, has_epoch), .help = "of this epoch"},
    {"entry", "N", OPTION_NUMBER, offsetof(struct arguments, entry), 0, UINT64_MAX,
     offsetof(struct arguments, has_entry),
     .help = "the entry of this number in the log, 0 being the genesis document"},
    {"at", "N", OPTION_NUMBER, offsetof(struct arguments, at), 0, UINT64_MAX, offsetof(struct arguments, has_at),
     .help = "in the tree at the end of epoch N (default: of the last one with a checkpoint)"},
    {"receipt", NULL, OPTION_FLAG, offsetof(struct arguments, receipt),
     .help = "in COSE (RFC 9942): the entry with a receipt of each validator, and not as a text"},
    {"label", "LABEL", OPTION_TEXT, offsetof(struct arguments, label),
     .help = "of the artifacts (default \"default\")"},
    {"output", "FILE", OPTION_TEXT, offsetof(struct arguments, output),
     .help = "where the proof goes (default: standard output)"},
};

static const struct option_table table = {
    .verb = "prove",
    .usage = "prismfed prove --update NODE [--epoch N] [OPTION...] DIR\n"
             "       prismfed prove --entry N [OPTION...] DIR\n",
    .about =
        "Makes the proof that one entry is in the log of a folder of artifacts: the entry itself, its way to the root "
        "of the Merkle tree, and the checkpoint of that root as the validators, and witnesses, signed it. The proof is "
        "one text in the form of C2SP tlog-proof, and prismfed verify checks it without the folder.",
    .after = "Exit status: 0 done; 1 the folder contradicts itself; 2 wrong usage, or there is nothing to prove.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

struct proving {
    const struct arguments *arguments;
    struct log_folder folder;
    struct log_walk walk;
    bool found;
    uint64_t index;
    struct buf entry;
    struct buf note; /* of the tree that is proved in */
    uint64_t note_size, note_epoch;
    unsigned note_links; /* of walk.links: those up to there */
};

static void proving_fini(struct proving *p)
{
    buf_free(&p->entry);
    buf_free(&p->note);
    log_walk_fini(&p->walk);
    log_folder_close(&p->folder);
}

/* ---- reading */

/* An update of the wanted node that took effect, as the file shows it; its bytes are what is proved. */
static bool is_wanted(const struct arguments *a, uint64_t index, const struct log_epoch *e, size_t number)
{
    const json_t *shown = e != NULL ? json_array_get(json_object_get(e->doc.root, "entries"), number) : NULL;
    const char *node = json_string_value(json_object_get(shown, "node_id"));
    const char *kind = json_string_value(json_object_get(shown, "kind"));
    const char *verdict = json_string_value(json_object_get(shown, "verdict"));

    if (a->has_entry)
        return index == a->entry;
    return e != NULL && (!a->has_epoch || e->epoch == a->epoch) && node != NULL && strcmp(node, a->update) == 0 &&
           kind != NULL && strcmp(kind, "update") == 0 && verdict != NULL && strcmp(verdict, VERDICT_ACCEPTED) == 0;
}

static enum err see_entry(void *context, const struct log_walk *w, const struct log_epoch *e, size_t number,
                          struct bytes entry, struct diag *diag)
{
    struct proving *p = context;

    (void)diag;
    if (!is_wanted(p->arguments, w->tree.size, e, number))
        return ERR_OK;
    p->found = true;
    p->index = w->tree.size;
    buf_clear(&p->entry);
    buf_add(&p->entry, entry.data, entry.len);
    return ERR_OK;
}

static enum err see_end(void *context, const struct log_walk *w, const struct log_epoch *e, struct diag *diag)
{
    struct proving *p = context;
    uint64_t epoch = e->epoch;
    struct buf note = {0};
    enum err err;

    if (p->arguments->has_at && p->arguments->at != epoch)
        return ERR_OK;
    err = log_folder_checkpoint(&p->folder, epoch, &note, diag);
    if (err == ERR_MISSING && !p->arguments->has_at) {
        buf_free(&note);
        return ERR_OK;
    }
    if (err == ERR_OK) {
        buf_free(&p->note);
        p->note = note;
        p->note_size = w->tree.size;
        p->note_epoch = epoch;
        p->note_links = w->link_count;
    }
    return err;
}

/* ---- the proof */

/* Is the checkpoint that of the tree that was read? What is handed out must verify. */
static enum err check_note(const struct proving *p, struct diag *diag)
{
    struct digest root = merkle_tree_root(&p->walk.tree, p->note_size);
    struct checkpoint c;
    struct note note;
    enum err err = note_parse(bytes_of_buf(&p->note), &note);

    if (err != ERR_OK)
        return diag_set(diag, err, "the checkpoint of epoch %" PRIu64 " is no signed note: %s", p->note_epoch,
                        err_text(err));
    err = checkpoint_parse(note.text, &c);
    if (err == ERR_OK && (c.size != p->note_size || !digest_equal(&c.root, &root)))
        err = ERR_MISMATCH;
    if (err != ERR_OK)
        err = diag_set(diag, err, "the checkpoint of epoch %" PRIu64 " is not of the log in the folder: %s",
                       p->note_epoch, err_text(err));
    note_fini(&note);
    return err;
}

/* The key of the entry's signer, where the genesis has it. */
static void find_key(const struct proving *p, struct proof *out)
{
    struct federation_state state = {0};
    struct entry *e = entry_open(bytes_of_buf(&p->entry));

    if (e->syntax == ERR_OK && state_genesis(bytes_of_buf(&p->folder.genesis), &state, NULL) == ERR_OK) {
        int member = state_find(&state, &e->cose.kid);

        out->has_key = member >= 0;
        if (member >= 0)
            out->key = state_member(&state, (unsigned)member)->card.key;
        state_free(&state);
    }
    entry_drop(e);
}

static void print(const struct proving *p, struct buf *out)
{
    struct proof proof = {.index = p->index, .checkpoint = bytes_of_buf(&p->note), .entry = bytes_of_buf(&p->entry)};

    merkle_inclusion_proof(&p->walk.tree, p->index, p->note_size, &proof.path);
    find_key(p, &proof);
    proof.links = mem_array(p->note_links + 1, sizeof proof.links[0]);
    for (; proof.link_count < p->note_links; proof.link_count++)
        proof.links[proof.link_count] = bytes_of_buf(&p->walk.links[proof.link_count]);
    proof_print(&proof, out);
    mem_free(proof.links);
}

/* A receipt of each validator whose signature for receipts is on the checkpoint. */
static enum err make_receipts(const struct proving *p, const struct note *n, const struct voter_set *voters,
                              struct buf *receipts, unsigned *count, struct diag *diag)
{
    struct receipt receipt = {.size = p->note_size, .index = p->index};
    struct digest root = merkle_tree_root(&p->walk.tree, p->note_size);

    merkle_inclusion_proof(&p->walk.tree, p->index, p->note_size, &receipt.path);
    for (unsigned i = 0; i < voters->count; i++) {
        enum err err = receipt_signature(n, &voters->keys[i], &root, receipt.signature);

        if (err == ERR_MISSING)
            continue;
        if (err != ERR_OK)
            return diag_set(diag, err, "the signature for receipts of a validator: %s", err_text(err));
        receipt.kid = voters->fingerprints[i];
        receipt_encode(&receipt, &receipts[(*count)++]);
    }
    return *count > 0 ? ERR_OK : diag_set(diag, ERR_MISSING, "no validator's signature for receipts is here");
}

static enum err attach_receipts(const struct proving *p, const struct note *n, const struct voter_set *voters,
                                struct buf *out, struct diag *diag)
{
    struct buf receipts[RECEIPTS_MAX] = {{0}};
    struct bytes views[RECEIPTS_MAX];
    unsigned count = 0;
    enum err err = make_receipts(p, n, voters, receipts, &count, diag);

    for (unsigned i = 0; i < count; i++)
        views[i] = bytes_of_buf(&receipts[i]);
    if (err == ERR_OK && receipt_attach(bytes_of_buf(&p->entry), views, count, out) != ERR_OK)
        err = diag_set(diag, ERR_SYNTAX, "the entry is no COSE_Sign1, which a receipt goes with");
    for (unsigned i = 0; i < count; i++)
        buf_free(&receipts[i]);
    return err;
}

/* The entry with receipts of the validators to whom the links lead. */
static enum err print_statement(const struct proving *p, struct buf *out, struct diag *diag)
{
    struct federation_state state = {0};
    struct voter_set voters;
    struct note note;
    enum err err = state_genesis(bytes_of_buf(&p->folder.genesis), &state, diag);

    if (err != ERR_OK)
        return err;
    state_voter_set(&state, &voters);
    for (unsigned i = 0; i < p->note_links && err == ERR_OK; i++)
        err = link_verify(bytes_of_buf(&p->walk.links[i]), &state.federation_id, &voters, &voters, NULL);
    state_free(&state);
    if (err != ERR_OK)
        return diag_set(diag, err, "a link between membership epochs: %s", err_text(err));
    err = note_parse(bytes_of_buf(&p->note), &note);
    ASSERT(err == ERR_OK); /* check_note() */
    err = attach_receipts(p, &note, &voters, out, diag);
    note_fini(&note);
    return err;
}

static int write_proof(const struct proving *p)
{
    const char *path = p->arguments->output;
    struct diag diag = {0};
    struct buf text = {0};
    int status = EXIT_FINE;

    if (!p->arguments->receipt)
        print(p, &text);
    else if (print_statement(p, &text, &diag) != ERR_OK)
        return command_fail("prove", "%s", diag.text);
    if (path == NULL && p->arguments->receipt)
        fwrite(text.data, 1, text.len, stdout);
    else if (path == NULL)
        say_lines(stdout, bytes_of_buf(&text));
    else if (file_write(path, bytes_of_buf(&text), &diag) != ERR_OK)
        status = command_fail("prove", "%s", diag.text);
    else
        say(stdout, "%s: entry %" PRIu64 " in the tree of %" PRIu64 " entries, at the end of epoch %" PRIu64 "\n", path,
            p->index, p->note_size, p->note_epoch);
    buf_free(&text);
    return status;
}

static int prove(struct proving *p)
{
    struct diag diag = {0};
    enum err err;

    p->walk = (struct log_walk){.folder = &p->folder, .context = p, .entry = see_entry, .ended = see_end};
    err = log_walk_run(&p->walk, &diag);
    if (err != ERR_OK) {
        command_fail("prove", "%s", diag.text);
        return err == ERR_MISMATCH ? EXIT_WRONG : EXIT_UNUSABLE;
    }
    if (!p->found)
        return command_fail("prove", "%s: there is no such entry", p->folder.path);
    if (p->note.len == 0)
        return command_fail("prove", "%s: there is no checkpoint here (epoch_NNN.checkpoint)", p->folder.path);
    if (p->index >= p->note_size)
        return command_fail("prove",
                            "entry %" PRIu64 " came after epoch %" PRIu64 ", whose checkpoint is of %" PRIu64
                            " entries; the checkpoint of a later epoch is wanted",
                            p->index, p->note_epoch, p->note_size);
    if (check_note(p, &diag) != ERR_OK) {
        command_fail("prove", "%s", diag.text);
        return EXIT_WRONG;
    }
    return write_proof(p);
}

int command_prove(int argc, char **argv)
{
    struct arguments a = {0};
    struct proving p = {.arguments = &a};
    struct diag diag = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands != 1)
        return command_misuse("prove", "expected one folder of artifacts");
    if ((a.update != NULL) == a.has_entry)
        return command_misuse("prove", "which entry? Either --update NODE or --entry N");
    if (log_folder_open(argv[operands], a.label, &p.folder, &diag) != ERR_OK)
        return command_fail("prove", "%s", diag.text);
    status = prove(&p);
    proving_fini(&p);
    return status;
}
