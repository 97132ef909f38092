#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "crypto/key.h"

static double clock_seconds(clockid_t clock)
{
    struct timespec t;

    ASSERT(clock_gettime(clock, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_seconds(void)
{
    return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_wall_seconds(void)
{
    return clock_seconds(CLOCK_MONOTONIC);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int bench_remove(const char *folder)
{
    char command[64];

    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

double bench_median(double *values, size_t count)
{
    ASSERT(count > 0);
    qsort(values, count, sizeof values[0], compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Messages that differ, as they do in practice: a processor learns the branches of a verification that it repeats. */
enum { MESSAGES = 500, MESSAGE_SIZE = 256 };

static struct bytes message_put(uint8_t message[MESSAGE_SIZE], unsigned number)
{
    be64_put(message, number);
    return bytes_of(message, MESSAGE_SIZE);
}

double bench_verify_seconds(void)
{
    static uint8_t signatures[MESSAGES][SIGNATURE_SIZE];
    uint8_t message[MESSAGE_SIZE] = {0};
    double runs[BENCH_RUNS];
    struct secret_key key;

    key_simulated(1, "bench", &key);
    for (unsigned i = 0; i < MESSAGES; i++)
        key_sign(&key, message_put(message, i), signatures[i]);
    for (size_t run = 0; run < BENCH_RUNS; run++) {
        double start = bench_seconds();

        for (unsigned i = 0; i < MESSAGES; i++)
            ASSERT(key_verify(&key.public, message_put(message, i), signatures[i]) == ERR_OK);
        runs[run] = (bench_seconds() - start) / MESSAGES;
    }
    return bench_median(runs, BENCH_RUNS);
}

double bench_sign_seconds(void)
{
    uint8_t message[MESSAGE_SIZE] = {0}, signature[SIGNATURE_SIZE];
    double runs[BENCH_RUNS];
    struct secret_key key;

    key_simulated(1, "bench", &key);
    for (size_t run = 0; run < BENCH_RUNS; run++) {
        double start = bench_seconds();

        for (unsigned i = 0; i < MESSAGES; i++)
            key_sign(&key, message_put(message, i), signature);
        runs[run] = (bench_seconds() - start) / MESSAGES;
    }
    return bench_median(runs, BENCH_RUNS);
}

double bench_hash_seconds(void)
{
    enum { COUNT = 100000 };
    uint8_t node[65] = {1};
    double runs[BENCH_RUNS];

    for (size_t run = 0; run < BENCH_RUNS; run++) {
        double start = bench_seconds();

        for (unsigned i = 0; i < COUNT; i++) {
            struct digest d = digest_of(bytes_of(node, sizeof node));

            memcpy(node + 1, d.b, sizeof d.b);
        }
        runs[run] = (bench_seconds() - start) / COUNT;
    }
    return bench_median(runs, BENCH_RUNS);
}

double bench_peak_megabytes(void)
{
    struct rusage usage;

    ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    return (double)usage.ru_maxrss / 1024;
}
