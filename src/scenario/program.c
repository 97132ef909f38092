#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/decimal.h"
#include "genome/configurations.h"
#include "program/cost.h"
#include "scenario/read.h"

/* Programs of the user's as workloads, and the search space that they share. */

enum { CUTOFF_MAX_MS = 86400000, MEMORY_MAX_MB = 1 << 24, OUTPUT_MAX_KB = 1 << 20, PROCESSES_MAX = 1024 };

/* The scenario's own folder: where programs run, and where their file names start. */
static char *folder_of(const struct json_reader *r)
{
    const char *slash = strrchr(r->doc->name, '/');

    if (slash == NULL)
        return text_copy(bytes_of_text("."));
    return text_copy(bytes_of(r->doc->name, slash == r->doc->name ? 1 : (size_t)(slash - r->doc->name)));
}

/* The texts of an array, owned by the caller also after a complaint. */
static void read_texts(struct json_reader *r, const json_t *object, const char *key, unsigned max, char ***out,
                       unsigned *out_count)
{
    size_t mark;
    const json_t *array = read_enter_array(r, object, key, &mark);
    size_t count = json_array_size(array);

    if (array == NULL)
        return;
    if (count < 1 || count > max) {
        read_fail(r, NULL, ERR_RANGE, "expected 1 to %u texts, found %zu", max, count);
        return;
    }
    *out = mem_array(count + 1, sizeof(*out)[0]);
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        char index[24];

        snprintf(index, sizeof index, "%u", i);
        if (text == NULL || *text == '\0' || strlen(text) > 1024)
            read_fail(r, index, ERR_TYPE, "expected a text of 1 to 1024 bytes");
        else if (!text_is_plain(bytes_of_text(text)))
            read_fail(r, index, ERR_SYNTAX, TEXT_NOT_PLAIN);
        else
            (*out)[(*out_count)++] = text_copy(bytes_of_text(text));
    }
    read_leave(r, mark);
}

static void read_limits(struct json_reader *r, const json_t *program, struct child_limits *out)
{
    read_unsigned(r, program, "cutoff_ms", 10, CUTOFF_MAX_MS, &out->cutoff_ms);
    read_unsigned(r, program, "cpu_s", 1, CUTOFF_MAX_MS / 1000, &out->cpu_s);
    read_unsigned(r, program, "memory_mb", 0, MEMORY_MAX_MB, &out->memory_mb);
    read_unsigned(r, program, "output_kb", 1, OUTPUT_MAX_KB, &out->output_kb);
    read_unsigned(r, program, "file_mb", 1, MEMORY_MAX_MB, &out->file_mb);
    read_unsigned(r, program, "processes", 1, PROCESSES_MAX, &out->processes);
}

/* Names of variables; not of those that are the same for every program. */
static void read_environment(struct json_reader *r, const json_t *program, struct program_spec *spec)
{
    read_texts(r, program, "environment", PROGRAM_ARGUMENTS_MAX, &spec->environment, &spec->environment_count);
    for (unsigned i = 0; i < spec->environment_count && r->err == ERR_OK; i++) {
        const char *name = spec->environment[i];

        if (strchr(name, '=') != NULL)
            read_fail(r, "environment", ERR_SYNTAX, "\"%s\" is not the name of a variable", name);
        else if (cage_is_set(name, strlen(name)))
            read_fail(r, "environment", ERR_RANGE, "%s is the same for every program and cannot be passed on", name);
    }
}

/* What means nothing to this runner is an error, not an ornament. */
static void refuse(struct json_reader *r, const json_t *program, const char *key, const char *why)
{
    if (json_object_get(program, key) != NULL)
        read_fail(r, key, ERR_UNKNOWN, "%s", why);
}

/* After the decimals. */
static void read_cost_min(struct json_reader *r, const json_t *program, struct program_spec *spec)
{
    struct buf text = {0};
    double least = 0;

    read_real(r, program, "cost_min", -COST_MIN_LIMIT, COST_MIN_LIMIT, &least);
    decimal_print(least, &text);
    if (r->err == ERR_OK && !cost_is_exact(bytes_of_buf(&text), spec->decimals))
        read_fail(r, "cost_min", ERR_RANGE, "%s has more decimals than the %u of \"decimals\"", buf_text(&text),
                  spec->decimals);
    else if (r->err == ERR_OK && cost_parse(bytes_of_buf(&text), spec->decimals, &spec->cost_min, NULL) != ERR_OK)
        read_fail(r, "cost_min", ERR_RANGE, "%s is no cost", buf_text(&text));
    buf_free(&text);
}

