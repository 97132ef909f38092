#include <pthread.h>

#include "aggregate/vector_rules.h"

struct team {
    const struct vector_rows *rows;
    void (*run)(void *context, size_t task);
    void *context;
};

struct member {
    const struct team *team;
    unsigned index;
    bool started;
    pthread_t thread;
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

static void *member_run(void *context)
{
    const struct member *m = context;
    const struct vector_rows *rows = m->team->rows;
    size_t count = vector_task_count(rows->columns);
    for (size_t task = m->index; task < count; task += rows->threads)
        m->team->run(m->team->context, task);
    return NULL;
}

void vector_task_run(const struct vector_rows *rows, const struct vector_task *task, void *context)
{
    struct team team = {rows, rows->is_plain || !has_wide() ? task->plain : task->wide, context};
    struct member members[VECTOR_THREADS_MAX];
    ASSERT(rows->threads >= 1 && rows->threads <= VECTOR_THREADS_MAX);
    for (unsigned i = 0; i < rows->threads; i++) {
        members[i] = (struct member){.team = &team, .index = i};
        if (i > 0)
            members[i].started = pthread_create(&members[i].thread, NULL, member_run, &members[i]) == 0;
    }
    for (unsigned i = 0; i < rows->threads; i++) {
        if (!members[i].started)
            member_run(&members[i]); /* the caller's own share, and that of a thread that was not to be had */
    }
    for (unsigned i = 0; i < rows->threads; i++) {
        if (members[i].started)
            ASSERT(pthread_join(members[i].thread, NULL) == 0);
    }
}
