#include "state/state.h"
#include "merkle/chunks.h"

/* What the state root covers: everything that decides about later blocks but for height, block id and log, which the
 * header has itself, and for what genesis fixes, which goes by the federation id. state_decode.c reads it. */

static void put_digest(struct cbor_writer *w, const char *key, const struct digest *d)
{
    cbor_put_text(w, key);
    digest_put(w, d);
}

static void put_number(struct cbor_writer *w, const char *key, uint64_t v)
{
    cbor_put_text(w, key);
    cbor_put_uint(w, v);
}

static void put_member(struct cbor_writer *w, const struct member *m)
{
    cbor_put_map(w, 11);
    cbor_put_text(w, "card");
    member_card_put(w, &m->card);
    cbor_put_text(w, "votes");
    cbor_put_bool(w, m->votes);
    cbor_put_text(w, "status");
    cbor_put_text(w, member_status_name(m->status));
    cbor_put_text(w, "ballots");
    cbor_put_array(w, m->ballot_count);
    for (unsigned i = 0; i < m->ballot_count; i++)
        digest_put(w, &m->ballots[i]);
    put_number(w, "sponsor", m->sponsor);
    put_number(w, "sequence", m->sequence);
    put_number(w, "last_epoch", m->last_epoch);
    put_number(w, "first_epoch", m->first_epoch);
    put_number(w, "found_epoch", m->found_epoch);
    put_number(w, "false_claims", m->false_claims);
    put_number(w, "counted_epoch", m->counted_epoch);
}

static void put_candidates(struct cbor_writer *w, const struct genome_schema *schema, const char *key,
                           const struct candidate *candidates, unsigned count)
{
    cbor_put_text(w, key);
    cbor_put_array(w, count);
    for (unsigned i = 0; i < count; i++) {
        const struct candidate *c = &candidates[i];
        cbor_put_array(w, 4);
        digest_put(w, &c->fingerprint);
        genome_put(w, schema, &c->genome);
        cbor_put_uint(w, c->claim);
        cbor_put_uint(w, c->staleness);
    }
}

static void put_contribution(struct cbor_writer *w, const struct federation_state *s, const struct contribution *c)
{
    if (!c->updated && !c->scored) {
        cbor_put_null(w);
        return;
    }
    cbor_put_map(w, 10);
    cbor_put_text(w, "costs");
    cbor_put_array(w, c->scored ? s->candidate_count : 0);
    for (unsigned i = 0; c->scored && i < s->candidate_count; i++)
        cbor_put_uint(w, c->costs[i]);
    cbor_put_text(w, "delta");
    cbor_put_int(w, c->delta_ppm);
    put_number(w, "height", c->height);
    put_candidates(w, s->schema, "offers", c->offers, c->offers == NULL ? 0 : c->offer_count);
    cbor_put_text(w, "updated");
    cbor_put_bool(w, c->updated);
    put_digest(w, "built_on", &c->built_on);
    put_digest(w, "row_hash", &c->row_hash);
    put_digest(w, "leaf_hash", &c->leaf_hash);
    put_number(w, "staleness", c->staleness);
    put_digest(w, "row_built_on", &c->row_built_on);
}

static void put_anchors(struct cbor_writer *w, const struct genome_schema *schema, const char *key,
                        const struct anchor *anchors, unsigned count)
{
    cbor_put_text(w, key);
    cbor_put_array(w, count);
    for (unsigned i = 0; i < count; i++) {
        cbor_put_array(w, 3);
        cbor_put_uint(w, anchors[i].epoch);
        cbor_put_uint(w, anchors[i].origin);
        genome_put(w, schema, &anchors[i].incumbent);
    }
}

static void put_members(struct cbor_writer *w, const struct federation_state *s)
{
    cbor_put_text(w, "members");
    cbor_put_array(w, s->member_count);
    for (unsigned i = 0; i < s->member_count; i++)
        put_member(w, &s->members[i]);
}

static void put_changes(struct cbor_writer *w, const struct federation_state *s)
{
    cbor_put_text(w, "changes");
    cbor_put_array(w, s->change_count);
    for (unsigned i = 0; i < s->change_count; i++)
        change_put(w, &s->changes[i]);
}

