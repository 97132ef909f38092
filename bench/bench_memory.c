#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "bench.h"
#include "prismfed/simulation.h"

/* Peak memory and time an epoch of the lean scenario, over ten, a hundred, ... times as many epochs: neither may grow.
 * The argument is the longest run; each runs in a process of its own, with artifacts. */

static void drop(void *context, const struct federated_simulation_report *report,
                 const struct federated_epoch_report *epoch)
{
    (void)context;
    (void)report;
    (void)epoch;
}

static void run(const char *folder, uint64_t epochs)
{
    struct federated_simulation_options options = {.scenario = "bench/lean.json",
                                                   .epochs = epochs,
                                                   .clean = true,
                                                   .output_dir = folder,
                                                   .threads = 1,
                                                   .write_artifacts = true,
                                                   .epoch = drop};
    struct federated_simulation_report report;
    double start = bench_seconds();
    char error[1024];

    if (federated_simulation_run(&options, &report, error, sizeof error) != 0) {
        fprintf(stderr, "%s\n(run this from the root of the checkout)\n", error);
        exit(2);
    }
    federated_simulation_report_free(&report);
    printf("%8" PRIu64 " epochs: peak memory %6.1f MB, %6.1f ms of processor time an epoch\n", epochs,
           bench_peak_megabytes(), (bench_seconds() - start) * 1e3 / (double)epochs);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/prismfed-bench-XXXXXX";
    uint64_t longest = 1000;
    int status = 0;

    if ((argc > 1 && u64_parse(argv[1], &longest) != ERR_OK) || mkdtemp(folder) == NULL)
        return 2;
    puts("memory, lean scenario, one thread");
    for (uint64_t epochs = 10; epochs <= longest && status == 0; epochs *= 10) {
        pid_t child;

        fflush(stdout);
        child = fork();
        if (child == 0) {
            run(folder, epochs);
            exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            status = 1;
    }
    return bench_remove(folder) != 0 || status != 0;
}
