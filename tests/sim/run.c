#include "run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/summary_file.h"

static void node_text(struct buf *out, const char *role, char letter, unsigned i)
{
    static const char *const families[] = {"queen", "random", "planted", "geometric"};

    buf_printf(out,
               "{\"id\": \"%c%u\", \"region\": \"r%c%u\", \"role\": \"%s\", \"stake\": 10, "
               "\"disclosed\": true, \"workload\": {\"family\": \"%s\", \"instances\": 1}}",
               letter, i, letter, i, role, families[(i + (letter == 'e')) % 4]);
}

void federation_text(struct buf *out, unsigned validators, unsigned participants, unsigned quorum, const char *more)
{
    buf_printf(out,
               "{\"name\": \"small\", \"quorum\": %u, \"max_ledger_drift\": 2, \"epoch_start\": 1, "
               "\"limit_ms\": 300000",
               quorum);
    if (strstr(more, "\"policy\"") == NULL)
        buf_add_text(out, ", \"policy\": {\"evaluations\": 4, \"iteration_limit\": 150}");
    if (strstr(more, "\"guard_rails\"") == NULL)
        buf_add_text(out, ", \"guard_rails\": {\"collect_deadline_ms\": 1500, \"score_deadline_ms\": 1500}");
    buf_add_text(out, ", \"nodes\": [");
    for (unsigned i = 0; i < validators + participants; i++) {
        buf_add_text(out, i > 0 ? ", " : "");
        if (i < validators)
            node_text(out, "core", 'v', i);
        else
            node_text(out, "edge", 'e', i - validators);
    }
    buf_printf(out, "]%s}", more);
}

static void add_json(struct buf *out, json_t *json)
{
    json_render(json, out);
    json_decref(json);
}

static json_t *ledger_file(const struct results *results)
{
    struct buf text = {0};
    json_error_t error;

    results_ledger(results, &text);
    json_t *file = json_loadb((const char *)text.data, text.len, 0, &error);
    ASSERT(file != NULL);
    buf_free(&text);
    return file;
}

static void keep_epoch(struct run *run, struct summary_file *summary, struct buf *ledgers)
{
    struct history_epoch *log = &run->results.history.epoch;
    json_t *element = results_summary_epoch(&run->results);
    uint64_t index = run->results.next - 1;

    run->report.epochs = mem_resize(run->report.epochs, index + 1, sizeof *run->report.epochs);
    results_report_epoch(&run->results, &run->report.epochs[index]);
    summary_file_add(summary, element);
    json_decref(element);
    if (run->results.epoch.log == NULL)
        return;
    run->epochs = mem_resize(run->epochs, run->epoch_count + 1, sizeof *run->epochs);
    run->epochs[run->epoch_count++] =
        (struct run_epoch){log->next_voters.len > 0, log->owners, ledger_file(&run->results)};
    json_render(run->epochs[run->epoch_count - 1].file, ledgers);
    log->owners = mem_array(run->scenario.policy.shards + 1, sizeof *log->owners); /* the next one looks at them */
    memcpy(log->owners, run->epochs[run->epoch_count - 1].owners, run->scenario.policy.shards * sizeof *log->owners);
}

static void add_summary(struct run *run, struct summary_file *summary)
{
    json_t *document = results_summary(&run->results);
    struct bytes part;

    ASSERT(summary_file_finish(summary, document, run->results.recorder_key, NULL) == ERR_OK);
    do {
        ASSERT(summary_file_give(summary, &part, NULL) == ERR_OK);
        buf_add(&run->artifacts, part.data, part.len);
    } while (part.len > 0);
    json_decref(document);
}

