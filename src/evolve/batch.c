#include "evolve/batch.h"

#include <stdatomic.h>

#include "base/mutate.h"

/* An answer goes where its run was asked for, and carries the number that the run would have if one were done after the
 * other: whoever ends first, nobody can tell. */

struct evaluating {
    const struct batch *batch;
    struct batch_run *runs;
    atomic_uint_fast64_t ended;
};

static struct evaluation_task task_of(const struct batch *b, const struct batch_run *run, uint64_t index)
{
    return (struct evaluation_task){
        .schema = b->schema,
        .genome = run->genome,
        .instance = run->instance,
        .epoch = run->epoch,
        .limit = b->limit,
        .number = b->asked + index,
    };
}

static bool evaluate_one(void *context, uint64_t index)
{
    struct evaluating *e = context;
    struct batch_run *run = &e->runs[index];
    struct evaluation_task task = task_of(e->batch, run, index);
    struct evaluation answer;

    run->instance->evaluator->evaluate(run->instance->evaluator, &task, &answer);
    uint64_t place = atomic_fetch_add(&e->ended, 1);
    e->runs[MUTATE(EVOLVE_ANSWERS_AS_THEY_END, place, index)].answer = answer;
    return true;
}

static void prepare(const struct batch *b, const struct batch_run *runs, uint64_t count)
{
    struct evaluation_task *tasks;
    bool wanted = false;

    for (uint64_t i = 0; i < count && !wanted; i++)
        wanted = runs[i].instance->evaluator->prepare != NULL;
    if (!wanted)
        return;
    tasks = mem_array(count, sizeof tasks[0]);
    for (uint64_t i = 0; i < count; i++)
        tasks[i] = task_of(b, &runs[i], i);
    evaluation_prepare(tasks, count);
    mem_free(tasks);
}

void batch_evaluate(struct batch *b, struct batch_run *runs, uint64_t count)
{
    struct evaluating e = {.batch = b, .runs = runs};

    prepare(b, runs, count);
    pool_share(b->pool, count, evaluate_one, &e);
    ASSERT(e.ended == count);
    b->asked += count;
}
