#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "bench.h"
#include "lone_node.h"
#include "unsynced.h"

/* What a start costs after more and more blocks: time and peak memory must not grow with them. A federation of one node
 * decides them, with next to no work at its site, into a store like any node's, only that it is not synced meanwhile.
 * Each start is one of a process of its own. The argument is the greatest number of blocks. */

#define BOUND 1.5 /* that each may differ from another */

static char folder[] = "/tmp/prismfed-bench-XXXXXX";
static char path[64];

static struct lone_federation federation;

static void node_start(struct lone_node *n, bool without)
{
    struct diag diag = {0};
    enum err err = without ? lone_node_start_from_blocks(n, &federation, path, &diag)
                           : lone_node_start(n, &federation, path, &diag);

    if (err == ERR_OK)
        return;
    fprintf(stderr, "%s\n", diag.text);
    exit(2);
}

/* ---- a start, measured */

/* What only this process had: getrusage() also counts what was there before exec(). */
static double peak_megabytes(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    unsigned long kilobytes = 0;
    char line[256];

    while (file != NULL && kilobytes == 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtoul(line + 6, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return (double)kilobytes / 1024;
}

struct measured {
    double milliseconds, megabytes;
};

static int child(bool without)
{
    double runs[BENCH_RUNS];

    for (unsigned run = 0; run < BENCH_RUNS; run++) {
        struct lone_node n;

        double start = bench_seconds();
        node_start(&n, without);
        runs[run] = (bench_seconds() - start) * 1e3;
        lone_node_stop(&n);
    }
    printf("%.6f %.6f\n", bench_median(runs, BENCH_RUNS), peak_megabytes());
    return 0;
}

static struct measured measure(const char *program, bool without)
{
    struct measured m = {0};
    char command[600];

    snprintf(command, sizeof command, "'%s' --start '%s' %d", program, folder, without);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL || fscanf(pipe, "%lf %lf", &m.milliseconds, &m.megabytes) != 2 || pclose(pipe) != 0)
        exit(2);
    return m;
}

/* ---- all of them */

/* Flushed, for who waits. */
static void print(uint64_t blocks, const struct measured *m, const struct measured *first, const char *note)
{
    struct stat file = {0};

    (void)stat(path, &file);
    printf("%8" PRIu64
           " blocks, %7.2f MB: %9.2f ms of processor time, %.2f of the first; peak memory %6.2f MB, %.2f%s\n",
           blocks, (double)file.st_size / (1 << 20), m->milliseconds, m->milliseconds / first->milliseconds,
           m->megabytes, m->megabytes / first->megabytes, note);
    fflush(stdout);
}

static bool differs(double a, double b)
{
    return a > BOUND * b || b > BOUND * a;
}

/* Each is measured with as many blocks above the snapshot as there ever are. */
static uint64_t rounded(uint64_t blocks, uint64_t interval)
{
    return blocks / interval * interval + interval - 1;
}

static bool measure_all(const char *program, uint64_t height, bool from_blocks, struct measured *first)
{
    struct measured m = measure(program, false);
    bool is_first = first->milliseconds <= 0;

    if (is_first)
        *first = m;
    print(height, &m, first, "");
    bool grows = differs(m.milliseconds, first->milliseconds) || differs(m.megabytes, first->megabytes);
    if (from_blocks) {
        m = measure(program, true);
        print(height, &m, first, ", from the first block on");
    }
    return grows;
}

static int run_all(const char *program, uint64_t most)
{
    uint64_t block_bytes = 0, snapshot_bytes = 0;
    struct measured first = {0};
    struct diag diag = {0};
    bool grows = false;
    struct lone_node n;

    printf("restart of a node, median of %d starts\n", BENCH_RUNS);
    for (uint64_t blocks = 1000; blocks <= most; blocks *= 10) {
        node_start(&n, false);
        if (lone_node_decide(&n, rounded(blocks, federation.interval), &diag) != ERR_OK) {
            fprintf(stderr, "%s\n", diag.text);
            exit(2);
        }
        uint64_t height = lone_node_height(&n);
        block_bytes += n.block_bytes;
        snapshot_bytes += n.snapshot_bytes;
        lone_node_stop(&n);
        grows |= measure_all(program, height, blocks <= 10000, &first);
    }
    printf("bytes of snapshots written for each byte of blocks: %.2f\n", (double)snapshot_bytes / (double)block_bytes);
    return grows;
}

int main(int argc, char **argv)
{
    bool starts = argc == 4 && strcmp(argv[1], "--start") == 0;
    uint64_t most = 100000;
    int status;

    key_library_init();
    lone_federation_init(&federation);
    if (starts)
        snprintf(folder, sizeof folder, "%s", argv[2]);
    else if ((argc > 1 && u64_parse(argv[1], &most) != ERR_OK) || mkdtemp(folder) == NULL)
        return 2;
    snprintf(path, sizeof path, "%s/store.sqlite", folder);
    if (starts)
        return child(argv[3][0] == '1');
    unsynced_begin();
    status = run_all(argv[0], most);
    printf("within %.1f of each other: %s\n", BOUND, status == 0 ? "yes" : "no");
    lone_federation_fini(&federation);
    return bench_remove(folder) != 0 || status != 0;
}
