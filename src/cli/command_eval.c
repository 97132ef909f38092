#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/option.h"
#include "cli/say.h"
#include "codec/json.h"
#include "program/program.h"
#include "scenario/scenario.h"

/* Tries a setup before a rehearsal relies on it. */

enum { RANDOM_DEFAULT = 4, RANDOM_MAX = 1000 };

struct arguments {
    const char *scenario, *node; /* node: NULL: all */
    const char *folder;          /* of a queue; NULL: none */
    unsigned task;
    bool check, json, has_task;
    uint64_t randoms;
};

struct trial {
    const struct arguments *arguments;
    const struct scenario *scenario;
    struct programs *programs; /* NULL: the built-in solver */
    struct prng prng;
    uint64_t runs, count[EVALUATION_STATUS_COUNT];
    uint64_t problems;
    json_t *sites, *site; /* with --json: all, owned, and the present one; else NULL */
};

static const struct option_row rows[] = {
    {"check", NULL, OPTION_FLAG, offsetof(struct arguments, check),
     .help = "also run it again, to see whether it is deterministic, with its initial configurations, and with random "
             "genomes; say at the end whether all "
             "is well"},
    {"random", "N", OPTION_NUMBER, offsetof(struct arguments, randoms), 0, RANDOM_MAX,
     .help = "how many random genomes each site tries with --check, 0 to 1000 (4)"},
    {"node", "ID", OPTION_TEXT, offsetof(struct arguments, node), .help = "this site alone"},
    {"folder", "DIR", OPTION_TEXT, offsetof(struct arguments, folder),
     .help = "do one task of a queue, which lies in this folder, and leave its result there; the folder names the "
             "scenario"},
    {"task", "N", OPTION_UNSIGNED, offsetof(struct arguments, task), 0, PROGRAM_QUEUE_TASKS_MAX - 1,
     offsetof(struct arguments, has_task), .help = "with --folder: which one, from 0"},
    {"json", NULL, OPTION_FLAG, offsetof(struct arguments, json), .help = "the report as JSON, in one line"},
};

