#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/dmath.h"
#include "base/file.h"
#include "bench.h"

/* How a rehearsal grows with the federation: processor time of two epochs of four validators and ever more
 * participants with next to no work, and the exponent of its growth: time as members^exponent. First all members
 * contribute, then a cohort of 100 of ever more members; at the end ten epochs of as many as a scenario may have
 * (within a power of ten). */

enum { VALIDATORS = 4, EPOCHS = 2, RUNS = 3, COHORT = 100, MANY = 10000, MANY_EPOCHS = 10 };

static const unsigned all[] = {32, 64, 128, 256, 0}, cohorts[] = {100, 250, 500, 1000, 0},
                      many[] = {1000, 3000, MANY, 0};

static void scenario_write(const char *path, unsigned members, unsigned cohort)
{
    struct buf text = {0};
    struct diag diag = {0};

    buf_printf(&text,
               "{\"name\": \"growth\", \"quorum\": 3, \"max_ledger_drift\": 2, \"epoch_start\": 1, \"policy\": "
               "{\"evaluations\": 1, \"iteration_limit\": 1, \"migrants\": 1, \"cohort\": %u}, \"workload\": "
               "{\"family\": \"queen\", \"instances\": 1, \"size_min\": 5, \"size_max\": 5}, \"nodes\": [",
               cohort);
    for (unsigned i = 0; i < members; i++)
        buf_printf(&text, "%s{\"id\": \"n%u\", \"region\": \"r%u\", \"role\": \"%s\", \"stake\": 1}", i > 0 ? ", " : "",
                   i, i % 3, i < VALIDATORS ? "core" : "edge");
    buf_add_text(&text, "]}");
    if (file_write(path, bytes_of_buf(&text), &diag) != ERR_OK) {
        fprintf(stderr, "%s\n", diag.text);
        exit(2);
    }
    buf_free(&text);
}

static double measure(const char *folder, unsigned members, unsigned cohort, unsigned epochs)
{
    unsigned long messages = 0;
    unsigned count = members > 1000 ? 1 : RUNS;
    struct buf path = {0};
    double runs[RUNS];

    buf_printf(&path, "%s/growth.json", folder);
    scenario_write(buf_text(&path), members, cohort);
    for (unsigned i = 0; i < count; i++) {
        double start = bench_seconds();

        messages = bench_run_scenario(buf_text(&path), epochs, folder);
        runs[i] = bench_seconds() - start;
    }
    double seconds = bench_median(runs, count);
    printf("%8u %10lu %10.3f", members, messages, seconds);
    buf_free(&path);
    return seconds;
}

static double exponent(double from, double to, double times)
{
    return dmath_log(to / from) / dmath_log(times);
}

/* members: ends with 0. */
static void grow(const char *folder, const unsigned *members, unsigned cohort)
{
    double first = measure(folder, members[0], cohort, EPOCHS), before = first;
    unsigned i = 1;

    printf("\n");
    for (; members[i] != 0; i++) {
        double seconds = measure(folder, members[i], cohort, EPOCHS);

        printf("   %.2f\n", exponent(before, seconds, (double)members[i] / members[i - 1]));
        before = seconds;
    }
    printf("time grows with members^%.2f from %u to %u members; peak memory so far %.0f MB\n",
           exponent(first, before, (double)members[i - 1] / members[0]), members[0], members[i - 1],
           bench_peak_megabytes());
}

int main(void)
{
    char folder[] = "/tmp/prismfed-bench-XXXXXX";

    if (mkdtemp(folder) == NULL)
        return 2;
    printf("growth of a rehearsal, %u validators, %u epochs, one thread, processor time, median of %u runs\n",
           VALIDATORS, EPOCHS, RUNS);
    printf("%8s %10s %10s   %s\n", "members", "messages", "seconds", "exponent since the row above");
    grow(folder, all, 0);
    printf("the same, of whom a cohort of %u contributes\n", COHORT);
    grow(folder, cohorts, COHORT);
    printf("the same of many more, one run each\n");
    grow(folder, many, COHORT);
    printf("the last of them for %d epochs\n", MANY_EPOCHS);
    (void)measure(folder, MANY, COHORT, MANY_EPOCHS);
    printf("   peak memory %.0f MB\n", bench_peak_megabytes());
    return bench_remove(folder);
}