static void read_queue(struct json_reader *r, const json_t *program, struct program_spec *spec)
{
    static const char *const keys[] = {"command", "folder", "tasks", "timeout_s", "losses", NULL};
    struct program_queue *q = &spec->queue;
    char folder[1025] = "queue";
    size_t mark;
    const json_t *queue = read_enter_object(r, program, "queue", &mark);

    if (queue == NULL)
        return;
    read_keys(r, queue, keys);
    read_require(r, queue, "command");
    read_texts(r, queue, "command", PROGRAM_ARGUMENTS_MAX, &q->arguments, &q->argument_count);
    read_text(r, queue, "folder", folder, sizeof folder);
    read_unsigned(r, queue, "tasks", 1, PROGRAM_QUEUE_TASKS_MAX, &q->tasks);
    read_unsigned(r, queue, "timeout_s", 1, 365 * 86400, &q->timeout_s);
    read_unsigned(r, queue, "losses", 0, 100, &q->losses);
    read_leave(r, mark);
    q->folder = scenario_resolve(r, folder);
    q->scenario = text_copy(bytes_of_text(r->doc->name));
}

/* A file, or the list itself. */
static void read_initial(struct json_reader *r, const json_t *program, const struct space *space,
                         struct program_spec *spec)
{
    const json_t *value = json_object_get(program, "initial");
    struct configurations found = {0};
    struct diag diag = {0};
    size_t mark;

    if (value == NULL || r->err != ERR_OK)
        return;
    if (json_is_string(value)) {
        char *path = scenario_resolve(r, json_string_value(value));
        enum err err = configurations_load(path, space, &found, &diag);

        mem_free(path);
        if (err != ERR_OK)
            read_fail(r, "initial", err, "%s", diag.text);
        spec->initial_file = text_copy(bytes_of(json_string_value(value), json_string_length(value)));
    } else {
        const json_t *array = read_enter_array(r, program, "initial", &mark);

        if (array != NULL)
            configurations_read(r, array, space, &found);
        read_leave(r, mark);
    }
    spec->initial_count = found.count;
    spec->initial = found.items;
}

struct program_spec *read_program(struct json_reader *r, const json_t *workload, const struct space *space)
{
    static const char *const keys[] = {"runner",      "command",  "instances", "cutoff_ms", "cpu_s", "memory_mb",
                                       "output_kb",   "file_mb",  "processes", "retries",   "par",   "decimals",
                                       "cost_min",    "unit",     "objective", "initial",   "bound", "deterministic",
                                       "environment", "readable", "network",   "queue",     NULL};
    static const char *const runners[] = {"jsonl", "irace", "smac", "aclib", NULL};
    struct program_spec *spec = mem_alloc(sizeof *spec);
    static const char *const objectives[] = {"any", "runtime", "runlength", "quality", NULL};
    unsigned runner = RUNNER_JSONL, objective = OBJECTIVE_ANY;
    size_t mark;
    const json_t *program = read_enter_object(r, workload, "program", &mark);

    program_spec_init(spec);
    spec->folder = folder_of(r);
    read_keys(r, program, keys);
    for (unsigned i = 0; i < 3; i++)
        read_require(r, program, keys[i]);
    read_choice(r, program, "runner", runners, &runner);
    spec->runner = (enum program_runner)runner;
    read_texts(r, program, "command", PROGRAM_ARGUMENTS_MAX, &spec->arguments, &spec->argument_count);
    read_texts(r, program, "instances", WORKLOAD_INSTANCES_MAX, &spec->files, &spec->file_count);
    read_environment(r, program, spec);
    read_texts(r, program, "readable", PROGRAM_ARGUMENTS_MAX, &spec->readable, &spec->readable_count);
    read_bool(r, program, "network", &spec->network);
    read_limits(r, program, &spec->limits);
    read_unsigned(r, program, "retries", 0, PROGRAM_RETRIES_MAX, &spec->retries);
    read_unsigned(r, program, "par", 1, PROGRAM_PAR_MAX, &spec->par);
    read_unsigned(r, program, "decimals", 0, COST_DECIMALS_MAX, &spec->decimals);
    read_cost_min(r, program, spec);
    read_text(r, program, "unit", spec->unit, sizeof spec->unit);
    read_choice(r, program, "objective", objectives, &objective);
    spec->objective = (enum program_objective)objective;
    if (space != NULL)
        read_initial(r, program, space, spec);
    read_bool(r, program, "bound", &spec->bound);
    read_bool(r, program, "deterministic", &spec->deterministic);
    read_queue(r, program, spec);
    if (spec->runner != RUNNER_IRACE)
        refuse(r, program, "bound", "only target runners of irace are told a bound");
    if (spec->runner != RUNNER_ACLIB)
        refuse(r, program, "objective", "only wrappers of AClib tell several costs");
    if (spec->runner == RUNNER_JSONL)
        refuse(r, program, "cpu_s", "a program that stays alive has no processor time of one run");
    read_leave(r, mark);
    return spec;
}

