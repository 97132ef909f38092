#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[ERR_COUNT] = {
    [ERR_OK] = "no error",
    [ERR_IO] = "the operating system refused",
    [ERR_SYNTAX] = "the bytes do not follow their format",
    [ERR_CANONICAL] = "well-formed, but not the deterministic encoding",
    [ERR_TRUNCATED] = "the input ended early",
    [ERR_RANGE] = "a number is outside of what is allowed",
    [ERR_TYPE] = "another type was expected",
    [ERR_UNKNOWN] = "a key, name or kind is not known",
    [ERR_DUPLICATE] = "the same thing was said twice",
    [ERR_MISSING] = "something required is absent",
    [ERR_LIMIT] = "larger than the limit",
    [ERR_KEY] = "the public key is not acceptable",
    [ERR_SIGNATURE] = "the signature does not verify",
    [ERR_MISMATCH] = "a digest, root or binding differs",
    [ERR_STATE] = "not admissible in the present state",
    [ERR_STALE] = "about something that is over",
    [ERR_AGAIN] = "cannot be judged yet",
    [ERR_QUORUM] = "fewer voices than the quorum",
};

const char *err_text(enum err err)
{
    unsigned i = (unsigned)err;

    return i < ERR_COUNT ? texts[i] : "an error that is not known";
}

enum err diag_set(struct diag *diag, enum err err, const char *fmt, ...)
{
    char text[sizeof diag->text]; /* the arguments may point into diag */
    va_list args;

    if (diag == NULL)
        return err;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    memcpy(diag->text, text, sizeof text);
    return err;
}

enum err diag_prefix(struct diag *diag, enum err err, const char *fmt, ...)
{
    char prefix[sizeof diag->text];
    size_t len, rest;
    va_list args;

    if (diag == NULL)
        return err;
    va_start(args, fmt);
    vsnprintf(prefix, sizeof prefix - 2, fmt, args);
    va_end(args);
    strcat(prefix, ": ");

    len = strlen(prefix);
    rest = strlen(diag->text) + 1;
    if (rest > sizeof diag->text - len)
        rest = sizeof diag->text - len;
    memmove(diag->text + len, diag->text, rest);
    memcpy(diag->text, prefix, len);
    diag->text[sizeof diag->text - 1] = '\0';
    return err;
}

void assert_fail(const char *cond, const char *file, int line)
{
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, cond);
    abort();
}
