#include "driver/journalled.h"

static void journalled_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct journalled *m = (struct journalled *)(void *)self;
    const struct instance *original = journalled_original(m, task->instance);
    struct evaluation_task asked = *task;
    struct journal_answer answer = {.number = task->number, .task = evaluation_digest(task)};
    const struct journal_answer *known = journal_script_find(&m->script, task->number);

    asked.instance = original;
    if (known != NULL && digest_equal(&known->task, &answer.task)) {
        *out = known->evaluation;
        if (original->evaluator->learn != NULL)
            original->evaluator->learn(original->evaluator, &asked, out);
        return;
    }
    if (known != NULL || m->script.state != SCRIPT_OPEN)
        atomic_store(&m->differs, true);
    if (atomic_load(&m->differs)) { /* the run ends as soon as it looks at its journal: any answer will do */
        *out = (struct evaluation){.status = EVALUATION_ABORT, .cost = 1, .work = 1};
        journal_differs(m->journal, m->script.job);
        return;
    }
    original->evaluator->evaluate(original->evaluator, &asked, out);
    answer.evaluation = *out;
    journal_add(m->journal, m->script.job, &answer);
}

struct journalled *journalled_new(struct journal *journal, uint64_t job)
{
    struct journalled *m;

    if (journal == NULL)
        return NULL;
    m = mem_alloc(sizeof *m);
    m->evaluator.evaluate = journalled_evaluate;
    m->journal = journal;
    journal_submit(journal, job, &m->script);
    return m;
}

void journalled_free(struct journalled *m)
{
    if (m == NULL)
        return;
    journal_script_free(&m->script);
    mem_free(m);
}

const struct instance *journalled_instance(struct journalled *m, const struct instance *original)
{
    struct instance *copy;

    if (m == NULL)
        return original;
    ASSERT(m->count < JOURNALLED_INSTANCES_MAX);
    m->originals[m->count] = original;
    copy = &m->instances[m->count++];
    *copy = *original;
    copy->evaluator = &m->evaluator;
    return copy;
}

const struct instance *journalled_original(const struct journalled *m, const struct instance *instance)
{
    return m != NULL ? m->originals[instance - m->instances] : instance;
}

bool journalled_is_dropped(const struct journalled *m)
{
    return m != NULL && m->script.state == SCRIPT_DROPPED;
}

void journalled_taken(struct journalled *m)
{
    bool sync = false;

    if (m == NULL || m->script.state == SCRIPT_TAKEN)
        return;
    for (unsigned i = 0; i < m->count; i++)
        sync |= m->originals[i]->graph == NULL;
    if (m->script.state == SCRIPT_DROPPED)
        journal_differs(m->journal, m->script.job);
    else
        journal_take(m->journal, m->script.job, sync);
}
