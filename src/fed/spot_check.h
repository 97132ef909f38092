#ifndef PRISMFED_FED_SPOT_CHECK_H
#define PRISMFED_FED_SPOT_CHECK_H

#include "state/claim.h"

/* A validator runs the claims that were drawn (state/recount.h) again, and says where it gets another cost. */

enum { OWNERS_KEPT = 64 /* blocks that a claim with shards may be built on, for us to run it again */ };

/* Who had the shards after a block. */
struct owners {
    struct digest block_id;
    int *owners; /* owned; NULL: free */
};

/* RECOUNT_ASKED --answered--> one of the others. */
enum recounted {
    RECOUNT_ASKED,       /* the driver runs it */
    RECOUNT_WITHOUT,     /* nothing to say: it comes to what is claimed, or the work is not known here */
    RECOUNTED_OTHERWISE, /* it comes to another cost */
};

/* A claim that the driver was asked to run again. */
struct recounting {
    uint64_t number;         /* of the JOB_RECOUNT; counts up */
    struct spot_check claim; /* a copy, without recounts */
    struct claim_shards shards;
    enum recounted verdict;
    uint64_t cost; /* RECOUNTED_OTHERWISE: that we got */
};

/* The fields are the spot check's own. */
struct spot_checks {
    unsigned owners_next; /* the one to be replaced */
    struct owners owners[OWNERS_KEPT];
    bool due; /* there is a new state or an answer */
    uint64_t number;
    unsigned count;
    struct recounting *items; /* owned; of claims in the decided state, or not answered; a restart forgets them */
};

struct fed;
struct fed_event;

void spot_check_pass(struct fed *f);   /* the decided state is another one */
void spot_check_settle(struct fed *f); /* validators: what is to be run again, what we got */
enum err spot_check_done(struct fed *f, const struct fed_event *event) MUST_CHECK;
void spot_check_free(struct fed *f);

#endif
