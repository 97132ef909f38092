/* The UDP socket: recvmmsg(2), udp(7). */
#define _GNU_SOURCE

#include "node/quic_socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

/* Older headers lack them (udp(7), Linux 4.18 and 5.0). */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum {
    MESSAGES = 8, /* fetched at once, */
    ROUNDS = 8,   /* so often before others have their turn */
    MESSAGE_SIZE = 1 << 16,
    SOCKET_BUFFER = 4 << 20
};

static void set_options(struct quic_socket *s)
{
    const int on = 1, off = 0, probe4 = IP_PMTUDISC_PROBE, probe6 = IPV6_PMTUDISC_PROBE, size = SOCKET_BUFFER;
    int segment = 0;
    socklen_t len = sizeof segment;

    /* What a kernel does not have is done without. Packets are never fragmented (RFC 9000 section 14). */
    (void)setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe4, sizeof probe4);
    if (s->local.any.sa_family == AF_INET6) {
        (void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe6, sizeof probe6);
        (void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    (void)setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    s->has_gso = getsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &len) == 0;
}

static int open_at(struct quic_socket *s, const union quic_address *at)
{
    socklen_t len = sizeof s->local;

    s->local = *at;
    s->fd = socket(at->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return errno;
    set_options(s);
    if (bind(s->fd, &at->any, quic_address_size(at)) == 0 && getsockname(s->fd, &s->local.any, &len) == 0)
        return 0;
    int error = errno;

    close(s->fd);
    return error;
}

enum err quic_socket_open(struct quic_socket *s, const char *listen, struct diag *diag)
{
    union quic_address at = {.ip6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any}};
    enum err err = listen == NULL ? ERR_OK : quic_address_parse(listen, AF_UNSPEC, &at, diag);
    int error;

    if (err != ERR_OK)
        return err;
    *s = (struct quic_socket){0};
    error = open_at(s, &at);
    if (error != 0 && listen == NULL) { /* a kernel without IPv6 */
        at = (union quic_address){.ip4 = {.sin_family = AF_INET}};
        error = open_at(s, &at);
    }
    if (error != 0)
        return diag_set(diag, ERR_IO, "%s: %s", listen != NULL ? listen : "a UDP socket", strerror(error));
    s->room = mem_array(MESSAGES, MESSAGE_SIZE);
    return ERR_OK;
}

void quic_socket_close(struct quic_socket *s)
{
    if (s->room == NULL)
        return;
    close(s->fd);
    mem_free(s->room);
    buf_free(&s->waiting);
    *s = (struct quic_socket){0};
}

/* ---- in */

union control {
    struct cmsghdr aligned;
    char room[CMSG_SPACE(sizeof(int))];
};

/* How long the packets of a burst are; 0: it is a single one. */
static size_t segment_of(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size = 0;

            memcpy(&size, CMSG_DATA(c), sizeof size);
            return size > 0 ? (size_t)size : 0;
        }
    }
    return 0;
}

void quic_socket_receive(struct quic_socket *s,
                         void (*packet)(void *context, const union quic_address *from, struct bytes packet),
                         void *context)
{
    struct mmsghdr messages[MESSAGES];
    struct iovec parts[MESSAGES];
    union quic_address from[MESSAGES];
    union control controls[MESSAGES];
    int count = MESSAGES;

    for (unsigned round = 0; round < ROUNDS && count == MESSAGES; round++) {
        for (unsigned i = 0; i < MESSAGES; i++) {
            parts[i] = (struct iovec){.iov_base = s->room + (size_t)i * MESSAGE_SIZE, .iov_len = MESSAGE_SIZE};
            messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
                                                       .msg_namelen = sizeof from[i],
                                                       .msg_iov = &parts[i],
                                                       .msg_iovlen = 1,
                                                       .msg_control = &controls[i],
                                                       .msg_controllen = sizeof controls[i]}};
        }
        count = recvmmsg(s->fd, messages, MESSAGES, 0, NULL);
        for (int i = 0; i < count; i++) {
            size_t len = messages[i].msg_len, segment = segment_of(&messages[i].msg_hdr);

            s->received += len;
            for (size_t at = 0; at < len; at += segment) {
                if (segment == 0 || segment > len - at)
                    segment = len - at;
                packet(context, &from[i], bytes_of((uint8_t *)parts[i].iov_base + at, segment));
            }
        }
    }
}

/* ---- out */

/* 0, or what errno was. */
static int send_once(const struct quic_socket *s, const union quic_address *to, const uint8_t *data, size_t len,
                     size_t segment)
{
    union quic_address name = *to;
    struct iovec part = {.iov_len = len};
    union control control = {0};
    struct msghdr m = {.msg_name = &name, .msg_namelen = quic_address_size(to), .msg_iov = &part, .msg_iovlen = 1};
    const uint16_t size = (uint16_t)segment;
    ssize_t sent;

    memcpy(&part.iov_base, &data, sizeof data);
    if (len > segment) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(sizeof size);
        *CMSG_FIRSTHDR(&m) =
            (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof size)};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &size, sizeof size);
    }
    do
        sent = sendmsg(s->fd, &m, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

/* Sends as much as there is room for, and says how much that was. */
static size_t send_some(struct quic_socket *s, const union quic_address *to, struct bytes burst, size_t segment)
{
    size_t at = 0;

    while (at < burst.len) {
        size_t left = burst.len - at, len = s->has_gso || left < segment ? left : segment;
        int error = send_once(s, to, burst.data + at, len, segment);

        if (error == EAGAIN || error == ENOBUFS)
            return at;
        if ((error == EIO || error == EINVAL) && len > segment) { /* a device without checksums in hardware: udp(7) */
            s->has_gso = false;
            continue;
        }
        s->sent += len;
        at += len;
    }
    return at;
}

void quic_socket_send(struct quic_socket *s, const union quic_address *to, struct bytes burst, size_t segment)
{
    size_t at;

    ASSERT(!quic_socket_waits(s) && segment > 0);
    at = send_some(s, to, burst, segment);
    if (at == burst.len)
        return;
    buf_clear(&s->waiting);
    buf_add(&s->waiting, burst.data + at, burst.len - at);
    s->waiting_segment = segment;
    s->waiting_to = *to;
}

bool quic_socket_waits(const struct quic_socket *s)
{
    return s->waiting.len > 0;
}

void quic_socket_flush(struct quic_socket *s)
{
    size_t at;

    if (s->waiting.len == 0)
        return;
    at = send_some(s, &s->waiting_to, bytes_of_buf(&s->waiting), s->waiting_segment);

    memmove(s->waiting.data, s->waiting.data + at, s->waiting.len - at);
    s->waiting.len -= at;
}
