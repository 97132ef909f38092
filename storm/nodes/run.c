#include "storm/nodes/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "storm/guard.h"

/* Epochs that each wait for somebody who is away last for minutes: in a day all of them end. */
static const int64_t limit_ns = INT64_C(86400000000000);

void run_fail(struct node_run *run, const char *checker, const char *fmt, ...)
{
    va_list args;

    if (run->out->checker != NULL)
        return;
    run->out->checker = checker;
    va_start(args, fmt);
    vsnprintf(run->out->failure, sizeof run->out->failure, fmt, args);
    va_end(args);
}

/* What the machines note of themselves. */
static void on_note(void *context, const char *name)
{
    static const struct {
        const char *name;
        enum node_mark mark;
    } known[] = {{"replica.installed", NODE_MARK_INSTALLED}, {"replica.whole", NODE_MARK_WHOLE},
                 {"replica.catch_up", NODE_MARK_CAUGHT_UP},  {"fed.recovered", NODE_MARK_RECOVERED},
                 {"pbft.new_view", NODE_MARK_VIEW_CHANGED},  {"replica.membership", NODE_MARK_MEMBERSHIP}};

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        run_mark(context, known[i].mark, strcmp(known[i].name, name) == 0);
}

static void rehearse(struct node_run *run)
{
    struct rehearsal_options options = {.seed = run->scenario.seed,
                                        .epochs = run->epochs,
                                        .threads = 1,
                                        .trace = &run->trace,
                                        .note = on_note,
                                        .note_context = run};
    struct diag diag = {0};
    enum err err = rehearsal_new(&run->scenario, &options, &run->rehearsal, &diag);

    if (err == ERR_OK)
        err = rehearsal_run(run->rehearsal, &diag);
    if (err != ERR_OK)
        run_fail(run, "rehearsal", "%s", diag.text);
}

/* Since when nothing goes wrong any more. */
static void find_calm(struct node_run *run)
{
    const struct rehearsal *r = run->rehearsal;

    run->calm_epoch = UINT64_MAX;
    if (r->faults.count > 0)
        run->calm_ns = r->faults.records[r->faults.count - 1].now_ns;
}

static void tell_epoch(struct node_run *run)
{
    const struct results_epoch *e = &run->results.epoch;

    if (run->calm_epoch == UINT64_MAX && e->times.entered && e->times.entered_ns > run->calm_ns)
        run->calm_epoch = e->epoch;
    run_files_epoch(&run->files, &run->results);
    check_epoch(run);
}

static void tell(struct node_run *run)
{
    struct diag diag = {0};
    bool more = true;
    enum err err = results_open(&run->results, run->rehearsal, "storm", &diag);

    run_files_begin(&run->files);
    while (err == ERR_OK && run->out->checker == NULL) {
        err = results_next(&run->results, &more, &diag);
        if (err != ERR_OK || !more)
            break;
        tell_epoch(run);
    }
    if (run->out->checker != NULL)
        return;
    if (err == ERR_OK)
        err = results_close(&run->results, &diag);
    if (err != ERR_OK)
        run_fail(run, "record", "%s", diag.text);
    else
        run_files_whole(&run->files, &run->results);
}

static void sum_up(struct node_run *run)
{
    const struct rehearsal *r = run->rehearsal;
    struct digest files = run_files_digest(&run->files);
    struct digest_context c;
    uint8_t numbers[24];

    be64_put(numbers, r->network.messages);
    be64_put(numbers + 8, r->network.bytes);
    be64_put(numbers + 16, (uint64_t)r->agenda.now_ns);
    digest_init(&c);
    digest_add(&c, files.b, sizeof files.b);
    digest_add(&c, numbers, sizeof numbers);
    files = digest_final(&c);
    run->out->trace = be64_get(files.b);
    run->out->steps = run->out->acts = r->steps;
    run->out->virtual_ns = r->agenda.now_ns;
}

static void run_all(void *context)
{
    struct node_run *run = context;

    rehearse(run);
    if (run->rehearsal == NULL)
        return;
    if (run->out->checker == NULL) {
        run->counted = mem_array(run->rehearsal->count * (run->epochs + 1), sizeof *run->counted);
        find_calm(run);
        log_watch_begin(run);
        tell(run);
    }
    if (run->out->checker == NULL)
        check_end(run);
    if (run->out->checker == NULL)
        check_audit(run);
    sum_up(run);
    if (run->out->checker == NULL)
        check_restarts(run);
}

bool node_run(const char *name, struct bytes text, uint64_t epochs, FILE *trace, struct outcome *out, struct diag *diag)
{
    struct node_run *run = mem_alloc(sizeof *run);

    *run = (struct node_run){.text = text, .epochs = epochs, .trace = {.file = trace}, .out = out};
    *out = (struct outcome){0};
    if (scenario_parse(name, text, &run->scenario, diag) != ERR_OK) {
        mem_free(run);
        return false;
    }
    run->scenario.limit_ns = limit_ns;
    out->replicas = run->scenario.node_count;
    if (!guard_call(run_all, run)) {
        out->checker = NULL;
        run_fail(run, "own invariant", "an assertion failed");
        return true; /* its memory is in an unknown state */
    }
    results_fini(&run->results);
    run_files_free(&run->files);
    rehearsal_free(run->rehearsal);
    scenario_fini(&run->scenario);
    log_watch_free(&run->log);
    mem_free(run->counted);
    mem_free(run);
    return true;
}