static void put_retired(struct cbor_writer *w, const struct federation_state *s)
{
    cbor_put_text(w, "retired");
    cbor_put_array(w, s->retired_count);
    for (unsigned i = 0; i < s->retired_count; i++)
        digest_put(w, &s->retired[i]);
}

static void put_check(struct cbor_writer *w, const struct genome_schema *schema, const struct spot_check *c)
{
    cbor_put_map(w, 9);
    put_number(w, "cost", c->cost);
    put_number(w, "epoch", c->epoch);
    cbor_put_text(w, "genome");
    genome_put(w, schema, &c->genome);
    put_number(w, "member", c->member);
    put_number(w, "number", c->number);
    cbor_put_text(w, "scored");
    cbor_put_bool(w, c->scored);
    put_digest(w, "built_on", &c->built_on);
    cbor_put_text(w, "recounts");
    cbor_put_array(w, c->recount_count);
    for (unsigned i = 0; i < c->recount_count; i++) {
        cbor_put_array(w, 2);
        cbor_put_uint(w, c->recounts[i].member);
        cbor_put_uint(w, c->recounts[i].cost);
    }
    put_digest(w, "leaf_hash", &c->leaf_hash);
}

static void put_checks(struct cbor_writer *w, const struct federation_state *s)
{
    cbor_put_text(w, "checks");
    cbor_put_array(w, s->check_count);
    for (unsigned i = 0; i < s->check_count; i++)
        put_check(w, s->schema, &s->checks[i]);
}

static void put_cohort(struct cbor_writer *w, const struct federation_state *s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->member_count; i++)
        count += s->members[i].drawn;
    cbor_put_text(w, "cohort");
    cbor_put_array(w, count);
    for (unsigned i = 0; i < s->member_count; i++) {
        if (s->members[i].drawn)
            cbor_put_uint(w, i);
    }
}

void state_encode(const struct federation_state *s, struct buf *out)
{
    ASSERT(!s->closing && !s->restoring);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 19 + (s->policy.cohort > 0) + (s->left_out > 0));
    put_number(&w, "epoch", s->epoch);
    cbor_put_text(&w, "phase");
    cbor_put_text(&w, epoch_phase_name(s->phase));
    put_checks(&w, s);
    if (s->policy.cohort > 0)
        put_cohort(&w, s);
    put_number(&w, "quorum", s->quorum);
    cbor_put_text(&w, "recent");
    cbor_put_array(&w, s->recent_count);
    for (unsigned i = 0; i < s->recent_count; i++)
        digest_put(&w, &s->recent[i]);
    put_anchors(&w, s->schema, "anchors", s->anchors, s->anchor_count);
    put_anchors(&w, s->schema, "archive", s->archive, s->archive_count);
    put_number(&w, "attempt", s->attempt);
    put_changes(&w, s);
    put_members(&w, s);
    put_retired(&w, s);
    if (s->left_out > 0)
        put_number(&w, "left_out", s->left_out);
    cbor_put_text(&w, "incumbent");
    genome_put(&w, s->schema, &s->incumbent);
    put_candidates(&w, s->schema, "candidates", s->candidates, s->candidate_count);
    cbor_put_text(&w, "contributions");
    cbor_put_array(&w, s->member_count);
    for (unsigned i = 0; i < s->member_count; i++)
        put_contribution(&w, s, &s->contributions[i]);
    put_digest(&w, "federation_id", &s->federation_id);
    put_number(&w, "max_byzantine", s->max_byzantine);
    put_number(&w, "rollback_epoch", s->rollback_epoch);
    cbor_put_text(&w, "aggregated_delta");
    cbor_put_int(&w, s->aggregated_delta_ppm);
    put_number(&w, "membership_epoch", s->membership_epoch);
    cbor_writer_done(&w);
}

struct digest state_root(const struct federation_state *s)
{
    struct buf bytes = {0};
    state_encode(s, &bytes);
    struct digest root = chunks_root(bytes_of_buf(&bytes), STATE_CHUNK_SIZE);
    buf_free(&bytes);
    return root;
}
