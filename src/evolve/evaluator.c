#include "evolve/evaluator.h"

#include "evolve/workload.h"

const char *evaluation_status_name(enum evaluation_status status)
{
    static const char *const names[EVALUATION_STATUS_COUNT] = {"SUCCESS", "TIMEOUT", "CRASHED", "ABORT"};

    ASSERT((unsigned)status < EVALUATION_STATUS_COUNT);
    return names[status];
}

/* There are a few evaluators at most: a site's program, and that of the shared work. */
void evaluation_prepare(const struct evaluation_task *tasks, uint64_t count)
{
    struct evaluation_task *own = mem_array(count, sizeof own[0]);
    bool *seen = mem_array(count, sizeof seen[0]);

    for (uint64_t first = 0; first < count; first++) {
        struct evaluator *evaluator = tasks[first].instance->evaluator;
        uint64_t own_count = 0;

        if (seen[first] || evaluator->prepare == NULL)
            continue;
        for (uint64_t i = first; i < count; i++) {
            if (tasks[i].instance->evaluator != evaluator)
                continue;
            seen[i] = true;
            own[own_count++] = tasks[i];
        }
        evaluator->prepare(evaluator, own, own_count);
    }
    mem_free(own);
    mem_free(seen);
}

uint64_t evaluation_seed(const struct evaluation_task *task, const struct digest *genome_hash)
{
    struct digest_context c;
    struct digest hash;
    uint8_t number[8];

    be64_put(number, task->epoch);
    digest_init(&c);
    digest_add(&c, number, sizeof number);
    digest_add(&c, genome_hash->b, sizeof genome_hash->b);
    digest_add(&c, task->instance->hash.b, sizeof task->instance->hash.b);
    hash = digest_final(&c);
    return be64_get(hash.b);
}

struct digest evaluation_digest(const struct evaluation_task *task)
{
    struct digest genome = genome_hash(task->schema, task->genome);
    struct digest_context c;
    uint8_t numbers[16];

    be64_put(numbers, task->epoch);
    be64_put(numbers + 8, task->limit);
    digest_init(&c);
    digest_add(&c, genome.b, sizeof genome.b);
    digest_add(&c, task->instance->hash.b, sizeof task->instance->hash.b);
    digest_add(&c, numbers, sizeof numbers);
    return digest_final(&c);
}
