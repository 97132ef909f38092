#ifndef PRISMFED_NODE_CONTROL_H
#define PRISMFED_NODE_CONTROL_H

#include "codec/json.h"
#include "node/loop.h"

/* How an operator on the same machine speaks to a running node: a Unix socket that the node's user alone may open. A
 * question is one line of JSON, an object with the member "ask"; so is the answer. */

enum { CONTROL_LINE_MAX = 1 << 20, CONTROL_CLIENTS_MAX = 16 };

struct control;

/* A new reference to what is answered; question is borrowed. *serial: 0, or set to that of the write which must be
 * durable before the answer is said: what an operator has been told is not forgotten when the process dies. */
typedef json_t *control_answer(void *context, const json_t *question, uint64_t *serial);

/* A path that is in use by another node is refused (ERR_STATE); one that a killed node has left is taken over. loop and
 * path are borrowed. ERR_IO. */
enum err control_new(struct loop *loop, const char *path, control_answer *answer, void *context, struct control **out,
                     struct diag *diag) MUST_CHECK;
/* Says the answers that have waited for writes up to this one. */
void control_durable(struct control *c, uint64_t serial);
void control_free(struct control *c); /* the path goes, too; NULL is fine */

/* Asks the node whose socket this is, and waits at most timeout_ms for its answer, a new reference. ERR_IO: nobody
 * listens there, or it is too late; ERR_SYNTAX: it does not speak as a node does. */
enum err control_ask(const char *path, const json_t *question, unsigned timeout_ms, json_t **out,
                     struct diag *diag) MUST_CHECK;

#endif
