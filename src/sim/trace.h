#ifndef PRISMFED_SIM_TRACE_H
#define PRISMFED_SIM_TRACE_H

#include <stdio.h>

#include "base/bytes.h"

/* The trace of a rehearsal: one line an event, stable text: virtual time in milliseconds (six decimals), who, what. */
struct trace {
    FILE *file;  /* NULL: nothing is traced */
    bool failed; /* a line could not be written */
};

/* ERR_IO. */
enum err trace_open(struct trace *t, const char *path, struct diag *diag) MUST_CHECK;
/* Flushes; ERR_IO when any line is missing. */
enum err trace_close(struct trace *t, const char *path, struct diag *diag) MUST_CHECK;
void trace_line(struct trace *t, int64_t now_ns, const char *who, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
