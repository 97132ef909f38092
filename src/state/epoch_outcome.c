#include <jansson.h>

#include "state/epoch_outcome.h"
#include "state/governance.h"

#include "state/shared_genome.h"

/* In aligned order: by fingerprint, as the candidates. */
static void update_insert(const struct federation_state *s, struct epoch_outcome *o, const struct aligned_update *u)
{
    unsigned at = o->update_count++;
    while (at > 0 && digest_compare(&state_member(s, o->updates[at - 1].member)->fingerprint,
                                    &state_member(s, u->member)->fingerprint) > 0) {
        o->updates[at] = o->updates[at - 1];
        at--;
    }
    o->updates[at] = *u;
}

static void fill_updates(const struct federation_state *s, struct epoch_outcome *o)
{
    o->updates = mem_array(state_updates(s), sizeof o->updates[0]);
    for (unsigned i = 0; i < s->contribution_count; i++) {
        const struct contribution *c = &s->contributions[i];
        if (!c->updated)
            continue;
        struct aligned_update update = {
            .member = c->member,
            .height = c->height,
            .delta_ppm = c->delta_ppm,
            .staleness = c->staleness,
            .leaf_hash = c->leaf_hash,
        };
        update_insert(s, o, &update);
        o->stale += c->staleness > 0;
    }
}

typedef bool member_is(const struct federation_state *s, const struct member *m);

static unsigned count_members(const struct federation_state *s, member_is *is)
{
    unsigned found = 0, count;

    for (unsigned page = 0; page < registry_pages(&s->members); page++) {
        const struct member *members = registry_page(&s->members, page, &count);
        for (unsigned i = 0; i < count; i++)
            found += is(s, &members[i]);
    }
    return found;
}

static bool was_found(const struct federation_state *s, const struct member *m)
{
    return m->found_epoch == s->epoch;
}

static bool is_absent(const struct federation_state *s, const struct member *m)
{
    (void)s;
    return m->status == MEMBER_ABSENT;
}

static bool is_quarantined(const struct federation_state *s, const struct member *m)
{
    (void)s;
    return m->status == MEMBER_QUARANTINED;
}

static bool is_convicted(const struct federation_state *s, const struct member *m)
{
    (void)s;
    return m->status == MEMBER_CONVICTED;
}

/* The genome that the epoch ends with. */
static struct digest ends_with(const struct federation_state *s, const struct decision *d)
{
    if (d->governed)
        return s->governance->due->hash;
    return d->winner != 0 ? s->candidates[d->winner].hash : s->incumbent_hash;
}

void outcome_fill(const struct federation_state *s, const struct decision *d, struct epoch_outcome *out)
{
    struct digest incumbent = ends_with(s, d);

    *out = (struct epoch_outcome){
        .epoch = s->epoch,
        .anchored = d->anchored,
        .changed = !digest_equal(&incumbent, &s->incumbent_hash),
        .rolled_back = d->rolled_back,
        .rollback_epoch = d->rolled_back ? s->rollback_epoch : 0,
        .aggregated_delta_ppm = d->gain_ppm,
        .incumbent = incumbent,
        .candidates = s->candidate_count,
        .scored = state_weighing_rows(s),
        .left_out = s->left_out,
    };
    out->false_claims = count_members(s, was_found);
    fill_updates(s, out);
}

void outcome_count(const struct federation_state *s, struct epoch_outcome *out)
{
    const struct governance *g = s->governance;

    out->has_held = g != NULL && g->held_count > 0;
    if (out->has_held)
        out->held = g->held[g->held_count - 1].hash;
    out->absent = count_members(s, is_absent);
    out->quarantined = count_members(s, is_quarantined);
    out->convicted = count_members(s, is_convicted);
}

static json_t *update_json(const struct aligned_update *u, const struct federation_state *s)
{
    json_t *j = json_object();
    json_put(j, "node_id", json_string(state_member(s, u->member)->card.name));
    json_put(j, "ledger_height", json_u64(u->height));
    json_put(j, "delta_score", json_integer(u->delta_ppm));
    json_put(j, "anchor_hash", json_hex(digest_bytes(&u->leaf_hash)));
    json_put(j, "staleness", json_u64(u->staleness));
    return j;
}

json_t *cohort_json(const struct federation_state *s)
{
    json_t *names = json_array();
    for (unsigned i = 0; i < s->cohort_count; i++)
        json_push(names, json_string(state_member(s, s->cohort[i])->card.name));
    return names;
}

json_t *outcome_json(const struct epoch_outcome *o, const struct federation_state *s)
{
    json_t *j = json_object(), *updates = json_array();
    for (unsigned i = 0; i < o->update_count; i++)
        json_push(updates, update_json(&o->updates[i], s));
    json_put(j, "anchored", json_boolean(o->anchored));
    json_put(j, "changed", json_boolean(o->changed));
    json_put(j, "aggregated_delta", json_integer(o->aggregated_delta_ppm));
    json_put(j, "incumbent", json_hex(digest_bytes(&o->incumbent)));
    json_put(j, "genes", shared_genome_values(s));
    json_put(j, "rolled_back_to", o->rolled_back ? json_u64(o->rollback_epoch) : json_null());
    json_put(j, "candidates", json_u64(o->candidates));
    json_put(j, "participants", json_u64(o->update_count));
    json_put(j, "scored", json_u64(o->scored));
    if (o->has_held)
        json_put(j, "held", json_hex(digest_bytes(&o->held)));
    if (o->left_out > 0)
        json_put(j, "left_out", json_u64(o->left_out));
    json_put(j, "stale", json_u64(o->stale));
    json_put(j, "absent", json_u64(o->absent));
    json_put(j, "quarantined", json_u64(o->quarantined));
    json_put(j, "convicted", json_u64(o->convicted));
    json_put(j, "false_claims", json_u64(o->false_claims));
    if (s->policy.cohort > 0)
        json_put(j, "next_cohort", cohort_json(s));
    json_put(j, "aligned_updates", updates);
    return j;
}
