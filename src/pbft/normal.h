#ifndef PRISMFED_PBFT_NORMAL_H
#define PRISMFED_PBFT_NORMAL_H

#include "pbft/messages.h"

struct pbft;

/* What the primary may propose. The fields are the normal case's own. */
struct proposing {
    bool ready; /* something in the pool is proposable; valid while asked == executions.occasion */
    uint64_t asked;
    struct digest oldest; /* the first that is proposable, while ready */
    bool batch_due;       /* the batch timer has fired */
    bool expecting;       /* pbft_expect */
};

enum err normal_receive_pre_prepare(struct pbft *p, struct bytes message);
enum err normal_receive_prepare(struct pbft *p, struct bytes message);
enum err normal_receive_commit(struct pbft *p, struct bytes message);
/* The end of a step: does all that has become possible: propose, prepare, execute, commit, decide. */
void normal_run(struct pbft *p);
bool normal_proposable(struct pbft *p);
/* May it be proposed on top of what is executed? */
enum err normal_judge_request(const struct pbft *p, struct bytes request);
/* The pool has got one more, at its end. Judges it if the others were judged already; its error if it is refused for
 * good, and then it is gone. */
enum err normal_requested(struct pbft *p);
void normal_batch_due(struct pbft *p, bool due);
void normal_expect(struct pbft *p, bool expecting);

#endif
