#include "prismfed/simulation.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "record/artifacts.h"
#include "record/finished.h"
#include "sim/genome_report.h"
#include "scenario/scenario.h"
#include "record/summary_file.h"
#include "sim/results.h"

enum { EPOCHS_MAX = 100000, STATUS_VIOLATION = 1, STATUS_UNUSABLE = 2 };

/* What a run leaves behind, on its way out: artifacts are staged, epochs' reports are kept until all is well. */
struct leaving {
    const struct federated_simulation_options *options;
    struct artifacts *files;
    struct spool_room *room; /* NULL: in memory */
    bool clean;
    struct trace trace;
    struct results results;
    struct summary_file summary;
    struct spool *reports; /* of struct federated_epoch_report */
    uint64_t told;         /* of them */
    bool write;            /* artifacts */
    struct progress progress;
};

static void render(json_t *json, struct buf *out)
{
    buf_clear(out);
    json_render(json, out);
    json_decref(json);
}

static enum err leave_epoch(struct leaving *l, struct buf *text, struct diag *diag)
{
    struct federated_epoch_report report;
    json_t *element;
    enum err err;

    results_report_epoch(&l->results, &report);
    spool_add(l->reports, bytes_of(&report, sizeof report));
    l->told++;
    if (!l->write)
        return ERR_OK;
    element = results_summary_epoch(&l->results);
    summary_file_add(&l->summary, element);
    json_decref(element);
    if (l->results.epoch.log == NULL)
        return ERR_OK;
    buf_clear(text);
    results_ledger(&l->results, text);
    err = artifacts_stage_epoch(l->files, l->results.epoch.epoch, bytes_of_buf(text), diag);
    buf_clear(text);
    if (err == ERR_OK && results_checkpoint(&l->results, text))
        err = artifacts_stage_checkpoint(l->files, l->results.epoch.epoch, bytes_of_buf(text), diag);
    return err;
}

static enum err leave_whole(struct leaving *l, struct buf *text, struct diag *diag)
{
    json_t *summary;
    enum err err;

    render(results_genesis(&l->results), text);
    err = artifacts_stage_genesis(l->files, bytes_of_buf(text), diag);
    struct bytes governance = history_governance(&l->results.history);
    if (err == ERR_OK && governance.len > 0)
        err = artifacts_stage_governance(l->files, governance, diag);
    if (err != ERR_OK)
        return err;
    summary = results_summary(&l->results);
    err = summary_file_finish(&l->summary, summary, l->results.recorder_key, diag);
    json_decref(summary);
    if (err == ERR_OK)
        err = artifacts_stage_summary(l->files, summary_file_give, &l->summary, diag);
    return err;
}

static enum err leave_all(struct leaving *l, struct diag *diag)
{
    struct buf text = {0};
    bool more = true;
    enum err err = ERR_OK;

    while (err == ERR_OK) {
        err = results_next(&l->results, &more, diag);
        if (err != ERR_OK || !more)
            break;
        err = leave_epoch(l, &text, diag);
    }
    if (err == ERR_OK)
        err = results_close(&l->results, diag);
    if (err == ERR_OK && l->write)
        err = leave_whole(l, &text, diag);
    buf_free(&text);
    return err;
}

/* Whoever does not take the epochs one by one gets them all. What could not be told never began, as far as we know. */
static enum err report_epochs(struct leaving *l, struct federated_simulation_report *report)
{
    const struct federated_simulation_options *o = l->options;
    struct federated_epoch_report epoch;
    enum err err = ERR_OK;

    if (o->epoch == NULL)
        report->epochs = mem_array((size_t)report->epoch_count, sizeof epoch);
    for (uint64_t i = 0; i < report->epoch_count && err == ERR_OK; i++) {
        epoch = (struct federated_epoch_report){.epoch = l->results.r->timeline.start + i};
        if (i < l->told)
            err = spool_read(l->reports, i * sizeof epoch, &epoch, sizeof epoch);
        if (err == ERR_OK && o->epoch != NULL)
            o->epoch(o->epoch_context, report, &epoch);
        else if (err == ERR_OK)
            report->epochs[i] = epoch;
    }
    return err;
}

/* The run is over: report and files. */
static enum err tell(const struct rehearsal *r, struct leaving *l, struct federated_simulation_report *report,
                     struct diag *diag)
{
    enum err err = results_open(&l->results, r, l->files->label, diag);

    l->write = l->options->write_artifacts;

