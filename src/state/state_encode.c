#include "state/state.h"
#include "merkle/chunks.h"
#include "state/field.h"
#include "state/governance.h"

/* What the state root covers: everything that decides about later blocks but for height, block ids and log, which the
 * header covers itself, and for what genesis fixes, which goes by the federation id. Where entries came in the order of
 * a rehearsal, an epoch ends with the rehearsal's root, in however many blocks they came. state_decode.c reads it. */

static void put_digest(struct cbor_writer *w, const char *key, const struct digest *d)
{
    cbor_put_text(w, key);
    digest_put(w, d);
}

static void put_digests(struct cbor_writer *w, const char *key, const struct digest *digests, unsigned count)
{
    cbor_put_text(w, key);
    cbor_put_array(w, count);
    for (unsigned i = 0; i < count; i++)
        digest_put(w, &digests[i]);
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
    cbor_put_array(w, 2);
    cbor_put_uint(w, c->member);
    cbor_put_map(w, 10);
    cbor_put_text(w, "costs");
    cbor_put_array(w, c->scored ? s->candidate_count : 0);
    for (unsigned i = 0; c->scored && i < s->candidate_count; i++)
        cbor_put_uint(w, c->costs[i]);
    cbor_put_text(w, "delta");
    cbor_put_int(w, c->delta_ppm);
    field_put_number(w, "height", c->height);
    put_candidates(w, s->schema, "offers", c->offers, c->offers == NULL ? 0 : c->offer_count);
    cbor_put_text(w, "updated");
    cbor_put_bool(w, c->updated);
    put_digest(w, "built_on", &c->built_on);
    put_digest(w, "row_hash", &c->row_hash);
    put_digest(w, "leaf_hash", &c->leaf_hash);
    field_put_number(w, "staleness", c->staleness);
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

static void put_ballots(struct cbor_writer *w, const struct federation_state *s)
{
    cbor_put_text(w, "ballots");
    cbor_put_array(w, s->validator_count);
    for (unsigned i = 0; i < s->validator_count; i++) {
        const struct ballots *b = &s->ballots[i];
        cbor_put_array(w, b->count);
        for (unsigned k = 0; k < b->count; k++)
            digest_put(w, &b->items[k]);
    }
}

static void put_changes(struct cbor_writer *w, const struct federation_state *s)
{
    cbor_put_text(w, "changes");
    cbor_put_array(w, s->change_count);
    for (unsigned i = 0; i < s->change_count; i++)
        change_put(w, &s->changes[i]);
}

static void put_check(struct cbor_writer *w, const struct genome_schema *schema, const struct spot_check *c)
{
    cbor_put_map(w, 9);
    field_put_number(w, "cost", c->cost);
    field_put_number(w, "epoch", c->epoch);
    cbor_put_text(w, "genome");
    genome_put(w, schema, &c->genome);
    field_put_number(w, "member", c->member);
    field_put_number(w, "number", c->number);
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
    cbor_put_text(w, "cohort");
    cbor_put_array(w, s->cohort_count);
    for (unsigned i = 0; i < s->cohort_count; i++)
        cbor_put_uint(w, s->cohort[i]);
}

static void put_contributions(struct cbor_writer *w, const struct federation_state *s)
{
    cbor_put_text(w, "contributions");
    cbor_put_array(w, s->contribution_count);
    for (unsigned i = 0; i < s->contribution_count; i++)
        put_contribution(w, s, &s->contributions[i]);
}

/* All but the members. */
static void encode_rest(const struct federation_state *s, struct buf *out)
{
    ASSERT(!s->closing && !s->restoring);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 19 + (s->policy.cohort > 0) + (s->left_out > 0) + (s->protocol > PROTOCOL_FIRST) +
                         (s->governance != NULL));
    field_put_number(&w, "epoch", s->epoch);
    cbor_put_text(&w, "phase");
    cbor_put_text(&w, epoch_phase_name(s->phase));
    put_checks(&w, s);
    if (s->policy.cohort > 0)
        put_cohort(&w, s);
    field_put_number(&w, "quorum", s->quorum);
    put_anchors(&w, s->schema, "anchors", s->anchors, s->anchor_count);
    put_anchors(&w, s->schema, "archive", s->archive, s->archive_count);
    field_put_number(&w, "attempt", s->attempt);
    put_ballots(&w, s);
    put_changes(&w, s);
    field_put_number(&w, "members", s->member_count);
    put_digests(&w, "retired", s->retired, s->retired_count);
    if (s->left_out > 0)
        field_put_number(&w, "left_out", s->left_out);
    if (s->protocol > PROTOCOL_FIRST)
        field_put_number(&w, "protocol", s->protocol);
    cbor_put_text(&w, "incumbent");
    genome_put(&w, s->schema, &s->incumbent);
    put_candidates(&w, s->schema, "candidates", s->candidates, s->candidate_count);
    governance_put(&w, s);
    put_contributions(&w, s);
    put_digest(&w, "federation_id", &s->federation_id);
    field_put_number(&w, "max_byzantine", s->max_byzantine);
    field_put_number(&w, "rollback_epoch", s->rollback_epoch);
    cbor_put_text(&w, "aggregated_delta");
    cbor_put_int(&w, s->aggregated_delta_ppm);
    field_put_number(&w, "membership_epoch", s->membership_epoch);
    cbor_writer_done(&w);
}

void state_encode(const struct federation_state *s, struct buf *out)
{
    uint8_t page[PAGE_SIZE];

    for (unsigned i = 0; i < registry_pages(&s->members); i++) {
        registry_page_encode(&s->members, i, page);
        buf_add(out, page, sizeof page);
    }
    encode_rest(s, out);
}

/* The root over the chunks of all that, of which the first are the pages. */
struct digest state_root(const struct federation_state *s)
{
    struct merkle_frontier tree;
    struct buf rest = {0};

    registry_frontier(&s->members, &tree);
    encode_rest(s, &rest);
    struct bytes bytes = bytes_of_buf(&rest);
    for (uint64_t i = 0; i < chunks_count(bytes.len, STATE_CHUNK_SIZE); i++) {
        struct digest leaf = merkle_leaf_hash(chunks_at(bytes, STATE_CHUNK_SIZE, i));
        merkle_frontier_append(&tree, &leaf);
    }
    buf_free(&rest);
    return merkle_frontier_root(&tree);
}
