#ifndef PRISMFED_EVOLVE_INTERPOSED_H
#define PRISMFED_EVOLVE_INTERPOSED_H

#include "evolve/local_cycle.h"

/* Instances that stand between a job and its own ones: whoever interposes itself is asked first, and may ask the
 * original. Several may stand behind each other. */

/* The first member of whoever interposes itself. The fields are its own. */
struct interposed {
    struct evaluator evaluator; /* first: that of the instances below */
    /* Will it answer this task itself, so that the original need not be prepared for it? NULL: never. */
    bool (*is_known)(const struct interposed *p, const struct evaluation_task *task);
    unsigned count;
    const struct instance *originals[CYCLE_INSTANCES_MAX];
    struct instance instances[CYCLE_INSTANCES_MAX]; /* copies; what they point to stays the originals' */
};

/* evaluate: gets the interposed's evaluator, of an object that begins with it. p: zeroed. */
void interposed_init(struct interposed *p, void (*evaluate)(struct evaluator *self, const struct evaluation_task *task,
                                                            struct evaluation *out));
/* What to evaluate on in place of the original, which is borrowed; at most CYCLE_INSTANCES_MAX of them. */
const struct instance *interposed_add(struct interposed *p, const struct instance *original);
/* What one of the instances stands for; and the task as its evaluator is asked it. */
const struct instance *interposed_original(const struct interposed *p, const struct instance *instance);
struct evaluation_task interposed_task(const struct interposed *p, const struct evaluation_task *task);

#endif
