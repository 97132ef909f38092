#include <inttypes.h>

#include "sim/results.h"
#include "state/shared_genome.h"

static json_t *decimal(uint64_t v)
{
    struct buf text = {0};
    json_t *out;

    buf_printf(&text, "%" PRIu64, v);
    out = json_string(buf_text(&text));
    buf_free(&text);
    ASSERT(out != NULL);
    return out;
}

static json_t *hex(const struct digest *d)
{
    return json_hex(digest_bytes(d));
}

/* ---- one epoch */

static json_t *shards_json(const struct results *t, const struct results_epoch *e)
{
    const struct federation_state *s = &t->history.state;
    json_t *out = json_object();

    for (unsigned m = 0; e->log != NULL && m < s->member_count; m++) {
        uint64_t count = 0;

        for (unsigned i = 0; i < s->policy.shards; i++)
            count += e->log->owners[i] == (int)m;
        if (count > 0)
            json_put(out, state_member(s, m)->card.name, json_u64(count));
    }
    return out;
}

/* From the decision as the ledger file has it, or what fits an epoch that never ended; otherwise NULL: nothing does. */
static void put_outcome(json_t *out, const struct results_epoch *e, const char *key, json_t *otherwise)
{
    json_t *value = e->log != NULL ? json_object_get(e->log->outcome_json, key) : NULL;

    if (value != NULL) {
        json_decref(otherwise);
        json_put(out, key, json_incref(value));
    } else if (otherwise != NULL) {
        json_put(out, key, otherwise);
    }
}

json_t *results_summary_epoch(const struct results *t)
{
    const struct results_epoch *e = &t->epoch;
    bool anchored = e->log != NULL && e->log->outcome.anchored;
    json_t *out = json_object();

    json_put(out, "epoch", json_u64(e->epoch));
    json_put(out, "quorum_reached", json_boolean(anchored));
    json_put(out, "anchored", json_boolean(anchored));
    put_outcome(out, e, "aggregated_delta", json_u64(0));
    json_put(out, "ledger_merkle", anchored ? hex(&e->log->anchor.merkle_root) : json_null());
    json_put(out, "signature", anchored ? json_base64(bytes_of_buf(&e->signature)) : json_null());
    json_put(out, "view_changes", json_u64(e->times.view_changes));
    json_put(out, "stalled", json_boolean(e->times.stalled));
    put_outcome(out, e, "participants", json_u64(0));
    put_outcome(out, e, "left_out", NULL);
    put_outcome(out, e, "stale", json_u64(0));
    put_outcome(out, e, "absent", json_u64(0));
    put_outcome(out, e, "quarantined", json_u64(0));
    put_outcome(out, e, "convicted", json_u64(0));
    put_outcome(out, e, "false_claims", json_u64(0));
    json_put(out, "shards_moved", json_u64(e->log != NULL ? e->log->shards_moved : 0));
    json_put(out, "shards", shards_json(t, e));
    put_outcome(out, e, "incumbent", json_null());
    json_put(out, "virtual_ms", json_u64(e->virtual_ns / 1000000));
    put_outcome(out, e, "aligned_updates", json_array());
    return out;
}

/* ---- the whole */

static json_t *costs_json(const struct results *t)
{
    json_t *out = json_array();

    for (uint64_t i = 0; i < t->cost_count; i++) {
        const struct federated_site_cost *c = &t->costs[i];
        json_t *site = json_object();

        json_put(site, "node_id", json_string(c->node_id));
        json_put(site, "unit", c->unit[0] != '\0' ? json_string(c->unit) : json_null());
        json_put(site, "first", json_real(c->first));
        json_put(site, "last", json_real(c->last));
        json_push(out, site);
    }
    return out;
}

static json_t *recorder_json(const struct results *t)
{
    json_t *out = json_object();

    json_put(out, "node_id", json_string(t->recorder->name));
    json_put(out, "node_fingerprint", hex(&t->recorder_key->fingerprint));
    json_put(out, "public_key", json_hex(bytes_of(t->recorder_key->public.b, KEY_PUBLIC_SIZE)));
    return out;
}

static json_t *quorum_json(const struct results *t)
{
    const struct federation_state *s = &t->history.state;
    json_t *out = json_object();

    json_put(out, "validators", json_u64(s->validator_count));
    json_put(out, "max_byzantine", json_u64(s->max_byzantine));
    json_put(out, "quorum", json_u64(s->quorum));
    return out;
}

