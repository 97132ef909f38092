/* prismfed verify: a proof of one entry, and whom to believe, and nothing else. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/file.h"
#include "cli/genesis_file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "codec/json.h"
#include "ledger/entry.h"
#include "state/membership.h"
#include "state/state.h"
#include "tlog/proof.h"
#include "tlog/receipt.h"

struct arguments {
    const char *policy, *genesis, *entry;
    bool json;
};

static const struct option_row rows[] = {
    {"policy", "FILE", OPTION_TEXT, offsetof(struct arguments, policy),
     .help = "whom to believe: a trust policy (C2SP tlog-policy), as prismfed tlog policy writes one; or"},
    {"genesis", "FILE", OPTION_TEXT, offsetof(struct arguments, genesis),
     .help = "the genesis of the federation: its validators, and those who followed them by the links in the proof"},
    {"entry", "FILE", OPTION_TEXT, offsetof(struct arguments, entry),
     .help = "write the entry that was proved to this file"},
    {"format", "FORMAT", OPTION_FORMAT, offsetof(struct arguments, json),
     .help = "text (the default), or json for a program"},
};

static const struct option_table table = {
    .verb = "verify",
    .usage = "prismfed verify --policy FILE PROOF\n"
             "       prismfed verify --genesis FILE PROOF\n",
    .about =
        "Checks the proof that prismfed prove has made (a text, or an entry with receipts): that the entry in it is in "
        "the Merkle tree of the checkpoint "
        "in it, that the log and a quorum signed this checkpoint, and that the entry's signature is its signer's. Of "
        "the proof nothing is believed, and nothing else is read than the proof and the policy or genesis.",
    .after = "Whether the federation gave the entry an effect is not shown: prismfed audit executes the log.\n"
             "Exit status: 0 verified; 1 not; 2 wrong usage or unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

struct verification {
    struct buf text;
    struct proof proof;
    bool read; /* proof */
    struct note note;
    struct checkpoint checkpoint;
    struct trust_finding found;
    struct trust_policy policy;
    struct entry *entry;
};

static void verification_fini(struct verification *v)
{
    entry_drop(v->entry);
    trust_policy_free(&v->policy);
    note_fini(&v->note);
    if (v->read)
        proof_free(&v->proof);
    buf_free(&v->text);
}

/* ---- whom to believe */

/* The policy that follows from the genesis: its validators, or those to whom the links in the proof lead. */
static enum err policy_of_genesis(const struct verification *v, struct bytes genesis, struct buf *policy,
                                  struct diag *diag)
{
    struct federation_state state = {0};
    struct voter_set voters;
    enum err err = state_genesis(genesis, &state, diag);

    if (err != ERR_OK)
        return err;
    state_voter_set(&state, &voters);
    err = proof_follow(&v->proof, &state.federation_id, &voters, diag);
    if (err == ERR_OK)
        trust_policy_print(&voters, &state.federation_id, NULL, 0, 0, policy);
    state_free(&state);
    return err;
}

/* Returns the exit status. */
static int read_policy(struct verification *v, const struct arguments *a)
{
    struct buf policy = {0}, genesis = {0};
    struct digest federation;
    struct diag diag = {0};
    int status = EXIT_FINE;
    enum err err;

    if (a->policy != NULL)
        err = file_read(a->policy, TRUST_POLICY_SIZE_MAX, &policy, &diag);
    else
        err = genesis_file_read(a->genesis, &genesis, &federation, &diag);
    if (err == ERR_OK && a->genesis != NULL && policy_of_genesis(v, bytes_of_buf(&genesis), &policy, &diag) != ERR_OK)
        status = EXIT_WRONG;
    if (err == ERR_OK && status == EXIT_FINE)
        err = trust_policy_parse(bytes_of_buf(&policy), &v->policy, &diag);
    if (err != ERR_OK || status != EXIT_FINE)
        command_fail("verify", "%s", diag.text);
    if (err == ERR_OK && status == EXIT_FINE && v->policy.log_count == 0)
        err = (command_fail("verify", "%s: the policy names no log: any log would do", a->policy), ERR_MISSING);
    buf_free(&policy);
    buf_free(&genesis);
    return err != ERR_OK ? EXIT_UNUSABLE : status;
}

