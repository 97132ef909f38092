/* One connection: its birth and death, what the loop calls, and what its owner asks. */
#include "node/quic_connection.h"

#include <stdio.h>

#include "base/mutate.h"

static const uint64_t idle_ns = 6000000000, keep_alive_ns = 2000000000, handshake_ns = 5000000000;
static const uint64_t handshake_large_ns = 1500000000;

/* ngtcp2 0.12 spreads the first flight over this time; its own 333 ms would make a handshake last that long. */
static const uint64_t initial_rtt_ns = 10000000;

const struct quic_endpoint_parts *quic_connection_parts(const struct quic_connection *c)
{
    return quic_endpoint_parts(c->endpoint);
}

uint64_t quic_connection_now(const struct quic_connection *c)
{
    return (uint64_t)loop_now(quic_connection_parts(c)->loop);
}

/* ---- what the loop calls */

/* What has come too early for it to be told of. */
static int take_early(struct quic_connection *c)
{
    int rv = 0;

    for (unsigned i = 0; i < QUIC_STREAMS && rv == 0; i++) {
        struct buf early = c->streams[i].early;

        c->streams[i].early = (struct buf){0};
        if (early.len > 0)
            rv = quic_connection_take(c, i, bytes_of_buf(&early));
        buf_free(&early);
    }
    return rv;
}

static void run(void *context)
{
    struct quic_connection *c = context;
    ngtcp2_ccerr e;
    int rv = c->phase == QUIC_OPEN ? take_early(c) : 0;

    if (rv == 0 && c->phase < QUIC_CLOSES && !quic_connection_parts(c)->paused)
        rv = quic_connection_make_room(c);
    if (rv != 0)
        quic_connection_fail(c, rv);
    if (c->phase < QUIC_CLOSES)
        quic_connection_write(c);
    if (c->phase < QUIC_CLOSES && c->wants_close) {
        ngtcp2_ccerr_default(&e);
        ngtcp2_ccerr_set_application_error(&e, c->code, (const uint8_t *)c->why, strlen(c->why));
        quic_connection_close_with(c, &e);
    }
    if (c->phase == QUIC_OVER) {
        quic_connection_tell_closed(c);
        quic_connection_free(c);
    }
}

void quic_connection_plan(struct quic_connection *c)
{
    loop_after(quic_connection_parts(c)->loop, &c->task);
}

static void timer_rings(void *context)
{
    struct quic_connection *c = context;
    int rv;

    if (c->phase >= QUIC_CLOSES) {
        quic_connection_over(c);
        return;
    }
    rv = ngtcp2_conn_handle_expiry(c->conn, quic_connection_now(c));
    if (rv != 0)
        quic_connection_fail(c, rv);
    else
        quic_connection_plan(c);
}

void quic_connection_receive(struct quic_connection *c, const union quic_address *from, struct bytes packet)
{
    union quic_address local = *quic_endpoint_local(c->endpoint), remote = *from;
    ngtcp2_path path = {.local = {.addr = &local.any, .addrlen = quic_address_size(&local)},
                        .remote = {.addr = &remote.any, .addrlen = quic_address_size(&remote)}};
    ngtcp2_pkt_info info = {0};
    int rv;

    if (c->phase == QUIC_OVER)
        return;
    if (c->phase == QUIC_CLOSES) {
        c->asked++;
        if ((c->asked & (c->asked - 1)) == 0) /* ever less often (RFC 9000 section 10.2.1) */
            quic_connection_say_farewell(c);
        return;
    }
    rv = ngtcp2_conn_read_pkt(c->conn, &path, &info, packet.data, packet.len, quic_connection_now(c));
    if (rv != 0) {
        quic_connection_fail(c, rv);
        return;
    }
    quic_address_of_path(&c->remote, &ngtcp2_conn_get_path(c->conn)->remote);
    quic_connection_plan(c);
}