static json_t *events_json(const struct results *t)
{
    const struct faults *f = &t->r->faults;
    json_t *out = json_array();

    for (size_t i = 0; i < f->count; i++) {
        const struct fault_record *fired = &f->records[i];
        const struct scenario_event *e = &t->r->scenario->events[fired->fault];
        json_t *event = json_object();

        json_put(event, "kind", json_string(scenario_event_name(e->kind)));
        json_put(event, "node_id", fired->node < 0 ? json_null() : json_string(t->r->nodes[fired->node].name));
        if (e->kind == EVENT_LIE)
            json_put(event, "behaviour", json_string(lie_name(e->lie)));
        json_put(event, "ends", json_boolean(fired->ends));
        json_put(event, "effect", json_boolean(!fired->idle));
        json_put(event, "epoch", json_u64(fired->epoch));
        json_put(event, "virtual_ms", json_u64((uint64_t)(fired->now_ns / 1000000)));
        json_push(out, event);
    }
    return out;
}

static json_t *network_json(const struct results *t)
{
    const struct network *n = &t->r->network;
    json_t *out = json_object();

    json_put(out, "messages", json_u64(n->messages));
    json_put(out, "bytes", json_u64(n->bytes));
    json_put(out, "dropped", json_u64(n->dropped));
    return out;
}

static json_t *work_json(const struct results *t)
{
    json_t *out = json_object();

    json_put(out, "evaluations", json_u64(t->r->evaluations));
    json_put(out, "iterations", json_u64(t->r->iterations));
    return out;
}

static json_t *nodes_json(const struct results *t)
{
    const struct federation_state *s = &t->history.state;
    json_t *out = json_array();

    for (unsigned i = 0; i < t->r->count; i++) {
        const struct sim_node *n = &t->r->nodes[i];
        bool member = n->member >= 0 && (unsigned)n->member < s->member_count;
        const struct member_card *card = member ? &state_member(s, n->member)->card : &t->r->scenario->nodes[i].card;
        json_t *node = json_object();

        json_put(node, "node_id", json_string(card->name));
        json_put(node, "role", json_string(member_role_name(card->role)));
        json_put(node, "site", json_string(member_site_name(card->site)));
        json_put(node, "region", json_string(card->region));
        json_put(node, "stake", json_u64(card->stake));
        json_put(node, "status",
                 member ? json_string(member_status_name(state_member(s, n->member)->status)) : json_null());
        json_put(node, "false_claims", member ? json_u64(state_member(s, n->member)->false_claims) : json_null());
        json_put(node, "up", json_boolean(n->up));
        json_put(node, "height", json_u64(n->disk.height));
        json_put(node, "restarts", json_u64(n->restarts));
        json_push(out, node);
    }
    return out;
}

static json_t *roots_json(const struct results *t)
{
    const struct federation_state *s = &t->history.state;
    struct digest log = merkle_frontier_root(&s->log), state = state_root(s);
    json_t *out = json_object();

    json_put(out, "log_size", json_u64(s->log.size));
    json_put(out, "log_root", hex(&log));
    json_put(out, "state_root", hex(&state));
    json_put(out, "agree", json_boolean(t->roots_agree));
    return out;
}

json_t *results_summary(const struct results *t)
{
    json_t *out = json_object();

    json_put(out, "format", json_string("prismfed.epoch-summary"));
    json_put(out, "version", json_u64(1));
    json_put(out, "scenario", json_string(t->r->scenario->name));
    json_put(out, "label", json_string(t->label));
    json_put(out, "federation_id", hex(&t->history.state.federation_id));
    json_put(out, "simulated", json_boolean(t->history.state.simulated));
    json_put(out, "seed", decimal(t->r->options.seed));
    json_put(out, "scenario_sha256", hex(&t->r->scenario->text));
    json_put(out, "recorder", recorder_json(t));
    json_put(out, "quorum", quorum_json(t));
    json_put(out, "epoch_count", json_u64(t->epoch_count));
    json_put(out, "epochs", json_array());
    json_put(out, "events", events_json(t));
    json_put(out, "network", network_json(t));
    json_put(out, "work", work_json(t));
    json_put(out, "nodes", nodes_json(t));
    json_put(out, "roots", roots_json(t));
    json_put(out, "end", results_end(t));
    json_put(out, "genome", shared_genome_json(&t->history.state));
    json_put(out, "costs", costs_json(t));
    json_put(out, "gain", json_u64((uint64_t)t->gain_ppm));
    return out;
}

json_t *results_ledger(const struct results *t)
{
    struct epoch_names names = {.context = &t->history.names, .name = names_find};
    struct epoch_record record;

    ASSERT(t->epoch.log != NULL);
    history_record(&t->history, &record);
    record.signature = bytes_of_buf(&t->epoch.signature);
    return epoch_file_render(&record, &names);
}

json_t *results_genesis(const struct results *t)
{
    json_t *out = json_object(), *decoded = NULL;
    enum err err = cbor_to_json(bytes_of_buf(&t->r->genesis), &decoded);

    ASSERT(err == ERR_OK);
    json_put(out, "format", json_string("prismfed.genesis"));
    json_put(out, "version", json_u64(1));
    json_put(out, "federation_id", hex(&t->history.state.federation_id));
    json_put(out, "genesis", json_base64(bytes_of_buf(&t->r->genesis)));
    json_put(out, "decoded", decoded);
    return out;
}
