#include <jansson.h>

#include "sim/results.h"

/* What only the simulator saw, for the summary (record/summary.h). */

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

json_t *results_summary_epoch(const struct results *t)
{
    const struct results_epoch *e = &t->epoch;
    const struct record_epoch epoch = {
        .epoch = e->epoch,
        .log = e->log,
        .signature = bytes_of_buf(&e->signature),
        .view_changes = e->times.view_changes,
        .virtual_ns = e->virtual_ns,
        .stalled = e->times.stalled,
    };

    return summary_epoch(&t->history, &epoch);
}

json_t *results_summary(const struct results *t)
{
    struct record_whole whole = {
        .scenario = t->r->scenario->name,
        .label = t->label,
        .seed = t->r->options.seed,
        .scenario_sha256 = t->r->scenario->text,
        .recorder = t->recorder->name,
        .recorder_key = t->recorder_key,
        .epoch_count = t->epoch_count,
        .events = events_json(t),
        .network = network_json(t),
        .work = work_json(t),
        .nodes = nodes_json(t),
        .costs = costs_json(t),
        .roots_agree = t->roots_agree,
        .gain_ppm = (uint64_t)t->gain_ppm,
        .vouches = mem_array(t->r->count, sizeof whole.vouches[0]),
    };
    json_t *out;

    whole.vouch_count = results_vouches(t, whole.vouches);
    out = summary_whole(&t->history, &whole);
    for (unsigned i = 0; i < whole.vouch_count; i++)
        buf_free(&whole.vouches[i].signature);
    mem_free(whole.vouches);
    return out;
}

void results_ledger(const struct results *t, struct buf *out)
{
    ASSERT(t->epoch.log != NULL);
    summary_ledger(&t->history, bytes_of_buf(&t->epoch.signature), out);
}

json_t *results_genesis(const struct results *t)
{
    return summary_genesis(bytes_of_buf(&t->r->genesis));
}
