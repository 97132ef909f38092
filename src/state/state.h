#ifndef PRISMFED_STATE_STATE_H
#define PRISMFED_STATE_STATE_H

#include "aggregate/align.h"
#include "base/shared.h"
#include "state/body.h"
#include "state/change.h"
#include "ledger/block.h"
#include "merkle/tree.h"
#include "pbft/limits.h"
#include "state/registry.h"

/* The state of the federation: a function of genesis and the log, nothing else. Validators vote with every block on
 * the state root, which does not depend on how time has cut the entries into blocks: the RFC 9162 root over the chunks
 * of its encoding (merkle/chunks.h), so that who knows the root can check each chunk that it is given alone
 * (transfer/transfer.h). The first chunks are the pages of the members' registry, whose hashes are kept
 * (state/registry.h): the root costs what a block has changed. */

enum { STATE_CHUNK_SIZE = PAGE_SIZE };
enum { ANCHORS_KEPT = 16, BLOCKS_REMEMBERED = 256, BALLOTS_KEPT = 4, RETIRED_KEYS_MAX = 4096 };
enum { CHANGES_MAX = 2 * JOINS_PER_EPOCH_MAX }; /* so newcomers never take all the room */

/* What one site put into the running epoch: an UPDATE, a SCORE row or both. */
struct contribution {
    unsigned member;
    bool updated, scored;
    int64_t delta_ppm;
    uint64_t staleness;                   /* epochs late */
    uint64_t height;                      /* of the block with its UPDATE */
    struct digest leaf_hash;              /* of its UPDATE */
    struct digest built_on;               /* the block that its UPDATE names */
    struct digest row_hash, row_built_on; /* the same of its SCORE row */
    unsigned offer_count;
    struct candidate *offers; /* shared (base/shared.h); its genomes, best first; NULL once COLLECT is closed */
    uint64_t *costs;          /* shared; its SCORE row, candidate_count long; NULL before */
};

struct anchor {
    uint64_t epoch;
    struct genome incumbent;
    struct digest hash; /* of the incumbent */
    unsigned origin;    /* the member that offered it, counted from 1; 0: nobody, it is older than the federation */
};

/* What a validator says that a claim comes to. */
struct recount {
    unsigned member;
    uint64_t cost;
};

/* A claimed cost that was drawn to be run again (state/recount.h), with all that the job takes but the site's
 * instances (state/claim.h). */
struct spot_check {
    bool scored;             /* of a SCORE row; else of an UPDATE */
    unsigned member;         /* whose claim it is */
    uint64_t epoch;          /* that it was made for */
    struct digest leaf_hash; /* of the UPDATE or SCORE */
    struct digest built_on;  /* the block that it names */
    unsigned number;         /* of the genome in the UPDATE, of the candidate in the row */
    struct genome genome;
    uint64_t cost; /* as claimed */
    unsigned recount_count;
    struct recount *recounts; /* owned; of different validators, none with the claimed cost */
};

/* What a validator signed off and is not agreed. */
struct ballots {
    unsigned count;
    struct digest items[BALLOTS_KEPT]; /* of the bodies; newest last */
};

struct federation_state {
    struct digest federation_id;
    char name[FEDERATION_NAME_MAX + 1];
    bool simulated;
    uint64_t membership_epoch;
    uint64_t protocol;                      /* that the nodes speak (state/change.h) */
    unsigned max_byzantine, quorum;         /* of this membership epoch */
    unsigned faults_wanted, quorum_surplus; /* what genesis wants beyond the rule: membership_quorum() */
    uint64_t founders_stake;                /* the greatest that genesis has: nobody gets more */
    struct policy policy;
    struct blob *shards; /* hashes of the shards' instances, in their order (not in the state root); one holding */
    const struct genome_schema *schema; /* one holding (genome/schema.h) */

    struct governance *governance; /* owned (state/governance.h); NULL: nobody governs */

    unsigned change_count;
    struct change changes[CHANGES_MAX]; /* agreed: what the members are when this epoch has ended */
    unsigned retired_count;
    struct digest *retired; /* owned; fingerprints of keys that were rotated away: none of them comes back */

    unsigned member_count;
    struct registry members; /* in order of joining: an index is for life */
    unsigned validator_count;
    unsigned validators[PBFT_REPLICAS_MAX];    /* members, in that order: the number of each is that of its replica */
    struct ballots ballots[PBFT_REPLICAS_MAX]; /* of each validator; gone when others vote */
    unsigned cohort_count;
    unsigned *cohort; /* owned; members, in their order: who contributes to the running epoch (state/cohort.h) */
    unsigned contribution_count;
    struct contribution *contributions; /* owned; of those who have spoken in the running epoch, in the same order */

    uint64_t height;
    struct digest block_id;     /* of the block at height (not in the state root) */
    struct merkle_frontier log; /* (not in the state root: the header has its root) */

