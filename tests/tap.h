#ifndef PRISMFED_TESTS_TAP_H
#define PRISMFED_TESTS_TAP_H

/* Tests that speak TAP (Test Anything Protocol 12). A test is a function without
 * arguments and results; it passes when none of its CHECKs fails:
 *
 *     static void adds_bytes(void)
 *     {
 *         ...
 *         CHECK_EQ_U64(buf.len, 3);
 *     }
 *
 *     int main(void)
 *     {
 *         TAP_RUN(adds_bytes);
 *         return tap_done();
 *     }
 *
 * A CHECK that fails says where and what, and the test goes on; a REQUIRE that
 * fails returns from the (void) function that it stands in. Random tests set
 * tap.seed, which is printed with every failure. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"

struct tap {
    unsigned count;      /* tests run */
    unsigned failed;     /* tests failed */
    unsigned complaints; /* failed CHECKs in the running test */
    const char *skipped; /* why the running test was skipped, or NULL */
    const char *test;    /* the running test's name */
    bool seeded;
    uint64_t seed;
};

static struct tap tap;

static inline void tap_seed(uint64_t seed)
{
    tap.seeded = true;
    tap.seed = seed;
}

static inline void tap_run(const char *name, void (*test)(void))
{
    tap.test = name;
    tap.complaints = 0;
    tap.skipped = NULL;
    tap.seeded = false;
    tap.count++;
    test();
    bool ok = tap.complaints == 0;
    tap.failed += !ok;
    printf("%s %u - %s", ok ? "ok" : "not ok", tap.count, name);
    if (ok && tap.skipped != NULL)
        printf(" # SKIP %s", tap.skipped);
    putchar('\n');
    fflush(stdout);
}

static inline int tap_done(void)
{
    printf("1..%u\n", tap.count);
    return tap.failed == 0 ? 0 : 1;
}

static inline void tap_skip(const char *why)
{
    tap.skipped = why;
}

/* Says something without failing. */
static inline void tap_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
static inline void tap_note(const char *fmt, ...)
{
    va_list args;
    fputs("# ", stdout);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static inline bool tap_complain(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
static inline bool tap_complain(const char *file, int line, const char *fmt, ...)
{
    va_list args;
    tap.complaints++;
    printf("# %s:%d: ", file, line);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    if (tap.seeded)
        printf(" [seed %" PRIu64 "]", tap.seed);
    putchar('\n');
    return false;
}

static inline bool tap_check(bool ok, const char *text, const char *file, int line)
{
    return ok ? true : tap_complain(file, line, "not true: %s", text);
}

static inline bool tap_check_u64(uint64_t got, uint64_t want, const char *text, const char *file, int line)
{
    return got == want ? true : tap_complain(file, line, "%s is %" PRIu64 ", should be %" PRIu64, text, got, want);
}

static inline bool tap_check_i64(int64_t got, int64_t want, const char *text, const char *file, int line)
{
    return got == want ? true : tap_complain(file, line, "%s is %" PRId64 ", should be %" PRId64, text, got, want);
}

static inline bool tap_check_text(const char *got, const char *want, const char *text, const char *file, int line)
{
    if (got != NULL && want != NULL && strcmp(got, want) == 0)
        return true;
    return tap_complain(file, line, "%s is \"%s\", should be \"%s\"", text, got ? got : "(null)",
                        want ? want : "(null)");
}

static inline void tap_print_bytes(const char *what, struct bytes bytes)
{
    printf("#   %s (%zu):", what, bytes.len);
    for (size_t i = 0; i < bytes.len && i < 64; i++)
        printf(" %02x", bytes.data[i]);
    puts(bytes.len > 64 ? " ..." : "");
}

static inline bool tap_check_bytes(struct bytes got, struct bytes want, const char *text, const char *file, int line)
{
    if (got.len == want.len && (got.len == 0 || memcmp(got.data, want.data, got.len) == 0))
        return true;
    tap_complain(file, line, "%s differs", text);
    tap_print_bytes("got ", got);
    tap_print_bytes("want", want);
    return false;
}

static inline bool tap_check_err(enum err got, enum err want, const char *text, const char *file, int line)
{
    return got == want ? true
                       : tap_complain(file, line, "%s gives \"%s\" (%d), should give \"%s\" (%d)", text, err_text(got),
                                      (int)got, err_text(want), (int)want);
}

#define TAP_RUN(test) tap_run(#test, test)
#define SKIP(why)                                                                                                      \
    do {                                                                                                               \
        tap_skip(why);                                                                                                 \
        return;                                                                                                        \
    } while (0)

#define CHECK(cond) tap_check((cond), #cond, __FILE__, __LINE__)
#define CHECK_EQ_U64(got, want) tap_check_u64((got), (want), #got, __FILE__, __LINE__)
#define CHECK_EQ_I64(got, want) tap_check_i64((got), (want), #got, __FILE__, __LINE__)
#define CHECK_EQ_TEXT(got, want) tap_check_text((got), (want), #got, __FILE__, __LINE__)
#define CHECK_EQ_BYTES(got, want) tap_check_bytes((got), (want), #got, __FILE__, __LINE__)
/* The expression must give this error: CHECK_ERR(cbor_check(in, &pos), ERR_TRUNCATED). */
#define CHECK_ERR(expr, want) tap_check_err((expr), (want), #expr, __FILE__, __LINE__)
#define CHECK_OK(expr) CHECK_ERR(expr, ERR_OK)

#define REQUIRE(cond)                                                                                                  \
    do {                                                                                                               \
        if (!CHECK(cond))                                                                                              \
            return;                                                                                                    \
    } while (0)
#define REQUIRE_OK(expr)                                                                                               \
    do {                                                                                                               \
        if (!CHECK_OK(expr))                                                                                           \
            return;                                                                                                    \
    } while (0)

/* Where the sources were when the tests were built (source_root.c). */
const char *tap_source_root(void);

/* A path inside the source tree: tap_source("artifacts/mec/M5"). The result is
 * good until the call after next. */
static inline const char *tap_source(const char *relative)
{
    static char paths[2][4096];
    static unsigned next;
    char *path = paths[next++ % 2];
    const char *root = getenv("PRISMFED_SOURCE_ROOT");

    snprintf(path, sizeof paths[0], "%s/%s", root != NULL ? root : tap_source_root(), relative);
    return path;
}

/* A path among the shared vectors (the folder PRISMFED_SHARED, or ../shared
 * beside the sources), or NULL when it is not there: then SKIP. */
static inline const char *tap_shared(const char *relative)
{
    static char paths[2][4096];
    static unsigned next;
    char *path = paths[next++ % 2];
    const char *folder = getenv("PRISMFED_SHARED");
    if (folder == NULL)
        folder = tap_source("../shared");
    snprintf(path, sizeof paths[0], "%s/%s", folder, relative);
    return access(path, R_OK) == 0 ? path : NULL;
}

#endif