    summary_file_init(&l->summary, l->room);
    l->reports = spool_new(l->room);
    if (err == ERR_OK)
        err = leave_all(l, diag);
    if (err == ERR_OK && l->write)
        err = artifacts_commit(l->files, l->clean, diag);
    if (err != ERR_OK)
        artifacts_abandon(l->files);
    if (err == ERR_OK) {
        results_report(&l->results, report);
        results_report_genome(&l->results, report);
        results_standstill(&l->results, &report->standstill);
        report->undone = report->standstill.text == NULL ? results_undone(&l->results) : NULL;
        happenings_report(&l->results, report);
        err = report_epochs(l, report);
    }
    if (l->room != NULL && err == ERR_IO && l->room->err != ERR_OK)
        *diag = l->room->diag;
    spool_free(l->reports);
    summary_file_fini(&l->summary);
    results_fini(&l->results);
    return err;
}

/* A checker has found a violation, or the ledger that would be told does not verify: what can be told of the epochs
 * until then, and no artifacts. */
static void tell_violation(const struct rehearsal *r, struct leaving *l, struct federated_simulation_report *report)
{
    struct diag ignored = {0};
    struct buf none = {0};
    bool more = true;

    *report = (struct federated_simulation_report){.seed = r->options.seed, .epoch_count = r->options.epochs};
    l->write = false;
    l->told = 0;
    l->reports = spool_new(l->room);
    if (results_open(&l->results, r, l->files->label, &ignored) == ERR_OK) {
        while (results_next(&l->results, &more, &ignored) == ERR_OK && more)
            ASSERT(leave_epoch(l, &none, &ignored) == ERR_OK);
        results_report(&l->results, report);
        happenings_report(&l->results, report);
    }
    report->violated = true;
    (void)report_epochs(l, report); /* the violation is what is to be heard of */
    spool_free(l->reports);
    results_fini(&l->results);
}

/* Every run with artifacts keeps a journal, so that it can be gone on with. */
static enum err open_journal(struct rehearsal *r, struct leaving *l, struct diag *diag)
{
    const struct federated_simulation_options *o = l->options;
    struct journal_binding binding = {
        .version = PRISMFED_VERSION,
        .scenario = r->scenario->text,
        .genesis = digest_of(bytes_of_buf(&r->genesis)),
        .seed = r->options.seed,
        .epochs = o->epochs,
        .clean = o->clean,
    };
    enum err err;

    if (!o->write_artifacts)
        return ERR_OK;
    if (r->programs != NULL)
        binding.programs = programs_hash(r->programs);
    err = journal_open(artifacts_journal(l->files), o->resume, &binding, &r->options.journal, diag);
    l->clean = binding.clean;
    return err;
}

/* A run that can be gone on with keeps its journal; one that is over, well or with a violation, does not. */
static enum err rehearse(const struct scenario *scenario, struct leaving *l, struct rehearsal_options *options,
                         struct federated_simulation_report *report, struct diag *diag)
{
    struct rehearsal *r = NULL;
    enum err err = rehearsal_new(scenario, options, &r, diag), closed;

    if (err == ERR_OK)
        err = open_journal(r, l, diag);
    if (err == ERR_OK)
        err = rehearsal_run(r, diag);
    closed = trace_close(&l->trace, l->options->trace, err == ERR_OK ? diag : NULL);
    if (err == ERR_OK)
        err = closed;
    if (err == ERR_OK)
        err = tell(r, l, report, diag);
    if (err == ERR_MISMATCH)
        tell_violation(r, l, report);
    if (r != NULL)
        options->journal = r->options.journal;
    rehearsal_free(r); /* its work may still write */
    journal_close(options->journal, err == ERR_OK || err == ERR_MISMATCH);
    return err;
}

/* --resume of a run that has come to its end: there is no journal, and its artifacts are there. Where epochs are
 * missing it is run again if a limit is named, with which it may come further. */
static bool is_finished(const struct federated_simulation_options *o, const struct scenario *scenario,
                        const struct artifacts *files, struct federated_simulation_report *report)
{
    struct finished_run run = {.scenario = scenario->text, .epochs = o->epochs};
    struct buf genesis = {0};
    uint64_t anchored = 0;
    bool finished;

    if (!o->resume || !o->write_artifacts || o->trace != NULL || o->run_log != NULL)
        return false;
    run.seed = o->has_seed ? o->seed : scenario->seed;
    if (scenario_genesis(scenario, run.seed, &genesis, NULL) != ERR_OK)
        return false; /* the run will say why */
    run.genesis = digest_of(bytes_of_buf(&genesis));
    finished = access(artifacts_journal(files), F_OK) != 0 && finished_already(files, &run, &anchored) &&
               (anchored == o->epochs || o->limit_ms == 0);
    if (finished) {
        *report = (struct federated_simulation_report){
            .seed = run.seed, .already_finished = true, .epoch_count = o->epochs, .anchored = anchored};
        snprintf(report->scenario, sizeof report->scenario, "%s", scenario->name);
        snprintf(report->label, sizeof report->label, "%s", files->label);
    }
    buf_free(&genesis);
    return finished;
}

