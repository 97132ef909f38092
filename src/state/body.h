#ifndef PRISMFED_STATE_BODY_H
#define PRISMFED_STATE_BODY_H

#include "crypto/envelope.h"
#include "evolve/local_cycle.h"
#include "state/genesis.h"

/* The bodies of the entry kinds: deterministic maps, decoded strictly. */

/* Costs, deltas and counts stay where JSON's numbers are exact: |v| <= BODY_NUMBER_MAX, else ERR_RANGE. */
#define BODY_NUMBER_MAX (INT64_C(1) << 53)

/* update {"delta", "genomes": [{"cost", "genome"}], "iterations", "evaluations"} */
struct update_body {
    int64_t delta_ppm; /* the site's own gain over the incumbent */
    uint64_t evaluations, iterations;
    unsigned count;
    struct bytes genomes[CYCLE_MIGRANTS_MAX]; /* encoded */
    uint64_t costs[CYCLE_MIGRANTS_MAX];
};
/* score {"costs": [...], "candidates": digest} */
struct score_body {
    struct digest candidates; /* align_digest */
    unsigned count;
    uint64_t costs[CYCLE_CANDIDATES_MAX];
};
enum epoch_phase { PHASE_COLLECT, PHASE_SCORE, PHASE_ROLLBACK };
const char *epoch_phase_name(enum epoch_phase phase);
/* close {"phase", "attempt"}; the epoch is the envelope's */
struct close_body {
    enum epoch_phase phase;
    uint64_t attempt;
};
/* rollback {"to_epoch"} */
/* evidence {"first", "second"}: SHA-256 of two statements, which are attached to the envelope: two envelopes of one
 * (fingerprint, sequence) without attachments of their own, or two statements of PBFT that contradict each other
 * (pbft/evidence.h) */
struct evidence_body {
    struct bytes first, second; /* the statements */
};
/* reconcile {"height", "block_id"}: the last block that the node has executed */
struct reconcile_body {
    uint64_t height;
    struct digest block_id;
};
/* recount {"cost", "number", "leaf_hash"}: of a genome of the UPDATE, or of a candidate of the SCORE row, with this
 * leaf in the log: its cost, run again */
struct recount_body {
    struct digest leaf_hash;
    unsigned number;
    uint64_t cost;
};
/* leave: an empty map; reconfigure: state/change.h */

void update_body_encode(const struct update_body *b, struct buf *out);
enum err update_body_decode(struct bytes in, struct update_body *out) MUST_CHECK;
void score_body_encode(const struct score_body *b, struct buf *out);
enum err score_body_decode(struct bytes in, struct score_body *out) MUST_CHECK;
void close_body_encode(const struct close_body *b, struct buf *out);
enum err close_body_decode(struct bytes in, struct close_body *out) MUST_CHECK;
void rollback_body_encode(uint64_t to_epoch, struct buf *out);
enum err rollback_body_decode(struct bytes in, uint64_t *to_epoch) MUST_CHECK;
/* Makes e an EVIDENCE entry: writes its body to out, which e->body then is a view of, and attaches the statements,
 * which are borrowed. */
void evidence_body_encode(const struct evidence_body *b, struct buf *out, struct envelope *e);
/* The statements are views of what e views. ERR_MISSING: they are not attached; ERR_MISMATCH: others are. */
enum err evidence_body_decode(const struct envelope *e, struct evidence_body *out) MUST_CHECK;
void reconcile_body_encode(const struct reconcile_body *b, struct buf *out);
enum err reconcile_body_decode(struct bytes in, struct reconcile_body *out) MUST_CHECK;
void recount_body_encode(const struct recount_body *b, struct buf *out);
enum err recount_body_decode(struct bytes in, struct recount_body *out) MUST_CHECK;
void leave_body_encode(struct buf *out);
enum err leave_body_decode(struct bytes in) MUST_CHECK;

#endif
