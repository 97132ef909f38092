#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aggregate/vector.h"
#include "base/prng.h"
#include "bench.h"

/* The vector rules on a hundred updates of a million values, one thread, as ratios to what is measured beside them: the
 * mean to reading the same memory once, the others to NumPy in a child that times itself and does the same sums, turn
 * and turn about. Without NumPy that part is skipped. With the name of a rule: that rule alone. */

enum { ROWS = 100, LIARS = 10, LIARS_MDA = 5, RUNS = 3, COMPARED = 4 };
#define COLUMNS ((size_t)1000000)

struct child {
    pid_t pid;
    FILE *to, *from;
};

static double *matrix_draw(const double **rows, struct digest *hashes)
{
    double *matrix = mem_array(ROWS * COLUMNS, sizeof matrix[0]);
    struct prng prng;

    prng_seed(&prng, 1);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        matrix[i] = prng_unit(&prng) + prng_unit(&prng) - 1;
    for (unsigned i = 0; i < ROWS; i++) {
        rows[i] = matrix + i * COLUMNS;
        hashes[i] = digest_of(bytes_of(&i, sizeof i));
    }
    return matrix;
}

/* What reading the matrix takes: sums enough for the additions not to be waited for. */
static double read_seconds(const double *matrix)
{
    double runs[RUNS], sums[16] = {0}, sum = 0;

    for (unsigned run = 0; run < RUNS; run++) {
        double start = bench_seconds();

        for (size_t i = 0; i + 16 <= ROWS * COLUMNS; i += 16)
            for (unsigned k = 0; k < 16; k++)
                sums[k] += matrix[i + k];
        runs[run] = bench_seconds() - start;
    }
    for (unsigned k = 0; k < 16; k++)
        sum += sums[k];
    ASSERT(sum > -1e12 && sum < 1e12); /* so that nobody leaves the sums out */
    return bench_median(runs, RUNS);
}

static double rule_seconds(const struct vector_set *set, enum vector_rule rule, double *out)
{
    struct vector_options o = {.rule = rule, .f = rule == VECTOR_MDA ? LIARS_MDA : LIARS, .radius = 100};
    double start = bench_seconds();

    ASSERT(vector_reduce(set, &o, out, NULL, NULL) == ERR_OK);
    return bench_seconds() - start;
}

/* ---- NumPy */

static void child_exec(const int *to, const int *from, const char *path)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char rows[16], liars[16];

    (void)snprintf(rows, sizeof rows, "%d", ROWS);
    (void)snprintf(liars, sizeof liars, "%d", LIARS);
    if (dup2(to[0], STDIN_FILENO) < 0 || dup2(from[1], STDOUT_FILENO) < 0 || close(to[1]) != 0)
        _exit(1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    setenv("OMP_NUM_THREADS", "1", 1);
    for (unsigned i = 0; i < 2; i++) {
        char test[128];

        (void)snprintf(test, sizeof test, "%s -c 'import numpy' 2> /dev/null", pythons[i]);
        if (system(test) == 0)
            execlp(pythons[i], pythons[i], "bench/aggregate_numpy.py", path, rows, liars, (char *)NULL);
    }
    _exit(1);
}

/* True, and the child's greeting, if there is a Python with NumPy. */
static bool child_start(struct child *c, const double *matrix, char *greeting, int size)
{
    char path[] = "/tmp/prismfed-bench-XXXXXX";
    int to[2], from[2], file = mkstemp(path);
    FILE *f = fdopen(file, "w");
    bool started;

    ASSERT(f != NULL && fwrite(matrix, sizeof matrix[0], ROWS * COLUMNS, f) == ROWS * COLUMNS && fclose(f) == 0);
    ASSERT(pipe(to) == 0 && pipe(from) == 0);
    fflush(stdout);
    c->pid = fork();
    ASSERT(c->pid >= 0);
    if (c->pid == 0)
        child_exec(to, from, path);
    ASSERT(close(to[0]) == 0 && close(from[1]) == 0);
    c->to = fdopen(to[1], "w");
    c->from = fdopen(from[0], "r");
    ASSERT(c->to != NULL && c->from != NULL);
    started = fgets(greeting, size, c->from) != NULL && strncmp(greeting, "NumPy", 5) == 0;
    ASSERT(unlink(path) == 0);
    if (started)
        greeting[strcspn(greeting, "\n")] = 0;
    return started;
}