static const struct option_table table = {
    .verb = "eval",
    .usage = "prismfed eval [OPTION...] SCENARIO\n"
             "prismfed eval --folder DIR --task N\n",
    .about =
        "Runs each site's program with the default genome on each of its instances, as a rehearsal would, and prints "
        "what becomes of it, and what has kept the program in.",
    .after =
        "Exit status: 0 all is well; 1 a run crashed or was aborted, the default genome timed out on all instances "
        "of a site, or the same run had another answer; 2 wrong usage, unusable scenario, or a program or an "
        "instance that is not there. With --folder: 0 the result is in the folder, whatever it is; 2 there is none.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static int read_arguments(int argc, char **argv, struct arguments *a, bool *helped)
{
    int operands, status = option_read(&table, argc, argv, a, &operands, helped);

    if (status != EXIT_FINE || *helped)
        return status;
    if (a->folder != NULL || a->has_task) {
        if (a->folder == NULL || !a->has_task || operands < argc)
            return command_misuse("eval", "a task of a queue is --folder DIR --task N, and nothing else");
        return EXIT_FINE;
    }
    if (operands + 1 != argc)
        return command_misuse("eval", operands < argc ? "one scenario at a time" : "which scenario?");
    a->scenario = argv[operands];
    return EXIT_FINE;
}

/* ---- what is told, as text at once or as JSON at the end */

/* As the program had said it: {"cost"}, and the unit where it is known. */
static void put_cost(json_t *out, const struct program_spec *program, uint64_t cost)
{
    if (program == NULL || (program->decimals == 0 && program->cost_min == 0))
        json_put(out, "cost", json_u64(cost));
    else
        json_put(out, "cost", json_real(program_mean_cost(program, (double)cost)));
    if (program != NULL && program->unit[0] != '\0')
        json_put(out, "unit", json_string(program->unit));
}

static void say_cost(const struct program_spec *program, uint64_t cost)
{
    struct buf text = {0};

    if (program != NULL)
        program_cost_print(program, cost, &text);
    else
        buf_printf(&text, "%" PRIu64, cost);
    say(stdout, "cost %s\n", buf_text(&text));
    buf_free(&text);
}

static void tell_run(struct trial *t, const char *what, const struct instance *instance, struct evaluation e,
                     const char *says)
{
    const struct program_spec *program = program_spec_of(instance);
    char hash[2 * DIGEST_SIZE + 1];
    const char *name = instance->name;

    digest_hex(&instance->hash, hash);
    name = name != NULL ? name : hash + 52;
    if (t->site == NULL) {
        say(stdout, "  %-13s %-28s %-8s ", what, name, evaluation_status_name(e.status));
        if (e.status == EVALUATION_SUCCESS)
            say_cost(program, e.cost);
        else
            say(stdout, "%s\n", says);
        fflush(stdout);
        return;
    }
    json_t *run = json_object();
    json_put(run, "what", json_string(what));
    json_put(run, "instance", json_string(name));
    json_put(run, "status", json_string(evaluation_status_name(e.status)));
    if (e.status == EVALUATION_SUCCESS)
        put_cost(run, program, e.cost);
    else
        json_put(run, "says", json_string(says));
    json_push(json_object_get(t->site, "runs"), run);
}

static void tell_problem(struct trial *t, const char *text)
{
    t->problems++;
    if (t->site == NULL)
        say(stdout, "  %s\n", text);
    else
        json_push(json_object_get(t->site, "problems"), json_string(text));
}

/* A site begins; program: NULL: the built-in solver. */
static void tell_site(struct trial *t, const char *whose, const struct program_spec *program)
{
    const char *name = program != NULL ? program->arguments[program->argument_count - 1] : NULL;

    if (t->sites == NULL) {
        if (program != NULL)
            say(stdout, "%s: %s, asked as %s\n", whose, name, program_runner_name(program->runner));
        else
            say(stdout, "%s: the built-in solver\n", whose);
        return;
    }
    t->site = json_object();
    json_push(t->sites, t->site);
    json_put(t->site, "site", json_string(whose));
    if (program != NULL) {
        json_put(t->site, "program", json_string(name));
        json_put(t->site, "runner", json_string(program_runner_name(program->runner)));
    }
    json_put(t->site, "runs", json_array());
    json_put(t->site, "problems", json_array());
}

static void tell_confined(struct trial *t, const struct workload *w)
{
    struct buf text = {0};

    programs_confined(&w->instances[0], &text);
    if (text.len > 0 && t->site == NULL)
        say(stdout, "  confined: %s\n", buf_text(&text));
    else if (text.len > 0)
        json_put(t->site, "confined", json_string(buf_text(&text)));
    buf_free(&text);
}

/* One run, and a line about it. */
static struct evaluation try_one(struct trial *t, const struct instance *instance, const struct genome *genome,
                                 const char *what)
{
    char says[PROGRAM_SAYS_SIZE];
    struct evaluation e = scenario_try(t->scenario, instance, genome, says);

    tell_run(t, what, instance, e, says);
    t->runs++;
    t->count[e.status]++;
    t->problems += e.status == EVALUATION_CRASHED || e.status == EVALUATION_ABORT;
    return e;
}

static void try_again(struct trial *t, const struct instance *instance, const struct genome *genome,
                      struct evaluation first, bool is_deterministic)
{
    struct evaluation again = try_one(t, instance, genome, "default again");

    if (!is_deterministic || (again.status == first.status && again.cost == first.cost))
        return;
    tell_problem(t, "NOT DETERMINISTIC: the same run had another answer; \"deterministic\": false would be honest");
}

static void try_initial(struct trial *t, const struct workload *w)
{
    const struct program_spec *program = program_spec_of(&w->instances[0]);

    for (unsigned i = 0; program != NULL && i < program->initial_count; i++) {
        char what[32];

        snprintf(what, sizeof what, "initial %u", i + 1);
        (void)try_one(t, &w->instances[0], &program->initial[i], what);
    }
}

static void try_workload(struct trial *t, const struct workload *w, bool is_deterministic)
{
    const struct genome_schema *schema = scenario_schema(t->scenario);
    struct evaluation first = {0};
    struct genome genome;
    unsigned timeouts = 0;

    ASSERT(w->count > 0);
    genome_default(schema, &genome);
    for (unsigned i = 0; i < w->count; i++) {
        struct evaluation e = try_one(t, &w->instances[i], &genome, "default");

        timeouts += e.status == EVALUATION_TIMEOUT;
        first = i == 0 ? e : first;
    }
    if (timeouts == w->count)
        tell_problem(t, "NOTHING TO BEGIN WITH: the default genome runs into a limit on every instance");
    if (!t->arguments->check)
        return;
    try_again(t, &w->instances[0], &genome, first, is_deterministic);
    try_initial(t, w);
    for (uint64_t i = 0; i < t->arguments->randoms; i++) {
        char what[32];

        genome_random(schema, &t->prng, &genome);
        snprintf(what, sizeof what, "random %" PRIu64, i + 1);
        (void)try_one(t, &w->instances[i % w->count], &genome, what);
    }
}

/* `whose` names the work in what is printed. */
static void try_work(struct trial *t, const struct workload_spec *spec, const char *whose, const struct workload *w)
{
    const struct program_spec *p = spec->program;

    tell_site(t, whose, p);
    try_workload(t, w, p == NULL || p->deterministic);
    if (p != NULL)
        tell_confined(t, w);
}

static enum err try_node(struct trial *t, unsigned node, const struct workload_spec *spec, const char *whose,
                         struct diag *diag)
{
    struct workload w;
    enum err err = scenario_workload(t->scenario, node, spec, t->programs, t->scenario->seed, &w, diag);

    if (err != ERR_OK)
        return diag_prefix(diag, err, "%s", whose);
    try_work(t, spec, whose, &w);
    workload_fini(&w);
    return ERR_OK;
}

static enum err try_shards(struct trial *t, struct diag *diag)
{
    const struct scenario *s = t->scenario;
    struct workload w = {.instances = mem_array(s->policy.shards, sizeof w.instances[0])};
    enum err err = ERR_OK;

    while (w.count < s->policy.shards && err == ERR_OK) {
        err = scenario_shard(s, w.count, t->programs, s->seed, &w.instances[w.count], diag);
        w.count += err == ERR_OK;
    }
    if (err == ERR_OK)
        try_work(t, &s->shared, "shards", &w);
    workload_fini(&w);
    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "shards");
}

