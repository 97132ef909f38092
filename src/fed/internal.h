#ifndef PRISMFED_FED_INTERNAL_H
#define PRISMFED_FED_INTERNAL_H

#include "fed/admission.h"
#include "fed/application.h"
#include "fed/duties.h"
#include "fed/evidence.h"
#include "fed/job.h"
#include "fed/messages.h"
#include "fed/proof.h"
#include "fed/spot_check.h"
#include "fed/submit.h"
#include "fed/wishes.h"
#include "replica/replica.h"
#include "state/cohort.h"

/* What the files of this folder share. One step runs like this: fed.c hands the event to whom it concerns,
 * the replica calls back into application.c, and then duties_settle() compares the decided state with what this node
 * has done about it. Everything a node does of its own is owed by the state and never triggered by a
 * message, so a restart needs no memory of where it was. */

enum {
    PENDING_REQUESTS = 4 * RANK_SITES_MAX,
    /* A node that lacks this many blocks, or more, fetches a state instead of them. A round trip brings
     * REPLICA_BLOCKS_MAX blocks, and each of them is executed before the next; a state of usual size needs two round
     * trips. With fewer than four messages of blocks to fetch nothing is gained by a state, and without one the ledger
     * has no gap at any time. */
    STATE_GAP = 4 * REPLICA_BLOCKS_MAX
};

/* Records of ours in the durable store; PBFT's begin with 1..15. */
enum { RECORD_ENTRY = 32, RECORD_SEQUENCE = 33, RECORD_WISH = 34 };

struct fed {
    struct fed_config config;
    struct voter_set founders;
    struct digest genesis_id;
    unsigned self;           /* our member index, for life; REPLICA_UNKNOWN: not a member yet, as far as is known */
    bool started, restarted; /* restarted: there was something among the records */

    /* valid while stepping */
    int64_t now_ns;
    struct effects *out;

    const struct federation_state *decided; /* the application's: another one with every block that is decided */
    struct application application;
    struct replica *replica;
    struct links links;          /* of all closed membership epochs */
    struct epoch_end *epoch_end; /* the last one; one holding; NULL: none yet */

    struct wishes wishes; /* of our operator */

    struct duties duties;
    struct submit submit;
    struct admission admission;
    struct evidence evidence;
    struct spot_checks spot_checks;
};

/* fed.c */
bool fed_resting(const struct fed *f);                                              /* last_epoch has ended */
const struct member *fed_self(const struct fed *f);                                 /* NULL: not a member (yet) */
void fed_timer(struct fed *f, enum fed_timer timer, int64_t *armed, int64_t at_ns); /* at_ns 0: stop */
/* Records filed under numbers up to this one are about to go: what is still needed is filed anew. */
void fed_compact(struct fed *f, uint64_t number);
/* Which member are we in the decided state, and by which key, the present or the next one? */
void fed_find_self(struct fed *f);
/* What the loss of its disk asked for is done. */
void fed_recovered(struct fed *f);

/* snapshot.c: the decided state for others, and theirs; who votes */
void snapshot_begin(struct fed *f); /* the decided state is the founding one */
/* This block, decided last, ended the membership epoch. */
void snapshot_add_link(struct fed *f, struct blob *bytes, const struct replica_block *block);
enum err snapshot_voters(struct fed *f, uint64_t membership_epoch, struct replica_voters *out) MUST_CHECK;
struct blob *snapshot_make(const struct fed *f, const struct replica_block *block, struct blob *bytes);
/* As in struct replica_app. */
enum err snapshot_check(const struct fed *f, uint64_t height, struct bytes proof, const struct digest *root) MUST_CHECK;
enum err snapshot_install(struct fed *f, uint64_t height, struct bytes proof, struct bytes bytes,
                          struct replica_point *out) MUST_CHECK;

/* outcome.c */
void outcome_keep(struct fed *f, const struct epoch_outcome *outcome); /* of the epoch that has just ended */

#endif