/* ---- checking */

static enum err judge_text(struct verification *v, struct diag *diag)
{
    enum err err = trust_policy_judge(&v->policy, &v->note, &v->found);

    switch (err) {
    case ERR_OK:
        return ERR_OK;
    case ERR_KEY:
        return diag_set(diag, err, "the checkpoint is not signed by a log that is trusted");
    case ERR_QUORUM:
        return diag_set(diag, err, "too few cosigned the checkpoint: %u of %u, which is not the policy's quorum",
                        v->found.witnesses, v->policy.witness_count);
    default:
        return diag_set(diag, err, "a signature of the checkpoint, of a key that is known: %s", err_text(err));
    }
}

static enum err check(struct verification *v, struct diag *diag)
{
    enum err err = note_parse(v->proof.checkpoint, &v->note);

    if (err != ERR_OK)
        return diag_set(diag, err, "the checkpoint in the proof is no signed note: %s", err_text(err));
    err = proof_check(&v->proof, &v->note, &v->checkpoint, diag);
    if (err == ERR_OK)
        err = judge_text(v, diag);
    v->entry = entry_open(v->proof.entry);
    return err;
}

static int keep_entry(const struct verification *v, const struct arguments *a)
{
    struct diag diag = {0};

    if (a->entry != NULL && file_write(a->entry, v->proof.entry, &diag) != ERR_OK)
        return command_fail("verify", "%s", diag.text);
    return EXIT_FINE;
}

/* ---- telling */

static json_t *entry_json(const struct verification *v)
{
    const struct entry *e = v->entry;
    json_t *out = json_object();

    json_put(out, "index", json_u64(v->proof.index));
    json_put(out, "bytes", json_u64(v->proof.entry.len));
    json_put(out, "kind", e->syntax == ERR_OK ? json_string(entry_kind_name(e->envelope.kind)) : json_null());
    json_put(out, "epoch", e->syntax == ERR_OK ? json_u64(e->envelope.federated_epoch) : json_null());
    json_put(out, "signer", e->syntax == ERR_OK ? json_hex(digest_bytes(&e->cose.kid)) : json_null());
    json_put(out, "signature_checked", json_boolean(v->proof.has_key));
    return out;
}

static void tell_json(const struct verification *v)
{
    struct buf text = {0};
    json_t *out = json_object();

    json_put(out, "verified", json_true());
    json_put(out, "origin", json_stringn((const char *)v->checkpoint.origin.data, v->checkpoint.origin.len));
    json_put(out, "size", v->checkpoint.size > 0 ? json_u64(v->checkpoint.size) : json_null());
    json_put(out, "root", v->checkpoint.size > 0 ? json_hex(digest_bytes(&v->checkpoint.root)) : json_null());
    json_put(out, "cosigners", json_u64(v->found.witnesses));
    json_put(out, "entry", entry_json(v));
    json_render(out, &text);
    say_lines(stdout, bytes_of_buf(&text));
    json_decref(out);
    buf_free(&text);
}

static void tell(const struct verification *v)
{
    const struct entry *e = v->entry;
    char signer[2 * DIGEST_SIZE + 1];

    say(stdout, "entry %" PRIu64 " is in %.*s\n", v->proof.index, (int)v->checkpoint.origin.len,
        (const char *)v->checkpoint.origin.data);
    if (v->checkpoint.size > 0)
        say(stdout, "its tree has %" PRIu64 " entries\n", v->checkpoint.size);
    if (e->syntax == ERR_OK) {
        digest_hex(&e->cose.kid, signer);
        say(stdout, "it is a signed message of kind \"%s\" for epoch %" PRIu64 "; its signer is %s, %s\n",
            entry_kind_name(e->envelope.kind), e->envelope.federated_epoch, signer,
            v->proof.has_key ? "whose signature verifies"
                             : "whose key is not known here: the signature is NOT checked");
    } else {
        say(stdout, "it is no signed message, but %zu other bytes\n", v->proof.entry.len);
    }
    say(stdout, "%u of %u cosigners signed this tree: the quorum holds\n", v->found.witnesses, v->policy.witness_count);
    say(stdout, "verified\n");
}

