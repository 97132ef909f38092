#ifndef PRISMFED_NODE_TRANSPORT_H
#define PRISMFED_NODE_TRANSPORT_H

#include "node/attest.h"
#include "node/attest_tpm.h"
#include "node/loop.h"
#include "node/quic_endpoint.h"

/* Messages between the nodes of a federation, each of which is known by the fingerprint of its key. There is one
 * connection for each pair of nodes, which carries messages as soon as both have attested themselves to each other
 * (node/attest.h): when both have dialled, the one that the smaller fingerprint dialled stays. What
 * is sent may be lost with its connection, and is bounded while it waits; whoever needs more sends again. */

struct transport;

/* Called from the loop, never from a function of this header. */
struct transport_actions {
    void (*message)(void *context, const struct digest *peer, struct blob *blob); /* borrowed */
    void (*connected)(void *context, const struct digest *peer);
    void (*disconnected)(void *context, const struct digest *peer, const char *why);
    bool (*allowed)(void *context, const struct digest *fingerprint); /* may it connect? asked at each handshake */
    /* A connection that was never to be, of a known peer or (NULL) of one who dialled; may be NULL. */
    void (*refused)(void *context, const struct digest *peer, const char *why);
};

struct transport_config {
    struct loop *loop;                          /* borrowed, like the next ones */
    const struct secret_key *key;               /* copied */
    const char *listen;                         /* "host:port"; NULL: this node only dials */
    struct digest federation_id, configuration; /* must be the same at the peers */
    struct digest software;                     /* what this node runs */
    const struct digest *admitted;              /* what the peers may run; 0 of them: anything */
    unsigned admitted_count;
    struct attest_tpm *tpm; /* borrowed; NULL: the evidence has no quote */
    /* What is enrolled of a peer's TPM, borrowed until the next call: then it must show a quote. May be NULL. */
    const struct attest_expected *(*expected)(void *context, const struct digest *peer);
    bool refuses_simulated_tpms;
    const char *const *protocols;   /* of ALPN (tls.h); NULL: TLS_PROTOCOL */
    unsigned handshakes_per_second; /* from one network; 0: QUIC_GATE_RATE */
    const struct transport_actions *actions;
    void *context;
};

/* What is sent in one stream waits for nothing that is sent in another; the first is the most urgent. */
enum transport_stream { TRANSPORT_CONSENSUS, TRANSPORT_ENTRIES, TRANSPORT_BULK, TRANSPORT_STREAM_COUNT };

enum {
    TRANSPORT_MESSAGE_MAX = QUIC_FRAME_MAX, /* bytes */
    TRANSPORT_QUEUE_MAX = 16 << 20          /* bytes that are held for one peer in one stream */
};

/* ERR_KEY, ERR_IO, and the errors of an address: ERR_SYNTAX, ERR_UNKNOWN. */
enum err transport_new(const struct transport_config *config, struct transport **out, struct diag *diag) MUST_CHECK;
void transport_free(struct transport *t); /* tells the peers; NULL is fine; not from an action */
const union quic_address *transport_local(const struct transport *t);

/* Keeps a connection to this peer: dials it, ever less often while it fails. address NULL: it dials us. A second time:
 * another address. */
void transport_peer(struct transport *t, const struct digest *peer, const char *address);
/* No connection to this one, until it is lifted. */
void transport_ban(struct transport *t, const struct digest *peer, bool banned);
/* The members are others: connections with those who are not allowed any more end. */
void transport_members_changed(struct transport *t);
/* Takes a holding of its own. False: there is no connection, the message is too long, or as much waits as may: it is
 * dropped and counted. */
bool transport_send(struct transport *t, const struct digest *peer, enum transport_stream stream, struct blob *blob);

/* What the log has put in force (node/protocol.h); at first PROTOCOL_OLDEST. */
void transport_protocol(struct transport *t, uint64_t in_force);

/* While it is paused, the peers can send no more than what their windows hold: for a node that cannot keep up. */
void transport_pause(struct transport *t, bool paused);

struct transport_peer_status {
    struct digest peer;
    char address[QUIC_ADDRESS_TEXT];         /* of the connection; else the one to dial, or "" */
    char protocol[TLS_PROTOCOL_LEN_MAX + 1]; /* that both speak; "" when it is not connected */
    bool connected, banned, dialled_by_us;
    int64_t rtt_ns, since_ns; /* since: when it was connected, by the loop's clock */
    uint64_t bytes_in, bytes_out, messages_in, messages_out, dropped;
    uint64_t connections; /* so far */
    size_t queued;        /* bytes that wait to be sent or acknowledged */
    const char *why;      /* it is not connected: what happened last, "" for nothing; until the next call */
};
void transport_each(const struct transport *t, void (*tell)(void *context, const struct transport_peer_status *status),
                    void *context);

struct transport_counts {
    struct quic_endpoint_counts quic;
    uint64_t refused[ATTEST_CODE_COUNT]; /* attestations, by us or by the peer, by code; [0]: without a known code */
};
void transport_counts(const struct transport *t, struct transport_counts *out);

#endif
