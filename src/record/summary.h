#ifndef PRISMFED_RECORD_SUMMARY_H
#define PRISMFED_RECORD_SUMMARY_H

#include "crypto/key.h"
#include "record/history.h"

/* The documents that whoever closes a record leaves: genesis.json, the ledger file of each epoch, the summary. What
 * follows from the log is made here; what only the recorder saw is the caller's to say. */

/* An epoch, as the summary tells it. */
struct record_epoch {
    uint64_t epoch;
    const struct history_epoch *log; /* NULL: it never ended */
    struct bytes signature;          /* of the anchor (anchor_sign()); empty unless log */
    uint64_t view_changes, virtual_ns;
    bool stalled;
};

/* A validator that says that the log ends there: its end statement (ledger/end.h). */
struct record_vouch {
    struct digest kid;
    const char *name;     /* borrowed */
    struct buf signature; /* owned */
};

struct record_whole {
    const char *scenario, *label;
    uint64_t seed;
    struct digest scenario_sha256; /* of the file's bytes */
    const char *recorder;
    const struct secret_key *recorder_key; /* of one in good standing when the log ends */
    uint64_t epoch_count;
    json_t *events, *network, *work, *nodes, *costs; /* references that are taken over */
    bool roots_agree;                                /* every node that is up holds the same */
    uint64_t gain_ppm;
    unsigned vouch_count;
    struct record_vouch *vouches; /* sorted here; the caller's, with their signatures */
};

/* A member, as the recorder sees it. */
struct record_node {
    const struct member_card *card;
    const struct member *member; /* NULL: it is none yet */
    bool up;
    uint64_t height;
};
json_t *summary_node(const struct record_node *n);
/* What nodes that are processes of their own tell nobody is 0. */
json_t *summary_network(uint64_t messages);
json_t *summary_work(void);

/* New references. summary_whole() has an empty array in the place of the epochs, and no signature. */
json_t *summary_epoch(const struct history *h, const struct record_epoch *e);
json_t *summary_whole(const struct history *h, struct record_whole *whole);
/* Appends the ledger file of the epoch that was told last. */
void summary_ledger(const struct history *h, struct bytes signature, struct buf *out);
json_t *summary_genesis(struct bytes genesis);

#endif
