#include "state/candidates.h"

#include "base/mutate.h"
#include "base/sample.h"
#include "base/table.h"
#include "state/archive.h"

/* A genome takes one place, however many members offer it. */
struct place {
    struct digest hash;
    bool taken; /* else it was offered, and not drawn */
};

struct gathering {
    struct table genomes; /* struct place */
    unsigned taken;
    unsigned count;
    struct candidate *all; /* owned; of the taken genomes, each as often as it is offered */
};

static void take(struct gathering *g, const struct digest *hash)
{
    bool is_new;
    struct place *place = table_add(&g->genomes, hash, &is_new);

    g->taken += !place->taken;
    place->taken = true;
}

static bool is_taken(const struct gathering *g, const struct digest *hash)
{
    const struct place *place = table_find(&g->genomes, hash);

    return place != NULL && place->taken;
}

/* Of one of those who have spoken. */
static const struct candidate *offer_of(const struct federation_state *s, unsigned speaker, unsigned turn)
{
    const struct contribution *c = &s->contributions[speaker];

    return turn < c->offer_count ? &c->offers[turn] : NULL;
}

/* The genomes of a turn that nobody has offered before, each marked at the first member that does; how many. */
static unsigned mark_new(const struct federation_state *s, struct gathering *g, unsigned turn, bool *is_new)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->contribution_count; i++) {
        const struct candidate *offer = offer_of(s, i, turn);
        if (offer != NULL)
            (void)table_add(&g->genomes, &offer->hash, &is_new[i]);
        count += is_new[i];
    }
    return count;
}

/* All of them, or as many as there is room for. Its seed is not that of the recounts' draw (state/recount.h). */
static void draw(const struct federation_state *s, struct gathering *g, unsigned turn)
{
    struct digest root = merkle_frontier_root(&s->log);
    uint64_t seed = MUTATE(STATE_OFFERS_DRAWN_BY_NOBODY, 0, be64_get(root.b + 8));
    bool *is_new = mem_array(s->contribution_count, sizeof *is_new);
    struct sample sample;

    sample_begin(&sample, seed, CANDIDATES_ROOM - g->taken, mark_new(s, g, turn, is_new));
    for (unsigned i = 0; i < s->contribution_count; i++) {
        if (is_new[i] && MUTATE(STATE_OFFERS_BY_JOINING, g->taken < CANDIDATES_ROOM, sample_takes(&sample)))
            take(g, &offer_of(s, i, turn)->hash);
    }
    mem_free(is_new);
}

static void gather_old(const struct federation_state *s, struct gathering *g)
{
    for (unsigned i = 0; i < s->archive_count; i++)
        g->all[g->count++] = (struct candidate){.hash = s->archive[i].hash, .genome = s->archive[i].incumbent};
    g->count += archive_history(s, g->all + g->count, ARCHIVE_HISTORY);
    for (unsigned i = 0; i < g->count; i++)
        take(g, &g->all[i].hash);
}

static void gather_offers(struct federation_state *s, struct gathering *g)
{
    for (unsigned turn = 0; turn < s->policy.migrants; turn++)
        draw(s, g, turn);
    for (unsigned turn = 0; turn < s->policy.migrants; turn++) {
        for (unsigned i = 0; i < s->contribution_count; i++) {
            const struct candidate *offer = offer_of(s, i, turn);
            if (offer == NULL)
                continue;
            if (is_taken(g, &offer->hash))
                g->all[g->count++] = *offer;
            else
                s->left_out++;
        }
    }
}

/* The incumbent is candidate 0 whatever its hash, the others follow in aligned order. */
static void align(struct federation_state *s, struct gathering *g)
{
    unsigned count = align_candidates(s->schema, g->all, g->count), kept = 1;

    s->candidates = shared_new(count + 1, sizeof s->candidates[0]);
    s->candidates[0] = (struct candidate){.hash = s->incumbent_hash, .genome = s->incumbent};
    for (unsigned i = 0; i < count; i++) {
        if (!digest_equal(&g->all[i].hash, &s->incumbent_hash))
            s->candidates[kept++] = g->all[i];
    }
    s->candidate_count = kept;
}

static void offers_free(struct federation_state *s)
{
    for (unsigned i = 0; i < s->contribution_count; i++) {
        struct contribution *c = &s->contributions[i];
        shared_drop(c->offers);
        c->offers = NULL;
        c->offer_count = 0;
    }
}

void candidates_align(struct federation_state *s)
{
    struct gathering g = {0};
    size_t most = s->archive_count + ARCHIVE_HISTORY;

    for (unsigned i = 0; i < s->contribution_count; i++)
        most += s->contributions[i].offer_count;
    g.all = mem_array(most, sizeof g.all[0]);
    table_init(&g.genomes, sizeof(struct place), DIGEST_SIZE);
    gather_old(s, &g);
    gather_offers(s, &g);
    align(s, &g);
    table_free(&g.genomes);
    mem_free(g.all);
    offers_free(s);
}