static enum err try_all(struct trial *t, struct diag *diag)
{
    const struct scenario *s = t->scenario;
    bool all = t->arguments->node == NULL, found = all;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < s->node_count && err == ERR_OK; i++) {
        if (!all && strcmp(s->nodes[i].card.name, t->arguments->node) != 0)
            continue;
        found = true;
        err = try_node(t, i, &s->nodes[i].workload, s->nodes[i].card.name, diag);
    }
    for (unsigned i = 0; i < s->event_count && all && err == ERR_OK; i++) {
        if (s->events[i].kind == EVENT_DRIFT)
            err = try_node(t, s->events[i].node, &s->events[i].workload, "drift", diag);
    }
    if (err == ERR_OK && all && s->policy.shards > 0)
        err = try_shards(t, diag);
    if (!found)
        return diag_set(diag, ERR_UNKNOWN, "no node has the id \"%s\"", t->arguments->node);
    return err;
}

static void conclude_json(struct trial *t)
{
    json_t *o = json_object();
    struct buf text = {0};

    json_put(o, "sites", t->sites);
    t->sites = NULL;
    json_put(o, "runs", json_u64(t->runs));
    json_put(o, "success", json_u64(t->count[EVALUATION_SUCCESS]));
    json_put(o, "timeout", json_u64(t->count[EVALUATION_TIMEOUT]));
    json_put(o, "crashed", json_u64(t->count[EVALUATION_CRASHED]));
    json_put(o, "aborted", json_u64(t->count[EVALUATION_ABORT]));
    json_put(o, "problems", json_u64(t->problems));
    json_line(o, &text);
    buf_add_byte(&text, '\n');
    json_decref(o);
    fwrite(text.data, 1, text.len, stdout);
    buf_free(&text);
}