/* ---- an entry with receipts */

/* The size of the tree is not among what its signers sign (RFC 9942), and is not told. */
static bool is_statement(struct bytes text)
{
    return text.len > 0 && text.data[0] == 0xd2; /* a COSE_Sign1 */
}

/* The entry's own signature, where its signer is one of the policy's cosigners: a receipt brings no key along. */
static enum err check_signer(struct verification *v, struct diag *diag)
{
    for (unsigned i = 0; i < v->policy.witness_count && v->entry->syntax == ERR_OK; i++) {
        const struct public_key *key = &v->policy.witnesses[i].key.public;
        struct digest fingerprint = key_fingerprint(key);

        if (!digest_equal(&fingerprint, &v->entry->cose.kid))
            continue;
        v->proof.has_key = true;
        enum err err = entry_verify(v->entry, key, NULL);
        return err == ERR_OK ? ERR_OK : diag_set(diag, err, "the entry's own signature: %s", err_text(err));
    }
    return ERR_OK;
}

static int verify_statement(struct verification *v, const struct arguments *a, const char *path)
{
    struct bytes receipts[RECEIPTS_MAX];
    struct receipt receipt = {0};
    struct buf entry = {0};
    struct diag diag = {0};
    unsigned count;
    int status = EXIT_FINE;
    enum err err = receipt_detach(bytes_of_buf(&v->text), &entry, receipts, &count);

    if (err != ERR_OK)
        status = command_fail("verify", "%s: expected a COSE_Sign1 with receipts: %s", path, err_text(err));
    else
        status = read_policy(v, a);
    if (status == EXIT_FINE &&
        receipt_judge(&v->policy, bytes_of_buf(&entry), receipts, count, &v->found, &receipt, &diag) != ERR_OK)
        status = (command_fail("verify", "%s: %s", path, diag.text), EXIT_WRONG);
    if (status == EXIT_FINE) {
        v->entry = entry_open(bytes_of_buf(&entry));
        v->proof.entry = entry_bytes(v->entry);
        v->proof.index = receipt.index;
        v->checkpoint = (struct checkpoint){.origin = v->policy.logs[0].name};
        if (check_signer(v, &diag) != ERR_OK)
            status = (command_fail("verify", "%s: %s", path, diag.text), EXIT_WRONG);
        else
            status = keep_entry(v, a);
    }
    buf_free(&entry);
    return status;
}

static int verify_proof(struct verification *v, const struct arguments *a, const char *path)
{
    struct diag diag = {0};
    int status;

    v->read = proof_parse(bytes_of_buf(&v->text), &v->proof, &diag) == ERR_OK;
    if (!v->read)
        return command_fail("verify", "%s: %s", path, diag.text);
    status = read_policy(v, a);
    if (status != EXIT_FINE)
        return status;
    if (check(v, &diag) != ERR_OK) {
        command_fail("verify", "%s: %s", path, diag.text);
        return EXIT_WRONG;
    }
    return keep_entry(v, a);
}

static int verify(struct verification *v, const struct arguments *a, const char *path)
{
    struct diag diag = {0};
    int status;

    if (file_read(path, PROOF_SIZE_MAX, &v->text, &diag) != ERR_OK)
        return command_fail("verify", "%s", diag.text);
    status = is_statement(bytes_of_buf(&v->text)) ? verify_statement(v, a, path) : verify_proof(v, a, path);
    if (status == EXIT_FINE && a->json)
        tell_json(v);
    else if (status == EXIT_FINE)
        tell(v);
    return status;
}

int command_verify(int argc, char **argv)
{
    struct arguments a = {0};
    struct verification v = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands != 1)
        return command_misuse("verify", "expected one proof");
    if ((a.policy != NULL) == (a.genesis != NULL))
        return command_misuse("verify", "whom to believe? Either --policy FILE or --genesis FILE");
    status = verify(&v, &a, argv[operands]);
    verification_fini(&v);
    return status;
}
