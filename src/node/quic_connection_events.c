/* What ngtcp2 asks and tells: 0, or NGTCP2_ERR_CALLBACK_FAILURE. */
#include <stdio.h>

#include "node/quic_connection.h"

static void get_random(uint8_t *out, size_t len, const ngtcp2_rand_ctx *context)
{
    (void)context;
    tls_random(out, len);
}

static int get_new_connection_id(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t len, void *user_data)
{
    const struct digest *secret = &quic_connection_parts(quic_connection_of(user_data))->reset_secret;

    (void)conn;
    tls_random(cid->data, len);
    cid->datalen = len;
    if (ngtcp2_crypto_generate_stateless_reset_token(token, secret->b, sizeof secret->b, cid) != 0)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    quic_endpoint_register(quic_connection_of(user_data)->endpoint, cid, user_data);
    return 0;
}

static int remove_connection_id(ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user_data)
{
    (void)conn;
    quic_endpoint_unregister(quic_connection_of(user_data)->endpoint, cid);
    return 0;
}

/* From both sides: the peer has proved that it has its key, and it has found ours welcome. */
static int authenticated(struct quic_connection *c)
{
    if (c->phase != QUIC_SHAKES_HANDS)
        return 0;
    for (unsigned i = 0; i < QUIC_STREAMS; i++) {
        if (ngtcp2_conn_open_uni_stream(c->conn, &c->streams[i].id_out, NULL) != 0)
            return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    c->phase = QUIC_AUTHENTICATED;
    if (!c->is_dialler)
        quic_endpoint_answered(c->endpoint, c);
    quic_connection_parts(c)->actions->authenticated(quic_connection_parts(c)->context, c);
    return 0;
}

/* The side that answers has seen the certificate of the one that dials by now. The other way round it has not: the one
 * that dials has to wait for the confirmation. */
static int handshake_completed(ngtcp2_conn *conn, void *user_data)
{
    struct quic_connection *c = user_data;

    if (!ngtcp2_conn_is_server(conn))
        return 0;
    c->is_confirmed = true; /* RFC 9001 section 4.1.2 */
    return authenticated(c);
}

static int handshake_confirmed(ngtcp2_conn *conn, void *user_data)
{
    struct quic_connection *c = user_data;

    (void)conn;
    c->is_confirmed = true;
    return authenticated(c);
}

/* Messages, as they come out of an inlet. */
struct telling {
    struct quic_connection *c;
    unsigned stream;
};

static bool tell_message(void *context, struct blob *message)
{
    struct telling *t = context;

    if (t->c->phase >= QUIC_CLOSES || t->c->wants_close)
        return false;
    quic_connection_parts(t->c)->actions->message(quic_connection_parts(t->c)->context, t->c, t->stream, message);
    return true;
}

int quic_connection_take(struct quic_connection *c, unsigned stream, struct bytes bytes)
{
    struct quic_stream *s = &c->streams[stream];
    struct telling t = {.c = c, .stream = stream};
    enum err err = quic_inlet_take(&s->in, bytes, tell_message, &t);

    if (err != ERR_OK) {
        snprintf(c->why, sizeof c->why, "a message in stream %u: %s", stream, err_text(err));
        c->code = QUIC_CODE_BAD_MESSAGE;
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    c->bytes_in += bytes.len;
    s->owed += bytes.len;
    quic_connection_plan(c);
    return 0;
}

int quic_connection_make_room(struct quic_connection *c)
{
    int rv = 0;

    for (unsigned i = 0; i < QUIC_STREAMS && rv == 0; i++) {
        size_t owed = c->streams[i].owed;

        if (owed == 0)
            continue;
        c->streams[i].owed = 0;
        ngtcp2_conn_extend_max_offset(c->conn, owed);
        rv = ngtcp2_conn_extend_max_stream_offset(c->conn, c->streams[i].id_in, owed);
    }
    return rv;
}

static int receive_stream(ngtcp2_conn *conn, uint32_t flags, int64_t id, uint64_t offset, const uint8_t *data,
                          size_t len, void *user_data, void *stream_user_data)
{
    struct quic_connection *c = user_data;
    size_t stream = (size_t)(id >> 2); /* RFC 9000 section 2.1 */
    int rv;

    (void)conn;
    (void)offset;
    (void)stream_user_data;
    if (stream >= QUIC_STREAMS || (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0 || c->phase == QUIC_SHAKES_HANDS) {
        quic_connection_why(c, QUIC_CODE_BAD_MESSAGE, "the peer has ended a stream, or opened one too early");
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    if (c->streams[stream].id_in < 0) {
        c->streams[stream].id_in = id;
        if (c->phase == QUIC_OPEN && stream != QUIC_STREAM_FIRST)
            ngtcp2_conn_extend_max_stream_offset(c->conn, id, QUIC_WINDOW_STREAM - QUIC_WINDOW_BEFORE);
    }
    if (stream != QUIC_STREAM_FIRST && (c->phase != QUIC_OPEN || c->streams[stream].early.len > 0)) {
        buf_add(&c->streams[stream].early, data, len);
        return 0;
    }
    rv = quic_connection_take(c, (unsigned)stream, bytes_of(data, len));
    return rv == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int acknowledged(ngtcp2_conn *conn, int64_t id, uint64_t offset, uint64_t len, void *user_data,
                        void *stream_user_data)
{
    struct quic_connection *c = user_data;

    (void)conn;
    (void)stream_user_data;
    quic_outlet_acknowledged(&c->streams[id >> 2].out, offset + len);
    return 0;
}

/* The streams last as long as the connection. */
static int stream_ended(ngtcp2_conn *conn, int64_t id, uint64_t size, uint64_t code, void *user_data,
                        void *stream_user_data)
{
    (void)conn;
    (void)id;
    (void)size;
    (void)code;
    (void)stream_user_data;
    quic_connection_why(user_data, QUIC_CODE_BAD_MESSAGE, "the peer has ended a stream");
    return NGTCP2_ERR_CALLBACK_FAILURE;
}

static int stop_sending(ngtcp2_conn *conn, int64_t id, uint64_t code, void *user_data, void *stream_user_data)
{
    return stream_ended(conn, id, 0, code, user_data, stream_user_data);
}

const ngtcp2_callbacks quic_connection_callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .handshake_completed = handshake_completed,
    .handshake_confirmed = handshake_confirmed,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = receive_stream,
    .acked_stream_data_offset = acknowledged,
    .stream_reset = stream_ended,
    .stream_stop_sending = stop_sending,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .rand = get_random,
    .get_new_connection_id = get_new_connection_id,
    .remove_connection_id = remove_connection_id,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};
