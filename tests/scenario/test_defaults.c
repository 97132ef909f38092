#include <jansson.h>

#include "base/file.h"
#include "codec/json.h"
#include "evolve/local_cycle.h"
#include "pbft/pbft.h"
#include "program/program.h"
#include "scenario/scenario.h"
#include "schema.h"
#include "tap.h"

/* Every optional key in docs/scenario.schema.json has a default, or its description says what holds without it or who
 * needs it; and a scenario that names the default is the one that does not name the key. */

static struct json_doc schema_doc;
static const char *const full_names[] = {"tests/scenario/full.json", "tests/scenario/full_programs.json"};

/* ---- what a scenario says, in words that can be compared */

static void say_program(const struct program_spec *p, struct buf *out)
{
    buf_printf(out, " program %u %u %u %u %u", p->runner, p->argument_count, p->file_count, p->environment_count,
               p->readable_count);
    buf_printf(out, " %lld %s %u %u", (long long)p->cost_min, p->unit, p->objective, p->initial_count);
    buf_printf(out, " %u %u %u %u %u %u", p->network, p->retries, p->par, p->decimals, p->bound, p->deterministic);
    buf_printf(out, " %lld %llu %llu %llu %llu %llu", (long long)p->limits.cutoff_ms,
               (unsigned long long)p->limits.cpu_s, (unsigned long long)p->limits.memory_mb,
               (unsigned long long)p->limits.output_kb, (unsigned long long)p->limits.file_mb,
               (unsigned long long)p->limits.processes);
}

static void say_work(const struct workload_spec *w, struct buf *out)
{
    buf_printf(out, " %s %u %u %u %u", w->family, w->instances, w->size_min, w->size_max, w->file_count);
    if (w->program != NULL)
        say_program(w->program, out);
}

static void say_link(const struct scenario_link *l, struct buf *out)
{
    buf_printf(out, " %u-%u %lld %lld %llu %llu", l->from, l->to, (long long)l->latency_ns, (long long)l->jitter_ns,
               (unsigned long long)l->loss_ppm, (unsigned long long)l->bytes_per_second);
}

static void say_event(const struct scenario *s, const struct scenario_event *e, struct buf *out)
{
    buf_printf(out, "\nevent %u %u %llu %lld %lld %lld %u", e->kind, e->at_epoch, (unsigned long long)e->epoch,
               (long long)e->at_ns, (long long)e->after_ns, (long long)e->duration_ns, e->node);
    buf_printf(out, " %u %u %llu %u %lld %llu %u", e->sponsored, e->sponsor, (unsigned long long)e->stake, e->primary,
               (long long)e->factor_ppm, (unsigned long long)e->loss_ppm, e->lie);
    say_work(&e->workload, out);
    if (e->group_of != NULL)
        buf_add(out, e->group_of, s->node_count * sizeof e->group_of[0]);
}

/* The genesis document has the policy and the members. */
static void say_scenario(const struct scenario *s, struct buf *out)
{
    struct diag diag = {0};

    if (!CHECK_OK(scenario_genesis(s, 1, out, &diag)))
        tap_note("%s", diag.text);
    buf_printf(out, "\n%llu %llu %lld %lld %lld %lld %lld", (unsigned long long)s->seed,
               (unsigned long long)s->view_timeout_ns, (long long)s->batch_delay_ns, (long long)s->submit_ns,
               (long long)s->submit_max_ns, (long long)s->disk_ns, (long long)s->limit_ns);
    say_link(&s->default_link, out);
    say_link(&s->local_link, out);
    for (unsigned i = 0; i < s->link_count; i++)
        say_link(&s->links[i], out);
    for (unsigned i = 0; i < s->node_count; i++) {
        buf_printf(out, "\nnode %g %u %u %u", s->nodes[i].speed, s->nodes[i].joins_later, s->nodes[i].rotates,
                   s->nodes[i].disclosed);
        say_work(&s->nodes[i].workload, out);
    }
    for (unsigned i = 0; i < s->event_count; i++)
        say_event(s, &s->events[i], out);
    say_work(&s->shared, out);
}

static bool said(const char *name, const json_t *root, struct buf *out, struct diag *diag)
{
    struct buf text = {0};
    struct scenario s;
    enum err err;

    json_render(root, &text);
    err = scenario_parse(tap_source(name), bytes_of_buf(&text), &s, diag);
    buf_free(&text);
    if (err != ERR_OK)
        return false;
    say_scenario(&s, out);
    scenario_fini(&s);
    return true;
}

/* ---- defaults are true */

struct walk {
    const char *name;
    json_t *root;
    json_t *compared; /* addresses of the property schemas */
};

/* The same with the default and without the key? Where the reader wants the key beside what stands there, nothing is
 * compared. */
