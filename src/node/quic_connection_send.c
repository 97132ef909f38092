/* What leaves: packets of several streams, in bursts. */
#include "node/quic_connection.h"

enum { BURSTS = 4 }; /* in one pass of the loop, so that all connections and what comes have their turn */

/* The stream to go on with: that of the lowest number, which is the most urgent. */
static int next_stream(const struct quic_connection *c)
{
    for (int i = 0; i < QUIC_STREAMS; i++) {
        const struct quic_stream *s = &c->streams[i];

        if (s->id_out >= 0 && !s->blocked && quic_outlet_has_more(&s->out))
            return i;
    }
    return -1;
}

/* One packet, of what several streams have: its length, 0 when there is nothing to send or it may not be sent now, or
 * an error. */
static ngtcp2_ssize write_packet(struct quic_connection *c, ngtcp2_path *path, uint8_t *out, size_t room)
{
    for (;;) {
        int i = next_stream(c);
        struct quic_stream *s = i >= 0 ? &c->streams[i] : NULL;
        struct iovec views[16];
        unsigned count = s != NULL ? quic_outlet_parts(&s->out, views, 16) : 0;
        ngtcp2_vec vectors[16];
        ngtcp2_ssize taken = -1, len;

        for (unsigned k = 0; k < count; k++)
            vectors[k] = (ngtcp2_vec){.base = views[k].iov_base, .len = views[k].iov_len};
        len = ngtcp2_conn_writev_stream(c->conn, path, NULL, out, room, &taken,
                                        s != NULL ? NGTCP2_WRITE_STREAM_FLAG_MORE : NGTCP2_WRITE_STREAM_FLAG_NONE,
                                        s != NULL ? s->id_out : -1, vectors, count, quic_connection_now(c));
        if (taken > 0) {
            quic_outlet_sent(&s->out, (size_t)taken);
            c->bytes_out += (uint64_t)taken;
        }
        if (len == NGTCP2_ERR_STREAM_DATA_BLOCKED)
            s->blocked = true;
        else if (len != NGTCP2_ERR_WRITE_MORE)
            return len;
    }
}

/* Packets of one size to one address; the last may be shorter. Whatever does not fit this pattern is a burst of its
 * own. */
struct burst {
    uint8_t *data;
    size_t len, segment;
    union quic_address to;
};

void quic_address_of_path(union quic_address *out, const ngtcp2_addr *a)
{
    *out = (union quic_address){0};
    memcpy(out, a->addr, (size_t)a->addrlen <= sizeof *out ? (size_t)a->addrlen : sizeof *out);
}

static void burst_send(struct quic_connection *c, struct burst *b)
{
    if (b->len > 0)
        quic_endpoint_send(c->endpoint, &b->to, bytes_of(b->data, b->len), b->segment);
    b->len = 0;
}

/* Is the burst complete? */
static bool burst_add(struct quic_connection *c, struct burst *b, size_t len, const union quic_address *to)
{
    if (b->len > 0 && (len > b->segment || !quic_address_equal(to, &b->to))) {
        size_t before = b->len;

        burst_send(c, b);
        if (quic_endpoint_room(c->endpoint) == NULL)
            return true; /* this packet is lost */
        memmove(b->data, b->data + before, len);
    }
    if (b->len == 0) {
        b->segment = len;
        b->to = *to;
    }
    b->len += len;
    return len < b->segment || b->len + b->segment > QUIC_BURST_MAX || b->len >= QUIC_BURST_PACKETS * b->segment;
}

static void set_timer(struct quic_connection *c)
{
    ngtcp2_tstamp at = ngtcp2_conn_get_expiry(c->conn);

    if (at < INT64_MAX)
        loop_timer_set(quic_connection_parts(c)->loop, &c->timer, (int64_t)at);
    else
        loop_timer_stop(quic_connection_parts(c)->loop, &c->timer);
}

/* The length of the packet that was written last: 0 when there is nothing more to send, or it may not be sent now. */
static ngtcp2_ssize write_burst(struct quic_connection *c, uint8_t *room)
{
    struct burst b = {.data = room};
    size_t quantum = ngtcp2_conn_get_send_quantum(c->conn), written = 0;
    ngtcp2_path_storage path;
    ngtcp2_ssize len;
    bool complete;

    do {
        union quic_address to;

        ngtcp2_path_storage_zero(&path);
        len = write_packet(c, &path.path, b.data + b.len, c->is_large ? QUIC_PACKET_LARGE : QUIC_PACKET_MAX);
        if (len <= 0)
            break;
        quic_address_of_path(&to, &path.path.remote);
        written += (size_t)len;
        complete = burst_add(c, &b, (size_t)len, &to);
    } while (!complete && written < quantum);
    burst_send(c, &b);
    if (c->is_confirmed)
        ngtcp2_conn_update_pkt_tx_time(c->conn, quic_connection_now(c));
    return len;
}

void quic_connection_write(struct quic_connection *c)
{
    uint8_t *room = NULL;
    ngtcp2_ssize len = 1;

    for (unsigned i = 0; i < QUIC_STREAMS; i++)
        c->streams[i].blocked = false;
    for (unsigned i = 0; i < BURSTS && len > 0; i++) {
        room = quic_endpoint_room(c->endpoint);
        if (room == NULL) { /* the endpoint plans it when there is */
            loop_timer_stop(quic_connection_parts(c)->loop, &c->timer);
            return;
        }
        len = write_burst(c, room);
    }
    if (len < 0)
        quic_connection_fail(c, (int)len);
    else if (len > 0) /* the spacing of packets is kept to the millisecond: nobody sleeps for less */
        loop_timer_set(quic_connection_parts(c)->loop, &c->timer, loop_now(quic_connection_parts(c)->loop));
    else
        set_timer(c);
}