void quic_connection_was_reset(struct quic_connection *c)
{
    if (c->phase >= QUIC_OVER)
        return;
    if (c->phase < QUIC_CLOSES)
        quic_connection_why(c, 0, "the peer has started anew");
    quic_connection_over(c);
}

bool quic_connection_knows_token(struct quic_connection *c, const uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN])
{
    ngtcp2_cid_token known[8];
    size_t count = quic_library_active_dcids(c->conn, known, sizeof known / sizeof *known);
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        if (known[i].token_present && gnutls_memcmp(known[i].token, token, NGTCP2_STATELESS_RESET_TOKENLEN) == 0)
            found = true;
    }
    return found;
}

/* ---- birth and death */

static const char ends[] = "this node has been stopped";

static ngtcp2_conn *get_conn(ngtcp2_crypto_conn_ref *ref)
{
    return quic_connection_of(ref->user_data)->conn;
}

static struct quic_connection *begin(struct quic_endpoint *e, const union quic_address *remote, bool is_dialler,
                                     bool large)
{
    struct quic_connection *c = mem_alloc(sizeof *c);

    c->endpoint = e;
    c->is_dialler = is_dialler;
    c->is_large = large && quic_address_is_loopback(remote);
    c->remote = *remote;
    c->ref = (ngtcp2_crypto_conn_ref){.get_conn = get_conn, .user_data = c};
    c->timer = (struct loop_timer){.rings = timer_rings, .context = c};
    c->task = (struct loop_task){.run = run, .context = c};
    for (unsigned i = 0; i < QUIC_STREAMS; i++) {
        c->streams[i].id_in = c->streams[i].id_out = -1;
        c->streams[i].packs = i == QUIC_STREAM_PACKED;
        quic_inlet_init(&c->streams[i].in,
                        i == QUIC_STREAM_FIRST ? quic_connection_parts(c)->first_stream_limit : QUIC_FRAME_MAX,
                        i == QUIC_STREAM_PACKED);
    }
    return c;
}

static void set_up(const struct quic_connection *c, ngtcp2_settings *settings, ngtcp2_transport_params *params)
{
    ngtcp2_settings_default(settings);
    settings->initial_ts = quic_connection_now(c);
    settings->initial_rtt = initial_rtt_ns;
    settings->cc_algo = NGTCP2_CC_ALGO_BBR;
    settings->handshake_timeout = c->is_large && c->is_dialler ? handshake_large_ns : handshake_ns;
    settings->max_tx_udp_payload_size = c->is_large ? QUIC_PACKET_LARGE : QUIC_PACKET_MAX;
    settings->no_tx_udp_payload_size_shaping = c->is_large;
    settings->no_pmtud = c->is_large;
    ngtcp2_transport_params_default(params);
    params->initial_max_streams_uni = QUIC_STREAMS;
    params->initial_max_stream_data_uni = QUIC_WINDOW_BEFORE;
    params->initial_max_data = QUIC_WINDOW_BEFORE;
    params->max_idle_timeout = idle_ns;
    if (!c->is_large && quic_address_is_loopback(&c->remote))
        params->max_udp_payload_size = NGTCP2_MAX_UDP_PAYLOAD_SIZE; /* the peer would send large ones */
}

/* ngtcp2 and TLS have each other from now on. */
static bool tie(struct quic_connection *c)
{
    if (tls_session_new(quic_connection_parts(c)->identity, !c->is_dialler, &c->ref, &c->tls) != ERR_OK)
        return false;
    ngtcp2_conn_set_tls_native_handle(c->conn, c->tls);
    ngtcp2_conn_set_keep_alive_timeout(c->conn, keep_alive_ns);
    return true;
}

static void cid_random(ngtcp2_cid *out)
{
    out->datalen = QUIC_CID_SIZE;
    tls_random(out->data, out->datalen);
}

