#ifndef PRISMFED_NODE_QUIC_CONNECTION_H
#define PRISMFED_NODE_QUIC_CONNECTION_H

#include "node/quic_endpoint.h"
#include "node/quic_library.h"
#include "node/quic_socket.h"

/* What endpoint and connection know of each other. */

enum {
    QUIC_CID_SIZE = 16, /* of the connection ids that we choose */
    QUIC_WHY_MAX = 200,
    QUIC_WINDOW_BEFORE = 64 << 10,   /* what a peer may send before the connection is open */
    QUIC_WINDOW_STREAM = 4 << 20,    /* and afterwards, beyond what was taken, in a stream */
    QUIC_WINDOW_CONNECTION = 8 << 20 /* and in all of them */
};

enum quic_phase {
    QUIC_SHAKES_HANDS,
    QUIC_AUTHENTICATED, /* both keys are known; stream 0 flows */
    QUIC_OPEN,          /* all streams flow */
    QUIC_CLOSES,        /* says so, to whoever still sends (RFC 9000 section 10.2.1) */
    QUIC_OVER           /* is freed at the end of the pass */
};

struct quic_stream {
    int64_t id_in, id_out; /* -1: none yet */
    struct quic_inlet in;
    struct buf early; /* came before the connection was open: at most a window */
    size_t owed;      /* was taken, and not made room for yet */
    struct quic_outlet out;
    bool packs;   /* messages are packed where that makes them smaller */
    bool blocked; /* by the peer's flow control, in this burst */
};

/* Only the files quic_connection*.c write the fields. */
struct quic_connection {
    struct quic_endpoint *endpoint;
    struct quic_connection *previous, *next; /* the endpoint's own, like the next one */
    bool is_half_open;                       /* somebody else began it, and is not known yet */
    enum quic_phase phase;
    bool is_dialler;
    bool is_large;     /* packets may be, when the peer takes them */
    bool is_told;      /* closed() or turned_away() was called */
    bool is_confirmed; /* the handshake is (RFC 9001 section 4.1.2) */
    void *owner;
    struct digest peer; /* and its key, once TLS has seen it */
    struct public_key key;
    union quic_address remote;
    gnutls_session_t tls;
    ngtcp2_conn *conn;
    ngtcp2_crypto_conn_ref ref;
    struct loop_timer timer;
    struct loop_task task;
    struct quic_stream streams[QUIC_STREAMS];
    uint64_t bytes_in, bytes_out;
    /* How it ends. */
    bool wants_close;
    uint64_t code;
    char why[QUIC_WHY_MAX];
    struct buf farewell; /* the packet that closes it */
    unsigned asked;      /* packets that came since */
};

/* As the one that dials, or as the one that answers hd. retried: the answer to a Retry, for a packet that was first
 * sent to original_dcid. NULL: ngtcp2 or GnuTLS refuses. */
struct quic_connection *quic_connection_dial(struct quic_endpoint *e, const union quic_address *to, bool large,
                                             void *dialled);
struct quic_connection *quic_connection_answer(struct quic_endpoint *e, const union quic_address *from,
                                               const ngtcp2_pkt_hd *hd, const ngtcp2_cid *original_dcid, bool retried);
void quic_connection_end(struct quic_connection *c); /* tells both sides, and frees it */
void quic_connection_free(struct quic_connection *c);

void quic_connection_receive(struct quic_connection *c, const union quic_address *from, struct bytes packet);
/* At the end of this pass: send, close, free. */
void quic_connection_plan(struct quic_connection *c);
/* The peer has forgotten this connection (RFC 9000 section 10.3). */
void quic_connection_was_reset(struct quic_connection *c);
/* Is this the end of a stateless reset from the peer? */
bool quic_connection_knows_token(struct quic_connection *c, const uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN]);

/* What TLS asks (tls_judge). */
bool quic_connection_judge(void *connection, const struct public_key *key);

/* ---- between the files of the connection */

static inline struct quic_connection *quic_connection_of(void *user_data)
{
    return user_data;
}
const struct quic_endpoint_parts *quic_connection_parts(const struct quic_connection *c);
uint64_t quic_connection_now(const struct quic_connection *c);

extern const ngtcp2_callbacks quic_connection_callbacks;
/* Takes bytes of a stream's messages. 0, or an error of ngtcp2. */
int quic_connection_take(struct quic_connection *c, unsigned stream, struct bytes bytes);
/* Lets the peer send as much as was taken. 0, or an error of ngtcp2. */
int quic_connection_make_room(struct quic_connection *c);
/* Some bursts; more goes in the next pass. */
void quic_connection_write(struct quic_connection *c);
void quic_address_of_path(union quic_address *out, const ngtcp2_addr *a);

void quic_connection_why(struct quic_connection *c, uint64_t code, const char *why);
void quic_connection_over(struct quic_connection *c); /* nothing more is said */
void quic_connection_tell_closed(struct quic_connection *c);
/* Tells the peer, and stays for three times the PTO so that a lost packet does not leave it in doubt (RFC 9000 section
 * 10.2). */
void quic_connection_close_with(struct quic_connection *c, const ngtcp2_ccerr *e);
void quic_connection_say_farewell(struct quic_connection *c);
/* What ngtcp2 says when it cannot go on. */
void quic_connection_fail(struct quic_connection *c, int error);

/* ---- what the endpoint does for its connections */

struct quic_endpoint_parts {
    struct loop *loop;
    struct tls_identity *identity;
    const struct quic_endpoint_actions *actions;
    void *context;
    size_t first_stream_limit;
    struct digest reset_secret;
    bool paused; /* quic_endpoint_pause() */
};
const struct quic_endpoint_parts *quic_endpoint_parts(const struct quic_endpoint *e);
void quic_endpoint_register(struct quic_endpoint *e, const ngtcp2_cid *cid, struct quic_connection *c);
void quic_endpoint_unregister(struct quic_endpoint *e, const ngtcp2_cid *cid);
/* Room for a burst, of QUIC_BURST_MAX bytes; NULL: the socket is full, the connection is told when it is not. */
uint8_t *quic_endpoint_room(struct quic_endpoint *e);
void quic_endpoint_send(struct quic_endpoint *e, const union quic_address *to, struct bytes burst, size_t segment);
void quic_endpoint_turned_away(struct quic_endpoint *e, const union quic_address *from, const char *why);
void quic_endpoint_gone(struct quic_endpoint *e, struct quic_connection *c); /* it is about to be freed */
/* One that somebody else began knows its peer now. */
void quic_endpoint_answered(struct quic_endpoint *e, struct quic_connection *c);

#endif
