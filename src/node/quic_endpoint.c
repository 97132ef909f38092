/* The endpoint: which packet is whose, who may connect, and what strangers are answered. */
#include "node/quic_endpoint.h"

#include <sys/epoll.h>

#include "base/mutate.h"
#include "base/table.h"
#include "node/quic_connection.h"
#include "node/quic_gate.h"

enum {
    CONNECTIONS_MAX = 1024,
    RESET_SIZE_MIN = 5 + NGTCP2_STATELESS_RESET_TOKENLEN, /* RFC 9000 section 10.3 */
    TOLD_RATE = 10                                        /* of those who are turned away, a second */
};

static const uint64_t retry_within_ns = 10000000000;

/* A connection id, and whose it is. */
struct owned_cid {
    struct cid_key {
        uint8_t data[NGTCP2_MAX_CIDLEN];
        uint8_t len, padding[3];
    } key;
    struct quic_connection *connection;
};

struct quic_endpoint {
    struct quic_endpoint_parts parts;
    struct quic_socket socket;
    struct loop_watch watch;
    bool answers; /* those who connect */
    struct table cids;
    struct quic_connection *first;
    struct quic_gate gate;
    struct quic_bucket told;
    struct quic_endpoint_counts counts;
    struct digest retry_secret;
    uint8_t room[QUIC_BURST_MAX + QUIC_PACKET_LARGE];
};

const struct quic_endpoint_parts *quic_endpoint_parts(const struct quic_endpoint *e)
{
    return &e->parts;
}

const union quic_address *quic_endpoint_local(const struct quic_endpoint *e)
{
    return &e->socket.local;
}

/* ---- whose packet it is */

static struct cid_key key_of(const uint8_t *data, size_t len)
{
    struct cid_key key = {.len = (uint8_t)len};

    memcpy(key.data, data, len);
    return key;
}

void quic_endpoint_register(struct quic_endpoint *e, const ngtcp2_cid *cid, struct quic_connection *c)
{
    struct cid_key key = key_of(cid->data, cid->datalen);
    bool is_new;
    struct owned_cid *o = table_add(&e->cids, &key, &is_new);

    if (is_new)
        o->connection = c;
}

static bool is_other_cid(void *context, const void *item)
{
    return memcmp(context, &((const struct owned_cid *)item)->key, sizeof(struct cid_key)) != 0;
}

void quic_endpoint_unregister(struct quic_endpoint *e, const ngtcp2_cid *cid)
{
    struct cid_key key = key_of(cid->data, cid->datalen);

    table_filter(&e->cids, is_other_cid, &key);
}

static struct quic_connection *connection_of(const struct quic_endpoint *e, const ngtcp2_version_cid *v)
{
    if (v->dcidlen == 0 || v->dcidlen > NGTCP2_MAX_CIDLEN)
        return NULL;
    struct cid_key key = key_of(v->dcid, v->dcidlen);
    const struct owned_cid *o = table_find(&e->cids, &key);

    return o != NULL ? o->connection : NULL;
}

/* ---- sending */

uint8_t *quic_endpoint_room(struct quic_endpoint *e)
{
    return quic_socket_waits(&e->socket) ? NULL : e->room;
}

static void watch(struct quic_endpoint *e)
{
    enum err err = loop_watch(e->parts.loop, &e->watch, EPOLLIN | (quic_socket_waits(&e->socket) ? EPOLLOUT : 0U));

    ASSERT(err == ERR_OK); /* it is watched already */
}

void quic_endpoint_send(struct quic_endpoint *e, const union quic_address *to, struct bytes burst, size_t segment)
{
    quic_socket_send(&e->socket, to, burst, segment);
    if (quic_socket_waits(&e->socket))
        watch(e);
}

static void send_single(struct quic_endpoint *e, const union quic_address *to, ngtcp2_ssize len)
{
    if (len > 0)
        quic_endpoint_send(e, to, bytes_of(e->room, (size_t)len), (size_t)len);
}

