#ifndef PRISMFED_NODE_QUIC_GATE_H
#define PRISMFED_NODE_QUIC_GATE_H

#include "node/quic_address.h"

/* Who of those that nobody knows yet may begin a handshake, which costs signatures and memory. While there is little to
 * do, everybody; under load whoever shows by a Retry (RFC 9000 section 8.1.2) that he is where he says; and from one
 * network so many a second. Packets with false addresses of a network cannot use up what it may really do. */

enum quic_gate_word { QUIC_GATE_ADMIT, QUIC_GATE_RETRY, QUIC_GATE_DROP };

enum {
    QUIC_GATE_CALM = 16,      /* so many handshakes at once are no load */
    QUIC_GATE_MOST = 256,     /* and no more than these are begun */
    QUIC_GATE_NETWORKS = 256, /* are remembered */
    QUIC_GATE_RATE = 200,     /* handshakes a second from one network, unless it is said otherwise */
    QUIC_GATE_ANSWERS = 100   /* packets a second that are sent to strangers outside of handshakes */
};

/* A bucket that fills up to `rate` tokens within a second. */
struct quic_bucket {
    int64_t full_at_ns; /* when it will be full again */
};
bool quic_bucket_take(struct quic_bucket *b, unsigned rate, int64_t now_ns);

/* The fields are the gate's own. */
struct quic_gate {
    unsigned rate;
    struct quic_gate_network {
        uint64_t network; /* quic_address_network() */
        int64_t used_ns;
        struct quic_bucket claimed, shown; /* handshakes from an address that was only claimed, or that was shown */
    } networks[QUIC_GATE_NETWORKS];
    struct quic_bucket answers;
};

/* rate: handshakes a second from one network; 0: QUIC_GATE_RATE. */
void quic_gate_init(struct quic_gate *g, unsigned rate);
/* is_shown: the packet brings the token of a Retry. half_open: handshakes that others have begun and that go on. */
enum quic_gate_word quic_gate_ask(struct quic_gate *g, const union quic_address *from, bool is_shown,
                                  unsigned half_open, int64_t now_ns);
/* May a stranger be answered outside of a handshake? */
bool quic_gate_may_answer(struct quic_gate *g, int64_t now_ns);

#endif
