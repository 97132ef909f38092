#ifndef PRISMFED_NODE_QUIC_LIBRARY_H
#define PRISMFED_NODE_QUIC_LIBRARY_H

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "base/bytes.h"

/* ngtcp2 as Debian 13 has it (1.x) and as Debian 12 has it (0.12). The code uses the names of 1.x; what differs stands
 * here and nowhere else. */

#if NGTCP2_VERSION_NUM < 0x010000

#define ngtcp2_ccerr ngtcp2_connection_close_error
#define ngtcp2_ccerr_default ngtcp2_connection_close_error_default
#define ngtcp2_ccerr_set_liberr ngtcp2_connection_close_error_set_transport_error_liberr
#define ngtcp2_ccerr_set_tls_alert ngtcp2_connection_close_error_set_transport_error_tls_alert
#define ngtcp2_ccerr_set_application_error ngtcp2_connection_close_error_set_application_error
#define NGTCP2_CCERR_TYPE_APPLICATION NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION
#define NGTCP2_CCERR_TYPE_TRANSPORT NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_TRANSPORT

typedef ngtcp2_conn_stat ngtcp2_conn_info;

static inline void ngtcp2_conn_get_conn_info(ngtcp2_conn *conn, ngtcp2_conn_info *out)
{
    ngtcp2_conn_get_conn_stat(conn, out);
}

static inline ngtcp2_ccerr quic_library_ccerr(ngtcp2_conn *conn)
{
    ngtcp2_ccerr e;

    ngtcp2_conn_get_connection_close_error(conn, &e);
    return e;
}

static inline size_t quic_library_active_dcids(ngtcp2_conn *conn, ngtcp2_cid_token *out, size_t room)
{
    return ngtcp2_conn_get_num_active_dcid(conn) <= room ? ngtcp2_conn_get_active_dcid(conn, out) : 0;
}

static inline struct bytes quic_library_token(const ngtcp2_pkt_hd *hd)
{
    return bytes_of(hd->token.base, hd->token.len);
}

static inline void quic_library_take_token(ngtcp2_settings *settings, const ngtcp2_pkt_hd *hd)
{
    settings->token = hd->token;
}

static inline void quic_library_original_dcid(ngtcp2_transport_params *params, const ngtcp2_cid *dcid)
{
    params->original_dcid = *dcid;
}

#else

static inline ngtcp2_ccerr quic_library_ccerr(ngtcp2_conn *conn)
{
    return *ngtcp2_conn_get_ccerr(conn);
}

static inline size_t quic_library_active_dcids(ngtcp2_conn *conn, ngtcp2_cid_token *out, size_t room)
{
    return ngtcp2_conn_get_active_dcid(conn, NULL) <= room ? ngtcp2_conn_get_active_dcid(conn, out) : 0;
}

static inline struct bytes quic_library_token(const ngtcp2_pkt_hd *hd)
{
    return bytes_of(hd->token, hd->tokenlen);
}

static inline void quic_library_take_token(ngtcp2_settings *settings, const ngtcp2_pkt_hd *hd)
{
    settings->token = hd->token;
    settings->tokenlen = hd->tokenlen;
}

static inline void quic_library_original_dcid(ngtcp2_transport_params *params, const ngtcp2_cid *dcid)
{
    params->original_dcid = *dcid;
    params->original_dcid_present = 1;
}

#endif

#endif
