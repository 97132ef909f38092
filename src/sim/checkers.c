#include "sim/checkers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void checkers_init(struct checkers *c, unsigned nodes)
{
    c->said_last = mem_array(nodes, sizeof c->said_last[0]);
}

void checkers_fini(struct checkers *c)
{
    table_free(&c->statements);
    mem_free(c->said_last);
    *c = (struct checkers){0};
}

void checkers_violation(struct checkers *c, int64_t now_ns, const char *who, const char *fmt, ...)
{
    char what[512];
    va_list args;

    if (c->violated)
        return;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    c->violated = true;
    diag_set(&c->diag, ERR_MISMATCH, "violation at %" PRId64 ".%06" PRId64 " ms at %s: %s", now_ns / 1000000,
             now_ns % 1000000, who, what);
}
