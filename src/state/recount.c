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

static void draw(struct federation_state *s, struct sample *sample, const struct spot_check *claim)
{
    if (sample_takes(sample))
        s->checks[s->check_count++] = *claim;
}

void recount_draw_updates(struct federation_state *s)
{
    uint64_t claims = 0;

    for (unsigned i = 0; i < s->member_count; i++)
        claims += s->contributions[i].offer_count;
    struct sample sample = draw_begin(s, false, claims);
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct contribution *c = &s->contributions[i];
        for (unsigned k = 0; k < c->offer_count; k++) {
            struct spot_check claim = {
                .member = i,
                .epoch = s->epoch - c->staleness,
                .leaf_hash = c->leaf_hash,
                .built_on = c->built_on,
                .number = k,
                .genome = c->offers[k].genome,
                .cost = c->offers[k].claim,
            };
            draw(s, &sample, &claim);
        }
    }
}

void recount_draw_rows(struct federation_state *s)
{
    struct sample sample = draw_begin(s, true, (uint64_t)state_rows(s) * s->candidate_count);

    for (unsigned i = 0; i < s->member_count; i++) {
        const struct contribution *c = &s->contributions[i];
        for (unsigned k = 0; c->scored && k < s->candidate_count; k++) {
            struct spot_check claim = {
                .scored = true,
                .member = i,
                .epoch = s->epoch,
                .leaf_hash = c->row_hash,
                .built_on = c->row_built_on,
                .number = k,
                .genome = s->candidates[k].genome,
                .cost = c->costs[k],
            };
            draw(s, &sample, &claim);
        }
    }
}

/* ---- judging */

static struct spot_check *check_find(const struct federation_state *s, const struct recount_body *b)
{
    for (unsigned i = 0; i < s->check_count; i++) {
        struct spot_check *c = &s->checks[i];
        if (c->number == b->number && digest_equal(&c->leaf_hash, &b->leaf_hash))
            return c;
    }
    return NULL;
}

static bool has_spoken(const struct spot_check *c, unsigned member)
{
    bool found = false;

    for (unsigned i = 0; i < c->recount_count; i++)
        found = found || c->recounts[i].member == member;
    return found;
}

/* Neither convicted nor gone. */
static bool stays(const struct member *m)
{
    return m->status != MEMBER_CONVICTED && m->status != MEMBER_LEFT;
}

enum err recount_judge(const struct federation_state *s, const struct judgement *j)
{
    struct recount_body b;

    if (j->envelope.federated_epoch > s->epoch)
        return ERR_AGAIN;
    enum err err = recount_body_decode(j->envelope.body, &b);
    if (err != ERR_OK)
        return err;
    const struct spot_check *c = check_find(s, &b);
    if (c == NULL)
        return ERR_UNKNOWN;
    if (c->member == j->member || !stays(&s->members[c->member]))
        return ERR_STATE;
    if (b.cost == c->cost)
        return ERR_MISMATCH;
    return has_spoken(c, j->member) ? MUTATE(STATE_RECOUNT_TWICE, ERR_OK, ERR_DUPLICATE) : ERR_OK;
}

/* ---- taking effect */

/* How many of those who have a vote say so. */
static unsigned voices(const struct federation_state *s, const struct spot_check *c, uint64_t cost)
{
    unsigned count = 0;

    for (unsigned i = 0; i < c->recount_count; i++) {
        const struct member *m = &s->members[c->recounts[i].member];
        bool same = MUTATE(STATE_RECOUNTS_ADD_UP, true, c->recounts[i].cost == cost);
        count += same && m->votes && stays(m);
    }
    return count;
}

/* All that is drawn of its author has served its purpose. */
static void find_false(struct federation_state *s, unsigned author)
{
    struct member *m = &s->members[author];

    m->status = MEMBER_QUARANTINED;
    m->found_epoch = s->epoch;
    m->false_claims++;
    MUTATE(STATE_FALSE_CLAIM_COUNTS, (void)0, contribution_clear(&s->contributions[author]));
    checks_drop(s, is_by, author);
}

void recount_apply(struct federation_state *s, const struct judgement *j)
{
    struct recount_body b;
    unsigned enough = MUTATE(STATE_ONE_RECOUNT, 1, s->max_byzantine + 1);

    ASSERT(recount_body_decode(j->envelope.body, &b) == ERR_OK);
    struct spot_check *c = check_find(s, &b);
    ASSERT(c != NULL);
    c->recounts = mem_resize(c->recounts, c->recount_count + 1, sizeof c->recounts[0]);
    c->recounts[c->recount_count++] = (struct recount){j->member, b.cost};
    if (voices(s, c, b.cost) >= enough)
        find_false(s, c->member);
}

void recount_forget(struct federation_state *s)
{
    for (unsigned i = 0; i < s->check_count; i++)
        check_free(&s->checks[i]);
}
