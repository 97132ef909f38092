#include "scenario/scenario.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "scenario/read.h"

static const int64_t ms = 1000000;

/* What holds where the file is silent. Two regions are an ocean's width of nothing unusual apart. */
static void set_defaults(struct scenario *s)
{
    *s = (struct scenario){
        .seed = 1,
        .default_link = {.latency_ns = 20 * ms, .jitter_ns = 4 * ms, .bytes_per_second = 12500000},
        .local_link = {.latency_ns = ms, .jitter_ns = ms / 5, .bytes_per_second = 125000000},
        .view_timeout_ns = 1000 * (uint64_t)ms,
        .batch_delay_ns = 10 * ms,
        .submit_ns = 400 * ms,
        .submit_max_ns = 3200 * ms,
        .disk_ns = 2 * ms,
        .limit_ns = 3600000 * ms,
    };
    policy_default(&s->policy);
    governance_rules_default(&s->governance);
}

/* Those who join later are no help to the first epochs. */
static void check_founders(struct json_reader *r, const json_t *root, struct scenario *s)
{
    unsigned founders = 0;

    for (unsigned i = 0; i < s->node_count; i++)
        founders += !s->nodes[i].joins_later;
    if (s->policy.min_participants <= founders)
        return;
    if (json_object_get(json_object_get(root, "guard_rails"), "min_participants") != NULL)
        read_fail(r, "guard_rails", ERR_RANGE, "min_participants is %u, but only %u nodes are there from the start",
                  s->policy.min_participants, founders);
    s->policy.min_participants = founders;
}

static void read_root(struct json_reader *r, const json_t *root, struct scenario *s)
{
    static const char *const keys[] = {"name",          "quorum",   "max_ledger_drift",
                                       "epoch_start",   "nodes",    "seed",
                                       "max_byzantine", "workload", "network",
                                       "guard_rails",   "policy",   "rebalance",
                                       "limit_ms",      "events",   "space",
                                       "governance",    NULL};

    if (!json_is_object(root)) {
        read_fail(r, NULL, ERR_TYPE, "a scenario is a JSON object");
        return;
    }
    read_keys(r, root, keys);
    for (unsigned i = 0; i < 5; i++)
        read_require(r, root, keys[i]);
    read_name(r, root, "name", s->name, sizeof s->name);
    read_seed(r, root, "seed", &s->seed);
    read_u64(r, root, "epoch_start", 1, 1000000000, &s->epoch_start);
    read_ms(r, root, "limit_ms", 1, SCENARIO_LIMIT_MS_MAX, &s->limit_ns);
    scenario_read_space(r, root, s);
    scenario_read_nodes(r, root, s);
    scenario_read_network(r, root, s);
    scenario_read_rules(r, root, s);
    scenario_check_offers(r, root, s);
    scenario_read_governance(r, root, s);
    scenario_read_events(r, root, s);
    scenario_default_cap(root, s);
    scenario_read_quorum(r, root, s);
    check_founders(r, root, s);
    scenario_check_links(r, root, s);
    scenario_check_programs(r, s);
    scenario_hide_files(s);
}

/* run: NULL where the scenario is not run. */
static enum err read_doc(const struct json_doc *doc, const struct scenario_run *run, struct scenario *out,
                         struct diag *diag)
{
    struct json_reader r = {.doc = doc, .diag = diag};
    struct scenario s;

    set_defaults(&s);
    read_root(&r, doc->root, &s);
    if (run != NULL && run->limit_ms > 0)
        s.limit_ns = (int64_t)run->limit_ms * ms;
    if (run != NULL)
        scenario_check_schedule(&r, doc->root, run, &s);
    buf_free(&r.pointer);
    if (r.err != ERR_OK)
        scenario_fini(&s);
    else
        *out = s;
    if (r.err == ERR_OK)
        out->text = digest_of(bytes_of_buf(&doc->text));
    return r.err;
}

enum err scenario_parse(const char *name, struct bytes text, struct scenario *out, struct diag *diag)
{
    struct json_doc doc;
    enum err err;

