#include "state/recount.h"

#include "base/mutate.h"
#include "base/sample.h"

/* ---- drawing */

static void check_free(struct spot_check *c)
{
    mem_free(c->recounts);
    c->recounts = NULL;
    c->recount_count = 0;
}

/* Those of a kind go, the others keep their order. */
static void checks_drop(struct federation_state *s, bool (*goes)(const struct spot_check *c, unsigned which),
                        unsigned which)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < s->check_count; i++) {
        if (goes(&s->checks[i], which))
            check_free(&s->checks[i]);
        else
            s->checks[kept++] = s->checks[i];
    }
    s->check_count = kept;
}

static bool is_of_rows(const struct spot_check *c, unsigned scored)
{
    return c->scored == (scored != 0);
}

static bool is_by(const struct spot_check *c, unsigned member)
{
    return c->member == member;
}

/* Room for a draw, in the place of the last one of its kind. */
static struct sample draw_begin(struct federation_state *s, bool scored, uint64_t claims)
{
    struct sample sample;
    struct digest root = merkle_frontier_root(&s->log);

    checks_drop(s, is_of_rows, scored);
    sample_begin(&sample, be64_get(root.b), s->policy.spot_checks, claims);
    if (s->check_count + sample.wanted > 0)
        s->checks = mem_resize(s->checks, s->check_count + (size_t)sample.wanted, sizeof s->checks[0]);
    return sample;
}

void recount_draw_updates(struct federation_state *s)
{
    uint64_t claims = 0;

    for (unsigned i = 0; i < s->contribution_count; i++)
        claims += s->contributions[i].offer_count;
    struct sample sample = draw_begin(s, false, claims);
    for (unsigned i = 0; i < s->contribution_count && sample.wanted > 0; i++) {
        const struct contribution *c = &s->contributions[i];
        for (unsigned k = 0; k < c->offer_count; k++) {
            if (!sample_takes(&sample))
                continue;
            s->checks[s->check_count++] = (struct spot_check){
                .member = c->member,
                .epoch = s->epoch - c->staleness,
                .leaf_hash = c->leaf_hash,
                .built_on = c->built_on,
                .number = k,
                .genome = c->offers[k].genome,
                .cost = c->offers[k].claim,
            };
        }
    }
}

void recount_draw_rows(struct federation_state *s)
{
    struct sample sample = draw_begin(s, true, (uint64_t)state_rows(s) * s->candidate_count);

    for (unsigned i = 0; i < s->contribution_count && sample.wanted > 0; i++) {
        const struct contribution *c = &s->contributions[i];
        for (unsigned k = 0; c->scored && k < s->candidate_count; k++) {
            if (!sample_takes(&sample))
                continue;
            s->checks[s->check_count++] = (struct spot_check){
                .scored = true,
                .member = c->member,
                .epoch = s->epoch,
                .leaf_hash = c->row_hash,
                .built_on = c->row_built_on,
                .number = k,
                .genome = s->candidates[k].genome,
                .cost = c->costs[k],
            };
        }
    }
}

void recount_drop(struct federation_state *s, unsigned author)
{
    checks_drop(s, is_by, author);
}

void recount_forget(struct federation_state *s)
{
    for (unsigned i = 0; i < s->check_count; i++)
        check_free(&s->checks[i]);
}
