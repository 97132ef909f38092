#ifndef PRISMFED_NODE_PREFLIGHT_H
#define PRISMFED_NODE_PREFLIGHT_H

#include "node/config.h"

/* Would a node of this configuration start, and be able to do its work? Nothing is changed, and nobody is spoken to as
 * a peer: whether the others are there is asked by a packet that any QUIC server answers. */

enum preflight_verdict {
    PREFLIGHT_PASSED,
    PREFLIGHT_NOTE, /* nothing to mend, but worth knowing */
    PREFLIGHT_MEND  /* the text says what to do */
};

const char *preflight_verdict_name(enum preflight_verdict verdict); /* "PASSED", "NOTE", "MEND" */

/* Who hears the results, in order; check: "plan", "name", "key", "genesis", "members", "port", "http", "clock", "disk",
 * "store", "peers", "program". One check may have several. */
struct preflight_listener {
    void (*tell)(void *context, const char *check, enum preflight_verdict verdict, const char *text);
    void *context;
};

/* Takes about a second, and as long as one run of the site's program. True: nothing is to be mended. */
bool preflight(const struct node_config *config, const struct preflight_listener *listener);

#endif
