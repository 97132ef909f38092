#include "state/archive.h"

#include <stdlib.h>
#include <string.h>

#include "genome/distance.h"

/* Two genomes closer than this (genome_distance) are one idea: the better one stands for both. */
enum { APART_PPM = GENOME_DISTANCE_MAX / 20 };

/* ---- who migrates where */

static unsigned origin_in(const struct anchor *anchors, unsigned count, const struct digest *hash, bool *found)
{
    for (unsigned i = count; i-- > 0;) {
        if (digest_equal(&anchors[i].hash, hash)) {
            *found = true;
            return anchors[i].origin;
        }
    }
    return 0;
}

unsigned archive_origin(const struct federation_state *s, const struct candidate *c)
{
    bool found = false;
    unsigned origin = origin_in(s->archive, s->archive_count, &c->hash, &found);
    if (!found)
        origin = origin_in(s->anchors, s->anchor_count, &c->hash, &found);
    return found ? origin : (unsigned)(state_find(s, &c->fingerprint) + 1);
}

static bool same_region(const struct federation_state *s, unsigned a, unsigned b)
{
    return strcmp(state_member(s, a)->card.region, state_member(s, b)->card.region) == 0;
}

/* Itself when nobody else is active. */
static unsigned ring_before(const struct federation_state *s, unsigned member)
{
    unsigned at = member;
    do
        at = (at + s->member_count - 1) % s->member_count;
    while (at != member && state_member(s, at)->status != MEMBER_ACTIVE);
    return at;
}

static bool reaches(const struct federation_state *s, unsigned origin, unsigned member)
{
    if (origin == 0 || origin - 1 == member || s->policy.topology == TOPOLOGY_ALL)
        return true;
    if (s->policy.topology == TOPOLOGY_RING)
        return origin - 1 == ring_before(s, member);
    return same_region(s, origin - 1, member);
}

unsigned archive_of(const struct federation_state *s, unsigned member, struct genome *into)
{
    unsigned count = 0;
    for (unsigned i = 0; i < s->archive_count; i++)
        if (reaches(s, s->archive[i].origin, member))
            into[count++] = s->archive[i].incumbent;
    return count;
}

/* ---- what is kept */

struct contender {
    const struct candidate *candidate;
    uint64_t score;
    unsigned origin;
    unsigned round; /* how many of its site or region are better; what came from nobody waits for all of them */
};

static int contender_compare(const void *a, const void *b)
{
    const struct contender *x = a, *y = b;
    if (x->round != y->round)
        return x->round < y->round ? -1 : 1;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return digest_compare(&x->candidate->hash, &y->candidate->hash);
}

static bool together(const struct federation_state *s, unsigned a, unsigned b)
{
    return a == b || (s->policy.topology == TOPOLOGY_REGION && a != 0 && b != 0 && same_region(s, a - 1, b - 1));
}

/* Best first; then in rounds. */
static void contenders_sort(const struct federation_state *s, struct contender *c, unsigned count)
{
    qsort(c, count, sizeof c[0], contender_compare);
    if (s->policy.topology == TOPOLOGY_ALL)
        return;
    for (unsigned i = 0; i < count; i++) {
        c[i].round = c[i].origin == 0 ? count : 0;
        for (unsigned k = 0; k < i; k++)
            c[i].round += together(s, c[i].origin, c[k].origin);
    }
    qsort(c, count, sizeof c[0], contender_compare);
}

static struct contender *contenders(const struct federation_state *s, const struct rank_result *ranks)
{
    struct contender *c = mem_array(s->candidate_count, sizeof c[0]);
    for (unsigned k = 0; k < s->candidate_count; k++)
        c[k] = (struct contender){&s->candidates[k], ranks->scores[k], archive_origin(s, &s->candidates[k]), 0};
    contenders_sort(s, c, s->candidate_count);
    return c;
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
        if (genome_distance(s->schema, &s->archive[i].incumbent, genome) < APART_PPM)
            return false;
    return true;
}

static void archive_fill(struct federation_state *s, const struct contender *sorted, bool apart)
{
    for (unsigned i = 0; i < s->candidate_count && s->archive_count < s->policy.archive_max; i++) {
        const struct candidate *c = sorted[i].candidate;
        if (!archive_has(s, &c->hash) && (!apart || lies_apart(s, &c->genome)))
            s->archive[s->archive_count++] = (struct anchor){s->epoch, c->genome, c->hash, sorted[i].origin};
    }
}

void archive_renew(struct federation_state *s, const struct rank_result *ranks)
{
    struct contender *sorted = contenders(s, ranks);
    shared_drop(s->archive);
    s->archive = shared_new(s->policy.archive_max, sizeof s->archive[0]);
    s->archive_count = 0;
    if (s->policy.archive_max > 0)
        s->archive[s->archive_count++] = s->anchors[s->anchor_count - 1];
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
