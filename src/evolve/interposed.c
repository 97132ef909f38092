#include "evolve/interposed.h"

void interposed_init(struct interposed *p, void (*evaluate)(struct evaluator *self, const struct evaluation_task *task,
                                                            struct evaluation *out))
{
    p->evaluator.evaluate = evaluate;
}

static void interposed_prepare(struct evaluator *self, const struct evaluation_task *tasks, uint64_t count)
{
    const struct interposed *p = (const struct interposed *)(const void *)self;
    struct evaluation_task *asked = mem_array(count, sizeof asked[0]);
    uint64_t asked_count = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (p->is_known == NULL || !p->is_known(p, &tasks[i]))
            asked[asked_count++] = interposed_task(p, &tasks[i]);
    }
    evaluation_prepare(asked, asked_count);
    mem_free(asked);
}

const struct instance *interposed_add(struct interposed *p, const struct instance *original)
{
    struct instance *copy = &p->instances[p->count];

    ASSERT(p->count < CYCLE_INSTANCES_MAX);
    p->originals[p->count++] = original;
    *copy = *original;
    copy->evaluator = &p->evaluator;
    if (original->evaluator->prepare != NULL && p->evaluator.prepare == NULL)
        p->evaluator.prepare = interposed_prepare;
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
