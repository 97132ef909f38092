#include "sim/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum err trace_open(struct trace *t, const char *path, struct diag *diag)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return diag_set(diag, ERR_IO, "%s: cannot open for writing: %s", path, strerror(errno));
    *t = (struct trace){.file = file};
    return ERR_OK;
}

enum err trace_close(struct trace *t, const char *path, struct diag *diag)
{
    bool failed = t->failed;

    if (t->file == NULL)
        return ERR_OK;
    failed |= fclose(t->file) != 0;
    t->file = NULL;
    return failed ? diag_set(diag, ERR_IO, "%s: the trace could not be written", path) : ERR_OK;
}

void trace_line(struct trace *t, int64_t now_ns, const char *who, const char *fmt, ...)
{
    va_list args;

    if (t->file == NULL)
        return;
    va_start(args, fmt);
    t->failed |= fprintf(t->file, "%8" PRId64 ".%06" PRId64 " %s ", now_ns / 1000000, now_ns % 1000000, who) < 0;
    t->failed |= vfprintf(t->file, fmt, args) < 0;
    t->failed |= putc('\n', t->file) == EOF;
    va_end(args);
}
