#include "fixture.h"

#include <string.h>

#include "pbft/quorum.h"

static void card_fill(struct fixture *f, unsigned i, unsigned validators)
{
    struct member_card *m = &f->genesis.members[i];
    m->role = i < validators ? ROLE_CORE : ROLE_EDGE;
    m->site = i < validators ? SITE_LOCAL : SITE_EDGE;
    m->stake = 1;
    m->key = f->keys[i].public;
    snprintf(m->region, sizeof m->region, "region");
    if (i < validators)
        snprintf(m->name, sizeof m->name, "v%u", i);
    else
        snprintf(m->name, sizeof m->name, "e%u", i - validators);
}

/* A schema of its own, so that pinned hashes depend on nothing but the formats. */
static void schema_fill(struct genome_schema *schema)
{
    *schema = (struct genome_schema){
        .count = 4,
        .word_count = 2,
        .words = {"low", "high"},
        .genes =
            {
                {.name = "rate", .type = GENE_CONTINUOUS, .lo = 0.5, .hi = 8.0, .default_real = 1.0},
                {.name = "depth", .type = GENE_DISCRETE, .ilo = 1, .ihi = 4096, .default_integer = 16},
                {.name = "order", .type = GENE_ORDINAL, .choice_count = 2},
                {.name = "fast", .type = GENE_TOGGLE, .default_integer = 1},
            },
    };
}

void fixture_init(struct fixture *f, unsigned validators, unsigned edges, const struct policy *policy)
{
    fixture_governed(f, validators, edges, policy, NULL);
}

void fixture_governed(struct fixture *f, unsigned validators, unsigned edges, const struct policy *policy,
                      const struct governance_rules *rules)
{
    struct diag diag = {0};
    memset(f, 0, sizeof *f);
    key_library_init();
    for (unsigned i = 0; i < FIXTURE_KEYS; i++) {
        char label[16];
        snprintf(label, sizeof label, "member-%u", i);
        key_simulated(7, label, &f->keys[i]);
    }
    struct genesis *g = &f->genesis;
    snprintf(g->name, sizeof g->name, "fixture");
    g->simulated = true;
    g->epoch_start = 1;
    g->quorum = quorum_size(validators, 0);
    policy_default(&g->policy);
    if (policy != NULL)
        g->policy = *policy;
    governance_rules_default(&g->governance);
    if (rules != NULL)
        g->governance = *rules;
    for (unsigned i = 0; i < g->governance.count; i++)
        g->governance.keys[i] = f->keys[FIXTURE_GOVERNORS + i].public;
    schema_fill(&g->schema);
    genome_default(&g->schema, &g->incumbent);
    g->member_count = validators + edges;
    g->members = mem_array(g->member_count, sizeof g->members[0]);
    for (unsigned i = 0; i < g->member_count; i++)
        card_fill(f, i, validators);
    genesis_encode(g, &f->document);
    enum err err = state_genesis(bytes_of_buf(&f->document), &f->state, &diag);
    if (err != ERR_OK)
        printf("# %s\n", diag.text);
    ASSERT(err == ERR_OK);
}

static void batch_clear(struct fixture *f)
{
    for (unsigned i = 0; i < f->count; i++)
        buf_free(&f->batch[i]);
    f->count = 0;
}

void fixture_fini(struct fixture *f)
{
    batch_clear(f);
    execution_free(&f->last);
    state_free(&f->state);
    buf_free(&f->document);
    genesis_fini(&f->genesis);
}

/* ---- entries */

void fixture_sign(const struct fixture *f, unsigned key, const struct envelope *e, struct buf *out)
{
    envelope_sign(&f->keys[key], e, out);
}

struct envelope fixture_envelope(struct fixture *f, unsigned member, enum entry_kind kind, struct bytes body)
{
    return (struct envelope){
        .kind = kind,
        .sequence = ++f->sequences[member],
        .federation_id = f->state.federation_id,
        .federated_epoch = f->state.epoch,
        .ledger_block_id = f->state.block_id,
        .body = body,
    };
}

enum err fixture_policy_decode(const struct policy *p, struct policy *out)
{
    struct buf bytes = {0};
    struct cbor_writer w;
    struct cbor_reader r;

