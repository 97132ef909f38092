#ifndef PRISMFED_NODE_QUIC_SOCKET_H
#define PRISMFED_NODE_QUIC_SOCKET_H

#include "node/quic_address.h"

/* One UDP socket, many packets for each system call: those to one address leave as one burst (UDP_SEGMENT), and those
 * that have come are fetched as bursts (recvmmsg, UDP_GRO). Where the kernel has neither, packets go one by one. */

enum {
    QUIC_PACKET_MAX = 1452,   /* an Ethernet frame holds it, also over IPv6 */
    QUIC_PACKET_LARGE = 8192, /* within one machine */
    QUIC_BURST_MAX = 65000,   /* bytes; UDP_SEGMENT takes less than 64 KiB, */
    QUIC_BURST_PACKETS = 44,  /* and at most 64 packets */
};

/* The fields are the socket's own. */
struct quic_socket {
    int fd;
    union quic_address local;
    bool has_gso;
    uint8_t *room; /* owned; for what comes */
    /* A burst that the kernel had no room for. */
    struct buf waiting;
    size_t waiting_segment;
    union quic_address waiting_to;
    uint64_t received, sent; /* bytes */
};

/* listen: where to (quic_address_parse()); NULL: at any free port of all addresses. ERR_IO, and the errors of the
 * address. */
enum err quic_socket_open(struct quic_socket *s, const char *listen, struct diag *diag) MUST_CHECK;
void quic_socket_close(struct quic_socket *s);

/* Tells of each packet that has come, up to a bound, so that nothing else has to wait for long. packet is borrowed. */
void quic_socket_receive(struct quic_socket *s,
                         void (*packet)(void *context, const union quic_address *from, struct bytes packet),
                         void *context);

/* Sends a burst of packets of `segment` bytes each, the last of which may be shorter. What cannot be sent is lost, as
 * packets are. Only while nothing waits. */
void quic_socket_send(struct quic_socket *s, const union quic_address *to, struct bytes burst, size_t segment);
/* A burst waits for room: watch for EPOLLOUT, and flush. */
bool quic_socket_waits(const struct quic_socket *s);
void quic_socket_flush(struct quic_socket *s);

#endif
