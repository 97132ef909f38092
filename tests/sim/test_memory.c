#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"

/* Five times as many epochs take the same memory. Each length runs as a process of its own; `bench_memory` has the
 * longer ones. */

static char folder[] = "/tmp/prismfed-memory-XXXXXX";
static char *program;

/* Kilobytes at the peak of this and all earlier ones. */
static long peak_of(const char *epochs)
{
    struct buf scenario = {0};
    struct rusage usage;
    int status = -1;
    pid_t child;

    buf_printf(&scenario, "%s/small.json", folder);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        setenv("ASAN_OPTIONS", "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:detect_leaks=0", 1);
        execl(program, program, "--scenario", buf_text(&scenario), "--epochs", epochs, "--output-dir", folder,
              "--threads", "1", "--quiet", (char *)NULL);
        _exit(127);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0);
    printf("# %s epochs: %ld KB\n", epochs, usage.ru_maxrss);
    buf_free(&scenario);
    return usage.ru_maxrss;
}

static void put_scenario(void)
{
    struct buf text = {0}, path = {0};

    buf_add_text(&text,
                 "{\"name\": \"small\", \"quorum\": 2, \"max_ledger_drift\": 2, \"epoch_start\": 1, \"seed\": 1, "
                 "\"policy\": {\"evaluations\": 1, \"iteration_limit\": 1, \"migrants\": 1}, "
                 "\"workload\": {\"family\": \"queen\", \"instances\": 1, \"size_min\": 5, \"size_max\": 5}, "
                 "\"nodes\": [");
    for (unsigned i = 0; i < 3; i++)
        buf_printf(&text, "%s{\"id\": \"n%u\", \"region\": \"r\", \"role\": \"core\", \"stake\": 1}", i > 0 ? "," : "",
                   i);
    buf_add_text(&text, "]}");
    buf_printf(&path, "%s/small.json", folder);
    CHECK_OK(file_write(buf_text(&path), bytes_of_buf(&text), NULL));
    buf_free(&text);
    buf_free(&path);
}

static void memory_does_not_grow_with_the_epochs(void)
{
    long few, many;

    put_scenario();
    few = peak_of("100");
    many = peak_of("500");
    CHECK(many <= few + few / 4);
}

static void remove_all(void)
{
    struct buf command = {0};

    buf_printf(&command, "rm -r '%s'", folder);
    CHECK(system(buf_text(&command)) == 0);
    buf_free(&command);
}

int main(int argc, char **argv)
{
    if (argc != 2 || mkdtemp(folder) == NULL)
        return 1;
    program = argv[1];
    TAP_RUN(memory_does_not_grow_with_the_epochs);
    remove_all();
    return tap_done();
}