/* ---- strangers */

static bool may_answer(struct quic_endpoint *e)
{
    return quic_gate_may_answer(&e->gate, loop_now(e->parts.loop));
}

/* RFC 9000 section 6: the versions that we speak; less than what came. */
static void answer_version(struct quic_endpoint *e, const union quic_address *from, const ngtcp2_version_cid *v,
                           size_t len)
{
    const uint32_t versions[] = {NGTCP2_PROTO_VER_V1};
    uint8_t unpredictable;

    if (quic_endpoint_room(e) == NULL || len < NGTCP2_MAX_UDP_PAYLOAD_SIZE || !may_answer(e))
        return;
    e->counts.versions++;
    tls_random(&unpredictable, sizeof unpredictable);
    send_single(e, from,
                ngtcp2_pkt_write_version_negotiation(e->room, QUIC_PACKET_MAX, unpredictable, v->scid, v->scidlen,
                                                     v->dcid, v->dcidlen, versions, 1));
}

/* RFC 9000 section 10.3: shorter than what came, so that two who have forgotten each other fall silent. */
static void answer_forgotten(struct quic_endpoint *e, const union quic_address *from, const ngtcp2_version_cid *v,
                             size_t len)
{
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], noise[64];
    ngtcp2_cid cid = {.datalen = v->dcidlen};
    size_t size = len - 1 < sizeof noise ? len - 1 : sizeof noise;

    if (quic_endpoint_room(e) == NULL || size < RESET_SIZE_MIN || v->dcidlen != QUIC_CID_SIZE || !may_answer(e))
        return;
    e->counts.resets_sent++;
    memcpy(cid.data, v->dcid, v->dcidlen);
    tls_random(noise, sizeof noise);
    if (ngtcp2_crypto_generate_stateless_reset_token(token, e->parts.reset_secret.b, sizeof e->parts.reset_secret.b,
                                                     &cid) == 0)
        send_single(e, from,
                    ngtcp2_pkt_write_stateless_reset(e->room, QUIC_PACKET_MAX, token, noise,
                                                     size - NGTCP2_STATELESS_RESET_TOKENLEN));
}

/* A reset comes under an id that nobody has: its last bytes tell (RFC 9000 section 10.3.1). */
static bool is_reset(struct quic_endpoint *e, const union quic_address *from, struct bytes packet)
{
    const uint8_t *token = packet.data + packet.len - NGTCP2_STATELESS_RESET_TOKENLEN;

    if (packet.len < RESET_SIZE_MIN)
        return false;
    for (struct quic_connection *c = e->first; c != NULL; c = c->next) {
        if (quic_address_equal(&c->remote, from) && quic_connection_knows_token(c, token)) {
            e->counts.resets_seen++;
            quic_connection_was_reset(c);
            return true;
        }
    }
    return false;
}

static void add(struct quic_endpoint *e, struct quic_connection *c)
{
    c->next = e->first;
    if (e->first != NULL)
        e->first->previous = c;
    e->first = c;
    e->counts.connections++;
    c->is_half_open = !c->is_dialler;
    e->counts.half_open += c->is_half_open;
}

/* RFC 9000 section 8.1.2: come back with this token. */
static void answer_retry(struct quic_endpoint *e, const union quic_address *from, const ngtcp2_pkt_hd *hd)
{
    uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
    ngtcp2_cid scid = {.datalen = QUIC_CID_SIZE};
    ngtcp2_ssize len;

    if (quic_endpoint_room(e) == NULL)
        return;
    tls_random(scid.data, scid.datalen);
    len = ngtcp2_crypto_generate_retry_token(token, e->retry_secret.b, sizeof e->retry_secret.b, hd->version,
                                             &from->any, quic_address_size(from), &scid, &hd->dcid,
                                             (ngtcp2_tstamp)loop_now(e->parts.loop));
    if (len < 0)
        return;
    e->counts.retries++;
    send_single(e, from,
                ngtcp2_crypto_write_retry(e->room, QUIC_PACKET_MAX, hd->version, &hd->scid, &scid, &hd->dcid, token,
                                          (size_t)len));
}

