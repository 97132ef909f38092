#include "cli/report_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "codec/json.h"

/* Keys are those of the summary where it has them. */

/* Above 2^53 a reader of JSON numbers would take it for another one. */
static json_t *seed_json(uint64_t seed)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, seed);
    return json_string(text);
}

static json_t *network_json(uint64_t messages, uint64_t bytes)
{
    json_t *o = json_object();

    json_put(o, "messages", json_u64(messages));
    json_put(o, "bytes", json_u64(bytes));
    return o;
}

static json_t *quorum_json(const struct federated_epoch_report *e)
{
    json_t *o = json_object();

    json_put(o, "validators", json_u64(e->validators));
    json_put(o, "max_byzantine", json_u64(e->max_byzantine));
    json_put(o, "quorum", json_u64(e->quorum));
    return o;
}

static json_t *rows_json(const struct federated_epoch_report *e)
{
    json_t *o = json_object(), *liars = json_array();

    for (unsigned i = 0; i < e->liar_count; i++) {
        json_t *liar = json_object();

        json_put(liar, "node_id", json_string(e->liars[i].node_id));
        json_put(liar, "distance_ppm", json_u64(e->liars[i].distance_ppm));
        json_push(liars, liar);
    }
    json_put(o, "liars", liars);
    json_put(o, "honest_ppm", json_u64(e->honest_ppm));
    return o;
}

static json_t *hash_json(const uint8_t bytes[32], bool known)
{
    return known ? json_hex(bytes_of(bytes, 32)) : json_null();
}

static json_t *epoch_json(const struct federated_epoch_report *e)
{
    json_t *o = json_object();

    json_put(o, "epoch", json_u64(e->epoch));
    json_put(o, "quorum_reached", json_boolean(e->quorum_reached));
    json_put(o, "anchored", json_boolean(e->quorum_reached));
    json_put(o, "ended", json_boolean(e->ended));
    json_put(o, "aggregated_delta", json_integer(e->aggregated_delta_ppm));
    json_put(o, "ledger_merkle", hash_json(e->merkle_root, e->quorum_reached));
    json_put(o, "view_changes", json_u64(e->view_changes));
    json_put(o, "stalled", json_boolean(e->stalled));
    json_put(o, "participants", json_u64(e->participants));
    json_put(o, "left_out", json_u64(e->left_out));
    json_put(o, "stale", json_u64(e->stale));
    json_put(o, "absent", json_u64(e->absent));
    json_put(o, "quarantined", json_u64(e->quarantined));
    json_put(o, "convicted", json_u64(e->convicted));
    json_put(o, "false_claims", json_u64(e->false_claims));
    json_put(o, "shards_moved", json_u64(e->shards_moved));
    json_put(o, "incumbent", hash_json(e->incumbent, e->ended));
    json_put(o, "incumbent_changed", json_boolean(e->incumbent_changed));
    json_put(o, "rolled_back", json_boolean(e->rolled_back));
    json_put(o, "log_size", json_u64(e->log_size));
    json_put(o, "virtual_ms", json_u64(e->virtual_ns / 1000000));
    json_put(o, "network", network_json(e->messages, e->bytes));
    json_put(o, "quorum", quorum_json(e));
    json_put(o, "rows", rows_json(e));
    return o;
}

static json_t *program_json(const struct federated_program_report *p)
{
    json_t *o = json_object();

    json_put(o, "command", json_string(p->command));
    json_put(o, "sites", json_string(p->sites));
    json_put(o, "runs", json_u64(p->runs));
    json_put(o, "kept", json_u64(p->kept));
    json_put(o, "success", json_u64(p->success));
    json_put(o, "timeout", json_u64(p->timeout));
    json_put(o, "crashed", json_u64(p->crashed));
    json_put(o, "aborted", json_u64(p->aborted));
    json_put(o, "retried", json_u64(p->retried));
    json_put(o, "checked", json_u64(p->checked));
    json_put(o, "differed", json_u64(p->differed));
    json_put(o, "timeout_says", json_string(p->timeout_says));
    json_put(o, "crashed_says", json_string(p->crashed_says));
    json_put(o, "aborted_says", json_string(p->aborted_says));
    json_put(o, "confined", json_string(p->confined));
    return o;
}

/* The members of an object, without its braces. */
static void print_members(json_t *object)
{
    struct buf text = {0};

    json_line(object, &text);
    fwrite(text.data + 1, 1, text.len - 2, stdout);
    buf_free(&text);
    json_decref(object);
}

void report_json_begin(const struct federated_simulation_report *r)
{
    json_t *o = json_object();

    json_put(o, "scenario", json_string(r->scenario));
    json_put(o, "label", json_string(r->label));
    json_put(o, "seed", seed_json(r->seed));
    json_put(o, "epoch_count", json_u64(r->epoch_count));
    putchar('{');
    print_members(o);
    fputs(",\"epochs\":[", stdout);
}

static json_t *never_began_json(const struct report_ending *e)
{
    json_t *o = json_object();

    if (e->never_began == 0) {
        json_decref(o);
        return json_null();
    }
    json_put(o, "first", json_u64(e->never_first));
    json_put(o, "last", json_u64(e->never_first + e->never_began - 1));
    return o;
}

