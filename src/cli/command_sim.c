#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"
#include "cli/command.h"
#include "cli/report_text.h"

enum { SCENARIOS_MAX = 64, EPOCHS_DEFAULT = 5, EPOCHS_MAX = 100000 };

struct arguments {
    unsigned scenario_count;
    const char *scenarios[SCENARIOS_MAX];
    struct federated_simulation_options options;
    bool json, quiet, help;
};

static int help(void)
{
    puts("usage: federated_sim --scenario FILE [OPTION...]\n"
         "       prismfed sim --scenario FILE [OPTION...]\n"
         "\n"
         "Rehearses a federation: real nodes, keys, signatures, consensus and work on a simulated network in\n"
         "virtual time. The same scenario and seed give the same bytes, always.\n"
         "\n"
         "  --scenario FILE   what to rehearse (JSON; docs/scenarios.md); may be given several times\n"
         "  --epochs N        how many epochs, 1 to 100000 (5)\n"
         "  --clean           first remove what an earlier run wrote under the same label, also an unfinished one\n"
         "  --resume          go on with the run under this label that was stopped, if there is one; what is finished\n"
         "                    is not run again (but for --trace)\n"
         "  --output-dir DIR  where artifacts go (artifacts/mec/M5)\n"
         "  --label L         their label (\"default\" for baseline.json, else the file's name without .json)\n"
         "  --seed S          instead of the scenario's seed\n"
         "  --threads T       for the sites' work (one for each processor); changes no result\n"
         "  --trace FILE      write every event, one a line\n"
         "  --json            the report as JSON, one line a scenario, instead of the table\n"
         "  --quiet           no table and no progress\n"
         "  --help            this text\n"
         "\n"
         "Exit status: 0 done; 1 a checker found a violation; 2 wrong usage, unusable scenario or output.");
    return EXIT_FINE;
}

static int read_threads(const char *text, unsigned *out)
{
    uint64_t threads = 0;
    int status = command_number("sim", "--threads", text, 1, POOL_THREADS_MAX, &threads);

    if (status == EXIT_FINE)
        *out = (unsigned)threads;
    return status;
}

static int add_scenario(struct arguments *a, const char *path)
{
    if (a->scenario_count == SCENARIOS_MAX)
        return command_misuse("sim", "more than %d scenarios", SCENARIOS_MAX);
    a->scenarios[a->scenario_count++] = path;
    return EXIT_FINE;
}

static int take_option(struct arguments *a, int option, char **argv)
{
    struct federated_simulation_options *o = &a->options;

    switch (option) {
    case 's':
        return add_scenario(a, optarg);
    case 'e':
        return command_number("sim", "--epochs", optarg, 1, EPOCHS_MAX, &o->epochs);
    case 'S':
        o->has_seed = true;
        return command_number("sim", "--seed", optarg, 0, UINT64_MAX, &o->seed);
    case 't':
        return read_threads(optarg, &o->threads);
    case 'c':
        o->clean = true;
        return EXIT_FINE;
    case 'r':
        o->resume = true;
        return EXIT_FINE;
    case 'o':
        o->output_dir = optarg;
        return EXIT_FINE;
    case 'l':
        o->label = optarg;
        return EXIT_FINE;
    case 'T':
        o->trace = optarg;
        return EXIT_FINE;
    case 'j':
        a->json = true;
        return EXIT_FINE;
    case 'q':
        a->quiet = true;
        return EXIT_FINE;
    case 'h':
        a->help = true;
        return EXIT_FINE;
    default:
        return command_bad_option("sim", option, argv);
    }
}

static int read_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option long_options[] = {
        {"scenario", required_argument, NULL, 's'},
        {"epochs", required_argument, NULL, 'e'},
        {"clean", no_argument, NULL, 'c'},
        {"resume", no_argument, NULL, 'r'},
        {"output-dir", required_argument, NULL, 'o'},
        {"label", required_argument, NULL, 'l'},
        {"seed", required_argument, NULL, 'S'},
        {"threads", required_argument, NULL, 't'},
        {"trace", required_argument, NULL, 'T'},
        {"json", no_argument, NULL, 'j'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        status = take_option(a, option, argv);
        if (status != EXIT_FINE || a->help)
            return status;
    }
    if (optind < argc)
        return command_misuse("sim", "\"%s\" is one word too many; a scenario is named with --scenario", argv[optind]);
    if (a->scenario_count == 0)
        return command_misuse("sim", "which scenario? --scenario FILE");
    if (a->options.clean && a->options.resume)
        return command_misuse("sim", "--resume goes on, --clean begins anew: one of them");
    if (a->scenario_count > 1 && a->options.label != NULL)
        return command_misuse("sim", "--label goes with one scenario");
    if (a->scenario_count > 1 && a->options.trace != NULL)
        return command_misuse("sim", "--trace goes with one scenario");
    return EXIT_FINE;
}

static int run_one(const struct arguments *a, const char *scenario)
{
    struct federated_simulation_options options = a->options;
    struct federated_simulation_report report;
    struct report_clock clock = {.show = !a->quiet && isatty(STDERR_FILENO)};
    struct report_printer printer = {.clock = &clock, .json = a->json, .quiet = a->quiet};
    char error[1024] = "";
    int status;

    options.scenario = scenario;
    options.progress = report_progress;
    options.progress_context = &clock;
    options.epoch = report_epoch;
    options.epoch_context = &printer;
    report_clock_start(&clock);
    status = federated_simulation_run(&options, &report, error, sizeof error);
    if (printer.epochs == 0)
        report_clock_stop(&clock);
    if (status != 0) {
        command_fail("sim", "%s", error);
        return status;
    }
    report_end(&printer, &report);
    federated_simulation_report_free(&report);
    return EXIT_FINE;
}

int command_sim(int argc, char **argv)
{
    struct arguments a = {.options = {.epochs = EPOCHS_DEFAULT, .write_artifacts = true}};
    int status = read_arguments(argc, argv, &a);

    if (status != EXIT_FINE)
        return status;
    if (a.help)
        return help();
    for (unsigned i = 0; i < a.scenario_count && status == EXIT_FINE; i++) {
        if (i > 0 && !a.quiet && !a.json)
            putchar('\n');
        status = run_one(&a, a.scenarios[i]);
    }
    return status;
}
