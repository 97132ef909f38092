#ifndef PRISMFED_TESTS_STATE_FIXTURE_H
#define PRISMFED_TESTS_STATE_FIXTURE_H

#include "state/execute.h"
#include "tap.h"

/* A small federation with simulated keys, and blocks for it: entries are signed into a batch, fixture_run() executes
 * the batch (on the state and on one decoded from its bytes, which must agree) and leaves the verdicts in `last`.
 * Members 0.. are the validators v0.., then the edge nodes e0..; key number count + k is a stranger's. */

enum { FIXTURE_KEYS = 40, FIXTURE_BATCH = 64, FIXTURE_GOVERNORS = 30 /* number of the first one's key */ };

struct fixture {
    struct genesis genesis;
    struct buf document;
    struct federation_state state;
    struct secret_key keys[FIXTURE_KEYS];
    uint64_t sequences[FIXTURE_KEYS]; /* of the entry that was signed last */
    unsigned count;                   /* of the batch */
    struct buf batch[FIXTURE_BATCH];
    struct execution last;
};

/* The quorum is quorum_size(validators, 0). policy may be NULL: the default one. */
void fixture_init(struct fixture *f, unsigned validators, unsigned edges, const struct policy *policy);
/* The same with governors, as many as rules says; NULL: none. */
void fixture_governed(struct fixture *f, unsigned validators, unsigned edges, const struct policy *policy,
                      const struct governance_rules *rules);
void fixture_fini(struct fixture *f);

/* What the encoded policy is read as. */
enum err fixture_policy_decode(const struct policy *p, struct policy *out);

/* Signs an entry of any kind for the present epoch, next sequence, into the batch. */
void fixture_entry(struct fixture *f, unsigned member, enum entry_kind kind, struct bytes body);
/* The same with everything given; signed by keys[key], appended to out. */
void fixture_sign(const struct fixture *f, unsigned key, const struct envelope *e, struct buf *out);
/* What fixture_entry would sign. */
struct envelope fixture_envelope(struct fixture *f, unsigned member, enum entry_kind kind, struct bytes body);
/* An EVIDENCE entry about two statements, into the batch. */
void fixture_evidence(struct fixture *f, unsigned member, struct bytes first, struct bytes second);
/* Bytes as they are into the batch. */
void fixture_add(struct fixture *f, struct bytes entry);

/* Genome number `number`: 0 is the founding incumbent, the others are random ones. */
struct genome fixture_genome(const struct fixture *f, uint64_t number);
struct digest fixture_hash(const struct fixture *f, uint64_t number);
void fixture_update_body(const struct fixture *f, const uint64_t *numbers, unsigned count, struct buf *out);
/* An UPDATE with one genome (number 0: with none), made for the given epoch. */
void fixture_update(struct fixture *f, unsigned member, uint64_t number, uint64_t epoch);
/* A SCORE row in which the candidate that is genome `best` costs 100, the incumbent `incumbent`, all others 1000. */
void fixture_score(struct fixture *f, unsigned member, uint64_t best, uint64_t incumbent);
/* A SCORE row as it is; candidate_count costs. */
void fixture_row(struct fixture *f, unsigned member, const uint64_t *costs);
/* Index of a genome among the candidates; asserts that it is there. */
unsigned fixture_candidate(const struct fixture *f, uint64_t number);
void fixture_close(struct fixture *f, unsigned member);
/* A newcomer "new-<key>" with the key of this number, stake 1, sponsored by v0. */
struct change fixture_newcomer(const struct fixture *f, unsigned key, enum member_role role);
/* Members from..to sign the change off, one block; key: that of the newcomer or rotation. The verdict on the last. */
enum err fixture_sign_off(struct fixture *f, unsigned from, unsigned to, const struct change *c, unsigned key);
void fixture_run(struct fixture *f);

/* One whole epoch in which every active member takes part: member 0 offers genome `number`, which wins. */
void fixture_epoch(struct fixture *f, uint64_t number);
/* COLLECT with UPDATEs of the first `count` members (member 0 offers genome `number`), closed by member 0 when that
 * is not everybody; ends in SCORE. */
void fixture_collect(struct fixture *f, unsigned count, uint64_t number);

#endif
