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

static bool evaluate_one(void *context, uint64_t index)
{
    struct evaluating *e = context;
    struct batch_run *run = &e->runs[index];
    struct evaluation_task task = {
        .schema = e->batch->schema,
        .genome = run->genome,
        .instance = run->instance,
        .epoch = run->epoch,
        .limit = e->batch->limit,
        .number = e->batch->asked + index,
    };
    struct evaluation answer;

    run->instance->evaluator->evaluate(run->instance->evaluator, &task, &answer);
    uint64_t place = atomic_fetch_add(&e->ended, 1);
    e->runs[MUTATE(EVOLVE_ANSWERS_AS_THEY_END, place, index)].answer = answer;
    return true;
}

void batch_evaluate(struct batch *b, struct batch_run *runs, uint64_t count)
{
    struct evaluating e = {.batch = b, .runs = runs};

    pool_share(b->pool, count, evaluate_one, &e);
    ASSERT(e.ended == count);
    b->asked += count;
}
