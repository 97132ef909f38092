#include "prismfed/simulation.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/artifacts.h"
#include "sim/scenario.h"
#include "sim/told.h"

enum { EPOCHS_MAX = 100000, STATUS_VIOLATION = 1, STATUS_UNUSABLE = 2 };

/* "baseline" of "some/where/baseline.json"; the label "default" stands for that one. */
static void label_of(const char *path, struct buf *out)
{
    const char *slash = strrchr(path, '/');
    const char *stem = slash != NULL ? slash + 1 : path;
    size_t len = strlen(stem);

    if (len > 5 && strcmp(stem + len - 5, ".json") == 0)
        len -= 5;
    buf_add(out, stem, len);
    if (strcmp(buf_text(out), "baseline") == 0) {
        buf_clear(out);
        buf_add_text(out, ARTIFACTS_DEFAULT_LABEL);
    }
}

static unsigned threads_of(const struct federated_simulation_options *o)
{
    long online = o->threads > 0 ? (long)o->threads : sysconf(_SC_NPROCESSORS_ONLN);

    return online > 0 ? (unsigned)online : 1;
}

static enum err write_all(struct told *t, struct artifacts *files, bool clean, struct diag *diag)
{
    struct buf text = {0};
    json_t *json;

    for (uint64_t i = 0; i < t->chronicle.epoch_count; i++) {
        json = told_ledger(t, i);
        json_render(json, &text);
        json_decref(json);
        artifacts_add_epoch(files, t->epochs[i].epoch, &text);
    }
    json = told_genesis(t);
    json_render(json, &text);
    json_decref(json);
    artifacts_add_genesis(files, &text);
    json = told_summary(t);
    json_render(json, &text);
    json_decref(json);
    artifacts_add_summary(files, &text);
    return artifacts_write(files, clean, diag);
}

/* The run is over: report and files. */
static enum err tell(const struct rehearsal *r, const struct federated_simulation_options *o, const char *label,
                     struct artifacts *files, struct federated_simulation_report *report, struct diag *diag)
{
    struct told told;
    enum err err = told_init(&told, r, label, diag);

    if (err == ERR_OK && o->write_artifacts)
        err = write_all(&told, files, o->clean, diag);
    if (err == ERR_OK)
        told_report(&told, report);
    told_fini(&told);
    return err;
}

static enum err rehearse(const struct scenario *scenario, const struct federated_simulation_options *o,
                         const char *label, struct artifacts *files, struct federated_simulation_report *report,
                         struct diag *diag)
{
    struct rehearsal_options options = {
        .seed = o->has_seed ? o->seed : scenario->seed,
        .epochs = o->epochs,
        .threads = threads_of(o),
        .progress = o->progress,
        .progress_context = o->progress_context,
    };
    struct trace trace = {0};
    struct rehearsal *r = NULL;
    enum err err, closed;

    if (o->trace != NULL) {
        err = trace_open(&trace, o->trace, diag);
        if (err != ERR_OK)
            return err;
        options.trace = &trace;
    }
    err = rehearsal_new(scenario, &options, &r, diag);
    if (err == ERR_OK)
        err = rehearsal_run(r, diag);
    closed = trace_close(&trace, o->trace, err == ERR_OK ? diag : NULL);
    if (err == ERR_OK)
        err = closed;
    if (err == ERR_OK)
        err = tell(r, o, label, files, report, diag);
    rehearsal_free(r);
    return err;
}

static enum err run(const struct federated_simulation_options *o, struct federated_simulation_report *report,
                    struct diag *diag)
{
    struct artifacts files = {0};
    struct scenario scenario;
    struct buf label = {0};
    enum err err;

    if (o->epochs < 1 || o->epochs > EPOCHS_MAX)
        return diag_set(diag, ERR_RANGE, "epochs: from 1 to %d", (int)EPOCHS_MAX);
    if (scenario_load(o->scenario, &scenario, diag) != ERR_OK)
        return ERR_SYNTAX; /* ERR_MISMATCH is for violations */
    if (o->label != NULL)
        buf_add_text(&label, o->label);
    else
        label_of(o->scenario, &label);
    err = artifacts_check_label(buf_text(&label), diag);
    if (err != ERR_OK)
        goto out;
    artifacts_init(&files, o->output_dir != NULL ? o->output_dir : "artifacts/mec/M5", buf_text(&label));
    if (o->write_artifacts)
        err = artifacts_prepare(&files, o->clean, diag);
    if (err == ERR_OK)
        err = rehearse(&scenario, o, buf_text(&label), &files, report, diag);
out:
    artifacts_fini(&files);
    buf_free(&label);
    scenario_fini(&scenario);
    return err;
}

static double seconds(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int federated_simulation_run(const struct federated_simulation_options *options,
                             struct federated_simulation_report *report, char *error, size_t error_size)
{
    double start = seconds();
    struct diag diag = {0};
    enum err err = run(options, report, &diag);

    if (err != ERR_OK) {
        snprintf(error, error_size, "%s", diag.text[0] != '\0' ? diag.text : err_text(err));
        return err == ERR_MISMATCH ? STATUS_VIOLATION : STATUS_UNUSABLE;
    }
    report->real_seconds = seconds() - start;
    return 0;
}

void federated_simulation_report_free(struct federated_simulation_report *report)
{
    mem_free(report->epochs);
    mem_free(report->programs);
    *report = (struct federated_simulation_report){0};
}