struct quic_connection *quic_connection_dial(struct quic_endpoint *e, const union quic_address *to, bool large,
                                             void *dialled)
{
    struct quic_connection *c = begin(e, to, true, large);
    union quic_address local = *quic_endpoint_local(e), remote = *to;
    ngtcp2_path path = {.local = {.addr = &local.any, .addrlen = quic_address_size(&local)},
                        .remote = {.addr = &remote.any, .addrlen = quic_address_size(&remote)}};
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    ngtcp2_cid dcid, scid;

    c->owner = dialled;
    set_up(c, &settings, &params);
    cid_random(&dcid);
    cid_random(&scid);
    if (ngtcp2_conn_client_new(&c->conn, &dcid, &scid, &path, NGTCP2_PROTO_VER_V1, &quic_connection_callbacks,
                               &settings, &params, NULL, c) != 0 ||
        !tie(c)) {
        quic_connection_free(c);
        return NULL;
    }
    quic_endpoint_register(e, &scid, c);
    quic_connection_plan(c);
    return c;
}

struct quic_connection *quic_connection_answer(struct quic_endpoint *e, const union quic_address *from,
                                               const ngtcp2_pkt_hd *hd, const ngtcp2_cid *original_dcid, bool retried)
{
    struct quic_connection *c = begin(e, from, false, true);
    union quic_address local = *quic_endpoint_local(e), remote = *from;
    ngtcp2_path path = {.local = {.addr = &local.any, .addrlen = quic_address_size(&local)},
                        .remote = {.addr = &remote.any, .addrlen = quic_address_size(&remote)}};
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    ngtcp2_cid scid;

    set_up(c, &settings, &params);
    cid_random(&scid);
    quic_library_original_dcid(&params, original_dcid);
    if (retried) {
        quic_library_take_token(&settings, hd);
        params.retry_scid = hd->dcid;
        params.retry_scid_present = 1;
    }
    params.stateless_reset_token_present = 1;
    if (ngtcp2_crypto_generate_stateless_reset_token(params.stateless_reset_token,
                                                     quic_connection_parts(c)->reset_secret.b,
                                                     sizeof quic_connection_parts(c)->reset_secret.b, &scid) != 0 ||
        ngtcp2_conn_server_new(&c->conn, &hd->scid, &scid, &path, hd->version, &quic_connection_callbacks, &settings,
                               &params, NULL, c) != 0 ||
        !tie(c)) {
        quic_connection_free(c);
        return NULL;
    }
    quic_endpoint_register(e, &scid, c);
    quic_endpoint_register(e, &hd->dcid, c);
    return c;
}

void quic_connection_end(struct quic_connection *c)
{
    ngtcp2_ccerr e;

    if (c->phase < QUIC_CLOSES) {
        quic_connection_why(c, QUIC_CODE_ENDS, ends);
        ngtcp2_ccerr_default(&e);
        ngtcp2_ccerr_set_application_error(&e, QUIC_CODE_ENDS, (const uint8_t *)ends, sizeof ends - 1);
        quic_connection_close_with(c, &e);
    }
    quic_connection_tell_closed(c);
    quic_connection_free(c);
}

void quic_connection_free(struct quic_connection *c)
{
    loop_timer_stop(quic_connection_parts(c)->loop, &c->timer);
    loop_forget(quic_connection_parts(c)->loop, &c->task);
    quic_endpoint_gone(c->endpoint, c);
    for (unsigned i = 0; i < QUIC_STREAMS; i++) {
        quic_inlet_fini(&c->streams[i].in);
        quic_outlet_fini(&c->streams[i].out);
        buf_free(&c->streams[i].early);
    }
    buf_free(&c->farewell);
    ngtcp2_conn_del(c->conn);
    if (c->tls != NULL)
        gnutls_deinit(c->tls);
    mem_free(c);
}

/* ---- what its owner asks */

void quic_connection_set_owner(struct quic_connection *c, void *owner)
{
    c->owner = owner;
}

void *quic_connection_owner(const struct quic_connection *c)
{
    return c->owner;
}

