#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/pool.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/option.h"
#include "cli/report_text.h"
#include "cli/sink_fill.h"
#include "record/artifacts.h"

enum { SCENARIOS_MAX = 64, EPOCHS_DEFAULT = 5, EPOCHS_MAX = 100000 };
#define LIMIT_MS_MAX (UINT64_C(1) << 32)

struct arguments {
    unsigned scenario_count;
    const char *scenarios[SCENARIOS_MAX];
    struct federated_simulation_options options;
    const char *sink;
    bool json, quiet;
};

static int add_scenario(void *arguments, const char *path)
{
    struct arguments *a = arguments;

    if (a->scenario_count == SCENARIOS_MAX)
        return command_misuse("sim", "more than %d scenarios", SCENARIOS_MAX);
    a->scenarios[a->scenario_count++] = path;
    return EXIT_FINE;
}

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"scenario", "FILE", OPTION_TAKE, .take = add_scenario,
     .help = "what to rehearse (JSON; docs/scenarios.md); may be given several times"},
    {"epochs", "N", OPTION_NUMBER, OF(options.epochs), 1, EPOCHS_MAX, .help = "how many epochs, 1 to 100000 (5)"},
    {"clean", NULL, OPTION_FLAG, OF(options.clean),
     .help = "first remove what an earlier run wrote under the same label, also an unfinished one"},
    {"resume", NULL, OPTION_FLAG, OF(options.resume),
     .help = "go on with the run under this label that was stopped, if there is one; what is finished is not run again "
             "(but for --trace and --run-log)"},
    {"output-dir", "DIR", OPTION_TEXT, OF(options.output_dir), .help = "where artifacts go (artifacts/mec/M5)"},
    {"label", "L", OPTION_TEXT, OF(options.label),
     .help = "their label (\"default\" for baseline.json, else the file's name without .json)"},
    {"sink", "URL", OPTION_TEXT, OF(sink),
     .help = "bring the artifacts into this database, too: sqlite:FILE or postgresql://HOST/DATABASE (docs/sinks.md)"},
    {"limit-ms", "MS", OPTION_NUMBER, OF(options.limit_ms), 1, LIMIT_MS_MAX,
     .help =
         "virtual time after which the run is over, whatever stands (the scenario's limit_ms, else 3600000: one hour)"},
    {"seed", "S", OPTION_NUMBER, OF(options.seed), 0, UINT64_MAX, OF(options.has_seed),
     .help = "instead of the scenario's seed"},
    {"threads", "T", OPTION_UNSIGNED, OF(options.threads), 1, POOL_THREADS_MAX,
     .help = "how many runs of the sites' work are done at once, also of one site (one for each processor); changes no "
             "result"},
    {"trace", "FILE", OPTION_TEXT, OF(options.trace), .help = "write every event, one a line"},
    {"run-log", "FILE", OPTION_TEXT, OF(options.run_log),
     .help = "write every run of the sites' work, a line of JSON each (docs/programs.md)"},
    {"run-times", NULL, OPTION_FLAG, OF(options.run_times), .help = "with --run-log: and how long each run took"},
    {"json", NULL, OPTION_FLAG, OF(json), .help = "the report as JSON, one line a scenario, instead of the table"},
    {"quiet", NULL, OPTION_FLAG, OF(quiet), .help = "no table and no progress"},
};

