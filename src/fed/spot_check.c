#include "fed/internal.h"

#include "base/mutate.h"

/* A validator runs the claims that were drawn (state/recount.h) again, and says where it gets another cost. Whether a
 * site's work is disclosed is for the driver to know. All of it is owed by the state: a restart begins with what the
 * state has not heard from us yet. */

/* ---- who had the shards */

void spot_check_pass(struct fed *f)
{
    const struct policy *policy = &f->decided->policy;
    struct owners *slot = &f->spot_checks.owners[f->spot_checks.owners_next];

    f->spot_checks.due = true;
    if (policy->spot_checks == 0 || policy->shards == 0)
        return;
    mem_free(slot->owners);
    *slot = (struct owners){f->decided->block_id, claim_owners(f->decided)};
    f->spot_checks.owners_next = (f->spot_checks.owners_next + 1) % OWNERS_KEPT;
}

void spot_check_free(struct fed *f)
{
    for (unsigned i = 0; i < OWNERS_KEPT; i++)
        mem_free(f->spot_checks.owners[i].owners);
    mem_free(f->spot_checks.items);
}

/* false: we do not know the block that the claim was built on, or no longer. */
static bool shards_known(const struct fed *f, const struct spot_check *c, struct claim_shards *out)
{
    const struct policy *policy = &f->decided->policy;

    out->count = 0;
    if (policy->shards == 0)
        return true;
    for (unsigned i = 0; i < OWNERS_KEPT; i++) {
        const struct owners *o = &f->spot_checks.owners[i];
        bool is_built_on = o->owners != NULL && digest_equal(&o->block_id, &c->built_on);
        bool is_newest = i == (f->spot_checks.owners_next + OWNERS_KEPT - 1) % OWNERS_KEPT;
        if (!MUTATE(FED_SHARDS_OF_NOW, is_newest, is_built_on))
            continue;
        claim_shards_of(f->decided, o->owners, c->member, out);
        return true;
    }
    return false;
}

/* ---- what was asked */

static bool is_same(const struct spot_check *a, const struct spot_check *b)
{
    return a->number == b->number && digest_equal(&a->leaf_hash, &b->leaf_hash);
}

static const struct recounting *find(const struct fed *f, const struct spot_check *c)
{
    for (unsigned i = 0; i < f->spot_checks.count; i++) {
        if (is_same(&f->spot_checks.items[i].claim, c))
            return &f->spot_checks.items[i];
    }
    return NULL;
}

static bool is_drawn(const struct fed *f, const struct spot_check *claim)
{
    for (unsigned i = 0; i < f->decided->check_count; i++) {
        if (is_same(&f->decided->checks[i], claim))
            return true;
    }
    return false;
}

/* What is not drawn any more is forgotten, once the driver has done with it. */
static void keep_drawn(struct fed *f)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < f->spot_checks.count; i++) {
        const struct recounting *r = &f->spot_checks.items[i];
        if (r->verdict == RECOUNT_ASKED || is_drawn(f, &r->claim))
            f->spot_checks.items[kept++] = *r;
    }
    f->spot_checks.count = kept;
}

/* Our own claims, those of who is out for good or discloses nothing, and what the state has our word on need no look.
 */
static bool is_done(const struct fed *f, const struct spot_check *c)
{
    const struct member *m = state_member(f->decided, c->member);
    bool done = c->member == f->self || m->status == MEMBER_CONVICTED || m->status == MEMBER_LEFT;
    done = done || !claim_disclosed(m);

    for (unsigned i = 0; i < c->recount_count; i++)
        done = done || c->recounts[i].member == f->self;
    return done;
}

/* ---- the next step */

static void recount(struct fed *f, const struct recounting *r)
{
    struct job *job = job_new(JOB_RECOUNT, r->number, f->decided->schema, 1);

    job->site = *state_member(f->decided, r->claim.member);
    job->shards = r->shards;
    job->cycle.epoch = r->claim.epoch;
    job->cycle.iteration_limit = f->decided->policy.iteration_limit;
    job->candidates[0] = r->claim.genome;
    job->claimed = r->claim.cost;
    effects_job(f->out, &job->body);
}

static void ask(struct fed *f, const struct spot_check *c)
{
    struct recounting r = {.claim = *c};

    if (f->spot_checks.count == 2 * SPOT_CHECKS_MAX)
        return; /* the driver is behind */
    r.claim.recounts = NULL;
    r.claim.recount_count = 0;
    r.verdict = shards_known(f, c, &r.shards) ? RECOUNT_ASKED : RECOUNT_WITHOUT;
    r.number = ++f->spot_checks.number;
    f->spot_checks.items = mem_resize(f->spot_checks.items, f->spot_checks.count + 1, sizeof r);
    f->spot_checks.items[f->spot_checks.count++] = r;
    if (r.verdict == RECOUNT_ASKED)
        recount(f, &r);
}

static void say(struct fed *f, const struct recounting *r)
{
    struct recount_body body = {.leaf_hash = r->claim.leaf_hash, .number = r->claim.number, .cost = r->cost};
    struct buf encoded = {0};

    effects_note(f->out, "fed.recount", r->claim.member, r->cost);
    recount_body_encode(&body, &encoded);
    submit_entry(f, submit_envelope(f, ENTRY_RECOUNT, bytes_of_buf(&encoded)));
    buf_free(&encoded);
}

void spot_check_settle(struct fed *f)
{
    const struct federation_state *s = f->decided;
    const struct spot_check *wrong = NULL;

    if (!f->spot_checks.due || !replica_level(f->replica))
        return;
    f->spot_checks.due = false;
    keep_drawn(f);
    for (unsigned i = 0; i < s->check_count; i++) {
        const struct spot_check *c = &s->checks[i];
        if (is_done(f, c))
            continue;
        if (find(f, c) == NULL)
            ask(f, c);
        const struct recounting *r = find(f, c);
        if (r != NULL && r->verdict == RECOUNTED_OTHERWISE && wrong == NULL)
            wrong = c;
    }
    if (wrong != NULL && submit_possible(f, ENTRY_RECOUNT)) /* it may decide a block, and with it change the state */
        say(f, find(f, wrong));
}

enum err spot_check_done(struct fed *f, const struct fed_event *event)
{
    for (unsigned i = 0; i < f->spot_checks.count; i++) {
        struct recounting *r = &f->spot_checks.items[i];
        if (r->number != event->number || r->verdict != RECOUNT_ASKED)
            continue;
        bool differs = event->costs != NULL && event->costs[0] != r->claim.cost;
        r->verdict = differs ? RECOUNTED_OTHERWISE : RECOUNT_WITHOUT;
        r->cost = event->costs != NULL ? event->costs[0] : 0;
        f->spot_checks.due = true;
        return ERR_OK;
    }
    return ERR_STALE;
}