    cbor_writer_init(&w, &bytes);
    policy_put(&w, p);
    cbor_writer_done(&w);
    cbor_reader_init(&r, bytes_of_buf(&bytes));
    policy_get(&r, out);
    enum err err = cbor_reader_done(&r);
    buf_free(&bytes);
    return err;
}

void fixture_entry(struct fixture *f, unsigned member, enum entry_kind kind, struct bytes body)
{
    struct envelope e = fixture_envelope(f, member, kind, body);
    ASSERT(f->count < FIXTURE_BATCH);
    fixture_sign(f, member, &e, &f->batch[f->count++]);
}

void fixture_evidence(struct fixture *f, unsigned member, struct bytes first, struct bytes second)
{
    struct envelope e = fixture_envelope(f, member, ENTRY_EVIDENCE, (struct bytes){0});
    struct evidence_body body = {.first = first, .second = second};
    struct buf encoded = {0};

    ASSERT(f->count < FIXTURE_BATCH);
    evidence_body_encode(&body, &encoded, &e);
    fixture_sign(f, member, &e, &f->batch[f->count++]);
    buf_free(&encoded);
}

void fixture_add(struct fixture *f, struct bytes entry)
{
    ASSERT(f->count < FIXTURE_BATCH);
    buf_add(&f->batch[f->count++], entry.data, entry.len);
}

struct genome fixture_genome(const struct fixture *f, uint64_t number)
{
    struct genome genome = f->genesis.incumbent;
    struct prng prng;
    prng_stream(&prng, 11, "fixture.genome", number);
    if (number != 0)
        genome_random(&f->genesis.schema, &prng, &genome);
    return genome;
}

struct digest fixture_hash(const struct fixture *f, uint64_t number)
{
    struct genome genome = fixture_genome(f, number);
    return genome_hash(&f->genesis.schema, &genome);
}

void fixture_update_body(const struct fixture *f, const uint64_t *numbers, unsigned count, struct buf *out)
{
    struct update_body b = {.delta_ppm = 1000, .evaluations = 2, .iterations = 3, .count = count};
    struct buf genomes[CYCLE_MIGRANTS_MAX] = {{0}};
    for (unsigned i = 0; i < count; i++) {
        struct genome genome = fixture_genome(f, numbers[i]);
        genome_encode(&f->genesis.schema, &genome, &genomes[i]);
        b.genomes[i] = bytes_of_buf(&genomes[i]);
        b.costs[i] = 100 + i;
    }
    update_body_encode(&b, out);
    for (unsigned i = 0; i < count; i++)
        buf_free(&genomes[i]);
}

void fixture_update(struct fixture *f, unsigned member, uint64_t number, uint64_t epoch)
{
    struct buf body = {0};
    fixture_update_body(f, &number, number != 0, &body);
    struct envelope e = fixture_envelope(f, member, ENTRY_UPDATE, bytes_of_buf(&body));
    e.federated_epoch = epoch;
    fixture_sign(f, member, &e, &f->batch[f->count++]);
    buf_free(&body);
}

void fixture_row(struct fixture *f, unsigned member, const uint64_t *costs)
{
    struct score_body b = {.count = f->state.candidate_count};
    struct buf body = {0};
    b.candidates = align_digest(f->state.candidates, f->state.candidate_count);
    memcpy(b.costs, costs, b.count * sizeof costs[0]);
    score_body_encode(&b, &body);
    fixture_entry(f, member, ENTRY_SCORE, bytes_of_buf(&body));
    buf_free(&body);
}

void fixture_score(struct fixture *f, unsigned member, uint64_t best, uint64_t incumbent)
{
    uint64_t costs[CYCLE_CANDIDATES_MAX];
    struct digest hash = fixture_hash(f, best);
    for (unsigned i = 0; i < f->state.candidate_count; i++)
        costs[i] = digest_equal(&f->state.candidates[i].hash, &hash) ? 100 : i == 0 ? incumbent : 1000;
    fixture_row(f, member, costs);
}

unsigned fixture_candidate(const struct fixture *f, uint64_t number)
{
    struct digest hash = fixture_hash(f, number);
    unsigned i = 0;
    while (i < f->state.candidate_count && !digest_equal(&f->state.candidates[i].hash, &hash))
        i++;
    ASSERT(i < f->state.candidate_count);
    return i;
}

