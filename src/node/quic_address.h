#ifndef PRISMFED_NODE_QUIC_ADDRESS_H
#define PRISMFED_NODE_QUIC_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/bytes.h"

/* Where a node listens or is dialled. */

union quic_address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
};

/* "host:port", "[host]:port" for an IPv6 address; host is a numeric address or a name, which is then looked up and may
 * take its time. family: AF_INET, AF_INET6 (an IPv4 address becomes a mapped one, RFC 4291 section 2.5.5.2) or
 * AF_UNSPEC. ERR_SYNTAX; ERR_UNKNOWN: there is no such name. */
enum err quic_address_parse(const char *text, int family, union quic_address *out, struct diag *diag) MUST_CHECK;

/* The same beside the caller, who has better things to do than to wait for a name server (getaddrinfo_a(3)): to be
 * asked until it says something else than ERR_AGAIN. ERR_SYNTAX, ERR_UNKNOWN. */
struct quic_lookup;
enum err quic_lookup_new(const char *text, int family, struct quic_lookup **out, struct diag *diag) MUST_CHECK;
enum err quic_lookup_ask(struct quic_lookup *l, union quic_address *out, struct diag *diag) MUST_CHECK;
void quic_lookup_free(struct quic_lookup *l); /* waits, if it has to; NULL is fine */

socklen_t quic_address_size(const union quic_address *a);
bool quic_address_equal(const union quic_address *a, const union quic_address *b); /* the port, too */

bool quic_address_is_loopback(const union quic_address *a);

/* What is counted as one peer of unknown name: the address without the port, of IPv6 the network of 64 bits. */
uint64_t quic_address_network(const union quic_address *a);

enum { QUIC_ADDRESS_TEXT = 64 };
void quic_address_text(const union quic_address *a, char out[QUIC_ADDRESS_TEXT]); /* as it is parsed */

#endif