static void conclude(struct trial *t)
{
    if (t->sites != NULL) {
        conclude_json(t);
        return;
    }
    say(stdout, "%" PRIu64 " runs: %" PRIu64 " SUCCESS, %" PRIu64 " TIMEOUT, %" PRIu64 " CRASHED, %" PRIu64 " ABORT; ",
        t->runs, t->count[EVALUATION_SUCCESS], t->count[EVALUATION_TIMEOUT], t->count[EVALUATION_CRASHED],
        t->count[EVALUATION_ABORT]);
    if (t->problems == 0)
        puts("all is well");
    else
        say(stdout, "%" PRIu64 " problem%s\n", t->problems, t->problems == 1 ? "" : "s");
}

/* ---- one task of a queue */

static const struct program_spec *work_find(const struct scenario *s, const struct digest *work)
{
    const struct program_spec *found = NULL;

    for (unsigned i = 0; i < s->node_count + s->event_count + 1; i++) {
        const struct workload_spec *w = i < s->node_count                    ? &s->nodes[i].workload
                                        : i < s->node_count + s->event_count ? &s->events[i - s->node_count].workload
                                                                             : &s->shared;
        struct digest own = {{0}};

        if (w->program != NULL)
            own = program_work(w->program, scenario_schema(s));
        if (w->program != NULL && digest_equal(&own, work))
            found = w->program;
    }
    return found;
}

static enum err do_task(const struct scenario *s, const struct digest *work, const struct arguments *a,
                        struct diag *diag)
{
    const struct program_spec *spec = s->space != NULL ? work_find(s, work) : NULL;
    struct programs *programs;
    enum err err;

    if (spec == NULL)
        return diag_set(diag, ERR_MISMATCH, "%s: its scenario has no such program; was it changed meanwhile?",
                        a->folder);
    programs = programs_new(s->space);
    err = programs_task(programs, spec, a->folder, a->task, diag);
    programs_free(programs);
    return err;
}

static int eval_task(const struct arguments *a)
{
    struct diag diag = {0};
    struct scenario s;
    struct digest work;
    char *path = NULL;
    enum err err = program_queue_read(a->folder, &path, &work, &diag);

    if (err == ERR_OK)
        err = scenario_load(path, &s, &diag);
    if (err == ERR_OK) {
        err = do_task(&s, &work, a, &diag);
        scenario_fini(&s);
    }
    mem_free(path);
    return err == ERR_OK ? EXIT_FINE : command_fail("eval", "%s", diag.text);
}

int command_eval(int argc, char **argv)
{
    struct arguments a = {.randoms = RANDOM_DEFAULT};
    struct trial t = {.arguments = &a};
    struct diag diag = {0};
    struct scenario s;
    bool helped;
    int status = read_arguments(argc, argv, &a, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (a.folder != NULL)
        return eval_task(&a);
    if (scenario_load(a.scenario, &s, &diag) != ERR_OK)
        return command_fail("eval", "%s", diag.text);
    t.scenario = &s;
    prng_stream(&t.prng, s.seed, "eval", 0);
    if (s.space != NULL)
        t.programs = programs_new(s.space);
    if (a.json)
        t.sites = json_array();
    if (try_all(&t, &diag) != ERR_OK) {
        status = command_fail("eval", "%s", diag.text);
    } else {
        conclude(&t);
        status = t.problems == 0 ? EXIT_FINE : EXIT_WRONG;
    }
    json_decref(t.sites);
    programs_free(t.programs);
    scenario_fini(&s);
    return status;
}