void fixture_close(struct fixture *f, unsigned member)
{
    struct close_body b = {.phase = f->state.phase, .attempt = f->state.attempt};
    struct buf body = {0};
    close_body_encode(&b, &body);
    fixture_entry(f, member, ENTRY_CLOSE, bytes_of_buf(&body));
    buf_free(&body);
}

struct change fixture_newcomer(const struct fixture *f, unsigned key, enum member_role role)
{
    struct change c = {.kind = CHANGE_JOIN, .card = {.role = role, .site = SITE_REMOTE, .stake = 1}, .sponsor = "v0"};

    c.card.key = f->keys[key].public;
    snprintf(c.card.name, sizeof c.card.name, "new-%u", key);
    snprintf(c.card.region, sizeof c.card.region, "far");
    return c;
}

enum err fixture_sign_off(struct fixture *f, unsigned from, unsigned to, const struct change *c, unsigned key)
{
    struct buf body = {0};

    change_body_encode(c, CHANGE_EPOCHS_MAX, &f->state.federation_id, change_has_key(c) ? &f->keys[key] : NULL, &body);
    for (unsigned i = from; i <= to; i++)
        fixture_entry(f, i, ENTRY_RECONFIGURE, bytes_of_buf(&body));
    fixture_run(f);
    buf_free(&body);
    return f->last.verdicts[f->last.count - 1];
}

/* ---- blocks */

/* The state as somebody has it who was given its bytes, and the header of the block. */
static void decoded(const struct federation_state *s, struct federation_state *out)
{
    struct federation_state founding;
    struct buf bytes = {0}, again = {0};

    state_copy(&founding, s);
    state_encode(s, &bytes);
    enum err err = state_decode(&founding, bytes_of_buf(&bytes), out);
    CHECK_ERR(err, ERR_OK);
    ASSERT(err == ERR_OK);
    state_free(&founding);
    state_encode(out, &again);
    CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
    out->height = s->height;
    out->block_id = s->block_id;
    out->log = s->log;
    out->recent_count = s->recent_count;
    memcpy(out->recent, s->recent, s->recent_count * sizeof s->recent[0]);
    buf_free(&bytes);
    buf_free(&again);
}

void fixture_run(struct fixture *f)
{
    struct entry *entries[FIXTURE_BATCH];
    struct federation_state copy;
    struct execution again = {0};
    ASSERT(f->count <= FIXTURE_BATCH);
    for (unsigned i = 0; i < f->count; i++)
        entries[i] = entry_open(bytes_of_buf(&f->batch[i]));
    decoded(&f->state, &copy);
    execution_free(&f->last);
    state_execute(&f->state, entries, f->count, &f->last);
    state_execute(&copy, entries, f->count, &again);
    CHECK(digest_equal(&copy.block_id, &f->state.block_id));
    CHECK_EQ_BYTES(bytes_of(again.verdicts, again.count * sizeof again.verdicts[0]),
                   bytes_of(f->last.verdicts, f->last.count * sizeof f->last.verdicts[0]));
    execution_free(&again);
    state_free(&copy);
    for (unsigned i = 0; i < f->count; i++)
        entry_drop(entries[i]);
    batch_clear(f);
}

void fixture_collect(struct fixture *f, unsigned count, uint64_t number)
{
    for (unsigned i = 0; i < count; i++)
        fixture_update(f, i, i == 0 ? number : 0, f->state.epoch);
    fixture_run(f);
    if (f->state.phase == PHASE_COLLECT) {
        fixture_close(f, 0);
        fixture_run(f);
    }
    CHECK_EQ_U64(f->state.phase, PHASE_SCORE);
}

static unsigned active(const struct fixture *f, unsigned *members)
{
    unsigned count = 0;
    for (unsigned i = 0; i < f->state.member_count; i++) {
        if (state_member(&f->state, i)->status == MEMBER_ACTIVE)
            members[count++] = i;
    }
    return count;
}

void fixture_epoch(struct fixture *f, uint64_t number)
{
    unsigned members[FIXTURE_KEYS], count = active(f, members);
    for (unsigned i = 0; i < count; i++)
        fixture_update(f, members[i], i == 0 ? number : 0, f->state.epoch);
    fixture_run(f);
    for (unsigned i = 0; i < count; i++)
        fixture_score(f, members[i], number, 200);
    fixture_run(f);
    CHECK(f->last.epoch_ended);
}