    uint64_t epoch;
    enum epoch_phase phase;
    uint64_t attempt; /* of the present phase's deadline */
    struct genome incumbent;
    struct digest incumbent_hash;
    unsigned archive_count;
    struct anchor *archive; /* shared; the incumbent and what else is worth starting from (state/archive.h) */
    unsigned anchor_count;
    struct anchor *anchors; /* shared; newest last; genesis counts as the one before the first epoch */
    unsigned recent_count;
    struct digest recent[BLOCKS_REMEMBERED]; /* ids of the blocks below height, newest last: what entries may name;
                                                genesis counts as the block at height 0 (not in the state root: the
                                                header has their digest) */
    unsigned candidate_count;
    struct candidate *candidates; /* shared; aligned once COLLECT is closed: 0 is the incumbent */
    unsigned left_out;            /* offers that are not among them: there was no room */
    unsigned check_count;
    struct spot_check *checks;    /* owned; at most policy.spot_checks of UPDATEs and as many of rows */
    uint64_t rollback_epoch;      /* PHASE_ROLLBACK: where to */
    int64_t aggregated_delta_ppm; /* PHASE_ROLLBACK: the decision that waits */

    /* Inside a block only; false between blocks. */
    bool closing;   /* a CLOSE of the running attempt was executed */
    bool restoring; /* so was the ROLLBACK that is waited for */
};

/* The state at height 0: genesis is leaf 0, the first epoch is in COLLECT. bytes: the encoded document. */
enum err state_genesis(struct bytes bytes, struct federation_state *out, struct diag *diag) MUST_CHECK;
/* to is zero, or freed first. They share what the members are until one of them changes it (state/registry.h), and
 * genomes and rows, which nobody changes once they are there (base/shared.h). */
void state_copy(struct federation_state *to, const struct federation_state *from);
void state_free(struct federation_state *s); /* a state without members is left, good for state_copy and state_free */

/* Behind the others; what it votes on is the caller's business. */
void state_add_member(struct federation_state *s, const struct member *m);

/* What a member has put into the running epoch, or an empty one. */
const struct contribution *state_contribution(const struct federation_state *s, unsigned member);
/* The same, to be filled in; valid until another one is made. */
struct contribution *contribution_make(struct federation_state *s, unsigned member);
void contribution_drop(struct federation_state *s, unsigned member); /* frees it and forgets it, if there is one */

/* Valid as registry_member()'s and registry_change()'s. */
const struct member *state_member(const struct federation_state *s, unsigned member);
struct member *state_member_change(struct federation_state *s, unsigned member);

/* The header of block 0, whose one entry is the genesis document. s: at height 0. */
struct block_header state_genesis_header(const struct federation_state *s);

void state_encode(const struct federation_state *s, struct buf *out);
/* Strict: only what state_encode() writes. founding: any state of the same federation, for what genesis fixes. *out has
 * no height, block id, log and recent blocks: a header has those. ERR_MISMATCH: of another federation, or it
 * contradicts itself. */
enum err state_decode(const struct federation_state *founding, struct bytes in,
                      struct federation_state *out) MUST_CHECK;
struct digest state_root(const struct federation_state *s);

/* May anything of the member weigh in the running epoch? Not in the one that it came with. */
bool state_weighs(const struct federation_state *s, unsigned member);
/* The founder that stands for the member: itself, or who wished for it or for its sponsor. All that one founder stands
 * for are one party: together they weigh no more than one site may. */
unsigned state_party(const struct federation_state *s, unsigned member);
/* Index of the member, or -1. */
int state_find(const struct federation_state *s, const struct digest *fingerprint);
/* PBFT replica number of a member (its rank among validators), or -1; and back. */
int state_replica(const struct federation_state *s, unsigned member);
unsigned state_validator(const struct federation_state *s, unsigned replica);
/* Keys and fingerprints of the validators in replica order, into arrays of PBFT_REPLICAS_MAX; a voters view of them. */
void state_voters(const struct federation_state *s, struct public_key *keys, struct digest *fingerprints,
                  struct voters *out);
/* Which member does a shard belong to? Rendezvous hashing (Thaler and Ravishankar 1998) over whom the epoch waits for,
 * weight: stake not considered; highest SHA-256(federation id | shard | fingerprint). -1 with nobody active. */
int state_shard_owner(const struct federation_state *s, unsigned shard);
/* Is this a block that the state knows: the present one, or one of the latest before it? */
bool state_knows_block(const struct federation_state *s, uint64_t height, const struct digest *id);
/* The same at any height. */
bool state_remembers_block(const struct federation_state *s, const struct digest *id);
/* May a member that was found with a false claim not RECONCILE yet? When it was found for the n-th time it sits out n
 * epochs, the one in which it was found counted. */
bool state_sits_out(const struct federation_state *s, unsigned member);
/* How many members have put an UPDATE (or, in SCORE, a row) into the running epoch? */
unsigned state_updates(const struct federation_state *s);
unsigned state_rows(const struct federation_state *s);
/* Rows of members that weigh. */
unsigned state_weighing_rows(const struct federation_state *s);
/* Have policy.min_participants spoken in the running phase, COLLECT or SCORE? Who does not weigh is none of them, and a
 * party counts once, unless fewer parties than that are left in the cohort (the federation, without cohorts). */
bool state_suffices(const struct federation_state *s);
/* Is the running phase complete without a CLOSE: has everybody spoken for whom it waits (state/cohort.h)? */
bool state_phase_complete(const struct federation_state *s);

#endif
