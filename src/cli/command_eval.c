#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "program/program.h"
#include "scenario/scenario.h"

/* Tries a setup before a rehearsal relies on it. */

enum { RANDOM_DEFAULT = 4, RANDOM_MAX = 1000 };

struct arguments {
    const char *scenario, *node; /* node: NULL: all */
    bool check, help;
    uint64_t randoms;
};

struct trial {
    const struct arguments *arguments;
    const struct scenario *scenario;
    struct programs *programs; /* NULL: the built-in solver */
    struct prng prng;
    uint64_t runs, count[EVALUATION_STATUS_COUNT];
    uint64_t problems;
};

static int help(void)
{
    puts(
        "usage: prismfed eval [OPTION...] SCENARIO\n"
        "\n"
        "Runs each site's program with the default genome on each of its instances, as a rehearsal would, and prints\n"
        "what becomes of it.\n"
        "\n"
        "  --check       also run it again, to see whether it is deterministic, and with random genomes; say at the\n"
        "                end whether all is well\n"
        "  --random N    how many random genomes each site tries with --check, 0 to 1000 (4)\n"
        "  --node ID     this site alone\n"
        "  --help        this text\n"
        "\n"
        "Exit status: 0 all is well; 1 a run crashed or was aborted, the default genome timed out on all instances of\n"
        "a site, or the same run had another answer; 2 wrong usage, unusable scenario, or a program or an instance "
        "that is not there.");
    return EXIT_FINE;
}

static int read_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option long_options[] = {
        {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"node", required_argument, NULL, 'n'},
        {"random", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (option == 'c')
            a->check = true;
        else if (option == 'n')
            a->node = optarg;
        else if (option == 'h')
            a->help = true;
        else if (option != 'r')
            return command_bad_option("eval", option, argv);
        else if (u64_parse(optarg, &a->randoms) != ERR_OK || a->randoms > RANDOM_MAX)
            return command_misuse("eval", "--random must be a number from 0 to %d, not \"%s\"", RANDOM_MAX, optarg);
    }
    if (a->help)
        return EXIT_FINE;
    if (optind + 1 != argc)
        return command_misuse("eval", optind < argc ? "one scenario at a time" : "which scenario?");
    a->scenario = argv[optind];
    return EXIT_FINE;
}

/* One run, and a line about it. */
static struct evaluation try_one(struct trial *t, const struct instance *instance, const struct genome *genome,
                                 const char *what)
{
    struct evaluation_task task = {
        .schema = scenario_schema(t->scenario),
        .genome = genome,
        .instance = instance,
        .epoch = t->scenario->epoch_start,
        .limit = t->scenario->policy.iteration_limit,
    };
    char says[PROGRAM_SAYS_SIZE] = "not solved within the limit", hash[2 * DIGEST_SIZE + 1];
    struct evaluation e;

    if (t->programs != NULL)
        e = programs_try(&task, says);
    else
        instance->evaluator->evaluate(instance->evaluator, &task, &e);
    digest_hex(&instance->hash, hash);
    printf("  %-13s %-28s %-8s ", what, instance->name != NULL ? instance->name : hash + 52,
           evaluation_status_name(e.status));
    if (e.status == EVALUATION_SUCCESS)
        printf("cost %" PRIu64 "\n", e.cost);
    else
        printf("%s\n", says);
    fflush(stdout);
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
    puts("  NOT DETERMINISTIC: the same run had another answer; \"deterministic\": false would be honest");
    t->problems++;
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
    if (timeouts == w->count) {
        puts("  NOTHING TO BEGIN WITH: the default genome runs into a limit on every instance");
        t->problems++;
    }
    if (!t->arguments->check)
        return;
    try_again(t, &w->instances[0], &genome, first, is_deterministic);
    for (uint64_t i = 0; i < t->arguments->randoms; i++) {
        char what[32];

        genome_random(schema, &t->prng, &genome);
        snprintf(what, sizeof what, "random %" PRIu64, i + 1);
        (void)try_one(t, &w->instances[i % w->count], &genome, what);
    }
}

static void print_confined(const struct workload *w)
{
    struct buf text = {0};

    programs_confined(&w->instances[0], &text);
    if (text.len > 0)
        printf("  confined: %s\n", buf_text(&text));
    buf_free(&text);
}

/* `whose` names the work in what is printed. */
static void try_work(struct trial *t, const struct workload_spec *spec, const char *whose, const struct workload *w)
{
    const struct program_spec *p = spec->program;

    if (p != NULL)
        printf("%s: %s, asked as %s\n", whose, p->arguments[p->argument_count - 1], program_runner_name(p->runner));
    else
        printf("%s: the built-in solver\n", whose);
    try_workload(t, w, p == NULL || p->deterministic);
    if (p != NULL)
        print_confined(w);
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
    struct workload w = {0};
    enum err err = ERR_OK;

    while (w.count < s->policy.shards && w.count < WORKLOAD_INSTANCES_MAX && err == ERR_OK) {
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

static void conclude(const struct trial *t)
{
    printf("%" PRIu64 " runs: %" PRIu64 " SUCCESS, %" PRIu64 " TIMEOUT, %" PRIu64 " CRASHED, %" PRIu64 " ABORT; ",
           t->runs, t->count[EVALUATION_SUCCESS], t->count[EVALUATION_TIMEOUT], t->count[EVALUATION_CRASHED],
           t->count[EVALUATION_ABORT]);
    if (t->problems == 0)
        puts("all is well");
    else
        printf("%" PRIu64 " problem%s\n", t->problems, t->problems == 1 ? "" : "s");
}

int command_eval(int argc, char **argv)
{
    struct arguments a = {.randoms = RANDOM_DEFAULT};
    struct trial t = {.arguments = &a};
    struct diag diag = {0};
    struct scenario s;
    int status = read_arguments(argc, argv, &a);

    if (status != EXIT_FINE)
        return status;
    if (a.help)
        return help();
    if (scenario_load(a.scenario, &s, &diag) != ERR_OK)
        return command_fail("eval", "%s", diag.text);
    t.scenario = &s;
    prng_stream(&t.prng, s.seed, "eval", 0);
    if (s.space != NULL)
        t.programs = programs_new(s.space);
    if (try_all(&t, &diag) != ERR_OK) {
        status = command_fail("eval", "%s", diag.text);
    } else {
        conclude(&t);
        status = t.problems == 0 ? EXIT_FINE : EXIT_WRONG;
    }
    programs_free(t.programs);
    scenario_fini(&s);
    return status;
}