void scenario_read_space(struct json_reader *r, const json_t *root, struct scenario *s)
{
    const json_t *value = json_object_get(root, "space");
    struct diag diag = {0};
    size_t mark;

    if (value == NULL || r->err != ERR_OK)
        return;
    s->space = mem_alloc(sizeof *s->space);
    if (json_is_string(value)) {
        char *path = scenario_resolve(r, json_string_value(value));

        enum err err = space_load(space_format_of(path), path, s->space, &diag);
        mem_free(path);
        if (err != ERR_OK)
            read_fail(r, "space", err, "%s", diag.text);
    } else {
        const json_t *space = read_enter_object(r, root, "space", &mark);

        if (space != NULL)
            space_read(r, space, s->space);
        read_leave(r, mark);
    }
}

/* ---- what is whose */

/* All programs of a scenario. */
struct owners {
    unsigned count;
    struct program_spec **specs; /* owned; what they point to is not */
};

static void owners_add(struct owners *o, const struct workload_spec *work)
{
    if (work->program == NULL)
        return;
    o->specs = mem_resize(o->specs, (size_t)o->count + 1, sizeof o->specs[0]);
    o->specs[o->count++] = work->program;
}

static bool texts_have(char *const *texts, unsigned count, const char *text)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0)
            return true;
    }
    return false;
}

/* A file of somebody else's that is not one of its own. */
static void hide(struct program_spec *spec, const char *file)
{
    if (texts_have(spec->files, spec->file_count, file) || texts_have(spec->hidden, spec->hidden_count, file))
        return;
    spec->hidden = mem_resize(spec->hidden, (size_t)spec->hidden_count + 1, sizeof spec->hidden[0]);
    spec->hidden[spec->hidden_count++] = text_copy(bytes_of_text(file));
}

/* What a site knows is its own, unless another one names the same file. */
static void hide_initial(struct program_spec *spec, const struct program_spec *other)
{
    if (other->initial_file == NULL ||
        (spec->initial_file != NULL && strcmp(spec->initial_file, other->initial_file) == 0))
        return;
    hide(spec, other->initial_file);
}

void scenario_hide_files(struct scenario *s)
{
    struct owners owners = {0};

    for (unsigned i = 0; i < s->node_count; i++)
        owners_add(&owners, &s->nodes[i].workload);
    for (unsigned i = 0; i < s->event_count; i++)
        owners_add(&owners, &s->events[i].workload);
    owners_add(&owners, &s->shared);
    for (unsigned i = 0; i < owners.count; i++) {
        for (unsigned k = 0; k < owners.count; k++) {
            for (unsigned file = 0; file < owners.specs[k]->file_count; file++)
                hide(owners.specs[i], owners.specs[k]->files[file]);
            hide_initial(owners.specs[i], owners.specs[k]);
        }
    }
    mem_free(owners.specs);
}

/* Programs and the built-in work do not mix: all sites evolve genomes of one search space. */
static void check_work(struct json_reader *r, const struct workload_spec *work, bool has_space, const char *key,
                       const char *whose)
{
    if (has_space && work->program == NULL)
        read_fail(r, key, ERR_MISSING, "with a \"space\", the workload of %s needs a \"program\"", whose);
    if (!has_space && work->program != NULL)
        read_fail(r, NULL, ERR_MISSING, "programs need the key \"space\": what is to be searched");
}

/* All of them are tried in a site's first epoch. */
static void check_initial(struct json_reader *r, const struct workload_spec *work, const struct scenario *s)
{
    unsigned count = work->program != NULL ? work->program->initial_count : 0;

    if (count > 0 && count + 1 > s->policy.evaluations)
        read_fail(r, "policy", ERR_RANGE,
                  "%u initial configurations and the shared genome take %u evaluations in a site's first epoch, "
                  "\"evaluations\" allows %u",
                  count, count + 1, s->policy.evaluations);
}

void scenario_check_programs(struct json_reader *r, const struct scenario *s)
{
    bool has_space = s->space != NULL;

    for (unsigned i = 0; i < s->node_count && r->err == ERR_OK; i++)
        check_initial(r, &s->nodes[i].workload, s);
    for (unsigned i = 0; i < s->event_count && r->err == ERR_OK; i++)
        check_initial(r, &s->events[i].workload, s);
    for (unsigned i = 0; i < s->node_count && r->err == ERR_OK; i++)
        check_work(r, &s->nodes[i].workload, has_space, "nodes", s->nodes[i].card.name);
    for (unsigned i = 0; i < s->event_count && r->err == ERR_OK; i++) {
        if (s->events[i].kind == EVENT_DRIFT)
            check_work(r, &s->events[i].workload, has_space, "events", "a drift");
    }
    if (s->policy.shards > 0)
        check_work(r, &s->shared, has_space, "rebalance", "the shards");
}
