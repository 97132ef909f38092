#ifndef PRISMFED_SIM_CHECKERS_H
#define PRISMFED_SIM_CHECKERS_H

#include "base/table.h"
#include "fed/fed.h"

/* What must hold in every run (design, section 8), looked at while it runs. The first violation is kept. */

struct sim_node;
struct rehearsal;

/* Heights are remembered in a ring; what is older is looked up in the ledger of a node. A statement is remembered as
 * long as its signer may have reason to repeat it: PBFT's water marks are 64 sequence numbers apart. */
enum { HEIGHTS_SEEN = 1024, STATEMENTS_BACK = 256 };

struct height_seen {
    uint64_t height;
    struct digest block_id;
    unsigned node; /* who had it first */
};

enum said_in { SAID_IN_VOTE, SAID_IN_ENTRY, SAID_KINDS };

struct statement_seen {
    struct digest key, said; /* what it is about (signer, type, view, sequence); what it says */
    unsigned node;           /* its signer */
    enum said_in in;
    uint64_t sequence;
};

struct checkers {
    struct height_seen heights[HEIGHTS_SEEN]; /* height h at h mod HEIGHTS_SEEN */
    struct table statements;                  /* struct statement_seen */
    size_t statements_due;                    /* so many, and those that are over go */
    uint64_t (*said_last)[SAID_KINDS];        /* owned; highest sequence, by node */
    bool calm;                                /* no fault is in force that could stop a quorum */
    int64_t moved_ns;                         /* when a node last executed a block, or a fault came or went */
    int64_t patience_ns;
    bool violated;
    struct diag diag; /* the first violation */
};

void checkers_init(struct checkers *c, unsigned nodes);
void checkers_fini(struct checkers *c);
void checkers_violation(struct checkers *c, int64_t now_ns, const char *who, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* check_agreement.c: equal block ids (which cover log and state roots) at equal heights, also after a restart; never
 * backwards within a life. */
void check_agreement(struct checkers *c, const struct rehearsal *r, const struct sim_node *n);
/* check_signing.c: no node that is honest signs two statements for one (type, view, sequence), nor two entries with one
 * sequence, also after a restart. */
void check_signing(struct checkers *c, const struct sim_node *n, struct bytes message, int64_t now_ns);
/* check_progress.c: while a quorum of validators hears each other over a fair network, blocks keep coming until all
 * have ended the last epoch. */
void check_progress_faults(struct checkers *c, const struct rehearsal *r); /* a fault came or went */
void check_progress(struct checkers *c, const struct rehearsal *r);
/* check_evidence.c: nobody is convicted, or found with a false claim, who did not lie. m: the other one, as n's state
 * has it. */
void check_evidence(struct checkers *c, const struct sim_node *n, const struct sim_node *other, const struct member *m,
                    int64_t now_ns);

#endif