static const struct option_table table = {
    .verb = "sim",
    .usage = "federated_sim --scenario FILE [OPTION...]\n"
             "       prismfed sim --scenario FILE [OPTION...]\n",
    .about = "Rehearses a federation: real nodes, keys, signatures, consensus and work on a simulated network in "
             "virtual time. The same scenario and seed give the same bytes, always.",
    .after =
        "Exit status: 0 all epochs were anchored; 1 a checker found a violation; 2 wrong usage, unusable scenario or "
        "output; 4 the run is over, and not all of its epochs were anchored: the report says why; 5 no run of the "
        "sites' programs came to an end.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static int read_arguments(int argc, char **argv, struct arguments *a, bool *helped)
{
    int operands, status = option_read(&table, argc, argv, a, &operands, helped);

    if (status != EXIT_FINE || *helped)
        return status;
    if (operands < argc)
        return command_misuse("sim", "\"%s\" is one word too many; a scenario is named with --scenario",
                              argv[operands]);
    if (a->scenario_count == 0)
        return command_misuse("sim", "which scenario? --scenario FILE");
    if (a->options.clean && a->options.resume)
        return command_misuse("sim", "--resume goes on, --clean begins anew: one of them");
    if (a->scenario_count > 1 && a->options.label != NULL)
        return command_misuse("sim", "--label goes with one scenario");
    if (a->scenario_count > 1 && a->options.trace != NULL)
        return command_misuse("sim", "--trace goes with one scenario");
    if (a->scenario_count > 1 && a->options.run_log != NULL)
        return command_misuse("sim", "--run-log goes with one scenario");
    if (a->options.run_times && a->options.run_log == NULL)
        return command_misuse("sim", "--run-times goes with --run-log");
    return EXIT_FINE;
}

static void add_option(struct buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_printf(out, " --%s ", name);
    text_shell_word(value, out);
}

static void add_number(struct buf *out, const char *name, bool given, uint64_t value)
{
    if (given)
        buf_printf(out, " --%s %" PRIu64, name, value);
}

/* What the run depends on, and where its artifacts go. */
static void add_run(struct buf *out, const struct federated_simulation_options *o)
{
    add_number(out, "epochs", true, o->epochs);
    add_number(out, "limit-ms", o->limit_ms > 0, o->limit_ms);
    add_option(out, "output-dir", o->output_dir);
    add_option(out, "label", o->label);
}

/* The command that runs the same again and traces it. */
static void tracing_command(const struct federated_simulation_options *o,
                            const struct federated_simulation_report *report, struct buf *out)
{
    buf_add_text(out, "federated_sim");
    add_option(out, "scenario", o->scenario);
    add_run(out, o);
    add_number(out, "seed", true, report->seed);
    add_option(out, "trace", o->trace != NULL ? o->trace : "violation.trace");
}

/* The command that goes on when this one is stopped: what is finished by then is not run again. */
static void resuming_command(const struct arguments *a, struct buf *out)
{
    const struct federated_simulation_options *o = &a->options;

    buf_add_text(out, "federated_sim");
    for (unsigned i = 0; i < a->scenario_count; i++)
        add_option(out, "scenario", a->scenarios[i]);
    add_run(out, o);
    add_number(out, "seed", o->has_seed, o->seed);
    add_number(out, "threads", o->threads > 0, o->threads);
    add_option(out, "sink", a->sink);
    add_option(out, "trace", o->trace);
    add_option(out, "run-log", o->run_log);
    buf_add_text(out, o->run_times ? " --run-times" : "");
    buf_add_text(out, a->json ? " --json" : "");
    buf_add_text(out, a->quiet ? " --quiet" : "");
    buf_add_text(out, " --resume");
}

static void prepare_for_interrupt(const struct arguments *a)
{
    struct buf command = {0}, line = {0};

    resuming_command(a, &command);
    buf_add_text(&line, !a->quiet && isatty(STDERR_FILENO) ? "\r\033[K" : "");
    buf_add_text(&line, "prismfed sim: stopped; what the sites' work has answered is kept. This goes on: ");
    text_escape(bytes_of_buf(&command), &line);
    buf_add_byte(&line, '\n');
    interrupt_says(bytes_of_buf(&line));
    buf_free(&command);
    buf_free(&line);
}

/* What the run has left to say; report and printer are done with. */
static int tell_end(const struct federated_simulation_options *o, struct report_printer *printer,
                    const struct federated_simulation_report *report, const char *error)
{
    struct buf command = {0};

    if (!report->violated) {
        report_end(printer, report);
        if (report->anchored < report->epoch_count)
            return EXIT_UNANCHORED;
        return report_nothing_ran(report) ? EXIT_NOTHING_RAN : EXIT_FINE;
    }
    tracing_command(o, report, &command);
    printer->ending.violation = error;
    printer->ending.command = buf_text(&command);
    report_end(printer, report);
    command_fail("sim", "%s", error);
    command_fail("sim", "seed %" PRIu64 "; this command traces it: %s", report->seed, buf_text(&command));
    buf_free(&command);
    return EXIT_WRONG;
}

/* The files are there first, and whole: a sink that fails loses nothing of them. */
static int fill_sink(const struct arguments *a, const char *scenario, int status)
{
    const char *folder = a->options.output_dir != NULL ? a->options.output_dir : FEDERATED_SIMULATION_FOLDER;
    struct buf label = {0};
    struct sink_moved moved;
    struct diag diag = {0};
    enum err err;

    if (a->options.label != NULL)
        buf_add_text(&label, a->options.label);
    else
        artifacts_label_of(scenario, &label);
    err = sink_fill_now(a->sink, folder, buf_text(&label), &moved, &diag);
    buf_free(&label);
    if (err == ERR_OK)
        return status;
    status = sink_fail("sim", err, &diag);
    if (err != ERR_MISMATCH)
        (void)command_fail("sim", "the artifacts in %s are whole; prismfed sink fill brings the rest into the sink",
                           folder);
    return status;
}

static int run_one(const struct arguments *a, const char *scenario)
{
    struct federated_simulation_options options = a->options;
    struct federated_simulation_report report;
    struct report_clock clock = {0};
    struct report_printer printer = {.clock = &clock, .json = a->json, .quiet = a->quiet, .folder = options.output_dir};
    char error[1024] = "";
    int status;

    options.scenario = scenario;
    options.progress = report_progress;
    options.progress_context = &clock;
    options.epoch = report_epoch;
    options.epoch_context = &printer;
    report_clock_start(&clock, !a->quiet);
    status = federated_simulation_run(&options, &report, error, sizeof error);
    if (status == EXIT_UNUSABLE) {
        report_clock_stop(&clock);
        return command_fail("sim", "%s", error);
    }
    status = tell_end(&options, &printer, &report, error);
    federated_simulation_report_free(&report);
    if (a->sink != NULL && status != EXIT_WRONG)
        return fill_sink(a, scenario, status);
    return status;
}

int command_sim(int argc, char **argv)
{
    struct arguments a = {.options = {.epochs = EPOCHS_DEFAULT, .write_artifacts = true}};
    struct diag diag = {0};
    bool helped;
    int status = read_arguments(argc, argv, &a, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (a.sink != NULL && database_check(a.sink, &diag) != ERR_OK)
        return command_fail("sim", "%s", diag.text);
    prepare_for_interrupt(&a);
    for (unsigned i = 0; i < a.scenario_count && status != EXIT_WRONG && status != EXIT_UNUSABLE; i++) {
        if (i > 0 && !a.quiet && !a.json)
            putchar('\n');
        int one = run_one(&a, a.scenarios[i]);
        status = one == EXIT_FINE ? status : one;
    }
    interrupt_is_silent();
    return status;
}
