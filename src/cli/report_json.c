#include "cli/report_json.h"

#include <stdio.h>

#include "codec/json.h"

static json_t *epoch_json(const struct federated_epoch_report *e)
{
    json_t *o = json_object();

    json_put(o, "epoch", json_u64(e->epoch));
    json_put(o, "quorum_reached", json_boolean(e->quorum_reached));
    json_put(o, "stalled", json_boolean(e->stalled));
    json_put(o, "view_changes", json_u64(e->view_changes));
    json_put(o, "participants", json_u64(e->participants));
    json_put(o, "left_out", json_u64(e->left_out));
    json_put(o, "stale", json_u64(e->stale));
    json_put(o, "absent", json_u64(e->absent));
    json_put(o, "quarantined", json_u64(e->quarantined));
    json_put(o, "convicted", json_u64(e->convicted));
    json_put(o, "false_claims", json_u64(e->false_claims));
    json_put(o, "shards_moved", json_u64(e->shards_moved));
    json_put(o, "aggregated_delta_ppm", json_integer(e->aggregated_delta_ppm));
    json_put(o, "incumbent_changed", json_boolean(e->incumbent_changed));
    json_put(o, "rolled_back", json_boolean(e->rolled_back));
    json_put(o, "merkle_root",
             e->quorum_reached ? json_hex(bytes_of(e->merkle_root, sizeof e->merkle_root)) : json_null());
    json_put(o, "log_size", json_u64(e->log_size));
    json_put(o, "virtual_ns", json_u64(e->virtual_ns));
    return o;
}

static json_t *program_json(const struct federated_program_report *p)
{
    json_t *o = json_object();

    json_put(o, "command", json_string(p->command));
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
    json_put(o, "seed", json_u64(r->seed));
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

void report_json_end(const struct federated_simulation_report *r, const struct report_ending *e)
{
    json_t *o = json_object(), *programs = json_array();

    for (uint64_t i = 0; i < r->program_count; i++)
        json_push(programs, program_json(&r->programs[i]));
    json_put(o, "anchored", json_u64(r->anchored));
    json_put(o, "never_began", never_began_json(e));
    json_put(o, "standstill", standstill_json(&r->standstill));
    json_put(o, "violation", violation_json(e->violation, e->command));
    json_put(o, "log_root", json_hex(bytes_of(r->log_root, sizeof r->log_root)));
    json_put(o, "state_root", json_hex(bytes_of(r->state_root, sizeof r->state_root)));
    json_put(o, "roots_agree", json_boolean(r->roots_agree));
    json_put(o, "messages", json_u64(r->messages));
    json_put(o, "bytes", json_u64(r->bytes));
    json_put(o, "events", json_u64(r->events));
    json_put(o, "evaluations", json_u64(r->evaluations));
    json_put(o, "iterations", json_u64(r->iterations));
    json_put(o, "resumed", json_u64(r->resumed));
    json_put(o, "programs", programs);
    json_put(o, "virtual_ns", json_u64(r->virtual_ns));
    json_put(o, "real_seconds", json_real(r->real_seconds));
    json_put(o, "gain_ppm", json_integer((json_int_t)(r->gain * 1e6 + 0.5)));
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
    json_put(o, "seed", json_u64(r->seed));
    json_put(o, "already_finished", json_true());
    json_put(o, "epoch_count", json_u64(r->epoch_count));
    json_put(o, "anchored", json_u64(r->anchored));
    putchar('{');
    print_members(o);
    puts("}");
}
