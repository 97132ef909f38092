#include "aggregate/row_distance.h"

#include "aggregate/rank.h"
#include "base/bytes.h"

static uint64_t footrule(const uint32_t *a, const uint32_t *b, unsigned count)
{
    uint64_t sum = 0;

    for (unsigned j = 0; j < count; j++)
        sum += a[j] > b[j] ? a[j] - b[j] : b[j] - a[j];
    return sum;
}

void row_distances(const uint64_t *costs, unsigned sites, unsigned candidates, uint64_t *out)
{
    uint64_t most = 2 * ((uint64_t)candidates * candidates / 2); /* of doubled ranks */
    uint64_t sums[RANK_CANDIDATES_MAX] = {0}, others[RANK_CANDIDATES_MAX];
    uint32_t order[RANK_CANDIDATES_MAX];
    uint32_t *ranks = mem_array((size_t)sites * candidates + 1, sizeof ranks[0]);

    ASSERT(candidates <= RANK_CANDIDATES_MAX);
    for (unsigned i = 0; i < sites; i++) {
        rank_double(costs + (size_t)i * candidates, candidates, ranks + (size_t)i * candidates);
        for (unsigned j = 0; j < candidates; j++)
            sums[j] += ranks[(size_t)i * candidates + j];
    }
    for (unsigned i = 0; i < sites; i++) {
        const uint32_t *own = ranks + (size_t)i * candidates;

        out[i] = 0;
        if (sites < 2 || candidates < 2)
            continue;
        for (unsigned j = 0; j < candidates; j++)
            others[j] = sums[j] - own[j];
        rank_double(others, candidates, order);
        out[i] = footrule(own, order, candidates) * PPM / most;
    }
    mem_free(ranks);
}
