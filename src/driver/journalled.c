#include "driver/journalled.h"

static void journalled_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct journalled *m = (struct journalled *)(void *)self;
    const struct instance *original = m->originals[task->instance - m->instances];
    struct evaluation_task asked = *task;
    struct journal_answer answer = {.task = evaluation_digest(task)};
    size_t number = m->asked++;

    asked.instance = original;
    if (number < m->script.count && digest_equal(&m->script.answers[number].task, &answer.task)) {
        *out = m->script.answers[number].evaluation;
        if (original->evaluator->learn != NULL)
            original->evaluator->learn(original->evaluator, &asked, out);
        return;
    }
    m->differs |= number < m->script.count || m->script.state != SCRIPT_OPEN;
    if (m->differs) { /* the run ends as soon as it looks at its journal: any answer will do */
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