static void child_stop(struct child *c)
{
    fclose(c->to);
    fclose(c->from);
    ASSERT(waitpid(c->pid, NULL, 0) == c->pid);
}

static double numpy_seconds(struct child *c, const char *rule, double *values)
{
    char line[512], *at = line;
    double seconds;

    ASSERT(fprintf(c->to, "%s\n", rule) > 0 && fflush(c->to) == 0);
    ASSERT(fgets(line, sizeof line, c->from) != NULL);
    seconds = strtod(at, &at);
    for (unsigned i = 0; i < COMPARED; i++)
        values[i] = strtod(at, &at);
    return seconds;
}

static void same_results(const char *rule, const double *ours, const double *theirs)
{
    for (unsigned i = 0; i < COMPARED; i++) {
        double difference = ours[i] - theirs[i];

        if (difference > -1e-12 && difference < 1e-12)
            continue;
        fprintf(stderr, "%s: ours is %a, NumPy's is %a\n", rule, ours[i], theirs[i]);
        exit(1);
    }
}

/* ---- the table */

static void line_print(const struct vector_set *set, enum vector_rule rule, double floor_seconds, struct child *c,
                       double *out)
{
    bool compares = c != NULL && (rule == VECTOR_MEAN || rule == VECTOR_MEDIAN || rule == VECTOR_TRIMMED_MEAN ||
                                  rule == VECTOR_KRUM);
    double ours[RUNS], theirs[RUNS], ratios[RUNS], values[COMPARED];
    const char *name = vector_rule_name(rule);

    for (unsigned run = 0; run < RUNS; run++) {
        ours[run] = rule_seconds(set, rule, out);
        if (!compares)
            continue;
        theirs[run] = numpy_seconds(c, name, values);
        ratios[run] = theirs[run] / ours[run];
        same_results(name, out, values);
    }
    double seconds = bench_median(ours, RUNS);
    printf("%-17s %8.3f %8.2f", name, seconds, seconds / floor_seconds);
    if (compares)
        printf(" %8.3f %8.2f", bench_median(theirs, RUNS), bench_median(ratios, RUNS));
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct digest hashes[ROWS];
    const double *rows[ROWS];
    double weights[ROWS], *matrix = matrix_draw(rows, hashes), *out = mem_array(COLUMNS, sizeof out[0]);
    struct vector_set set = {ROWS, COLUMNS, rows, hashes, weights};
    char greeting[64];
    struct child child;
    bool has_numpy = child_start(&child, matrix, greeting, sizeof greeting);

    for (unsigned i = 0; i < ROWS; i++)
        weights[i] = 1 + i % 7;
    (void)rule_seconds(&set, VECTOR_MEAN, out); /* every page has been touched from here on */
    double floor_seconds = read_seconds(matrix);
    printf("vector rules, %d x %zu, one thread, median of %d runs; reading once: %.3f s\n", ROWS, COLUMNS, RUNS,
           floor_seconds);
    printf("%-17s %8s %8s %8s %8s\n", "rule", "seconds", "readings", "NumPy", "faster");
    for (unsigned rule = 0; rule < VECTOR_RULE_COUNT; rule++)
        if (argc < 2 || strcmp(argv[1], vector_rule_name((enum vector_rule)rule)) == 0)
            line_print(&set, (enum vector_rule)rule, floor_seconds, has_numpy ? &child : NULL, out);
    puts(has_numpy ? greeting : "comparison skipped: needs NumPy (Debian: python3-numpy libopenblas0)");
    child_stop(&child);
    mem_free(matrix);
    mem_free(out);
    return 0;
}
