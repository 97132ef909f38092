#ifndef PRISMFED_NODE_PREFLIGHT_PARTS_H
#define PRISMFED_NODE_PREFLIGHT_PARTS_H

#include "node/members.h"
#include "node/preflight.h"
#include "scenario/scenario.h"

/* What the checks know of each other. For the files preflight*.c alone. */

struct preflight {
    const struct node_config *config;
    const struct preflight_listener *listener;
    unsigned mends;
    bool has_plan, has_key;
    struct scenario plan;
    unsigned node; /* of the plan, or node_count when it has none of this name */
    struct public_key key;
    struct buf document;     /* genesis, encoded; owned, like the next */
    struct genesis *genesis; /* NULL: there is none that can be used */
    struct members members;  /* owned; empty where there are none */
};

void preflight_say(struct preflight *p, const char *check, enum preflight_verdict verdict, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

void preflight_port(struct preflight *p);
void preflight_http(struct preflight *p);
void preflight_clock(struct preflight *p);
void preflight_disk(struct preflight *p);
void preflight_store(struct preflight *p);
void preflight_peers(struct preflight *p);
void preflight_program(struct preflight *p);

#endif
