#include "tap.h"
#include "crypto/envelope.h"
#include "ledger/entry.h"
#include "tlog/proof.h"

/* The proof of one entry: whole in one text, and nothing of it can be changed. */

enum { ENTRIES = 13, AT = 6 };

static struct secret_key key;
static struct buf bundle;

static void make(void)
{
    struct merkle_tree tree = {0};
    struct checkpoint_signer signer;
    struct checkpoint c = {.size = ENTRIES};
    struct buf entry = {0}, note = {0}, origin = {0};
    struct proof p = {.index = AT, .has_key = true};

    key_simulated(2, "who signs", &key);
    cose_sign(&key, ENVELOPE_CONTENT_TYPE, "update", bytes_of_text("no payload of an envelope"), &entry);
    for (uint8_t i = 0; i < ENTRIES; i++) {
        struct digest leaf = i == AT ? entry_leaf_hash(bytes_of_buf(&entry)) : merkle_leaf_hash(bytes_of(&i, 1));
        merkle_tree_append(&tree, &leaf);
    }
    checkpoint_origin(&(struct digest){{3}}, &origin);
    c.origin = bytes_of_buf(&origin);
    c.root = merkle_tree_root(&tree, ENTRIES);
    checkpoint_signer_make(&key, &c, &signer);
    buf_clear(&signer.receipt); /* test_receipt.c */
    checkpoint_assemble(&c, &signer, 1, &note);
    p.has_key = false;
    p.entry = bytes_of_buf(&entry);
    p.checkpoint = bytes_of_buf(&note);
    merkle_inclusion_proof(&tree, AT, ENTRIES, &p.path);
    buf_clear(&bundle);
    proof_print(&p, &bundle);
    checkpoint_signer_fini(&signer);
    merkle_tree_free(&tree);
    buf_free(&entry);
    buf_free(&note);
    buf_free(&origin);
}

/* Read, checked against its checkpoint, and that against its signer. */
static enum err check(void)
{
    struct proof p = {0};
    struct note note;
    struct checkpoint c;
    struct diag diag = {0};
    enum err err = proof_parse(bytes_of_buf(&bundle), &p, &diag);

    if (err != ERR_OK)
        return err;
    err = note_parse(p.checkpoint, &note);
    if (err == ERR_OK) {
        err = proof_check(&p, &note, &c, &diag);
        if (err == ERR_OK && !note_name_valid(c.origin))
            err = ERR_SYNTAX;
        if (err == ERR_OK) {
            struct note_key log = note_key_of(c.origin, NOTE_KEY_LOG, &key.public);
            err = checkpoint_verify(&note, &log, NULL);
        }
        note_fini(&note);
    }
    proof_free(&p);
    return err;
}

static void there_and_back(void)
{
    struct proof p = {0};

    make();
    REQUIRE_OK(proof_parse(bytes_of_buf(&bundle), &p, NULL));
    CHECK_EQ_U64(p.index, AT);
    CHECK_EQ_U64(p.path.count, 4);
    CHECK(!p.has_key);
    proof_free(&p);
    CHECK_OK(check());
}

/* The one line that nobody signed is that of the cosignature, which check() does not ask for. */
static void every_flipped_bit_fails(void)
{
    size_t signed_end;

    make();
    for (signed_end = bundle.len - 1; bundle.data[signed_end - 1] != '\n'; signed_end--)
        ;
    for (size_t i = 0; i < 8 * signed_end; i++) {
        bundle.data[i / 8] ^= (uint8_t)(1u << i % 8);
        CHECK(check() != ERR_OK);
        bundle.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

static void every_part_fails(void)
{
    make();
    size_t whole = bundle.len;
    for (size_t len = 0; len < whole; len++) {
        bundle.len = len;
        CHECK(len > whole - 300 || check() != ERR_OK);
    }
    bundle.len = whole;
}

/* An entry that is in the log, and the key that the proof brings for it. flip: a bit of its signature is another. */
static enum err check_signed(bool flip, const struct secret_key *brought)
{
    static const uint8_t body[] = {0xa0};
    struct envelope e = {.sequence = 1, .federated_epoch = 1, .body = bytes_of(body, sizeof body)};
    struct checkpoint c = {.size = 2}, found;
    struct proof p = {.index = 1, .has_key = true, .key = brought->public};
    struct buf entry = {0}, text = {0};
    struct merkle_tree tree = {0};
    struct digest leaf = {{1}};
    struct checkpoint_signer signer;
    struct note note;
    enum err err;

    e.node_fingerprint = key.fingerprint;
    envelope_sign(&key, &e, &entry);
    entry.data[entry.len - 1] ^= flip;
    p.entry = bytes_of_buf(&entry);
    merkle_tree_append(&tree, &leaf);
    leaf = entry_leaf_hash(p.entry);
    merkle_tree_append(&tree, &leaf);
    merkle_inclusion_proof(&tree, 1, 2, &p.path);
    c.origin = bytes_of_text("prismfed/log/x");
    c.root = merkle_tree_root(&tree, 2);
    checkpoint_signer_make(&key, &c, &signer);
    checkpoint_assemble(&c, &signer, 1, &text);
    err = note_parse(bytes_of_buf(&text), &note);
    ASSERT(err == ERR_OK);
    err = proof_check(&p, &note, &found, NULL);
    note_fini(&note);
    checkpoint_signer_fini(&signer);
    merkle_tree_free(&tree);
    buf_free(&entry);
    buf_free(&text);
    return err;
}

/* Whatever is in the log is a leaf, also what nobody signed. */
static void the_signature_of_the_entry(void)
{
    struct secret_key other;

    key_simulated(2, "who signs", &key);
    key_simulated(2, "another", &other);
    CHECK_ERR(check_signed(false, &key), ERR_OK);
    CHECK_ERR(check_signed(true, &key), ERR_SIGNATURE);
    CHECK_ERR(check_signed(false, &other), ERR_MISMATCH);
}

int main(void)
{
    key_library_init();
    TAP_RUN(there_and_back);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(every_part_fails);
    TAP_RUN(the_signature_of_the_entry);
    buf_free(&bundle);
    return tap_done();
}
