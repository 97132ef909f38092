#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "bench.h"
#include "node/store.h"

/* Durable writes in a second: of a bare file, to which bytes are appended and synced, and of a node's store, whose
 * thread makes durable in one transaction whatever has been asked for meanwhile. As ratios to the bare file in the same
 * rounds, for disks differ, and one disk differs from minute to minute. In a folder of its own in the present one, or
 * in the one that is the argument: what /tmp is may have no disk. */

enum { WRITE_SIZE = 300, ROUNDS = 7, COMMITS = 60, GROUPS = 3 };

static const unsigned groups[GROUPS] = {1, 10, 100};

static char folder[200];

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(2);
}

/* Each is appended and synced by itself. */
static double bare_seconds(int fd, unsigned commits)
{
    static const uint8_t bytes[WRITE_SIZE];
    double start = bench_wall_seconds();

    for (unsigned i = 0; i < commits; i++) {
        need(write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes, "write");
        need(fdatasync(fd) == 0, "fdatasync");
    }
    return bench_wall_seconds() - start;
}

static void wait_for(struct store *s, uint64_t serial)
{
    struct pollfd p = {.fd = store_fd(s), .events = POLLIN};
    uint64_t durable = 0;
    struct diag diag = {0};

    for (;;) {
        if (store_finished(s, &durable, &diag) != ERR_OK) {
            fprintf(stderr, "%s\n", diag.text);
            exit(2);
        }
        if (durable >= serial)
            return;
        need(poll(&p, 1, -1) == 1, "poll");
    }
}

/* So many are asked for at once, and waited for. */
static double store_seconds(struct store *s, uint64_t *serial, unsigned group, unsigned commits)
{
    struct blob *blob = blob_sized(WRITE_SIZE);
    double start = bench_wall_seconds();

    memset(blob->data, 1, blob->len);
    for (unsigned i = 0; i < commits; i++) {
        for (unsigned k = 0; k < group; k++) {
            ++*serial;
            store_write(s, STORE_RECORD, *serial, *serial, blob);
        }
        wait_for(s, *serial);
        if (*serial > 1000) /* as a node does behind each checkpoint */
            store_forget(s, *serial, *serial - 1000);
    }
    blob_drop(blob);
    return bench_wall_seconds() - start;
}

static void print(const char *what, double per_second, double bare)
{
    printf("%-44s %9.0f writes/s, %6.2f of the bare file's\n", what, per_second, per_second / bare);
}

static void measure(int fd, struct store *s)
{
    double bare[ROUNDS], ratio[GROUPS][ROUNDS], of_store;
    uint64_t serial = 0;
    char what[80];

    (void)store_seconds(s, &serial, 1, COMMITS); /* what is only done once */
    (void)bare_seconds(fd, COMMITS);
    for (unsigned round = 0; round < ROUNDS; round++) {
        bare[round] = COMMITS / bare_seconds(fd, COMMITS);
        for (unsigned g = 0; g < GROUPS; g++) {
            of_store = groups[g] * (double)COMMITS / store_seconds(s, &serial, groups[g], COMMITS);
            ratio[g][round] = of_store / bare[round];
        }
    }
    double limit = bench_median(bare, ROUNDS);
    print("append and fdatasync, one by one", limit, limit);
    for (unsigned g = 0; g < GROUPS; g++) {
        snprintf(what, sizeof what, "the store, %u asked for and waited for", groups[g]);
        print(what, bench_median(ratio[g], ROUNDS) * limit, limit);
    }
}

int main(int argc, char **argv)
{
    const struct digest id = {{1}};
    struct store *s;
    struct diag diag = {0};
    char path[240];

    snprintf(folder, sizeof folder, "%s/bench-commit-XXXXXX", argc > 1 ? argv[1] : ".");
    need(mkdtemp(folder) != NULL, folder);
    snprintf(path, sizeof path, "%s/bare", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    need(fd >= 0, path);
    snprintf(path, sizeof path, "%s/store.sqlite", folder);
    if (store_open(path, &id, true, &s, &diag) != ERR_OK) {
        fprintf(stderr, "%s\n", diag.text);
        return 2;
    }
    printf("durable writes of %d bytes, median of %d rounds\n", WRITE_SIZE, ROUNDS);
    measure(fd, s);
    store_close(s);
    close(fd);
    return bench_remove(folder) != 0;
}
