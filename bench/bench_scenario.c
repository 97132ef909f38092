#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "prismfed/simulation.h"

unsigned long bench_run_scenario(const char *path, unsigned epochs, const char *output)
{
    return bench_run_threads(path, epochs, output, 1);
}

unsigned long bench_run_threads(const char *path, unsigned epochs, const char *output, unsigned threads)
{
    struct federated_simulation_options options = {.scenario = path,
                                                   .epochs = epochs,
                                                   .clean = output != NULL,
                                                   .output_dir = output,
                                                   .threads = threads,
                                                   .write_artifacts = output != NULL};
    struct federated_simulation_report report;
    char error[1024];
    unsigned long messages;

    if (federated_simulation_run(&options, &report, error, sizeof error) != 0) {
        fprintf(stderr, "%s\n(run this from the root of the checkout)\n", error);
        exit(2);
    }
    messages = (unsigned long)report.messages;
    federated_simulation_report_free(&report);
    return messages;
}
