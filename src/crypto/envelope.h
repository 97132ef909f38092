#ifndef PRISMFED_CRYPTO_ENVELOPE_H
#define PRISMFED_CRYPTO_ENVELOPE_H

#include <assert.h>

#include "crypto/cose.h"

/* One entry of the log: a COSE_Sign1 whose payload is the deterministic map
 *   {"body", "kind", "schema", "sequence", "federation_id", "federated_epoch",
 *    "ledger_block_id", "node_fingerprint"}.
 * Content type ENVELOPE_CONTENT_TYPE, COSE subject = the kind, and kid =
 * node_fingerprint, so a message can never pass as another kind or federation. */

#define ENVELOPE_CONTENT_TYPE "application/prismfed.entry+cbor"

/* Limits that fit into each other. An EVIDENCE entry holds two statements of up to ENVELOPE_STATEMENT_MAX bytes. A
 * statement is an envelope without what is attached to it; so two EVIDENCE entries that contradict each other are
 * statements too, their size does not grow with what they themselves report, and every pair of envelopes that can be
 * received fits into an envelope that can be built. */
enum {
    ENVELOPE_SCHEMA = 1,
    ENVELOPE_SIZE_MAX = 1 << 20,
    ENVELOPE_STATEMENT_MAX = 480 << 10, /* of an envelope without its attachments */
    ENVELOPE_ROOM = 4 << 10             /* for all of an EVIDENCE entry but its two statements */
};
static_assert(2 * ENVELOPE_STATEMENT_MAX + ENVELOPE_ROOM <= ENVELOPE_SIZE_MAX, "any two statements fit into an entry");

enum entry_kind {
    ENTRY_UPDATE,      /* best genomes of a local cycle, with counted costs */
    ENTRY_SCORE,       /* one row of the score matrix */
    ENTRY_CLOSE,       /* a phase's deadline passed at the primary */
    ENTRY_ROLLBACK,    /* restores an earlier anchor's incumbent */
    ENTRY_EVIDENCE,    /* two statements that convict their signer */
    ENTRY_RECONCILE,   /* a node that was away proves where it stands */
    ENTRY_LEAVE,       /* a participant says good-bye */
    ENTRY_RECONFIGURE, /* a validator signs off a change of who votes */
    ENTRY_RECOUNT,     /* a validator ran a claimed cost again and got another one */
    ENTRY_SIGN_OFF,    /* governors sign a statement off (DSSE over in-toto) */
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
    /* The statements of an EVIDENCE entry, which the body names by their SHA-256; no other kind has attachments. */
    unsigned attached_count;
    struct bytes attached[COSE_ATTACHED_MAX];
};

const char *entry_kind_name(enum entry_kind kind); /* "update", ... */
enum err entry_kind_parse(struct bytes name, enum entry_kind *out) MUST_CHECK;

/* Appends to out. node_fingerprint is taken from the key; e->body must be one
 * deterministic item, the whole at most ENVELOPE_SIZE_MAX, and ENVELOPE_STATEMENT_MAX without what is attached (all
 * asserted). */
void envelope_sign(const struct secret_key *key, const struct envelope *e, struct buf *out);
/* Strict parse; e->body and the views of cose point into in. Checks no signature:
 * cose_verify. ERR_MISMATCH when kid or subject and payload disagree, ERR_LIMIT beyond the sizes above, ERR_RANGE for
 * an attachment to another kind than EVIDENCE. An EVIDENCE entry parses without its attachments, too. */
enum err envelope_parse(struct bytes in, struct envelope *out, struct cose_sign1 *cose) MUST_CHECK;
/* Appends the envelope `in` (one that envelope_parse accepts) without what is attached to it: the statement that its
 * signer has made. */
void envelope_statement(struct bytes in, struct buf *out);
/* SHA-256 of the envelope's bytes: its name everywhere outside the tree. */
struct digest envelope_id(struct bytes in);

#endif
