#include "evolve/evaluator.h"

#include "evolve/workload.h"

const char *evaluation_status_name(enum evaluation_status status)
{
    static const char *const names[EVALUATION_STATUS_COUNT] = {"SUCCESS", "TIMEOUT", "CRASHED", "ABORT"};

    ASSERT((unsigned)status < EVALUATION_STATUS_COUNT);
    return names[status];
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
