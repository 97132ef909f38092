#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "cli/option.h"
#include "cli/pick_report.h"
#include "cli/progress.h"
#include "cli/report_text.h"
#include "record/artifacts.h"
#include "scenario/scenario.h"
#include "sim/results.h"

/* A site picks for itself, from a ledger that verifies. */

enum { RUNS_DEFAULT = 3 };

struct arguments {
    const char *folder, *scenario, *node, *label; /* label: NULL: the scenario's own */
    bool has_seed, json;
    uint64_t seed, runs;
    unsigned threads; /* 0: one for each processor */
};

/* What it takes to pick. Zero-initialise; setup_fini() in any case. */
struct setup {
    const struct arguments *arguments;
    struct scenario scenario;
    bool loaded;
    uint64_t seed;
    struct buf label;
    unsigned node;
    struct federation_state state;
    struct offers *offers;            /* owned; of the site */
    const struct workload_spec *spec; /* of the site's work; the scenario's */
    struct programs *programs;        /* NULL: built-in work */
    struct workload work;
};

/* ---- arguments */

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"scenario", "FILE", OPTION_TEXT, OF(scenario),
     .help = "the scenario of the rehearsal: it has the work of the site"},
    {"node", "ID", OPTION_TEXT, OF(node), .help = "the site"},
    {"runs", "N", OPTION_NUMBER, OF(runs), 1, PICK_RUNS_MAX,
     .help = "how often each genome is run on each instance, 1 to 1000, with another seed each time (3)"},
    {"seed", "S", OPTION_NUMBER, OF(seed), 0, UINT64_MAX, OF(has_seed),
     .help = "the seed that was given to the rehearsal, when it was not the scenario's own"},
    {"label", "L", OPTION_TEXT, OF(label), .help = "of the artifacts, when it was not the scenario's own"},
    {"threads", "T", OPTION_UNSIGNED, OF(threads), 1, POOL_THREADS_MAX,
     .help = "for the runs (one for each processor); changes no result"},
    {"json", NULL, OPTION_FLAG, OF(json), .help = "the answer for a program"},
};

