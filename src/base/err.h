#ifndef PRISMFED_BASE_ERR_H
#define PRISMFED_BASE_ERR_H

#include <stdint.h>

/* What went wrong, in one word; err_text() has the sentence. Outputs of a
 * function that returns anything but ERR_OK are untouched. */
enum err {
    ERR_OK = 0,
    ERR_IO,        /* the operating system refused: file, disk, permission */
    ERR_SYNTAX,    /* bytes that do not follow their format */
    ERR_CANONICAL, /* well-formed, but not the one deterministic encoding */
    ERR_TRUNCATED, /* input ended early */
    ERR_RANGE,     /* a number outside what is allowed here */
    ERR_TYPE,      /* another type than the one expected */
    ERR_UNKNOWN,   /* a key, name or kind that is not known here */
    ERR_DUPLICATE, /* said twice */
    ERR_MISSING,   /* required and absent */
    ERR_LIMIT,     /* larger than a stated limit */
    ERR_KEY,       /* a public key that the verification rule refuses */
    ERR_SIGNATURE, /* a signature that does not verify */
    ERR_MISMATCH,  /* a digest, root or binding that differs */
    ERR_STATE,     /* not admissible in the present state */
    ERR_STALE,     /* about something that is over */
    ERR_AGAIN,     /* cannot be judged yet; ask again later */
    ERR_QUORUM,    /* fewer voices than the quorum */
    ERR_REVOKED,   /* by a key that is revoked */
    ERR_COUNT
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* A fixed English text; never NULL, also for values out of range. */
const char *err_text(enum err err);

/* Where and why, for a person, on one line: what may come from outside is escaped (text_escape) when it is set, and no
 * character is cut in two. Zero-initialise. */
struct diag {
    char text[1024];
};

/* Fills diag (may be NULL) and returns err, so that a check reads
 * `return diag_set(diag, ERR_RANGE, "...")`. */
enum err diag_set(struct diag *diag, enum err err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before what diag already says. Returns err. */
enum err diag_prefix(struct diag *diag, enum err err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Own invariants: checked in release builds too. Prints and aborts. */
#define ASSERT(cond) ((cond) ? (void)0 : assert_fail(#cond, __FILE__, __LINE__))
_Noreturn void assert_fail(const char *cond, const char *file, int line);

#endif
