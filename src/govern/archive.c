#include "govern/archive.h"

#include <stdlib.h>

#include "genome/distance.h"
#include "govern/phase.h"

/* Two genomes closer than this (genome_distance) are one idea: the better one stands for both. */
enum { APART_PPM = GENOME_DISTANCE_MAX / 20 };

struct contender {
    unsigned candidate;
    uint64_t score;
    const struct digest *hash;
};

static int contender_compare(const void *a, const void *b)
{
    const struct contender *x = a, *y = b;
    return x->score != y->score ? (x->score > y->score) - (x->score < y->score) : digest_compare(x->hash, y->hash);
}

static void archive_take(struct federation_state *s, const struct candidate *c)
{
    s->archive[s->archive_count++] = (struct anchor){.epoch = s->epoch, .incumbent = c->genome, .hash = c->hash};
}

static bool archive_has(const struct federation_state *s, const struct digest *hash)
{
    for (unsigned i = 0; i < s->archive_count; i++)
        if (digest_equal(&s->archive[i].hash, hash))
            return true;
    return false;
}

static bool lies_apart(const struct federation_state *s, const struct genome *genome)
{
    for (unsigned i = 0; i < s->archive_count; i++)
        if (genome_distance(&s->schema, &s->archive[i].incumbent, genome) < APART_PPM)
            return false;
    return true;
}

static void archive_fill(struct federation_state *s, const struct contender *sorted, bool apart)
{
    for (unsigned i = 0; i < s->candidate_count && s->archive_count < s->policy.archive_max; i++) {
        const struct candidate *c = &s->candidates[sorted[i].candidate];
        if (!archive_has(s, &c->hash) && (!apart || lies_apart(s, &c->genome)))
            archive_take(s, c);
    }
}

void archive_renew(struct federation_state *s)
{
    struct rank_result result = {0};
    struct contender *sorted = mem_array(s->candidate_count, sizeof sorted[0]);
    if (state_rows(s) > 0) /* else those who scored were convicted since */
        (void)decision_rank(s, &result);
    for (unsigned k = 0; k < s->candidate_count; k++)
        sorted[k] = (struct contender){k, result.scores[k], &s->candidates[k].hash};
    qsort(sorted, s->candidate_count, sizeof sorted[0], contender_compare);
    s->archive_count = 0;
    if (s->policy.archive_max > 0)
        archive_take(s, &(struct candidate){.genome = s->incumbent, .hash = s->incumbent_hash});
    archive_fill(s, sorted, true);
    archive_fill(s, sorted, false);
    mem_free(sorted);
}

unsigned archive_history(const struct federation_state *s, struct candidate *into, unsigned room)
{
    unsigned count = 0;
    for (unsigned i = s->anchor_count; i-- > 0 && count < ARCHIVE_HISTORY && count < room;) {
        const struct anchor *a = &s->anchors[i];
        bool known = digest_equal(&a->hash, &s->incumbent_hash);
        for (unsigned k = 0; k < count; k++)
            known |= digest_equal(&a->hash, &into[k].hash);
        if (!known)
            into[count++] = (struct candidate){.hash = a->hash, .genome = a->incumbent};
    }
    return count;
}