bool quic_connection_is_dialler(const struct quic_connection *c)
{
    return c->is_dialler;
}

bool quic_connection_is_large(struct quic_connection *c)
{
    const ngtcp2_transport_params *params = ngtcp2_conn_get_remote_transport_params(c->conn);

    return c->is_large && params != NULL && params->max_udp_payload_size >= QUIC_PACKET_LARGE;
}

const struct digest *quic_connection_peer(const struct quic_connection *c)
{
    return &c->peer;
}

const union quic_address *quic_connection_address(const struct quic_connection *c)
{
    return &c->remote;
}

const struct public_key *quic_connection_key(const struct quic_connection *c)
{
    return &c->key;
}

bool quic_connection_judge(void *connection, const struct public_key *key)
{
    struct quic_connection *c = connection;
    const struct quic_endpoint_parts *parts = quic_connection_parts(c);
    const struct digest fingerprint = key_fingerprint(key);
    char hex[2 * DIGEST_SIZE + 1];

    if (MUTATE(PIN_ANY_KEY, false,
               !parts->actions->welcome(parts->context, c->is_dialler ? c->owner : NULL, &fingerprint))) {
        digest_hex(&fingerprint, hex);
        snprintf(c->why, sizeof c->why, "the peer has a key that is not welcome here: %s", hex);
        return false;
    }
    c->peer = fingerprint;
    c->key = *key;
    return true;
}

enum err quic_connection_export(struct quic_connection *c, const char *label, struct digest *out)
{
    return tls_export(c->tls, label, out);
}

void quic_connection_open(struct quic_connection *c)
{
    if (c->phase != QUIC_AUTHENTICATED)
        return;
    c->phase = QUIC_OPEN;
    ngtcp2_conn_extend_max_offset(c->conn, QUIC_WINDOW_CONNECTION - QUIC_WINDOW_BEFORE);
    for (unsigned i = QUIC_STREAM_FIRST + 1; i < QUIC_STREAMS; i++) {
        if (c->streams[i].id_in >= 0)
            (void)ngtcp2_conn_extend_max_stream_offset(c->conn, c->streams[i].id_in,
                                                       QUIC_WINDOW_STREAM - QUIC_WINDOW_BEFORE);
    }
    quic_connection_plan(c);
}

bool quic_connection_send(struct quic_connection *c, unsigned stream, struct blob *message, size_t limit)
{
    struct quic_outlet *out = &c->streams[stream].out;
    enum quic_frame_packing packing = QUIC_FRAME_PLAIN;

    if (c->phase >= QUIC_CLOSES || c->wants_close || message->len > QUIC_FRAME_MAX ||
        out->held + QUIC_FRAME_HEADER + message->len > limit)
        return false;
    message = c->streams[stream].packs ? quic_frame_pack(message, &packing) : blob_hold(message);
    quic_outlet_add(out, packing, message);
    blob_drop(message);
    quic_connection_plan(c);
    return true;
}

void quic_connection_unpack(struct quic_connection *c, unsigned stream)
{
    quic_inlet_allow_packed(&c->streams[stream].in);
}

void quic_connection_pack(struct quic_connection *c, unsigned stream)
{
    c->streams[stream].packs = true;
}

void quic_connection_close(struct quic_connection *c, uint64_t code, const char *why)
{
    if (c->phase >= QUIC_CLOSES || c->wants_close)
        return;
    c->wants_close = true;
    quic_connection_why(c, code, why);
    quic_connection_plan(c);
}

void quic_connection_status(struct quic_connection *c, struct quic_connection_status *out)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info(c->conn, &info);
    *out = (struct quic_connection_status){
        .rtt_ns = (int64_t)info.smoothed_rtt, .received = c->bytes_in, .sent = c->bytes_out};
    for (unsigned i = 0; i < QUIC_STREAMS; i++)
        out->held += c->streams[i].out.held;
    tls_protocol(c->tls, out->protocol);
}
