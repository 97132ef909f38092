#ifndef PRISMFED_SIM_LIAR_H
#define PRISMFED_SIM_LIAR_H

#include "state/state.h"
#include "scenario/scenario.h"

/* Named dishonest behaviours, wrapped around an honest machine: each does what an operator of a real node could do
 * with its key and its program's input and output. */

struct liar {
    enum lie lie;
    const struct federation_state *state; /* as its node knows it */
    unsigned self;                        /* member index */
    const bool *is_friend;                /* by member: who lies in the same way, itself included */
    struct cycle_result **kept;           /* what a stale one repeats; owned by the node */
};

/* Has nobody sent yet what this one repeats (mimic_scores: a row, copy_cat: an UPDATE) in the epoch? Then it waits with
 * its own. */
bool liar_waits(const struct liar *liar, bool scoring);
/* Changes a SCORE row:
 * inverted_scores   the worst becomes the best: max + min - cost (the sign flipped)
 * ipm_scores        the same, shouted: max + 1000 * (max - cost)
 * alie_scores       a little is enough: the best one gets worse by 1.5 standard deviations of the row
 * mimic_scores      the row of the first other member that has scored, if one has: one site weighs twice
 * colluding_scores  what friends offer costs 1, the rest more than any honest cost
 * Others: unchanged. */
void liar_costs(const struct liar *liar, uint64_t *costs, unsigned count);
/* Changes what an UPDATE offers:
 * inflated_claims  costs of nearly nothing and a delta to match
 * negated_claims   what was gained is claimed as lost: costs mirrored at the incumbent's, the order turned round
 * copy_cat         what the first other member has offered in this epoch, claimed to be better by one; before anyone
 *                  has, the incumbent
 * stale            what it found first, ever again
 * Others: unchanged. */
void liar_claims(const struct liar *liar, struct cycle_result *result);
/* false_recounts: says of every claim that it is drawn to run again, disclosed or not, that it comes to one more than
 * is claimed; all who lie so say the same. Others: unchanged. True: there is an answer. */
bool liar_recount(enum lie lie, uint64_t claimed, bool disclosed, uint64_t *cost);
/* mute: nothing of PBFT leaves the node. */
bool liar_withholds(enum lie lie, struct bytes message);
/* double_sign: for a message that carries an UPDATE signed by key, a second one with the same sequence and other
 * content, as validly signed; the same each time. NULL for other messages. The caller drops the holding. */
struct blob *liar_double(enum lie lie, const struct secret_key *key, struct bytes message);

#endif
