#ifndef PRISMFED_NODE_HTTP_POST_H
#define PRISMFED_NODE_HTTP_POST_H

#include "base/bytes.h"

/* One request to a server of somebody else, over HTTP or HTTPS (libcurl). */

enum { HTTP_POST_ANSWER_MAX = 1 << 20, HTTP_POST_WAIT_S = 20 };

/* *status: of the answer, whose body is appended to *answer. No redirection is followed. Call it from one thread.
 * ERR_IO: nobody answered within HTTP_POST_WAIT_S; ERR_LIMIT: the answer is larger than HTTP_POST_ANSWER_MAX. */
enum err http_post(const char *url, const char *content_type, struct bytes body, long *status, struct buf *answer,
                   struct diag *diag) MUST_CHECK;

#endif
