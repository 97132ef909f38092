#include "crypto/cose.h"
#include "ledger/block.h"
#include "tap.h"
#include "tlog/receipt.h"

/* COSE receipts: of one entry in a small log, by one validator; nothing of them can be changed. */

enum { ENTRIES = 13, AT = 6 };

static struct secret_key key;
static struct merkle_tree tree;
static struct buf entry, statement;
static struct trust_policy policy;

static void set_policy(unsigned quorum)
{
    struct voter_set voters = {.membership_epoch = 1, .quorum = quorum, .count = 1};
    struct buf text = {0};

    voters.keys[0] = key.public;
    voters.fingerprints[0] = key.fingerprint;
    trust_policy_print(&voters, &(struct digest){{3}}, NULL, 0, 0, &text);
    REQUIRE_OK(trust_policy_parse(bytes_of_buf(&text), &policy, NULL));
    buf_free(&text);
}

/* The signature goes over the line of a note, as it does in a record. */
static void sign_root(struct receipt *r)
{
    struct checkpoint c = {.size = ENTRIES, .root = merkle_tree_root(&tree, ENTRIES)};
    struct buf origin = {0}, text = {0};
    struct checkpoint_signer signer;
    struct note note;

    checkpoint_origin(&(struct digest){{3}}, &origin);
    c.origin = bytes_of_buf(&origin);
    checkpoint_signer_make(&key, &c, &signer);
    checkpoint_assemble(&c, &signer, 1, &text);
    REQUIRE_OK(note_parse(bytes_of_buf(&text), &note));
    CHECK_OK(receipt_signature(&note, &key.public, &c.root, r->signature));
    CHECK_ERR(receipt_signature(&note, &key.public, &(struct digest){{1}}, r->signature), ERR_SIGNATURE);
    note_fini(&note);
    checkpoint_signer_fini(&signer);
    buf_free(&origin);
    buf_free(&text);
}

static void set_up(void)
{
    struct receipt r = {.size = ENTRIES, .index = AT};
    struct buf bytes = {0};

    key_simulated(2, "who signs", &key);
    cose_sign(&key, "text/plain", "update", bytes_of_text("a payload"), &entry);
    for (uint8_t i = 0; i < ENTRIES; i++) {
        struct digest leaf = i == AT ? entry_leaf_hash(bytes_of_buf(&entry)) : merkle_leaf_hash(bytes_of(&i, 1));
        merkle_tree_append(&tree, &leaf);
    }
    merkle_inclusion_proof(&tree, AT, ENTRIES, &r.path);
    r.kid = key.fingerprint;
    sign_root(&r);
    receipt_encode(&r, &bytes);
    struct bytes view = bytes_of_buf(&bytes);
    REQUIRE_OK(receipt_attach(bytes_of_buf(&entry), &view, 1, &statement));
    set_policy(1);
    buf_free(&bytes);
}

static enum err judge(struct bytes in, struct receipt *verified)
{
    struct bytes receipts[RECEIPTS_MAX];
    struct trust_finding found;
    struct buf bytes = {0};
    unsigned count = 0;
    enum err err = receipt_detach(in, &bytes, receipts, &count);

    if (err == ERR_OK)
        err = receipt_judge(&policy, bytes_of_buf(&bytes), receipts, count, &found, verified, NULL);
    buf_free(&bytes);
    return err;
}

static void there_and_back(void)
{
    struct receipt verified = {0};
    struct bytes receipts[RECEIPTS_MAX];
    struct buf bytes = {0}, twice = {0};
    unsigned count = 0;

    REQUIRE_OK(judge(bytes_of_buf(&statement), &verified));
    CHECK_EQ_U64(verified.size, ENTRIES);
    CHECK_EQ_U64(verified.index, AT);
    REQUIRE_OK(receipt_detach(bytes_of_buf(&statement), &bytes, receipts, &count));
    CHECK(bytes_equal(bytes_of_buf(&bytes), bytes_of_buf(&entry)));
    CHECK_EQ_U64(count, 1);
    receipts[1] = receipts[0];
    REQUIRE_OK(receipt_attach(bytes_of_buf(&entry), receipts, 2, &twice));
    CHECK_ERR(judge(bytes_of_buf(&twice), &verified), ERR_DUPLICATE);
    CHECK_ERR(judge(bytes_of_buf(&entry), &verified), ERR_MISSING);
    CHECK_ERR(receipt_attach(bytes_of_buf(&statement), receipts, 1, &twice), ERR_SYNTAX);
    buf_free(&bytes);
    buf_free(&twice);
}

/* But for the size of the tree, which RFC 9942 has nobody sign: another one may lead to the same root. */
static void every_flipped_bit_fails(void)
{
    for (size_t i = 0; i < 8 * statement.len; i++) {
        struct receipt verified = {0};

        statement.data[i / 8] ^= (uint8_t)(1u << i % 8);
        CHECK(judge(bytes_of_buf(&statement), &verified) != ERR_OK || verified.size != ENTRIES);
        statement.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

/* "inclusion-path: [ + bstr ]": a tree of one leaf has no receipt. */
static void no_path(void)
{
    struct receipt r = {.size = 1, .index = 0, .kid = key.fingerprint};
    struct buf bytes = {0};

    receipt_encode(&r, &bytes);
    CHECK_ERR(receipt_parse(bytes_of_buf(&bytes), &r), ERR_RANGE);
    buf_free(&bytes);
}

int main(void)
{
    key_library_init();
    set_up();
    TAP_RUN(there_and_back);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(no_path);
    trust_policy_free(&policy);
    merkle_tree_free(&tree);
    buf_free(&entry);
    buf_free(&statement);
    return tap_done();
}
