#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

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
    [ERR_REVOKED] = "by a key that is revoked",
};

const char *err_text(enum err err)
{
    unsigned i = (unsigned)err;

    return i < ERR_COUNT ? texts[i] : "an error that is not known";
}

/* Formats into diag, behind it what `rest` says. */
static void fill(struct diag *diag, const char *rest, const char *fmt, va_list args) PRINTF_LIKE(3, 0);
static void fill(struct diag *diag, const char *rest, const char *fmt, va_list args)
{
    char raw[sizeof diag->text]; /* the arguments may point into diag */
    struct buf text = {0};
    size_t len;

    vsnprintf(raw, sizeof raw, fmt, args);
    len = strlen(raw);
    text_escape(bytes_of(raw, len + 1 < sizeof raw ? len : text_cut(bytes_of(raw, len), len)), &text);
    buf_add_text(&text, rest);
    len = text_cut(bytes_of_buf(&text), sizeof diag->text - 1);
    memset(diag->text, 0, sizeof diag->text);
    if (len > 0)
        memcpy(diag->text, text.data, len);
    buf_free(&text);
}

enum err diag_set(struct diag *diag, enum err err, const char *fmt, ...)
{
    va_list args;

    if (diag == NULL)
        return err;
    va_start(args, fmt);
    fill(diag, "", fmt, args);
    va_end(args);
    return err;
}

enum err diag_prefix(struct diag *diag, enum err err, const char *fmt, ...)
{
    struct diag before;
    struct buf rest = {0};
    va_list args;

    if (diag == NULL)
        return err;
    before = *diag;
    buf_printf(&rest, ": %s", before.text);
    va_start(args, fmt);
    fill(diag, buf_text(&rest), fmt, args);
    va_end(args);
    buf_free(&rest);
    return err;
}

void assert_fail(const char *cond, const char *file, int line)
{
    fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, cond);
    abort();
}
