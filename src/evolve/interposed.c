#include "evolve/interposed.h"

void interposed_init(struct interposed *p, void (*evaluate)(struct evaluator *self, const struct evaluation_task *task,
                                                            struct evaluation *out))
{
    p->evaluator.evaluate = evaluate;
}

const struct instance *interposed_add(struct interposed *p, const struct instance *original)
{
    struct instance *copy = &p->instances[p->count];

    ASSERT(p->count < CYCLE_INSTANCES_MAX);
    p->originals[p->count++] = original;
    *copy = *original;
    copy->evaluator = &p->evaluator;
    return copy;
}

const struct instance *interposed_original(const struct interposed *p, const struct instance *instance)
{
    ptrdiff_t number = instance - p->instances;

    ASSERT(number >= 0 && number < (ptrdiff_t)p->count);
    return p->originals[number];
}

struct evaluation_task interposed_task(const struct interposed *p, const struct evaluation_task *task)
{
    struct evaluation_task asked = *task;

    asked.instance = interposed_original(p, task->instance);
    return asked;
}
