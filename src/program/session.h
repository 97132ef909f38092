#ifndef PRISMFED_PROGRAM_SESSION_H
#define PRISMFED_PROGRAM_SESSION_H

#include "program/runner.h"

/* A program that stays alive and talks JSON Lines (docs/programs.md): a hello each way, then requests and results, one
 * at a time, with heartbeats between. Used by one thread at a time. */

enum { SESSION_VERSION = 1, SESSION_HELLO_MS = 30000, SESSION_HEARTBEATS_MISSED = 4 };

struct session {
    struct child child;
    const struct program_spec *spec; /* borrowed */
    uint64_t asked;
    unsigned heartbeat_ms; /* it says something at least so often; 0: it promised nothing */
    bool deterministic;    /* what it says of itself */
    struct session *next;  /* for whoever keeps it */
};

/* NULL when there is no talking to it; why says what happened then. file: what to execute. */
struct session *session_open(const struct program_spec *spec, const char *file, const struct cage *cage,
                             const struct genome_schema *schema, struct answer *why);
/* False: the session is of no further use; close it. */
bool session_ask(struct session *s, const struct question *q, struct answer *out);
void session_close(struct session *s);

#endif
