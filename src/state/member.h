#ifndef PRISMFED_STATE_MEMBER_H
#define PRISMFED_STATE_MEMBER_H

#include "state/genesis.h"

/* A member, as the state has it. */

enum member_status {
    MEMBER_ACTIVE,      /* epochs wait for it */
    MEMBER_ABSENT,      /* missed a deadline: not waited for until it speaks again; its shards have moved */
    MEMBER_QUARANTINED, /* more than max_ledger_drift behind, or a claim was false: must RECONCILE first */
    MEMBER_CONVICTED,   /* evidence against it is in the log: nothing of it counts any more */
    MEMBER_LEFT,
    MEMBER_STATUS_COUNT
};
const char *member_status_name(enum member_status status);

struct member {
    struct member_card card;
    struct digest fingerprint;
    enum member_status status;
    bool votes;             /* is a validator in this membership epoch */
    unsigned sponsor;       /* the founder that stands for it, counted from 1; 0: it is a founder itself */
    uint64_t first_epoch;   /* the one that it came with, in which nothing of it weighs yet; 0: a founder */
    uint64_t sequence;      /* last one executed that its present key had signed */
    uint64_t last_epoch;    /* whose collect phase it last took part in (joined, reconciled: the epoch of that) */
    uint64_t counted_epoch; /* that the newest work of it that counted was made for; at first the one before it came */
    uint64_t found_epoch;   /* in which a claim of it was last found false; 0: never */
    uint64_t false_claims;  /* how often that was */
};

void member_put(struct cbor_writer *w, const struct member *m);
/* The key is acceptable (key_check); errors stick to the reader. */
void member_get(struct cbor_reader *r, struct member *out);

#endif
