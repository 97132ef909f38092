#include "driver/runs.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mutate.h"
#include "genome/genome_json.h"

/* Lines lie with their job until it is taken, since jobs run beside each other, and so do the runs of a job. */

struct runs {
    struct runs_options options;
    pthread_mutex_t lock; /* of what is so far */
    struct runs_so_far so_far;
    FILE *file; /* NULL: no log */
    bool failed;
};

struct line {
    uint64_t number; /* of the run in its job */
    struct buf text;
};

struct run_watch {
    struct interposed between; /* first */
    struct cycle_watch cycle;
    struct runs *runs;
    const struct journalled *journalled;
    const char *site, *job;
    uint64_t epoch;
    const struct program_spec *program; /* of the last instance; NULL: the built-in solver's */

    pthread_mutex_t lock; /* of the lines */
    size_t line_count, line_cap;
    struct line *lines; /* owned */
};

enum err runs_open(const struct runs_options *options, struct runs **out, struct diag *diag)
{
    FILE *file = NULL;

    if (options->path != NULL) {
        file = fopen(options->path, "w");
        if (file == NULL)
            return diag_set(diag, ERR_IO, "%s: cannot open for writing: %s", options->path, strerror(errno));
    }
    *out = mem_alloc(sizeof **out);
    (*out)->options = *options;
    (*out)->file = file;
    pthread_mutex_init(&(*out)->lock, NULL);
    return ERR_OK;
}

enum err runs_close(struct runs *runs, struct diag *diag)
{
    enum err err = ERR_OK;

    if (runs == NULL)
        return ERR_OK;
    if (runs->file != NULL && ((fclose(runs->file) != 0) | runs->failed))
        err = diag_set(diag, ERR_IO, "%s: the log of runs could not be written", runs->options.path);
    pthread_mutex_destroy(&runs->lock);
    mem_free(runs);
    return err;
}

/* ---- a line */

static void add_json(struct buf *out, const char *name, json_t *value)
{
    buf_printf(out, ",\"%s\":", name);
    json_line(value, out);
    json_decref(value);
}

static void add_cost(struct buf *out, const struct program_spec *program, uint64_t cost)
{
    buf_add_text(out, ",\"cost\":");
    if (program != NULL)
        program_cost_number(program, cost, out);
    else
        buf_printf(out, "%" PRIu64, cost);
}

/* What the original answered; `asked` is what it was asked. */
static void line_make(const struct run_watch *w, const struct evaluation_task *asked, const struct evaluation *answer,
                      int64_t took_ns, struct buf *out)
{
    const struct program_spec *program = program_spec_of(journalled_original(w->journalled, asked->instance));
    struct digest hash = genome_hash(asked->schema, asked->genome);
    uint64_t seed = evaluation_seed(asked, &hash);
    const char *name = asked->instance->name;

    buf_add_text(out, "{\"epoch\":");
    if (w->epoch > 0)
        buf_printf(out, "%" PRIu64, w->epoch);
    else
        buf_add_text(out, "null");
    add_json(out, "site", json_string(w->site));
    buf_printf(out, ",\"job\":\"%s\",\"number\":%" PRIu64, w->job, asked->number);
    add_json(out, "genome", json_hex(digest_bytes(&hash)));
    add_json(out, "instance", name != NULL ? json_string(name) : json_hex(digest_bytes(&asked->instance->hash)));
    add_json(out, "seed", json_u64(program != NULL ? program_seed(seed) : seed));
    buf_printf(out, ",\"status\":\"%s\"", evaluation_status_name(answer->status));
    add_cost(out, program, answer->cost);
    if (w->runs->options.clock_ns != NULL)
        buf_printf(out, ",\"seconds\":%" PRId64 ".%06" PRId64, took_ns / 1000000000, took_ns / 1000 % 1000000);
    add_json(out, "values", genome_json(asked->schema, asked->genome));
    buf_add_text(out, "}\n");
}

static void line_keep(struct run_watch *w, struct line line)
{
    pthread_mutex_lock(&w->lock);
    if (w->line_count == w->line_cap) {
        w->line_cap = w->line_cap > 0 ? 2 * w->line_cap : 64;
        w->lines = mem_resize(w->lines, w->line_cap, sizeof *w->lines);
    }
    w->lines[w->line_count++] = line;
    pthread_mutex_unlock(&w->lock);
}

/* ---- what a job tells */

static int64_t now_ns(const struct runs *runs)
{
    return runs->options.clock_ns != NULL ? runs->options.clock_ns() : 0;
}

static void watched_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct run_watch *w = (struct run_watch *)(void *)self;
    struct runs *runs = w->runs;
    struct evaluation_task asked = interposed_task(&w->between, task);
    int64_t begun_ns = now_ns(runs);

    asked.instance->evaluator->evaluate(asked.instance->evaluator, &asked, out);
    if (runs->file != NULL) {
        struct line line = {.number = task->number};

        line_make(w, &asked, out, now_ns(runs) - begun_ns, &line.text);
        line_keep(w, line);
    }
    pthread_mutex_lock(&runs->lock);
    runs->so_far.ended++;
    if (runs->options.heard != NULL)
        runs->options.heard(runs->options.context, &runs->so_far);
    pthread_mutex_unlock(&runs->lock);
}

static void genome_costs(struct cycle_watch *cycle, uint64_t cost)
{
    struct run_watch *w = (struct run_watch *)(void *)((char *)cycle - offsetof(struct run_watch, cycle));
    struct runs_so_far *s = &w->runs->so_far;
    double mean = (double)cost / 1000 - 1;

    if (w->program != NULL)
        mean = program_mean_cost(w->program, mean);
    pthread_mutex_lock(&w->runs->lock);
    if (!s->found || mean < s->best) {
        s->found = true;
        s->best = mean;
        s->site = w->site;
        s->unit = w->program != NULL ? w->program->unit : "iterations";
    }
    pthread_mutex_unlock(&w->runs->lock);
}

const struct instance *run_watch_instance(struct run_watch *w, const struct instance *original)
{
    if (w == NULL)
        return original;
    w->program = program_spec_of(journalled_original(w->journalled, original));
    return interposed_add(&w->between, original);
}

struct run_watch *runs_begin(struct runs *runs, const char *site, const char *job, uint64_t epoch,
                             const struct journalled *journalled)
{
    struct run_watch *w;

    if (runs == NULL)
        return NULL;
    w = mem_alloc(sizeof *w);
    interposed_init(&w->between, watched_evaluate);
    w->cycle.costs = genome_costs;
    w->runs = runs;
    w->journalled = journalled;
    w->site = site;
    w->job = job;
    w->epoch = epoch;
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

struct cycle_watch *run_watch_of(struct run_watch *w)
{
    return w != NULL ? &w->cycle : NULL;
}

static int by_number(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

void runs_taken(struct run_watch *w)
{
    struct runs *runs = w != NULL ? w->runs : NULL;

    if (w == NULL || w->line_count == 0)
        return;
    if (MUTATE(RUNS_LOGGED_AS_THEY_END, false, true))
        qsort(w->lines, w->line_count, sizeof w->lines[0], by_number);
    for (size_t i = 0; i < w->line_count; i++) {
        const struct buf *text = &w->lines[i].text;

        runs->failed |= fwrite(text->data, 1, text->len, runs->file) != text->len;
    }
    runs->failed |= fflush(runs->file) != 0; /* whoever reads along sees whole jobs */
}

void run_watch_free(struct run_watch *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->line_count; i++)
        buf_free(&w->lines[i].text);
    mem_free(w->lines);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}