static int64_t clock_ns(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Whoever wants to hear of the runs of the sites' work, and how far the whole is. */
static enum err listen(struct leaving *l, const struct scenario *scenario, struct rehearsal_options *options,
                       struct diag *diag)
{
    const struct federated_simulation_options *o = l->options;
    struct runs_options heard = {.path = o->run_log, .clock_ns = o->run_times ? clock_ns : NULL};

    if (o->progress != NULL) {
        progress_init(&l->progress, o, scenario);
        options->progress = &l->progress;
        heard.heard = progress_heard;
        heard.context = &l->progress;
    }
    return o->progress != NULL || o->run_log != NULL ? runs_open(&heard, &options->runs, diag) : ERR_OK;
}

static enum err trace_and_rehearse(const struct scenario *scenario, struct leaving *l,
                                   struct federated_simulation_report *report, struct diag *diag)
{
    const struct federated_simulation_options *o = l->options;
    struct rehearsal_options options = {
        .seed = o->has_seed ? o->seed : scenario->seed,
        .epochs = o->epochs,
        .threads = pool_threads(o->threads),
        .room = l->room,
    };
    enum err err = ERR_OK, closed;

    if (o->trace != NULL) {
        err = trace_open(&l->trace, o->trace, diag);
        options.trace = &l->trace;
    }
    if (err == ERR_OK)
        err = listen(l, scenario, &options, diag);
    if (err == ERR_OK)
        err = rehearse(scenario, l, &options, report, diag);
    closed = runs_close(options.runs, err == ERR_OK ? diag : NULL);
    if (options.progress != NULL)
        progress_fini(options.progress);
    return err != ERR_OK ? err : closed;
}

static enum err run(const struct federated_simulation_options *o, struct federated_simulation_report *report,
                    struct diag *diag)
{
    const char *output_dir = o->output_dir != NULL ? o->output_dir : FEDERATED_SIMULATION_FOLDER;
    struct artifacts files = {0};
    struct spool_room room = {.folder = output_dir};
    struct leaving leaving = {.options = o, .files = &files, .room = o->write_artifacts ? &room : NULL};
    const struct scenario_run run = {.epochs = o->epochs, .limit_ms = o->limit_ms};
    struct scenario scenario;
    struct buf label = {0};
    enum err err;

    if (o->epochs < 1 || o->epochs > EPOCHS_MAX)
        return diag_set(diag, ERR_RANGE, "epochs: from 1 to %d", (int)EPOCHS_MAX);
    if (o->clean && o->resume)
        return diag_set(diag, ERR_RANGE, "either clean or resume");
    if (o->limit_ms > SCENARIO_LIMIT_MS_MAX)
        return diag_set(diag, ERR_RANGE, "limit_ms: at most %lld", (long long)SCENARIO_LIMIT_MS_MAX);
    if (scenario_load_run(o->scenario, &run, &scenario, diag) != ERR_OK)
        return ERR_SYNTAX; /* ERR_MISMATCH is for violations */
    if (o->label != NULL)
        buf_add_text(&label, o->label);
    else
        artifacts_label_of(o->scenario, &label);
    err = artifacts_check_label(buf_text(&label), diag);
    if (err != ERR_OK)
        goto out;
    artifacts_init(&files, output_dir, buf_text(&label));
    if (is_finished(o, &scenario, &files, report))
        goto out;
    if (o->write_artifacts)
        err = artifacts_prepare(&files, o->clean, diag);
    if (err == ERR_OK)
        err = trace_and_rehearse(&scenario, &leaving, report, diag);
out:
    artifacts_fini(&files);
    buf_free(&label);
    scenario_fini(&scenario);
    return err;
}

int federated_simulation_run(const struct federated_simulation_options *options,
                             struct federated_simulation_report *report, char *error, size_t error_size)
{
    int64_t start_ns = clock_ns();
    struct diag diag = {0};
    enum err err = run(options, report, &diag);

    if (err != ERR_OK) {
        snprintf(error, error_size, "%s", diag.text[0] != '\0' ? diag.text : err_text(err));
        return err == ERR_MISMATCH ? STATUS_VIOLATION : STATUS_UNUSABLE;
    }
    report->real_seconds = (double)(clock_ns() - start_ns) / 1e9;
    return 0;
}

void federated_simulation_report_free(struct federated_simulation_report *report)
{
    mem_free(report->epochs);
    mem_free(report->programs);
    mem_free(report->happenings);
    mem_free(report->standstill.missing);
    mem_free(report->standstill.text);
    mem_free(report->undone);
    mem_free(report->costs);
    genome_report_free(&report->genome);
    *report = (struct federated_simulation_report){0};
}