static const struct option_table table = {
    .verb = "pick",
    .usage = "prismfed pick --scenario FILE --node ID [OPTION...] DIR\n",
    .about = "Chooses the genome that is best on one site's own work: runs the incumbent, every genome of the archive, "
             "the best of its own offers and the default genome some times more on the private instances of the site. "
             "What the federation agreed "
             "on is read from the ledger in DIR, executed again and checked as prismfed audit does; from a ledger that "
             "does not verify nothing is picked. Nothing is written, and the federation does not hear of it.",
    .after =
        "The last lines are the genome as a JSON object and, when the site's program has a command line, in its "
        "words.\n"
        "Exit status: 0 picked; 1 the ledger does not verify, or no run came to an end; 2 wrong usage, or unusable "
        "input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static int read_arguments(int argc, char **argv, struct arguments *a, bool *helped)
{
    int operands, status = option_read(&table, argc, argv, a, &operands, helped);

    if (status != EXIT_FINE || *helped)
        return status;
    if (a->scenario == NULL)
        return command_misuse("pick", "which scenario? --scenario FILE");
    if (a->node == NULL)
        return command_misuse("pick", "for which site? --node ID");
    if (argc - operands != 1)
        return command_misuse("pick", "expected one folder");
    a->folder = argv[operands];
    return EXIT_FINE;
}

/* ---- what there is to pick from, and by which work */

static enum err find_node(struct setup *s, struct diag *diag)
{
    const struct scenario *sc = &s->scenario;
    struct buf there = {0};
    enum err err;

    for (s->node = 0; s->node < sc->node_count; s->node++) {
        const char *id = sc->nodes[s->node].card.name;

        if (strcmp(id, s->arguments->node) == 0)
            break;
        buf_printf(&there, "%s%s", s->node > 0 ? ", " : "", id);
    }
    err = s->node < sc->node_count ? ERR_OK
                                   : diag_set(diag, ERR_UNKNOWN, "%s: no node has the id \"%s\"; there are %s",
                                              s->arguments->scenario, s->arguments->node, buf_text(&there));
    buf_free(&there);
    return err;
}

static int load_scenario(struct setup *s)
{
    const struct arguments *a = s->arguments;
    struct diag diag = {0};

    if (scenario_load(a->scenario, &s->scenario, &diag) != ERR_OK)
        return command_fail("pick", "%s", diag.text);
    s->loaded = true;
    s->seed = a->has_seed ? a->seed : s->scenario.seed;
    if (a->label != NULL)
        buf_add_text(&s->label, a->label);
    else
        artifacts_label_of(a->scenario, &s->label);
    if (find_node(s, &diag) != ERR_OK)
        return command_fail("pick", "%s", diag.text);
    return EXIT_FINE;
}

static int refuse(const struct setup *s, const struct audit_report *report)
{
    const struct audit_finding *f = &report->findings[0];

    command_fail("pick",
                 "%s does not verify, and nothing is picked from it: %s: %s%s%s: %s (%zu finding%s; prismfed "
                 "audit says more)",
                 s->arguments->folder, audit_rule_info(f->rule)->code, f->file, *f->pointer != '\0' ? " " : "",
                 f->pointer, f->text, report->finding_count, report->finding_count == 1 ? "" : "s");
    return EXIT_WRONG;
}

/* Another file than the one that was run may make the same federation, with other work for the site. */
static int compare_scenario(const struct setup *s, const struct audit_report *report)
{
    const struct audit_section *section = &report->sections[report->section_count - 1];
    char hex[2 * DIGEST_SIZE + 1];

    digest_hex(&s->scenario.text, hex);
    if (strcmp(section->scenario_sha256, hex) == 0)
        return EXIT_FINE;
    return command_fail("pick", "%s: label %s is a run of the scenario with SHA-256 %s, and %s has %s",
                        s->arguments->folder, section->label, section->scenario_sha256, s->arguments->scenario, hex);
}

static int compare_federation(const struct setup *s)
{
    struct buf genesis = {0};
    struct diag diag = {0};
    struct digest id;

    if (scenario_genesis(&s->scenario, s->seed, &genesis, &diag) != ERR_OK)
        return command_fail("pick", "%s", diag.text);
    id = digest_of(bytes_of_buf(&genesis));
    buf_free(&genesis);
    if (digest_equal(&id, &s->state.federation_id))
        return EXIT_FINE;
    return command_fail("pick",
                        "%s: the ledger of label %s is of another federation than %s makes with seed %" PRIu64
                        " (--seed and --label name others)",
                        s->arguments->folder, (const char *)s->label.data, s->arguments->scenario, s->seed);
}

/* The state after the last epoch, derived from the log: of this scenario and seed, or the site's work would be another
 * one than the site's. */
static int load_state(struct setup *s)
{
    struct audit_options options = {.label = buf_text(&s->label), .state = &s->state, .offers = s->offers};
    struct audit_report report = {0};
    struct diag diag = {0};
    int status;

    s->offers->node = s->arguments->node;
    if (audit_folder(s->arguments->folder, &options, &report, &diag) != ERR_OK)
        return command_fail("pick", "%s", diag.text);
    status = report.finding_count > 0 ? refuse(s, &report) : compare_federation(s);
    if (status == EXIT_FINE && audit_section(&report)->open[RULE_LOG_END])
        (void)command_fail("pick", "note: %s; later epochs may have better genomes",
                           audit_section(&report)->skipped[RULE_LOG_END]);
    if (status == EXIT_FINE)
        status = compare_scenario(s, &report);
    audit_report_free(&report);
    return status;
}

/* The work that the site has by now: the scenario's, until a drift changed it. */
static int build_work(struct setup *s)
{
    const struct scenario *sc = &s->scenario;
    struct diag diag = {0};

    s->spec = scenario_work(sc, s->node, s->state.epoch - 1); /* of the last epoch that has ended */
    if (sc->space != NULL)
        s->programs = programs_new(sc->space);
    if (scenario_workload(sc, s->node, s->spec, s->programs, s->seed, &s->work, &diag) != ERR_OK)
        return command_fail("pick", "%s: %s", s->arguments->scenario, diag.text);
    return EXIT_FINE;
}

static void setup_fini(struct setup *s)
{
    workload_fini(&s->work);
    programs_free(s->programs);
    state_free(&s->state);
    mem_free(s->offers);
    buf_free(&s->label);
    if (s->loaded)
        scenario_fini(&s->scenario);
}

/* ---- picking */

/* The row of a genome, a new one if it has none. */
static struct pick_row *row_of(struct pick_report *r, const struct genome *genome)
{
    struct digest hash = genome_hash(r->schema, genome);

    for (unsigned i = 0; i < r->count; i++) {
        if (digest_equal(&r->rows[i].hash, &hash))
            return &r->rows[i];
    }
    ASSERT(r->count < PICK_CANDIDATES_MAX);
    r->genomes[r->count] = *genome;
    r->rows[r->count].hash = hash;
    return &r->rows[r->count++];
}

_Static_assert((int)PICK_OWN_MAX >= (int)OFFERS_MAX, "there is room for all");

static void add_candidates(const struct federation_state *s, const struct offers *own, struct pick_report *r)
{
    struct genome usual;

    genome_default(r->schema, &usual);
    row_of(r, &s->incumbent)->incumbent = true;
    for (unsigned i = 0; i < s->archive_count; i++) {
        const struct anchor *a = &s->archive[i];
        struct pick_row *row = row_of(r, &a->incumbent);

        row->archived = true;
        row->from = a->origin > 0 ? state_member(s, a->origin - 1)->card.name : NULL;
    }
    for (unsigned i = 0; i < own->count; i++) {
        struct pick_row *row = row_of(r, &own->best[i].genome);

        row->own = true;
        row->from = row->from != NULL ? row->from : own->node;
    }
    row_of(r, &usual)->usual = true;
}

struct showing {
    struct progress_line line;
    uint64_t all; /* runs */
};

static void show_progress(void *context, const struct runs_so_far *so_far)
{
    struct showing *s = context;
    struct buf text = {0};

    if (!progress_line_is_due(&s->line))
        return;
    progress_runs(so_far->ended, s->all, progress_line_seconds(&s->line), &text);
    progress_line_write(&s->line, &text);
    buf_free(&text);
}

/* What became of the runs of the site's program; false when none of them says anything about a genome. */
static bool tell_runs(const struct setup *s, bool quiet)
{
    struct federated_program_report p;

    if (s->programs == NULL)
        return true;
    results_report_program(s->programs, 0, &p);
    if (!quiet)
        report_print_program(&p);
    return p.success + p.timeout > 0;
}

/* The runs. */
static void run_candidates(const struct setup *s, struct pick_report *r)
{
    const struct arguments *a = s->arguments;
    struct showing showing = {.all = a->runs * r->count * s->work.count};
    const struct runs_options listening = {.heard = show_progress, .context = &showing};
    struct diag diag = {0};
    struct pick_task task = {
        .schema = r->schema,
        .work = &s->work,
        .epoch = s->state.epoch,
        .limit = s->state.policy.iteration_limit,
        .runs = (unsigned)a->runs,
        .threads = pool_threads(a->threads),
        .count = r->count,
        .candidates = r->genomes,
        .site = r->node,
    };
    enum err err = runs_open(&listening, &task.heard, &diag);

    ASSERT(err == ERR_OK); /* there is no log to be opened */
    progress_line_start(&showing.line, true);
    r->best = pick_run(&task, r->logs);
    progress_line_end(&showing.line);
    err = runs_close(task.heard, &diag);
    ASSERT(err == ERR_OK);
}

static int pick(const struct setup *s, struct pick_report *r)
{
    const struct arguments *a = s->arguments;
    const struct program_spec *program = s->spec->program;
    struct buf words = {0};

    run_candidates(s, r);
    if (!tell_runs(s, a->json)) {
        command_fail("pick",
                     "no run of the program of \"%s\" came to an end: there is nothing to pick by (prismfed eval says "
                     "more)",
                     r->node);
        return EXIT_WRONG;
    }
    if (program != NULL)
        program_genome_words(program, s->scenario.space, &r->genomes[r->best], &words);
    r->words = words.len > 0 ? buf_text(&words) : NULL;
    if (a->json)
        pick_report_json(r);
    else
        pick_report_text(r);
    buf_free(&words);
    return EXIT_FINE;
}

static int report_and_pick(struct setup *s)
{
    const struct program_spec *program = s->spec->program;
    struct pick_report *r = mem_alloc(sizeof *r);
    int status;

    r->node = s->arguments->node;
    r->label = buf_text(&s->label);
    r->work = program != NULL ? program->arguments[program->argument_count - 1] : s->spec->family;
    r->state = &s->state;
    r->schema = scenario_schema(&s->scenario);
    r->program = program;
    r->runs = (unsigned)s->arguments->runs;
    r->instances = s->work.count;
    add_candidates(&s->state, s->offers, r);
    status = pick(s, r);
    mem_free(r);
    return status;
}

int command_pick(int argc, char **argv)
{
    struct arguments a = {.runs = RUNS_DEFAULT};
    struct setup *s;
    bool helped;
    int status = read_arguments(argc, argv, &a, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    s = mem_alloc(sizeof *s);
    s->arguments = &a;
    s->offers = mem_alloc(sizeof *s->offers);
    status = load_scenario(s);
    if (status == EXIT_FINE)
        status = load_state(s);
    if (status == EXIT_FINE)
        status = build_work(s);
    if (status == EXIT_FINE)
        status = report_and_pick(s);
    setup_fini(s);
    mem_free(s);
    return status;
}