/* Does the packet bring the token of a Retry to this very address? */
static bool token_shows(const struct quic_endpoint *e, const union quic_address *from, const ngtcp2_pkt_hd *hd,
                        ngtcp2_cid *original_dcid)
{
    struct bytes token = quic_library_token(hd);

    return token.len > 0 && token.data[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY &&
           ngtcp2_crypto_verify_retry_token(original_dcid, token.data, token.len, e->retry_secret.b,
                                            sizeof e->retry_secret.b, hd->version, &from->any, quic_address_size(from),
                                            &hd->dcid, retry_within_ns, (ngtcp2_tstamp)loop_now(e->parts.loop)) == 0;
}

static void begin_handshake(struct quic_endpoint *e, const union quic_address *from, const ngtcp2_pkt_hd *hd,
                            const ngtcp2_cid *original_dcid, bool retried, struct bytes packet)
{
    struct quic_connection *c = quic_connection_answer(e, from, hd, original_dcid, retried);

    if (c == NULL)
        return;
    e->counts.handshakes++;
    add(e, c);
    quic_connection_receive(c, from, packet);
}

/* Whoever begins chooses an id of eight bytes or more (RFC 9000 section 7.2), or uses that of a Retry, which is of
 * ours. ngtcp2_accept() asks that of packets without a token alone. */
static bool names_connection(const ngtcp2_pkt_hd *hd)
{
    return MUTATE(QUIC_ANY_ID, true, hd->dcid.datalen >= NGTCP2_MIN_INITIAL_DCIDLEN);
}

static void answer(struct quic_endpoint *e, const union quic_address *from, struct bytes packet)
{
    ngtcp2_cid original_dcid;
    ngtcp2_pkt_hd hd;
    bool is_shown;

    if (!e->answers || ngtcp2_accept(&hd, packet.data, packet.len) != 0 || !names_connection(&hd))
        return;
    original_dcid = hd.dcid;
    is_shown = token_shows(e, from, &hd, &original_dcid);
    switch (quic_gate_ask(&e->gate, from, is_shown, e->counts.half_open, loop_now(e->parts.loop))) {
    case QUIC_GATE_ADMIT:
        if (e->counts.connections < CONNECTIONS_MAX) {
            begin_handshake(e, from, &hd, &original_dcid, is_shown, packet);
            return;
        }
        break;
    case QUIC_GATE_RETRY:
        answer_retry(e, from, &hd);
        return;
    case QUIC_GATE_DROP:
        break;
    }
    e->counts.dropped++;
}

static void packet_came(void *context, const union quic_address *from, struct bytes packet)
{
    struct quic_endpoint *e = context;
    struct quic_connection *c;
    ngtcp2_version_cid v;
    int rv = ngtcp2_pkt_decode_version_cid(&v, packet.data, packet.len, QUIC_CID_SIZE);

    if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) {
        if (e->answers)
            answer_version(e, from, &v, packet.len);
        return;
    }
    if (rv != 0)
        return;
    c = connection_of(e, &v);
    if (c != NULL)
        quic_connection_receive(c, from, packet);
    else if (v.version != 0)
        answer(e, from, packet);
    else if (!is_reset(e, from, packet))
        answer_forgotten(e, from, &v, packet.len);
}

static void ready(void *context, uint32_t events)
{
    struct quic_endpoint *e = context;

    if ((events & EPOLLOUT) != 0) {
        quic_socket_flush(&e->socket);
        if (!quic_socket_waits(&e->socket)) {
            watch(e);
            for (struct quic_connection *c = e->first; c != NULL; c = c->next)
                quic_connection_plan(c);
        }
    }
    if ((events & ~(uint32_t)EPOLLOUT) != 0)
        quic_socket_receive(&e->socket, packet_came, e);
}

