#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bench.h"

/* One site whose program computes: how long a rehearsal takes with ever more threads, of which each does one run at a
 * time. The runs, and what comes of them, are the same. */

enum { INSTANCES = 4, EPOCHS = 1, RUNS = 3 };

static const unsigned threads[] = {1, 2, 4, 8};

/* About fifty thousandths of a second for a run, whatever the genome. */
static const char program[] = "#!/bin/sh\n"
                              "best=$(cat \"$4\") i=0 sum=0\n"
                              "while [ $i -lt 50000 ]; do i=$((i + 1)); done\n"
                              "shift 4\n"
                              "for word; do sum=$((sum + (${word#*=} - best) * (${word#*=} - best))); done\n"
                              "echo $sum\n";

static const char scenario[] =
    "{\"name\": \"workers\", \"quorum\": 1, \"max_ledger_drift\": 2, \"epoch_start\": 1, \"policy\": {\"evaluations\": "
    "24, "
    "\"iteration_limit\": 10000000}, \"space\": {\"genes\": ["
    "{\"name\": \"a\", \"type\": \"discrete\", \"low\": 1, \"high\": 600, \"default\": 50}, "
    "{\"name\": \"b\", \"type\": \"discrete\", \"low\": 1, \"high\": 600, \"default\": 50}, "
    "{\"name\": \"c\", \"type\": \"discrete\", \"low\": 1, \"high\": 600, \"default\": 50}]}, "
    "\"nodes\": [{\"id\": \"one\", \"region\": \"r\", \"role\": \"core\", \"stake\": 1, \"workload\": {\"program\": "
    "{\"runner\": \"irace\", \"command\": [\"./program.sh\"], \"instances\": [\"0\", \"1\", \"2\", \"3\"]}}}]}";

/* path: the folder's; changed and put back. */
static void put(struct buf *path, const char *name, const char *text)
{
    size_t length = path->len;
    struct diag diag = {0};

    buf_printf(path, "/%s", name);
    if (file_write(buf_text(path), bytes_of_text(text), &diag) != ERR_OK || chmod(buf_text(path), 0755) != 0) {
        fprintf(stderr, "%s\n", diag.text);
        exit(2);
    }
    path->len = length;
}

static double measure(const char *path, const char *folder, unsigned count)
{
    double runs[RUNS];

    for (unsigned i = 0; i < RUNS; i++) {
        double start = bench_wall_seconds();

        bench_run_threads(path, EPOCHS, folder, count);
        runs[i] = bench_wall_seconds() - start;
    }
    return bench_median(runs, RUNS);
}

int main(void)
{
    char folder[] = "/tmp/prismfed-bench-XXXXXX";
    struct buf path = {0};
    double alone = 0;

    if (mkdtemp(folder) == NULL)
        return 2;
    buf_add_text(&path, folder);
    put(&path, "program.sh", program);
    put(&path, "workers.json", scenario);
    for (unsigned i = 0; i < INSTANCES; i++)
        put(&path, (char[]){(char)('0' + i), '\0'}, (char[]){(char)('1' + 2 * i), '0', '0', '\0'});
    buf_add_text(&path, "/workers.json");
    printf("one site with a program that computes, %u instances, %ld processors, real time, median of %u runs\n",
           INSTANCES, sysconf(_SC_NPROCESSORS_ONLN), RUNS);
    printf("%8s %10s   %s\n", "threads", "seconds", "times as fast as one");
    for (unsigned i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        double seconds = measure(buf_text(&path), folder, threads[i]);

        alone = i == 0 ? seconds : alone;
        printf("%8u %10.2f   %.2f\n", threads[i], seconds, alone / seconds);
    }
    buf_free(&path);
    return bench_remove(folder);
}
