#ifndef PRISMFED_LEDGER_EPOCH_FILE_H
#define PRISMFED_LEDGER_EPOCH_FILE_H

#include "codec/json.h"
#include "ledger/block.h"
#include "merkle/tree.h"

/* The artifact ledger/[<label>/]epoch_NNN.json: the exact signed bytes of one epoch in base64, the
 * proofs, and a decoded view of all of it. Everything but the base64 is a function of
 * the base64, the log before it and genesis: the compliance validator renders the file anew and compares. */

#define ANCHOR_CONTENT_TYPE "application/prismfed.anchor+cbor"

/* Payload {"epoch", "height", "anchored", "block_id", "log_root", "log_size", "state_root", "merkle_root",
 * "federation_id"} (merkle_root null when the epoch was abandoned), COSE subject "anchor", signed by the node that
 * recorded the file. */
struct anchor_statement {
    struct digest federation_id;
    uint64_t epoch;
    bool anchored;
    struct digest merkle_root; /* over the epoch's own entries */
    uint64_t height;           /* of the block that closed the epoch */
    struct digest block_id;
    uint64_t log_size;
    struct digest log_root;
    struct digest state_root;
};
void anchor_payload(const struct anchor_statement *a, struct buf *out);
void anchor_sign(const struct secret_key *key, const struct anchor_statement *a, struct buf *out);
enum err anchor_parse(struct bytes in, struct anchor_statement *out, struct cose_sign1 *cose) MUST_CHECK;

/* Names for fingerprints, from genesis and JOIN entries. */
struct epoch_names {
    const void *context;
    const char *(*name)(const void *context, const struct digest *fingerprint); /* NULL: unknown */
};

/* What a file is made of. All pointers borrowed. */
struct epoch_record {
    const char *federation; /* scenario name */
    bool simulated;
    uint64_t epoch;
    const struct block *blocks; /* of the epoch, in order */
    unsigned block_count;
    const enum err *verdicts;      /* one for each entry of the epoch, in order: ERR_OK or why it had no effect */
    const struct merkle_tree *log; /* all leaves up to the epoch's end */
    uint64_t size_before;          /* log size before the epoch */
    struct anchor_statement anchor;
    struct bytes signature;   /* anchor_sign() */
    json_t *outcome;          /* the decision of the epoch (epoch_outcome_json), borrowed */
    struct bytes next_voters; /* when the last block closes the membership epoch: ledger/link.h; else empty */
};

enum { EPOCH_FILE_VERSION = 1 };
#define EPOCH_FILE_FORMAT "prismfed.epoch"
#define VERDICT_ACCEPTED "accepted" /* "verdict" of an entry with effect; else err_text() */

/* Top-level names: format, version, federation, federation_id, simulated, epoch, anchored, merkle_root, signature,
 * anchor (decoded), outcome, log {size_before, root_before, size_after, root_after, consistency_proof},
 * blocks [{height, ledger_block_id, header, decoded, view, signers, certificate[base64 votes], first_entry,
 * entry_count}], next_voters (null, or {set, decoded}: with the last block's header and certificate the link to the
 * next membership epoch), entries [{node_id, anchor_hash (leaf hash), leaf_index, kind, verdict, inclusion_proof (to
 * root_after), envelope, decoded}]. node_id, kind and decoded are null for bytes that are no envelope or whose signer
 * is unknown; signers are the names of the certificate's voters. Appends the file as it is written. */
void epoch_file_write(const struct epoch_record *record, const struct epoch_names *names, struct buf *out);
/* The same as a tree, for who looks into it. New reference. */
json_t *epoch_file_render(const struct epoch_record *record, const struct epoch_names *names);

/* The bytes of a file (blocks and signature are owned; epoch_file_fini): blocks re-assembled from header, envelopes and
 * votes, and the signature. What the decoded parts say is not looked at. Errors name the JSON pointer. */
struct epoch_file {
    uint64_t epoch;
    unsigned block_count;
    struct block *blocks;
    struct buf signature;
    struct buf next_voters; /* empty: null */
};
enum err epoch_file_parse(const struct json_doc *doc, struct epoch_file *out, struct diag *diag) MUST_CHECK;
/* The same of a text that is in the very form of epoch_file_write(), many times as fast. What stands between the signed
 * bytes is not looked at, so that a text which epoch_file_write() does not give back has not been read at all. False:
 * it is in another form, or wrong. */
bool epoch_file_scan(struct bytes text, struct epoch_file *out) MUST_CHECK;
void epoch_file_fini(struct epoch_file *f);

/* CBOR as JSON for reading: byte strings as lower-case hex, integers past 2^53 as strings. */
enum err cbor_to_json(struct bytes in, json_t **out) MUST_CHECK;
/* The same as text, where a value is to stand. On an error nothing is written. */
struct json_text;
enum err cbor_write_json(struct bytes in, struct json_text *t) MUST_CHECK;

/* The summary's signature: COSE_Sign1 (content type "application/prismfed.summary", subject "summary") over SHA-256 of
 * the canonical JSON of the document without its summary_signature member (summary_digest). */
struct digest summary_digest(const json_t *summary);
void summary_sign(const struct secret_key *key, const struct digest *digest, struct buf *out);
enum err summary_verify(const json_t *summary, const struct public_key *key, struct digest *signer) MUST_CHECK;
/* The same where the digest of the whole is known, and only its signature is looked up in summary. */
enum err summary_verify_digest(const json_t *summary, const struct digest *digest, const struct public_key *key,
                               struct digest *signer) MUST_CHECK;

#endif
