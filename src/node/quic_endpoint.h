#ifndef PRISMFED_NODE_QUIC_ENDPOINT_H
#define PRISMFED_NODE_QUIC_ENDPOINT_H

#include "node/loop.h"
#include "node/quic_address.h"
#include "node/quic_frame.h"
#include "node/tls.h"

/* QUIC (RFC 9000) between nodes, over one UDP socket: connections whose peer is known by its key, each with
 * QUIC_STREAMS streams of messages either way. Stream number i of a side is its i-th unidirectional one, opened as soon
 * as the peer is authenticated; a connection has no other streams. Messages of stream 0 flow from then on, those of
 * the others when both sides have called quic_connection_open().
 *
 *   endpoint    the socket, who is told of which packet, who may connect
 *   connection  one machine of ngtcp2 with its timer and its streams (quic_connection.h) */

enum { QUIC_STREAMS = 4, QUIC_STREAM_FIRST = 0, QUIC_STREAM_PACKED = 3 };

enum {
    QUIC_CODE_ENDS,
    QUIC_CODE_BAD_MESSAGE
}; /* error codes of the application's (RFC 9000 section 20.2); those above are free */

struct quic_connection;
struct quic_endpoint;

/* All are called from the loop; none may call back into the endpoint but for what is said to be allowed here: to send,
 * to open, to close, to dial. */
struct quic_endpoint_actions {
    /* TLS has seen the key of the peer, which is to prove that it has it. May it? dialled: what quic_endpoint_dial()
     * was given, else NULL. */
    bool (*welcome)(void *context, void *dialled, const struct digest *peer);
    /* Both sides know each other's key, and have agreed to talk. The peer is quic_connection_peer(). */
    void (*authenticated)(void *context, struct quic_connection *c);
    void (*message)(void *context, struct quic_connection *c, unsigned stream, struct blob *message); /* borrowed */
    /* Once for each that was dialled or authenticated, from whichever side; code is ours or the peer's, 0 for none. c
     * is gone afterwards. */
    void (*closed)(void *context, struct quic_connection *c, uint64_t code, const char *why);
    /* Somebody has dialled and was not authenticated: that is told of so often a second, and all are counted. */
    void (*turned_away)(void *context, const union quic_address *from, const char *why);
};

struct quic_endpoint_counts {
    uint64_t bytes_in, bytes_out; /* of packets */
    uint64_t handshakes;          /* begun by others */
    uint64_t turned_away, retries, dropped, resets_sent, resets_seen, versions;
    unsigned connections, half_open;
};

struct quic_endpoint_config {
    struct loop *loop;              /* borrowed, like the next ones */
    const struct secret_key *key;   /* copied */
    const char *listen;             /* "host:port"; NULL: nobody may connect, and a free port is used to dial */
    const char *const *protocols;   /* of ALPN (tls.h); NULL: TLS_PROTOCOL */
    unsigned handshakes_per_second; /* from one network; 0: QUIC_GATE_RATE */
    size_t first_stream_limit;      /* of a message of stream 0 */
    const struct quic_endpoint_actions *actions;
    void *context;
};

/* ERR_KEY, ERR_IO, and the errors of the address. */
enum err quic_endpoint_new(const struct quic_endpoint_config *config, struct quic_endpoint **out,
                           struct diag *diag) MUST_CHECK;
/* Closes what is open, with QUIC_CODE_ENDS. Not from an action. NULL is fine. */
void quic_endpoint_free(struct quic_endpoint *e);
const union quic_address *quic_endpoint_local(const struct quic_endpoint *e);

void quic_endpoint_counts(const struct quic_endpoint *e, struct quic_endpoint_counts *out);
/* What has been taken is not made room for any more, so that the peers fall silent when their windows are used up;
 * until it is lifted. */
void quic_endpoint_pause(struct quic_endpoint *e, bool paused);

/* large: to an address of this machine, packets may be larger than those of a network. What lies between the two may
 * let them through or not: the owner is to find out, and to dial again without. NULL: there are as many connections as
 * there may be, or ngtcp2 refuses. */
struct quic_connection *quic_endpoint_dial(struct quic_endpoint *e, const union quic_address *to, bool large,
                                           void *dialled);

/* ---- a connection */

void quic_connection_set_owner(struct quic_connection *c, void *owner);
void *quic_connection_owner(const struct quic_connection *c); /* at first what it was dialled with */
bool quic_connection_is_dialler(const struct quic_connection *c);
bool quic_connection_is_large(struct quic_connection *c); /* packets of QUIC_PACKET_LARGE bytes may be sent */
const struct digest *quic_connection_peer(const struct quic_connection *c); /* zero before it has shown its key */
const struct public_key *quic_connection_key(const struct quic_connection *c);
const union quic_address *quic_connection_address(const struct quic_connection *c);
/* Keying material of the TLS session, which nobody else has. ERR_STATE. */
enum err quic_connection_export(struct quic_connection *c, const char *label, struct digest *out) MUST_CHECK;

/* From now on messages of all streams are told of, and the peer may send as much as the windows allow. */
void quic_connection_open(struct quic_connection *c);
/* Takes a holding of its own. Sent at the end of the loop's pass. False: `limit` bytes are held in that stream, or the
 * connection is closing. */
bool quic_connection_send(struct quic_connection *c, unsigned stream, struct blob *message, size_t limit);
/* Messages of this stream may come packed, and are packed, too: what both sides have agreed on. Those of
 * QUIC_STREAM_PACKED always are. Not once messages have come before quic_connection_open(). */
void quic_connection_unpack(struct quic_connection *c, unsigned stream);
void quic_connection_pack(struct quic_connection *c, unsigned stream);
/* What was sent before goes first, as far as the peer lets it. closed() is called in the loop's next pass or in this
 * one, but not from here. why is copied. */
void quic_connection_close(struct quic_connection *c, uint64_t code, const char *why);

struct quic_connection_status {
    char protocol[TLS_PROTOCOL_LEN_MAX + 1]; /* that both sides speak */
    int64_t rtt_ns;
    uint64_t received, sent; /* bytes of messages, with their headers */
    size_t held;             /* bytes that wait to be sent or acknowledged */
};
void quic_connection_status(struct quic_connection *c, struct quic_connection_status *out);

#endif
