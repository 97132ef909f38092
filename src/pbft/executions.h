#ifndef PRISMFED_PBFT_EXECUTIONS_H
#define PRISMFED_PBFT_EXECUTIONS_H

#include "pbft/pbft.h"

/* How far this replica has executed and decided. Batches above `decided` are executed speculatively, from prepared on,
 * and undone when their view ends first. The fields are this file's own. */
struct executions {
    uint64_t decided, executed;
    uint64_t proved; /* the highest sequence that a quorum of votes says is decided */
    struct digest decided_id;
    uint64_t closing;  /* executed, maybe decided: the last sequence of this membership epoch; 0: none yet */
    bool diverged;     /* others decided another block than we executed: no votes until caught up */
    uint64_t progress; /* so many were decided in this step */
    uint64_t occasion; /* counts what may change the application's mind */
};

void executions_init(struct pbft *p, uint64_t sequence, const struct digest *block_id);
void executions_step(struct pbft *p); /* a step begins */
void executions_occasion(struct pbft *p);
/* The batch above what is executed came out so. */
void executions_done(struct pbft *p, uint64_t sequence, bool closes);
void executions_decide(struct pbft *p, uint64_t sequence, const struct digest *block_id);
/* Decided elsewhere, and executed here (pbft_advance). */
void executions_learn(struct pbft *p, uint64_t sequence, const struct pbft_result *block);
void executions_undo(struct pbft *p); /* what is not decided, when the view ends */
void executions_prove(struct pbft *p, uint64_t sequence);
void executions_diverge(struct pbft *p, uint64_t sequence); /* and says so, once */

#endif
