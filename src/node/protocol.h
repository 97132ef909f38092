#ifndef PRISMFED_NODE_PROTOCOL_H
#define PRISMFED_NODE_PROTOCOL_H

#include "state/state.h"

/* Versions of what nodes say to each other. A program speaks several; two nodes agree on the newest that both speak
 * when they connect (ALPN), and so each knows what the other can. What is new in a version is said once the log has put
 * it in force (CHANGE_PROTOCOL in state/change.h), and to nobody who does not speak it.
 *
 *   1  what docs/transport.md says without naming a version
 *   2  messages in the stream of entries may be packed, too */

enum { PROTOCOL_OLDEST = PROTOCOL_FIRST, PROTOCOL_PACKED_ENTRIES = 2 };

/* In a file of its own (protocol_newest.c), which a program of an earlier version replaces. */
extern const unsigned protocol_newest;

/* For ALPN: the newest first, NULL at the end. */
const char *const *protocol_names(void);
/* 0: none that this program speaks. */
unsigned protocol_of_name(const char *name);
/* ERR_STATE: this program does not speak what is in force; diag says what to do. */
enum err protocol_check(const struct federation_state *s, struct diag *diag) MUST_CHECK;

#endif
