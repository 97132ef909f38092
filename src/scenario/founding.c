#include <stdio.h>
#include <string.h>

#include "scenario/scenario.h"
#include "state/claim.h"

/* The genesis document that a scenario makes: of a rehearsal, whose keys are simulated, and of a federation for real,
 * whose founders have sent theirs. */

/* All of a node's card but its key. */
static enum err card_without_key(const struct scenario *s, unsigned node, uint64_t seed, struct member_card *out,
                                 struct diag *diag)
{
    const struct scenario_node *n = &s->nodes[node];
    struct workload work;
    enum err err = ERR_OK;

    *out = n->card;
    if (!scenario_discloses(s, node))
        return ERR_OK;
    err = scenario_workload(s, node, &n->workload, NULL, seed, &work, diag);
    if (err != ERR_OK)
        return err;
    out->work = claim_work_digest(work.instances, work.count);
    workload_fini(&work);
    return ERR_OK;
}

enum err scenario_card(const struct scenario *s, unsigned node, uint64_t seed, struct member_card *out,
                       struct diag *diag)
{
    struct secret_key key;
    enum err err = card_without_key(s, node, seed, out, diag);

    key_simulated(seed, s->nodes[node].card.name, &key);
    out->key = key.public;
    key_wipe(&key);
    return err;
}

enum err scenario_blank_card(const struct scenario *s, unsigned node, struct member_card *out, struct diag *diag)
{
    return card_without_key(s, node, s->seed, out, diag);
}

bool scenario_simulates(const struct scenario *s, const char *name, const struct public_key *key)
{
    struct secret_key simulated;
    bool found = false;

    for (unsigned i = 0; i < s->node_count && !found; i++) {
        key_simulated(s->seed, s->nodes[i].card.name, &simulated);
        found = memcmp(&simulated.public, key, sizeof *key) == 0;
    }
    for (uint64_t seed = 0; seed < SCENARIO_SEEDS_TRIED && !found; seed++) {
        key_simulated(seed, name, &simulated);
        found = memcmp(&simulated.public, key, sizeof *key) == 0;
    }
    key_wipe(&simulated);
    return found;
}

/* ---- the shared work */

static enum err shard_hash(const struct scenario *s, unsigned index, uint64_t seed, struct digest *out,
                           struct diag *diag)
{
    struct instance instance;

    if (s->shared.program != NULL)
        return program_shard_hash(s->shared.program, index, out, diag);
    enum err err = workload_build_shard(&s->shared, seed, index, &instance, diag);
    if (err != ERR_OK)
        return err;
    *out = instance.hash;
    instance_fini(&instance);
    return ERR_OK;
}

static enum err shard_hashes(const struct scenario *s, uint64_t seed, struct buf *out, struct diag *diag)
{
    enum err err = ERR_OK;

    for (unsigned i = 0; i < s->policy.shards && err == ERR_OK; i++) {
        struct digest hash = {{0}};
        err = shard_hash(s, i, seed, &hash, diag);
        buf_add(out, hash.b, DIGEST_SIZE);
    }
    return err;
}

/* ---- who governs */

void scenario_governor_key(const struct scenario *s, unsigned governor, bool rotated, uint64_t seed,
                           struct secret_key *out)
{
    char label[2 * MEMBER_NAME_MAX];

    snprintf(label, sizeof label, "governor %s%s", s->governors[governor].id, rotated ? ", another key" : "");
    key_simulated(seed, label, out);
}

/* ERR_MISSING: for real, somebody's key is needed. */
static enum err governance_rules(const struct scenario *s, uint64_t seed, bool simulated, struct governance_rules *out,
                                 struct diag *diag)
{
    struct secret_key key;

    *out = s->governance;
    out->count = s->governor_count;
    for (unsigned i = 0; i < s->governor_count; i++) {
        if (!simulated && !s->governors[i].has_key)
            return diag_set(diag, ERR_MISSING, "the governor \"%s\" has no \"key\" in the scenario",
                            s->governors[i].id);
        out->keys[i] = s->governors[i].key;
        if (!simulated)
            continue;
        scenario_governor_key(s, i, false, seed, &key);
        out->keys[i] = key.public;
        key_wipe(&key);
    }
    return ERR_OK;
}

/* ---- the document */

/* cards: of all nodes; those of founders are taken. */
static enum err make_document(const struct scenario *s, uint64_t seed, bool simulated, const struct member_card *cards,
                              struct buf *out, struct diag *diag)
{
    struct genesis *g = mem_alloc(sizeof *g);
    struct buf shards = {0};
    enum err err = shard_hashes(s, seed, &shards, diag);

    memcpy(g->name, s->name, sizeof g->name);
    g->simulated = simulated;
    g->epoch_start = s->epoch_start;
    g->max_byzantine = s->max_byzantine;
    g->quorum = s->quorum;
    g->policy = s->policy;
    g->shards = bytes_of_buf(&shards);
    g->schema = *scenario_schema(s);
    genome_default(&g->schema, &g->incumbent);
    if (err == ERR_OK)
        err = governance_rules(s, seed, simulated, &g->governance, diag);
    g->members = mem_array(s->node_count, sizeof g->members[0]);
    for (unsigned i = 0; i < s->node_count; i++) {
        if (!s->nodes[i].joins_later)
            g->members[g->member_count++] = cards[i];
    }
    if (err == ERR_OK)
        genesis_encode(g, out);
    buf_free(&shards);
    genesis_fini(g);
    mem_free(g);
    return err;
}

enum err scenario_genesis(const struct scenario *s, uint64_t seed, struct buf *out, struct diag *diag)
{
    struct member_card *cards = mem_array(s->node_count, sizeof cards[0]);
    enum err err = ERR_OK;

    for (unsigned i = 0; i < s->node_count && err == ERR_OK; i++) {
        if (!s->nodes[i].joins_later)
            err = scenario_card(s, i, seed, &cards[i], diag);
    }
    if (err == ERR_OK)
        err = make_document(s, seed, true, cards, out, diag);
    mem_free(cards);
    return err;
}

enum err scenario_found(const struct scenario *s, const struct member_card *cards, struct buf *out, struct diag *diag)
{
    return make_document(s, s->seed, false, cards, out, diag);
}

/* The scenario's own cards have neither key nor work. */
enum err scenario_terms(const struct scenario *s, struct digest *out, struct diag *diag)
{
    struct member_card *cards = mem_array(s->node_count, sizeof cards[0]);
    struct buf document = {0};

    for (unsigned i = 0; i < s->node_count; i++)
        cards[i] = s->nodes[i].card;
    enum err err = make_document(s, s->seed, false, cards, &document, diag);
    if (err == ERR_OK)
        *out = digest_of(bytes_of_buf(&document));
    buf_free(&document);
    mem_free(cards);
    return err;
}
