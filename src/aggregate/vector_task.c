#include "aggregate/vector_rules.h"
#include "base/pool.h"

struct team {
    void (*run)(void *context, size_t task);
    void *context;
};

size_t vector_task_count(size_t columns)
{
    return columns / VECTOR_TASK_COLUMNS + (columns % VECTOR_TASK_COLUMNS > 0);
}

size_t vector_task_columns(size_t columns, size_t task)
{
    size_t left = columns - task * VECTOR_TASK_COLUMNS;
    return left < VECTOR_TASK_COLUMNS ? left : VECTOR_TASK_COLUMNS;
}

static bool has_wide(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2") > 0;
#else
    return true;
#endif
}

static bool task_run(void *context, uint64_t task)
{
    const struct team *team = context;

    team->run(team->context, (size_t)task);
    return true;
}

void vector_task_run(const struct vector_rows *rows, const struct vector_task *task, void *context)
{
    struct team team = {rows->is_plain || !has_wide() ? task->plain : task->wide, context};

    ASSERT(rows->threads >= 1 && rows->threads <= VECTOR_THREADS_MAX);
    pool_each(rows->threads, vector_task_count(rows->columns), task_run, &team);
}
