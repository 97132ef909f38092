#include "aggregate/align.h"

#include <stdlib.h>

#include "base/mutate.h"

/* A total order over the content, so that no sort can let the order of arrival through. */
static int candidate_compare(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int order = digest_compare(&x->fingerprint, &y->fingerprint);
    if (order == 0)
        order = digest_compare(&x->hash, &y->hash);
    if (order == 0)
        order = (x->staleness > y->staleness) - (x->staleness < y->staleness);
    if (order == 0)
        order = (x->claim > y->claim) - (x->claim < y->claim);
    return order;
}

static bool stands_earlier(const struct candidate *candidates, unsigned count, const struct digest *hash)
{
    for (unsigned i = 0; i < count; i++)
        if (digest_equal(&candidates[i].hash, hash))
            return true;
    return false;
}

unsigned align_candidates(const struct genome_schema *schema, struct candidate *candidates, unsigned count)
{
    unsigned kept = 0;
    if (count == 0)
        return 0;
    for (unsigned i = 0; i < count; i++) {
        genome_project(schema, &candidates[i].genome);
        candidates[i].hash = genome_hash(schema, &candidates[i].genome);
    }
    MUTATE(ALIGN_ARRIVAL_ORDER, (void)0, qsort(candidates, count, sizeof candidates[0], candidate_compare));
    for (unsigned i = 0; i < count; i++)
        if (!stands_earlier(candidates, kept, &candidates[i].hash))
            candidates[kept++] = candidates[i];
    return kept;
}

struct digest align_digest(const struct candidate *candidates, unsigned count)
{
    struct digest_context c;
    digest_init(&c);
    for (unsigned i = 0; i < count; i++)
        digest_add(&c, candidates[i].hash.b, sizeof candidates[i].hash.b);
    return digest_final(&c);
}
