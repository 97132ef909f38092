/* The order of the attestation's messages. */
#include "node/attest_exchange.h"

enum { HELLO = 1, EVIDENCE, VERDICT };

enum {
    GREETING_MAX = ATTEST_SIZE_MAX - 90
}; /* with what is around it, it fills one packet of QUIC_PACKET_LARGE bytes */

static void send(const struct attest_exchange *x, uint64_t type, struct bytes body)
{
    struct buf message = {0};
    struct cbor_writer w;
    struct blob *blob;

    cbor_writer_init(&w, &message);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, type);
    cbor_put_bytes(&w, body);
    cbor_writer_done(&w);
    blob = blob_new(bytes_of_buf(&message));
    x->send(x->context, blob);
    blob_drop(blob);
    buf_free(&message);
}

void attest_exchange_begin(struct attest_exchange *x, enum attest_role role, const struct public_key *peer,
                           const struct digest *session, const struct digest *nonce, bool is_long)
{
    static const uint8_t zeros[GREETING_MAX - ATTEST_NONCE_SIZE];
    const struct digest fingerprint = key_fingerprint(peer);
    struct buf greeting = {0};

    x->peer_key = *peer;
    x->ours =
        (struct attest_binding){.role = role, .giver = x->key->fingerprint, .peer = fingerprint, .session = *session};
    x->theirs = (struct attest_binding){.role = role == ATTEST_DIALLER ? ATTEST_LISTENER : ATTEST_DIALLER,
                                        .giver = fingerprint,
                                        .peer = x->key->fingerprint,
                                        .nonce = *nonce,
                                        .session = *session};
    buf_add(&greeting, nonce->b, sizeof nonce->b);
    buf_add(&greeting, zeros, is_long ? sizeof zeros : 0);
    send(x, HELLO, bytes_of_buf(&greeting));
    buf_free(&greeting);
}

void attest_exchange_fini(struct attest_exchange *x)
{
    buf_free(&x->evidence);
}

static void receive_hello(struct attest_exchange *x, struct bytes nonce)
{
    struct buf quote = {0};

    if (nonce.len < ATTEST_NONCE_SIZE) {
        x->state = ATTEST_NONSENSE;
        return;
    }
    x->ours.nonce = digest_from(bytes_of(nonce.data, ATTEST_NONCE_SIZE));
    if (x->quote != NULL) {
        const struct digest qualifying = attest_binding_digest(&x->ours);

        x->quote(x->context, &qualifying, &quote);
    }
    attest_evidence(x->key, &x->ours, &x->policy->own, bytes_of_buf(&quote), &x->evidence);
    buf_free(&quote);
    send(x, EVIDENCE, bytes_of_buf(&x->evidence));
    x->awaits = ATTEST_AWAITS_EVIDENCE;
}

static void receive_evidence(struct attest_exchange *x, struct bytes evidence)
{
    enum attest_code code = attest_judge(evidence, &x->theirs, &x->peer_key, x->policy, &x->claims);
    struct buf verdict = {0};

    attest_verdict(x->key, evidence, code, &verdict);
    send(x, VERDICT, bytes_of_buf(&verdict));
    buf_free(&verdict);
    x->awaits = ATTEST_AWAITS_VERDICT;
    if (code != ATTEST_ACCEPTED) {
        x->state = ATTEST_WE_REFUSE;
        x->code = code;
    }
}

static void receive_verdict(struct attest_exchange *x, struct bytes verdict)
{
    uint64_t code = 0;

    x->awaits = ATTEST_AWAITS_NOTHING;
    if (attest_verdict_read(verdict, &x->peer_key, bytes_of_buf(&x->evidence), &code) != ERR_OK) {
        x->state = ATTEST_NONSENSE;
        return;
    }
    x->code = code;
    x->state = code == ATTEST_ACCEPTED ? ATTEST_DONE : ATTEST_THEY_REFUSE;
}

enum attest_state attest_exchange_receive(struct attest_exchange *x, struct bytes message)
{
    struct cbor_reader r;
    struct bytes body;
    uint64_t type;

    if (x->state != ATTEST_GOES_ON)
        return x->state;
    cbor_reader_init(&r, message);
    cbor_expect_array(&r, 2);
    type = cbor_get_uint(&r);
    body = cbor_get_bytes(&r);
    if (cbor_reader_done(&r) != ERR_OK || message.len > ATTEST_SIZE_MAX)
        x->state = ATTEST_NONSENSE;
    else if (type == HELLO && x->awaits == ATTEST_AWAITS_HELLO)
        receive_hello(x, body);
    else if (type == EVIDENCE && x->awaits == ATTEST_AWAITS_EVIDENCE)
        receive_evidence(x, body);
    else if (type == VERDICT && x->awaits == ATTEST_AWAITS_VERDICT)
        receive_verdict(x, body);
    else
        x->state = ATTEST_NONSENSE;
    return x->state;
}
