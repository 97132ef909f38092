#include "program/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "program/cost.h"

void answer_set(struct answer *a, enum evaluation_status status, const char *fmt, ...)
{
    va_list args;

    *a = (struct answer){.status = status};
    va_start(args, fmt);
    vsnprintf(a->says, sizeof a->says, fmt, args);
    va_end(args);
    for (char *p = a->says; *p != '\0'; p++) { /* it may quote the program */
        if (*p < ' ' || *p > '~')
            *p = '?';
    }
}

void answer_cost(struct answer *a, const struct program_spec *spec, struct bytes text)
{
    struct buf least = {0};
    struct diag diag = {0};
    int64_t cost = 0;

    cost_print(spec->cost_min, spec->decimals, &least);
    if (cost_parse(text, spec->decimals, &cost, &diag) != ERR_OK)
        answer_set(a, EVALUATION_ABORT, "%s", diag.text);
    else if (MUTATE(PROGRAM_COST_BELOW_ITS_LEAST, false, cost < spec->cost_min))
        answer_set(a, EVALUATION_ABORT, "the cost %.*s is below %s, the least that \"cost_min\" in the scenario allows",
                   text.len < 40 ? (int)text.len : 40, (const char *)text.data,
                   spec->cost_min == 0 ? "zero" : buf_text(&least));
    else
        *a = (struct answer){.status = EVALUATION_SUCCESS, .cost = (uint64_t)(cost - spec->cost_min)};
    buf_free(&least);
}

void answer_limit(struct answer *a, const struct question *q)
{
    struct buf cost = {0}, limit = {0};

    if (a->status != EVALUATION_SUCCESS || a->cost <= q->limit * cost_scale(q->spec->decimals))
        return;
    program_cost_print(q->spec, a->cost, &cost);
    program_cost_print(q->spec, q->limit * cost_scale(q->spec->decimals), &limit);
    answer_set(a, EVALUATION_TIMEOUT, "a cost of %s is above the limit of %s (policy.iteration_limit%s)",
               buf_text(&cost), buf_text(&limit), q->spec->cost_min != 0 ? " above cost_min" : "");
    buf_free(&cost);
    buf_free(&limit);
}

static const char *signal_text(long number)
{
    static const struct {
        long number;
        const char *name;
    } known[] = {{4, "SIGILL"},   {6, "SIGABRT"},  {7, "SIGBUS"},   {8, "SIGFPE"},   {9, "SIGKILL"},
                 {11, "SIGSEGV"}, {13, "SIGPIPE"}, {15, "SIGTERM"}, {24, "SIGXCPU"}, {25, "SIGXFSZ"}};

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].number == number)
            return known[i].name;
    }
    return "a signal";
}

static void answer_from_signal(struct answer *a, const struct program_spec *spec, long number, const char *last,
                               const char *remark)
{
    enum { CPU = 24, FILE_SIZE = 25 };

    if (number == CPU)
        answer_set(a, EVALUATION_TIMEOUT, "more than %u s of processor time", spec->limits.cpu_s);
    else if (number == FILE_SIZE)
        answer_set(a, EVALUATION_CRASHED, "wrote more than %u MB", spec->limits.file_mb);
    else
        answer_set(a, EVALUATION_CRASHED, "killed by %s (%ld)%s%s", signal_text(number), number, last, remark);
}

void answer_from_end(struct answer *a, const struct program_spec *spec, struct warden_report report,
                     struct buf *remarks)
{
    const char *remark = buf_text(remarks), *last = remarks->len > 0 ? "; its last words: " : "";

    switch (report.end) {
    case WARDEN_EXITED:
        answer_set(a, EVALUATION_CRASHED, "exit status %ld%s%s", report.number, last, remark);
        break;
    case WARDEN_KILLED:
        answer_from_signal(a, spec, report.number, last, remark);
        break;
    case WARDEN_NOT_STARTED:
        answer_set(a, EVALUATION_CRASHED, "%s cannot be executed: %s", spec->arguments[0],
                   strerror((int)report.number));
        break;
    case WARDEN_CROWD:
        answer_set(a, EVALUATION_CRASHED, "more than %u processes at once", spec->limits.processes);
        break;
    case WARDEN_MEMORY:
        answer_set(a, EVALUATION_CRASHED, "more than %u MB of memory", spec->limits.memory_mb);
        break;
    case WARDEN_FILES:
        answer_set(a, EVALUATION_CRASHED, "wrote more than %u MB", spec->limits.file_mb);
        break;
    case WARDEN_REMAINS:
        answer_set(a, EVALUATION_CRASHED, "leaves %ld processes that cannot be killed", report.number);
        break;
    case WARDEN_TOLD:
    case WARDEN_LOST:
        answer_set(a, EVALUATION_CRASHED, "ended without an answer%s%s", last, remark);
        break;
    }
}
