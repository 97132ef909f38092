#ifndef PRISMFED_NODE_ATTEST_EXCHANGE_H
#define PRISMFED_NODE_ATTEST_EXCHANGE_H

#include "node/attest.h"

/* Both sides of a connection attest themselves to each other. Each sends, in this order and each once,
 *   HELLO    [1, nonce]      fresh, 32 bytes, and any number of zeros, which show that packets of that size arrive
 *   EVIDENCE [2, evidence]   for the nonce of the other side
 *   VERDICT  [3, verdict]    about the evidence of the other side
 * and the connection may be used when both have accepted. Nothing here allocates without a bound, whatever comes. */

enum attest_state {
    ATTEST_GOES_ON,
    ATTEST_DONE,        /* both have accepted */
    ATTEST_WE_REFUSE,   /* code says why, and the other side is told */
    ATTEST_THEY_REFUSE, /* code says why */
    ATTEST_NONSENSE     /* what came is not the protocol */
};

/* The fields are the exchange's own. */
struct attest_exchange {
    const struct secret_key *key; /* borrowed, like the next two */
    const struct attest_policy *policy;
    void (*send)(void *context, struct blob *message); /* borrowed */
    /* Appends a quote (attest_quote_encode()) about these data; nothing, where the TPM fails. NULL: there is no TPM. */
    void (*quote)(void *context, const struct digest *qualifying, struct buf *out);
    void *context;
    struct public_key peer_key;
    struct attest_binding ours, theirs;
    struct buf evidence; /* that we have sent */
    enum { ATTEST_AWAITS_HELLO, ATTEST_AWAITS_EVIDENCE, ATTEST_AWAITS_VERDICT, ATTEST_AWAITS_NOTHING } awaits;
    enum attest_state state;
    uint64_t code;               /* enum attest_code, or one that is not known here */
    struct attest_claims claims; /* of the peer, once it is accepted */
};

/* Sends the greeting. session: exported with ATTEST_EXPORTER; nonce: fresh random bytes; is_long: with as many zeros as
 * there may be. */
void attest_exchange_begin(struct attest_exchange *x, enum attest_role role, const struct public_key *peer,
                           const struct digest *session, const struct digest *nonce, bool is_long);
void attest_exchange_fini(struct attest_exchange *x);
/* A message of the other side. The new state; once it is none of ATTEST_GOES_ON, nothing changes it any more. */
enum attest_state attest_exchange_receive(struct attest_exchange *x, struct bytes message);

#endif