static void collect(struct run *run)
{
    struct summary_file summary;
    struct buf ledgers = {0};
    struct digest_context c;
    bool more = true;

    summary_file_init(&summary, NULL);
    while (run->err == ERR_OK && more) {
        run->err = results_next(&run->results, &more, &run->diag);
        if (run->err == ERR_OK && more)
            keep_epoch(run, &summary, &ledgers);
    }
    if (run->err == ERR_OK)
        run->err = results_close(&run->results, &run->diag);
    if (run->err == ERR_OK) {
        struct federated_epoch_report *epochs = run->report.epochs;
        results_report(&run->results, &run->report);
        run->report.epochs = epochs;
        add_summary(run, &summary);
        add_json(&run->artifacts, results_genesis(&run->results));
        buf_add(&run->artifacts, ledgers.data, ledgers.len);
    }
    digest_init(&c);
    digest_add(&c, run->trace.data, run->trace.len);
    digest_add(&c, run->artifacts.data, run->artifacts.len);
    run->bytes = digest_final(&c);
    summary_file_fini(&summary);
    buf_free(&ledgers);
}

void run_scenario(struct run *run, const struct rehearsal_options *how)
{
    char *text = NULL;
    size_t size = 0;
    struct trace trace = {.file = open_memstream(&text, &size)};
    struct rehearsal_options options = *how;

    ASSERT(trace.file != NULL);
    options.trace = &trace;
    run->err = rehearsal_new(&run->scenario, &options, &run->rehearsal, &run->diag);
    if (run->err == ERR_OK)
        run->err = rehearsal_run(run->rehearsal, &run->diag);
    ASSERT(trace_close(&trace, "memory", NULL) == ERR_OK);
    buf_add(&run->trace, text, size);
    free(text);
    if (run->err == ERR_OK)
        run->err = results_open(&run->results, run->rehearsal, "test", &run->diag);
    if (run->err == ERR_OK)
        collect(run);
}

void run_text(struct run *run, const char *text, uint64_t epochs, uint64_t seed, unsigned threads)
{
    *run = (struct run){0};
    run->err = scenario_parse("test.json", bytes_of_text(text), &run->scenario, &run->diag);
    if (run->err == ERR_OK)
        run_scenario(run, &(struct rehearsal_options){.seed = seed, .epochs = epochs, .threads = threads});
    if (run->err != ERR_OK)
        printf("# %s\n", run->diag.text);
}

void run_federation(struct run *run, unsigned validators, unsigned participants, unsigned quorum, const char *more,
                    uint64_t epochs, uint64_t seed)
{
    struct buf text = {0};

    federation_text(&text, validators, participants, quorum, more);
    run_text(run, buf_text(&text), epochs, seed, 1);
    buf_free(&text);
}

void run_free(struct run *run)
{
    results_fini(&run->results);
    for (unsigned i = 0; i < run->epoch_count; i++) {
        mem_free(run->epochs[i].owners);
        json_decref(run->epochs[i].file);
    }
    mem_free(run->epochs);
    mem_free(run->report.epochs);
    rehearsal_free(run->rehearsal);
    scenario_fini(&run->scenario);
    buf_free(&run->trace);
    buf_free(&run->artifacts);
}

unsigned run_count(const struct run *run, const char *text)
{
    struct buf copy = {0};
    unsigned count = 0;

    buf_add(&copy, run->trace.data, run->trace.len);
    for (const char *at = buf_text(&copy); (at = strstr(at, text)) != NULL; at++)
        count++;
    buf_free(&copy);
    return count;
}

unsigned run_entries(const struct run *run, const char *kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run->epoch_count; i++) {
        size_t at;
        json_t *entry;

        json_array_foreach(json_object_get(run->epochs[i].file, "entries"), at, entry)
        {
            const char *found = json_string_value(json_object_get(entry, "kind"));
            const char *verdict = json_string_value(json_object_get(entry, "verdict"));
            count += found != NULL && strcmp(found, kind) == 0 && strcmp(verdict, VERDICT_ACCEPTED) == 0;
        }
    }
    return count;
}

bool run_anchored(const struct run *run)
{
    if (run->err != ERR_OK || !run->report.roots_agree)
        return false;
    for (uint64_t i = 0; i < run->report.epoch_count; i++) {
        if (!run->report.epochs[i].quorum_reached)
            return false;
    }
    return true;
}
