#ifndef PRISMFED_CRYPTO_ENVELOPE_H
#define PRISMFED_CRYPTO_ENVELOPE_H

#include "crypto/cose.h"

/* One entry of the log: a COSE_Sign1 whose payload is the deterministic map
 *   {"body", "kind", "schema", "sequence", "federation_id", "federated_epoch",
 *    "ledger_block_id", "node_fingerprint"}.
 * Content type ENVELOPE_CONTENT_TYPE, COSE subject = the kind, and kid =
 * node_fingerprint, so a message can never pass as another kind or federation. */

#define ENVELOPE_CONTENT_TYPE "application/prismfed.entry+cbor"
enum { ENVELOPE_SCHEMA = 1, ENVELOPE_SIZE_MAX = 1 << 20 };

enum entry_kind {
    ENTRY_UPDATE,      /* best genomes of a local cycle, with counted costs */
    ENTRY_SCORE,       /* one row of the score matrix */
    ENTRY_CLOSE,       /* a phase's deadline passed at the primary */
    ENTRY_ROLLBACK,    /* restores an earlier anchor's incumbent */
    ENTRY_EVIDENCE,    /* two statements that convict their signer */
    ENTRY_RECONCILE,   /* a node that was away proves where it stands */
    ENTRY_JOIN,        /* a validator sponsors a new participant */
    ENTRY_LEAVE,       /* a participant says good-bye */
    ENTRY_RECONFIGURE, /* a validator signs off a change of who votes */
    ENTRY_RECOUNT,     /* a validator ran a claimed cost again and got another one */
    ENTRY_KIND_COUNT
};

struct envelope {
    enum entry_kind kind;
    uint64_t sequence;           /* strictly increasing for each node */
    struct digest federation_id; /* SHA-256 of the genesis document */
    uint64_t federated_epoch;
    struct digest ledger_block_id; /* the block that the sender built on */
    struct digest node_fingerprint;
    struct bytes body; /* one deterministic CBOR item, kind's own map */
};

const char *entry_kind_name(enum entry_kind kind); /* "update", ... */
enum err entry_kind_parse(struct bytes name, enum entry_kind *out) MUST_CHECK;

/* Appends to out. node_fingerprint is taken from the key; e->body must be one
 * deterministic item, the whole at most ENVELOPE_SIZE_MAX (both asserted). */
void envelope_sign(const struct secret_key *key, const struct envelope *e, struct buf *out);
/* Strict parse; e->body and the views of cose point into in. Checks no signature:
 * cose_verify. ERR_MISMATCH when kid or subject and payload disagree. */
enum err envelope_parse(struct bytes in, struct envelope *out, struct cose_sign1 *cose) MUST_CHECK;
/* SHA-256 of the envelope's bytes: its name everywhere outside the tree. */
struct digest envelope_id(struct bytes in);

#endif
