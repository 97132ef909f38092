/* How a connection ends: why, and what the peer and the owner are told. */
#include <stdio.h>

#include "node/quic_connection.h"

void quic_connection_why(struct quic_connection *c, uint64_t code, const char *why)
{
    c->code = code;
    snprintf(c->why, sizeof c->why, "%s", why);
}

void quic_connection_over(struct quic_connection *c)
{
    c->phase = QUIC_OVER;
    quic_connection_plan(c);
}

void quic_connection_tell_closed(struct quic_connection *c)
{
    const struct quic_endpoint_parts *parts = quic_connection_parts(c);

    if (c->is_told)
        return;
    c->is_told = true;
    if (c->is_half_open)
        quic_endpoint_turned_away(c->endpoint, &c->remote, c->why);
    else
        parts->actions->closed(parts->context, c, c->code, c->why);
}

/* What an error of TLS or QUIC means, whichever side has noticed it. */
static void why_of_code(struct quic_connection *c, const char *whose, uint64_t code)
{
    const char *alert = code >= NGTCP2_CRYPTO_ERROR && code <= NGTCP2_CRYPTO_ERROR + 255
                            ? tls_alert_text((unsigned)(code - NGTCP2_CRYPTO_ERROR))
                            : NULL;

    c->code = 0;
    if (alert != NULL)
        snprintf(c->why, sizeof c->why, "%s (%s: error 0x%llx of QUIC)", alert, whose, (unsigned long long)code);
    else if (code == NGTCP2_NO_ERROR)
        snprintf(c->why, sizeof c->why, "%s has ended the connection", whose);
    else
        snprintf(c->why, sizeof c->why, "%s: error 0x%llx of QUIC", whose, (unsigned long long)code);
}

/* The peer has closed it: RFC 9000 section 10.2.2, nothing may be sent any more. */
static void drained(struct quic_connection *c)
{
    ngtcp2_ccerr e = quic_library_ccerr(c->conn);

    if (c->phase < QUIC_CLOSES) {
        why_of_code(c, "the peer", e.error_code);
        if (e.type == NGTCP2_CCERR_TYPE_APPLICATION) {
            c->code = e.error_code;
            snprintf(c->why, sizeof c->why, "the peer: %.*s", (int)(e.reasonlen < 150 ? e.reasonlen : 150),
                     e.reasonlen > 0 ? (const char *)e.reason : "");
        }
    }
    quic_connection_over(c);
}

void quic_connection_say_farewell(struct quic_connection *c)
{
    uint8_t *room = quic_endpoint_room(c->endpoint);

    if (room != NULL && c->farewell.len > 0) {
        memcpy(room, c->farewell.data, c->farewell.len);
        quic_endpoint_send(c->endpoint, &c->remote, bytes_of(room, c->farewell.len), c->farewell.len);
    }
}

void quic_connection_close_with(struct quic_connection *c, const ngtcp2_ccerr *e)
{
    uint8_t packet[QUIC_PACKET_MAX];
    ngtcp2_path_storage path;
    ngtcp2_ssize len;

    ngtcp2_path_storage_zero(&path);
    len =
        ngtcp2_conn_write_connection_close(c->conn, &path.path, NULL, packet, sizeof packet, e, quic_connection_now(c));
    c->phase = QUIC_CLOSES;
    quic_connection_tell_closed(c);
    if (len <= 0) {
        quic_connection_over(c);
        return;
    }
    buf_add(&c->farewell, packet, (size_t)len);
    quic_connection_say_farewell(c);
    loop_timer_set(quic_connection_parts(c)->loop, &c->timer,
                   (int64_t)(quic_connection_now(c) + 3 * ngtcp2_conn_get_pto(c->conn)));
}

/* The errors after which there is nobody to tell. */
static const char *silent_end(int error)
{
    switch (error) {
    case NGTCP2_ERR_IDLE_CLOSE:
        return "the peer has been silent for too long";
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        return "the peer has not answered";
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
        return "the peer does not speak version 1 of QUIC";
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_DROP_CONN:
        return "the first packet made no sense";
    default:
        return NULL;
    }
}

void quic_connection_fail(struct quic_connection *c, int error)
{
    const char *why = silent_end(error);
    ngtcp2_ccerr e;

    if (error == NGTCP2_ERR_DRAINING) {
        drained(c);
        return;
    }
    if (why != NULL) {
        quic_connection_why(c, 0, why);
        quic_connection_over(c);
        return;
    }
    ngtcp2_ccerr_default(&e);
    if (error == NGTCP2_ERR_CRYPTO) {
        if (c->why[0] == '\0')
            why_of_code(c, "this side", NGTCP2_CRYPTO_ERROR + ngtcp2_conn_get_tls_alert(c->conn));
        ngtcp2_ccerr_set_tls_alert(&e, ngtcp2_conn_get_tls_alert(c->conn), NULL, 0);
    } else if (c->code != 0) {
        ngtcp2_ccerr_set_application_error(&e, c->code, (const uint8_t *)c->why, strlen(c->why));
    } else {
        snprintf(c->why, sizeof c->why, "the peer does not follow QUIC: %s", ngtcp2_strerror(error));
        ngtcp2_ccerr_set_liberr(&e, error, NULL, 0);
    }
    quic_connection_close_with(c, &e);
}