    if (text.len > SCENARIO_SIZE_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: %zu bytes; a scenario has at most %d", name, text.len,
                        (int)SCENARIO_SIZE_MAX);
    err = json_doc_parse(&doc, name, text, diag);
    if (err != ERR_OK)
        return err;
    err = read_doc(&doc, NULL, out, diag);
    json_doc_free(&doc);
    return err;
}

enum err scenario_load(const char *path, struct scenario *out, struct diag *diag)
{
    return scenario_load_run(path, NULL, out, diag);
}

enum err scenario_load_run(const char *path, const struct scenario_run *run, struct scenario *out, struct diag *diag)
{
    struct json_doc doc;
    enum err err = json_doc_load(&doc, path, SCENARIO_SIZE_MAX, diag);

    if (err != ERR_OK)
        return err;
    err = read_doc(&doc, run, out, diag);
    json_doc_free(&doc);
    return err;
}

const struct genome_schema *scenario_schema(const struct scenario *s)
{
    return s->space != NULL ? &s->space->schema : workload_schema();
}

const struct workload_spec *scenario_work(const struct scenario *s, unsigned node, uint64_t epoch)
{
    const struct workload_spec *spec = &s->nodes[node].workload;
    uint64_t since = 0;

    for (unsigned i = 0; i < s->event_count; i++) {
        const struct scenario_event *e = &s->events[i];
        uint64_t from = e->at_epoch ? e->epoch : 0;

        if (e->kind != EVENT_DRIFT || e->node != node || from < since || from > epoch)
            continue;
        since = from;
        spec = &e->workload;
    }
    return spec;
}

enum err scenario_workload(const struct scenario *s, unsigned node, const struct workload_spec *spec,
                           struct programs *programs, uint64_t seed, struct workload *out, struct diag *diag)
{
    const char *name = s->nodes[node].card.name;
    enum err err = spec->program != NULL ? programs_workload(programs, spec->program, out, diag)
                                         : workload_build(spec, seed, name, out, diag);

    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "the work of \"%s\"", name);
}

enum err scenario_shard(const struct scenario *s, unsigned index, struct programs *programs, uint64_t seed,
                        struct instance *out, struct diag *diag)
{
    return s->shared.program != NULL ? programs_shard(programs, s->shared.program, index, out, diag)
                                     : workload_build_shard(&s->shared, seed, index, out, diag);
}

struct evaluation scenario_try(const struct scenario *s, const struct instance *instance, const struct genome *genome,
                               char says[PROGRAM_SAYS_SIZE])
{
    struct evaluation_task task = {
        .schema = scenario_schema(s),
        .genome = genome,
        .instance = instance,
        .epoch = s->epoch_start,
        .limit = s->policy.iteration_limit,
    };
    struct evaluation e;

    if (program_spec_of(instance) != NULL)
        return programs_try(&task, says);
    instance->evaluator->evaluate(instance->evaluator, &task, &e);
    snprintf(says, PROGRAM_SAYS_SIZE, "not solved within the limit");
    return e;
}

unsigned scenario_contributors(const struct scenario *s)
{
    return s->policy.cohort > 0 && s->policy.cohort < s->node_count ? s->policy.cohort : s->node_count;
}

bool scenario_discloses(const struct scenario *s, unsigned node)
{
    const struct scenario_node *n = &s->nodes[node];

    for (unsigned i = 0; i < s->event_count; i++) {
        if (s->events[i].kind == EVENT_DRIFT && s->events[i].node == node)
            return false;
    }
    return n->disclosed && n->workload.program == NULL;
}

void scenario_fini(struct scenario *s)
{
    for (unsigned i = 0; i < s->node_count; i++)
        workload_spec_fini(&s->nodes[i].workload);
    for (unsigned i = 0; i < s->event_count; i++)
        workload_spec_fini(&s->events[i].workload);
    workload_spec_fini(&s->shared);
    for (unsigned i = 0; i < s->partition_count; i++)
        mem_free(s->partitions[i]);
    mem_free(s->partitions);
    mem_free(s->proposals);
    mem_free(s->space);
    mem_free(s->nodes);
    mem_free(s->links);
    mem_free(s->events);
    *s = (struct scenario){0};
}
