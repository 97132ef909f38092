#ifndef PRISMFED_NODE_ATTEST_H
#define PRISMFED_NODE_ATTEST_H

#include "crypto/cose.h"
#include "node/attest_quote.h"

/* Evidence of what a node runs, for the node at the other end of a connection that TLS has authenticated (in the manner
 * of an EAT, RFC 9711, and of a background-check in RFC 9334). It is a COSE_Sign1 of the node's key whose payload is
 * the deterministic map
 *   {"peer", "role", "nonce", ("quote",) "session", "software", "configuration", "federation_id"}
 * that is bound to this one connection: to both keys, to who dialled, to the nonce of the other side, and to the keying
 * material of the TLS session, which nobody else has. Evidence that is exchanged inside of the handshake can be
 * relayed; this is exchanged behind it (draft-fossati-seat-expat).
 *
 * The other side answers with a verdict, a COSE_Sign1 of its own key whose payload is {"code", "reason", "evidence"}.
 */

#define ATTEST_EVIDENCE_TYPE "application/prismfed.evidence+cbor"
#define ATTEST_VERDICT_TYPE "application/prismfed.verdict+cbor"
#define ATTEST_EXPORTER "EXPORTER-prismfed-attest-v1" /* the label of the keying material (RFC 8446 section 7.5) */

enum { ATTEST_NONCE_SIZE = 32, ATTEST_SIZE_MAX = 8 << 10, ATTEST_REASON_MAX = 200 };

enum attest_role { ATTEST_DIALLER, ATTEST_LISTENER, ATTEST_ROLE_COUNT };

/* What is found wrong with evidence. The numbers are part of the protocol. */
enum attest_code {
    ATTEST_ACCEPTED = 0,
    ATTEST_FORM = 1,             /* not the bytes of evidence */
    ATTEST_SIGNATURE = 2,        /* the signature does not verify */
    ATTEST_SIGNER = 3,           /* another key than that of the connection has signed it */
    ATTEST_REFLECTED = 4,        /* our own, or that of one in our role */
    ATTEST_DIVERTED = 5,         /* made for another node than us */
    ATTEST_REPLAYED = 6,         /* made for another nonce than ours */
    ATTEST_RELAYED = 7,          /* made for another connection */
    ATTEST_FEDERATION = 8,       /* of a node of another federation */
    ATTEST_CONFIGURATION = 9,    /* the node has another configuration */
    ATTEST_SOFTWARE = 10,        /* the node runs software that is not admitted */
    ATTEST_NO_QUOTE = 11,        /* a quote of the node's TPM is required, and there is none */
    ATTEST_QUOTE_FORM = 12,      /* not the bytes of a quote */
    ATTEST_QUOTE_KEY = 13,       /* another attestation key than the enrolled one has signed it */
    ATTEST_QUOTE_BOUND = 14,     /* made for another connection, role, peer or nonce */
    ATTEST_QUOTE_PCRS = 15,      /* the registers do not hold what is enrolled */
    ATTEST_QUOTE_SIMULATED = 16, /* of a simulator, which is not admitted */
    ATTEST_CODE_COUNT
};

/* A sentence; never NULL, also for numbers that are not known here. */
const char *attest_code_text(uint64_t code);

/* What evidence is bound to, seen from the one who gives it. */
struct attest_binding {
    enum attest_role role;     /* of the giver */
    struct digest giver, peer; /* fingerprints */
    struct digest nonce;       /* of the peer's */
    struct digest session;     /* the exported keying material; evidence holds its SHA-256 */
};

struct attest_claims {
    struct digest federation_id, configuration, software;
};

/* What a node admits of others. */
struct attest_policy {
    struct attest_claims own;      /* federation_id and configuration must be the same */
    const struct digest *software; /* one of these; borrowed */
    unsigned software_count;       /* 0: any software */
    /* What is enrolled of this node's TPM, borrowed; NULL: nothing, and no quote is required. May be NULL. */
    const struct attest_expected *(*expected)(void *context, const struct digest *peer);
    void *context;
    bool refuses_simulators; /* of TPMs */
};

/* SHA-256 of "prismfed-attest-v1" and all of it: what a TPM is given to sign. */
struct digest attest_binding_digest(const struct attest_binding *binding);

/* Appends evidence. binding->giver must be the key's fingerprint (asserted). quote: of attest_quote_encode(), about
 * attest_binding_digest(), or empty. */
void attest_evidence(const struct secret_key *key, const struct attest_binding *binding,
                     const struct attest_claims *claims, struct bytes quote, struct buf *out);
/* binding: as the giver must have seen it. key: that of the connection's other side. claims (may be NULL) gets what it
 * says, when it is accepted. */
enum attest_code attest_judge(struct bytes evidence, const struct attest_binding *binding, const struct public_key *key,
                              const struct attest_policy *policy, struct attest_claims *claims) MUST_CHECK;

/* Appends the verdict about this evidence. */
void attest_verdict(const struct secret_key *key, struct bytes evidence, enum attest_code code, struct buf *out);
/* Reads the verdict of the owner of this key about our evidence. ERR_MISMATCH: it is about other evidence, or not the
 * other side's; ERR_SIGNATURE, and the errors of the reader. */
enum err attest_verdict_read(struct bytes verdict, const struct public_key *key, struct bytes evidence,
                             uint64_t *code) MUST_CHECK;

#endif