/* ---- connections come and go */

struct quic_connection *quic_endpoint_dial(struct quic_endpoint *e, const union quic_address *to, bool large,
                                           void *dialled)
{
    struct quic_connection *c =
        e->counts.connections < CONNECTIONS_MAX ? quic_connection_dial(e, to, large, dialled) : NULL;

    if (c != NULL)
        add(e, c);
    return c;
}

void quic_endpoint_answered(struct quic_endpoint *e, struct quic_connection *c)
{
    ASSERT(c->is_half_open);
    c->is_half_open = false;
    e->counts.half_open--;
}

static bool is_other_connection(void *context, const void *item)
{
    return ((const struct owned_cid *)item)->connection != context;
}

void quic_endpoint_turned_away(struct quic_endpoint *e, const union quic_address *from, const char *why)
{
    e->counts.turned_away++;
    if (quic_bucket_take(&e->told, TOLD_RATE, loop_now(e->parts.loop)))
        e->parts.actions->turned_away(e->parts.context, from, why);
}

void quic_endpoint_counts(const struct quic_endpoint *e, struct quic_endpoint_counts *out)
{
    *out = e->counts;
    out->bytes_in = e->socket.received;
    out->bytes_out = e->socket.sent;
}

void quic_endpoint_pause(struct quic_endpoint *e, bool paused)
{
    if (e->parts.paused == paused)
        return;
    e->parts.paused = paused;
    for (struct quic_connection *c = e->first; c != NULL && !paused; c = c->next)
        quic_connection_plan(c);
}

void quic_endpoint_gone(struct quic_endpoint *e, struct quic_connection *c)
{
    table_filter(&e->cids, is_other_connection, c);
    if (c->previous == NULL && e->first != c)
        return; /* it never was among them */
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        e->first = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    e->counts.connections--;
    e->counts.half_open -= c->is_half_open;
}

enum err quic_endpoint_new(const struct quic_endpoint_config *config, struct quic_endpoint **out, struct diag *diag)
{
    struct quic_endpoint *e = mem_alloc(sizeof *e);
    enum err err;

    e->parts = (struct quic_endpoint_parts){.loop = config->loop,
                                            .actions = config->actions,
                                            .context = config->context,
                                            .first_stream_limit = config->first_stream_limit};
    e->answers = config->listen != NULL;
    table_init(&e->cids, sizeof(struct owned_cid), sizeof(struct cid_key));
    /* made of the key, so that a node that starts anew can still say that it has forgotten */
    key_derive(config->key, "prismfed-quic-reset-v1", &e->parts.reset_secret);
    tls_random(&e->retry_secret, sizeof e->retry_secret);
    quic_gate_init(&e->gate, config->handshakes_per_second);
    err = tls_identity_new(config->key, config->protocols, quic_connection_judge, &e->parts.identity, diag);
    if (err == ERR_OK)
        err = quic_socket_open(&e->socket, config->listen, diag);
    if (err == ERR_OK) {
        e->watch = (struct loop_watch){.ready = ready, .context = e, .fd = e->socket.fd};
        err = loop_watch(e->parts.loop, &e->watch, EPOLLIN);
        if (err != ERR_OK)
            (void)diag_set(diag, err, "the socket cannot be watched");
    }
    if (err != ERR_OK) {
        quic_endpoint_free(e);
        return err;
    }
    *out = e;
    return ERR_OK;
}

void quic_endpoint_free(struct quic_endpoint *e)
{
    if (e == NULL)
        return;
    while (e->first != NULL)
        quic_connection_end(e->first);
    if (e->socket.room != NULL)
        loop_unwatch(e->parts.loop, &e->watch);
    quic_socket_close(&e->socket);
    tls_identity_free(e->parts.identity);
    table_free(&e->cids);
    gnutls_memset(&e->parts.reset_secret, 0, sizeof e->parts.reset_secret);
    mem_free(e);
}
