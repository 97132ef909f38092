#ifndef PRISMFED_NODE_HTTP_H
#define PRISMFED_NODE_HTTP_H

#include "codec/json.h"
#include "node/loop.h"

/* What a node tells over HTTP, to programs on its own machine only: /metrics (Prometheus), /livez (200 as long as the
 * loop turns), /readyz (200, or 503 and the reasons), /status (JSON). It is read from, never told to do anything. */

enum { HTTP_CONNECTIONS_MAX = 32, HTTP_IDLE_S = 15, HTTP_MEMORY_MAX = 32 << 10 /* of a connection */ };

struct http;

/* Called from the loop. */
struct http_actions {
    void (*metrics)(void *context, struct buf *out);
    bool (*ready)(void *context, struct buf *reasons); /* false: a line each */
    json_t *(*status)(void *context);                  /* a new reference */
};

/* Listens at "HOST:PORT", an address of the loopback. loop, actions and context are borrowed. ERR_SYNTAX, ERR_UNKNOWN:
 * no address; ERR_RANGE: not of the loopback; ERR_IO: it cannot be had. */
enum err http_new(struct loop *loop, const char *address, const struct http_actions *actions, void *context,
                  struct http **out, struct diag *diag) MUST_CHECK;
void http_free(struct http *h); /* NULL is fine */

#endif
