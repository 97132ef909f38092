#include "driver/journalled.h"

static void journalled_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct journalled *m = (struct journalled *)(void *)self;
    struct evaluation_task asked = interposed_task(&m->between, task);
    struct evaluator *original = asked.instance->evaluator;
    struct journal_answer answer = {.number = task->number, .task = evaluation_digest(task)};
    const struct journal_answer *known = journal_script_find(&m->script, task->number);

    if (known != NULL && digest_equal(&known->task, &answer.task)) {
        *out = known->evaluation;
        if (original->learn != NULL)
            original->learn(original, &asked, out);
        return;
    }
    if (known != NULL || m->script.state != SCRIPT_OPEN)
        atomic_store(&m->differs, true);
    if (atomic_load(&m->differs)) { /* the run ends as soon as it looks at its journal: any answer will do */
        *out = (struct evaluation){.status = EVALUATION_ABORT, .cost = 1, .work = 1};
        journal_differs(m->journal, m->script.job);
        return;
    }
    original->evaluate(original, &asked, out);
    answer.evaluation = *out;
    journal_add(m->journal, m->script.job, &answer);
}

static bool is_known(const struct interposed *p, const struct evaluation_task *task)
{
    const struct journalled *m = (const struct journalled *)(const void *)p;

    return m->script.state != SCRIPT_OPEN || journal_script_find(&m->script, task->number) != NULL;
}

struct journalled *journalled_new(struct journal *journal, uint64_t job)
{
    struct journalled *m;

    if (journal == NULL)
        return NULL;
    m = mem_alloc(sizeof *m);
    interposed_init(&m->between, journalled_evaluate);
    m->between.is_known = is_known;
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
    return m != NULL ? interposed_add(&m->between, original) : original;
}

const struct instance *journalled_original(const struct journalled *m, const struct instance *instance)
{
    return m != NULL ? interposed_original(&m->between, instance) : instance;
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
    for (unsigned i = 0; i < m->between.count; i++)
        sync |= m->between.originals[i]->graph == NULL;
    if (m->script.state == SCRIPT_DROPPED)
        journal_differs(m->journal, m->script.job);
    else
        journal_take(m->journal, m->script.job, sync);
}
