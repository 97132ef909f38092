#ifndef PRISMFED_NODE_ADDRESS_H
#define PRISMFED_NODE_ADDRESS_H

#include <stdbool.h>

#include "base/bytes.h"

/* Where a node listens or is dialled: "HOST:PORT", an IPv6 address in brackets ("[::1]:7101"). HOST is an address or a
 * DNS name, PORT a number from 1 to 65535. */

enum { ADDRESS_HOST_MAX = 253 /* RFC 1035 section 2.3.4, without the last dot */, ADDRESS_MAX = ADDRESS_HOST_MAX + 8 };

struct address {
    char host[ADDRESS_HOST_MAX + 1]; /* without brackets */
    char port[6];
};

/* ERR_SYNTAX, and the diag says what was expected. */
enum err address_parse(const char *text, struct address *out, struct diag *diag) MUST_CHECK;
/* Does it stand for every address of the machine (0.0.0.0, ::)? Nobody can dial such a one. */
bool address_is_any(const struct address *a);

#endif