static json_t *standstill_json(const struct federated_standstill *s)
{
    json_t *o, *missing;

    if (s->text == NULL)
        return json_null();
    o = json_object();
    missing = json_array();
    for (unsigned i = 0; i < s->missing_count; i++) {
        json_t *m = json_object();

        json_put(m, "node_id", json_string(s->missing[i].node_id));
        json_put(m, "why", json_string(s->missing[i].why));
        json_put(m, "since_ms", json_u64(s->missing[i].since_ns / 1000000));
        json_push(missing, m);
    }
    json_put(o, "text", json_string(s->text));
    json_put(o, "epoch", s->epoch > 0 ? json_u64(s->epoch) : json_null());
    json_put(o, "since_ms", s->together < s->quorum ? json_u64(s->since_ns / 1000000) : json_null());
    json_put(o, "validators", json_u64(s->validators));
    json_put(o, "together", json_u64(s->together));
    json_put(o, "quorum", json_u64(s->quorum));
    json_put(o, "missing", missing);
    json_put(o, "limit", json_boolean(s->limit));
    return o;
}

static json_t *events_json(const struct federated_simulation_report *r)
{
    json_t *out = json_array();

    for (uint64_t i = 0; i < r->happening_count; i++) {
        const struct federated_happening *h = &r->happenings[i];
        json_t *o = json_object();

        json_put(o, "what", json_string(h->what));
        json_put(o, "node_id", h->node_id[0] != '\0' ? json_string(h->node_id) : json_null());
        json_put(o, "ends", json_boolean(h->ends));
        json_put(o, "effect", json_boolean(h->effect));
        json_put(o, "epoch", json_u64(h->epoch));
        json_put(o, "virtual_ms", json_u64(h->at_ns / 1000000));
        json_push(out, o);
    }
    return out;
}

static json_t *violation_json(const char *violation, const char *command)
{
    json_t *o;

    if (violation == NULL)
        return json_null();
    o = json_object();
    json_put(o, "text", json_string(violation));
    json_put(o, "command", json_string(command));
    return o;
}

/* As the summary has it; the genes' object is written already. */
static json_t *genome_json_of(const struct federated_genome *g)
{
    struct json_doc genes;
    json_t *o;

    if (g->json == NULL)
        return json_null();
    o = json_object();
    enum err err = json_doc_parse(&genes, "genome", bytes_of_text(g->json), NULL);
    ASSERT(err == ERR_OK);
    json_put(o, "hash", json_hex(bytes_of(g->hash, sizeof g->hash)));
    json_put(o, "offered_by", g->offered_by != NULL ? json_string(g->offered_by) : json_null());
    json_put(o, "genes", json_incref(genes.root));
    json_doc_free(&genes);
    return o;
}

static json_t *costs_json(const struct federated_simulation_report *r)
{
    json_t *out = json_array();

    for (uint64_t i = 0; i < r->site_count; i++) {
        const struct federated_site_cost *c = &r->costs[i];
        json_t *o = json_object();

        json_put(o, "node_id", json_string(c->node_id));
        json_put(o, "unit", c->unit[0] != '\0' ? json_string(c->unit) : json_null());
        json_put(o, "first", json_real(c->first));
        json_put(o, "last", json_real(c->last));
        json_push(out, o);
    }
    return out;
}

void report_json_end(const struct federated_simulation_report *r, const struct report_ending *e)
{
    json_t *o = json_object(), *programs = json_array(), *work = json_object(), *roots = json_object();
    json_t *network = network_json(r->messages, r->bytes);

    json_put(network, "dropped", json_u64(r->dropped));
    json_put(work, "evaluations", json_u64(r->evaluations));
    json_put(work, "iterations", json_u64(r->iterations));
    json_put(roots, "log_root", json_hex(bytes_of(r->log_root, sizeof r->log_root)));
    json_put(roots, "state_root", json_hex(bytes_of(r->state_root, sizeof r->state_root)));
    json_put(roots, "agree", json_boolean(r->roots_agree));

    for (uint64_t i = 0; i < r->program_count; i++)
        json_push(programs, program_json(&r->programs[i]));
    json_put(o, "anchored", json_u64(r->anchored));
    json_put(o, "never_began", never_began_json(e));
    json_put(o, "standstill", standstill_json(&r->standstill));
    json_put(o, "undone", r->undone != NULL ? json_string(r->undone) : json_null());
    json_put(o, "violation", violation_json(e->violation, e->command));
    json_put(o, "events", events_json(r));
    json_put(o, "network", network);
    json_put(o, "work", work);
    json_put(o, "roots", roots);
    json_put(o, "genome", genome_json_of(&r->genome));
    json_put(o, "costs", costs_json(r));
    json_put(o, "gain", json_u64((uint64_t)(r->gain * 1e6 + 0.5)));
    json_put(o, "steps", json_u64(r->events));
    json_put(o, "resumed", json_u64(r->resumed));
    json_put(o, "programs", programs);
    json_put(o, "virtual_ms", json_u64(r->virtual_ns / 1000000));
    json_put(o, "real_seconds", json_real(r->real_seconds));
    fputs("],", stdout);
    print_members(o);
    puts("}");
}

void report_json_epoch(const struct federated_epoch_report *e, bool first)
{
    fputs(first ? "{" : ",{", stdout);
    print_members(epoch_json(e));
    putchar('}');
}

void report_json_finished(const struct federated_simulation_report *r)
{
    json_t *o = json_object();

    json_put(o, "scenario", json_string(r->scenario));
    json_put(o, "label", json_string(r->label));
    json_put(o, "seed", seed_json(r->seed));
    json_put(o, "already_finished", json_true());
    json_put(o, "epoch_count", json_u64(r->epoch_count));
    json_put(o, "anchored", json_u64(r->anchored));
    putchar('{');
    print_members(o);
    puts("}");
}
