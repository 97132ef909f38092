#include <prismfed/simulation.h>

/* A program that embeds a rehearsal and knows nothing of prismfed but its public header. TAP by hand. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned calls;
static uint64_t runs;

static int genome_is_told(const struct federated_simulation_report *r)
{
    int told = r->genome.epoch == 2 && r->genome.gene_count == 8 && r->genome.json[0] == '{' && r->site_count == 3 &&
               strcmp(r->costs[0].node_id, "core-local") == 0 && strcmp(r->costs[0].unit, "iterations") == 0 &&
               r->costs[0].last > 0 && r->costs[0].last < r->costs[0].first &&
               memcmp(r->genome.hash, r->epochs[1].incumbent, 32) == 0;

    for (uint64_t i = 0; i < r->genome.gene_count; i++)
        told &= r->genome.genes[i].name[0] != '\0' && r->genome.genes[i].value[0] != '\0';
    return told;
}

static int progress(void *context, const struct federated_progress *now)
{
    (void)context;
    calls++;
    runs = now->runs;
    return now->epoch < 1 || now->epoch > now->epochs || now->runs > now->runs_planned;
}

static int check(int number, int ok, const char *text)
{
    printf("%s %d - %s\n", ok ? "ok" : "not ok", number, text);
    return !ok;
}

int main(int argc, char **argv)
{
    struct federated_simulation_options options = {.epochs = 2, .threads = 1, .progress = progress};
    struct federated_simulation_report report;
    char error[1024] = "";
    int failed = 0;

    options.scenario = argc > 1 ? argv[1] : "artifacts/mec/M5/scenarios/baseline.json";
    failed += check(1, federated_simulation_run(&options, &report, error, sizeof error) == 0, "a rehearsal runs");
    if (failed > 0) {
        printf("# %s\n1..1\n", error);
        return EXIT_FAILURE;
    }
    failed += check(2, report.epoch_count == 2 && report.epochs[0].quorum_reached && report.epochs[1].quorum_reached,
                    "each epoch is anchored");
    failed += check(3, report.roots_agree && report.gain > 0 && report.messages > 0, "the report is filled");
    failed += check(4, strcmp(report.label, "default") == 0, "the label of baseline.json");
    failed += check(5, calls > 0 && runs > report.evaluations, "progress is told");
    failed += check(6, genome_is_told(&report), "the shared genome by name, and what it costs");
    federated_simulation_report_free(&report);

    options.scenario = "/nonexistent/scenario.json";
    failed += check(7, federated_simulation_run(&options, &report, error, sizeof error) == 2 && error[0] != '\0',
                    "a missing scenario is status 2 and one line");
    options.epochs = 0;
    failed += check(8, federated_simulation_run(&options, &report, error, sizeof error) == 2, "no epochs is status 2");
    puts("1..8");
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