static void compare(struct walk *w, json_t *object, const char *key, const json_t *schema)
{
    json_t *old = json_incref(json_object_get(object, key));
    struct buf without = {0}, with = {0};
    struct diag diag = {0};
    char address[32];

    json_object_del(object, key);
    if (said(w->name, w->root, &without, &diag)) {
        json_object_set_new(object, key, json_deep_copy(json_object_get(schema, "default")));
        if (!CHECK(said(w->name, w->root, &with, &diag)) ||
            !CHECK(bytes_equal(bytes_of_buf(&with), bytes_of_buf(&without))))
            tap_note("%s: the default of %s is another one %s", w->name, key, diag.text);
        snprintf(address, sizeof address, "%p", (const void *)schema);
        json_object_set_new(w->compared, address, json_true());
    }
    json_object_set_new(object, key, old);
    buf_free(&without);
    buf_free(&with);
}

static void walk(struct walk *w, json_t *value, const json_t *schema)
{
    struct schema s = {.root = schema_doc.root};
    const json_t *target = schema_resolve(&s, schema), *properties = json_object_get(target, "properties");
    const char *key;
    json_t *property, *member;
    size_t i;

    json_array_foreach(value, i, member)
    {
        walk(w, member, json_object_get(target, "items"));
    }
    json_object_foreach((json_t *)(uintptr_t)properties, key, property)
    {
        member = json_object_get(value, key);
        if (member != NULL && json_object_get(property, "default") != NULL)
            compare(w, value, key, property);
        if (member != NULL)
            walk(w, json_object_get(value, key), property);
    }
}

/* Default or words? Counts those with a default that were never compared. */
static void look(const json_t *schema, const json_t *compared, unsigned *count)
{
    const json_t *properties = json_object_get(schema, "properties"), *required = json_object_get(schema, "required");
    const char *key;
    json_t *value, *element;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)properties, key, value)
    {
        const char *words = json_string_value(json_object_get(value, "description"));
        bool needed = false;
        char address[32];

        json_array_foreach((json_t *)(uintptr_t)required, i, element)
        {
            needed |= strcmp(json_string_value(element), key) == 0;
        }
        snprintf(address, sizeof address, "%p", (const void *)value);
        if (json_object_get(value, "default") != NULL
                ? !CHECK(json_object_get(compared, address) != NULL)
                : !CHECK(needed || (words != NULL &&
                                    (strstr(words, "without it") != NULL || strstr(words, "needed by") != NULL))))
            tap_note("%s", key);
        ++*count;
    }
    json_object_foreach((json_t *)(uintptr_t)schema, key, value)
    {
        if (json_is_object(value) && strcmp(key, "default") != 0)
            look(value, compared, count);
    }
}

static void every_optional_key_has_its_default(void)
{
    json_t *compared = json_object();
    unsigned count = 0;

    for (unsigned i = 0; i < 2; i++) {
        struct json_doc doc;
        struct diag diag = {0};

        REQUIRE_OK(json_doc_load(&doc, tap_source(full_names[i]), 1 << 20, &diag));
        struct walk w = {.name = full_names[i], .root = doc.root, .compared = compared};
        walk(&w, doc.root, schema_doc.root);
        json_doc_free(&doc);
    }
    look(schema_doc.root, compared, &count);
    CHECK(count > 70);
    json_decref(compared);
}

/* The limits that docs/scenarios.md names are those of the code. */
static void limits_are_documented(void)
{
    const struct {
        unsigned limit;
        const char *of;
    } limits[] = {
        {SCENARIO_NODES_MAX, "nodes"},     {RANK_SITES_MAX, "contribute"},        {PBFT_REPLICAS_MAX, "vote"},
        {SCENARIO_REGIONS_MAX, "regions"}, {SCENARIO_LINKS_MAX, "links"},         {WORKLOAD_INSTANCES_MAX, "instances"},
        {CYCLE_MIGRANTS_MAX, "offers"},    {CYCLE_CANDIDATES_MAX, "candidates"},  {CYCLE_CANDIDATES_MAX - 1, "are not"},
        {SCENARIO_EVENTS_MAX, "events"},   {SCENARIO_HAPPENINGS_MAX, "with all"},
    };
    struct buf text = {0};
    struct diag diag = {0};

    REQUIRE_OK(file_read(tap_source("docs/scenarios.md"), 1 << 20, &text, &diag));
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char words[64];

        snprintf(words, sizeof words, "%u %s", limits[i].limit, limits[i].of);
        for (uint8_t *at = text.data; i == 0 && at < text.data + text.len; at++)
            *at = *at == '\n' ? ' ' : *at;
        if (!CHECK(strstr(buf_text(&text), words) != NULL))
            tap_note("docs/scenarios.md does not say: %s", words);
    }
    buf_free(&text);
}

int main(void)
{
    struct diag diag = {0};

    if (json_doc_load(&schema_doc, tap_source("docs/scenario.schema.json"), 1 << 20, &diag) != ERR_OK) {
        printf("Bail out! %s\n", diag.text);
        return 1;
    }
    TAP_RUN(every_optional_key_has_its_default);
    TAP_RUN(limits_are_documented);
    json_doc_free(&schema_doc);
    return tap_done();
}
