#ifndef PRISMFED_BENCH_BENCH_H
#define PRISMFED_BENCH_BENCH_H

#include <stddef.h>

/* Measuring on noisy machines: medians of several runs, and ratios to something measured in the same process. */

enum { BENCH_RUNS = 5 };

double bench_seconds(void); /* of processor time, all threads */
double bench_wall_seconds(void);
double bench_median(double *values, size_t count); /* sorts them */
double bench_verify_seconds(void);                 /* one Ed25519 verification, of a 256-byte message */
double bench_sign_seconds(void);                   /* one Ed25519 signature, of a 256-byte message */
double bench_hash_seconds(void);                   /* one SHA-256 of a 65-byte node */
double bench_peak_megabytes(void);

/* Runs a scenario file for so many epochs on one thread into output (NULL: no artifacts); aborts with its
 * error. Returns messages delivered. */
unsigned long bench_run_scenario(const char *path, unsigned epochs, const char *output);
/* The same on so many threads. */
unsigned long bench_run_threads(const char *path, unsigned epochs, const char *output, unsigned threads);

/* A temporary folder goes, with all that is in it; what system() says. */
int bench_remove(const char *folder);

#endif
