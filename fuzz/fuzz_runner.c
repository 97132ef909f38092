/* What a user's program printed, behind one byte that says which runner it is called by, how many decimals count, the
 * least cost, and whether it failed: the answer has a meaning that a person can be told, and a success a cost that can
 * be added up. */

#include <string.h>

#include "fuzz.h"
#include "program/cost.h"
#include "program/runner.h"

static void answer_holds(const struct program_spec *spec, const struct answer *a)
{
    ASSERT((unsigned)a->status < EVALUATION_STATUS_COUNT);
    ASSERT(memchr(a->says, '\0', sizeof a->says) != NULL);
    for (const char *p = a->says; *p != '\0'; p++)
        ASSERT(*p >= ' ' && *p <= '~');
    if (a->status == EVALUATION_SUCCESS)
        ASSERT(a->says[0] == '\0' && a->cost <= (uint64_t)(COST_MAX - spec->cost_min));
    else
        ASSERT(a->says[0] != '\0' && a->cost == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum program_runner runners[] = {RUNNER_IRACE, RUNNER_SMAC, RUNNER_ACLIB, RUNNER_ACLIB};
    static const int64_t least[] = {0, -1000, 5, INT64_C(-1000000000000000)};
    struct program_spec spec;
    struct answer answer, again;
    if (size == 0)
        return 0;
    struct bytes text = bytes_of(data + 1, size - 1);
    long exited = data[0] >> 7;
    program_spec_init(&spec);
    spec.runner = runners[data[0] & 3];
    spec.decimals = (data[0] >> 2 & 7) % (COST_DECIMALS_MAX + 1);
    spec.cost_min = least[data[0] >> 5 & 3];
    spec.objective = (data[0] & 3) == 3 ? OBJECTIVE_QUALITY : OBJECTIVE_ANY;
    runner_answer(&spec, text, exited, &answer);
    runner_answer(&spec, text, exited, &again);
    answer_holds(&spec, &answer);
    ASSERT(answer.status == again.status && answer.cost == again.cost && strcmp(answer.says, again.says) == 0);
    program_spec_fini(&spec);
    return 0;
}
