#include <string.h>

#include "base/text.h"
#include "program/cost.h"
#include "program/program.h"

void program_spec_init(struct program_spec *spec)
{
    *spec = (struct program_spec){
        .runner = RUNNER_JSONL,
        .limits = {.cutoff_ms = 10000, .memory_mb = 2048, .output_kb = 1024, .file_mb = 256, .processes = 64},
        .retries = 1,
        .par = 2,
        .deterministic = true,
        .queue = {.tasks = 1000, .timeout_s = 7 * 86400, .losses = 2},
    };
}

/* One NULL behind the last one. */
static char **texts_copy(char *const *texts, unsigned count)
{
    char **copy = mem_array((size_t)count + 1, sizeof copy[0]);

    for (unsigned i = 0; i < count; i++)
        copy[i] = text_copy(bytes_of_text(texts[i]));
    return copy;
}

void program_spec_copy(const struct program_spec *spec, struct program_spec *out)
{
    struct program_spec copy = *spec;

    copy.arguments = texts_copy(spec->arguments, spec->argument_count);
    copy.files = texts_copy(spec->files, spec->file_count);
    copy.environment = texts_copy(spec->environment, spec->environment_count);
    copy.readable = texts_copy(spec->readable, spec->readable_count);
    copy.hidden = texts_copy(spec->hidden, spec->hidden_count);
    copy.folder = text_copy(bytes_of_text(spec->folder));
    copy.initial_file = spec->initial_file != NULL ? text_copy(bytes_of_text(spec->initial_file)) : NULL;
    copy.initial = mem_array(spec->initial_count, sizeof copy.initial[0]);
    if (spec->initial_count > 0)
        memcpy(copy.initial, spec->initial, spec->initial_count * sizeof copy.initial[0]);
    copy.queue.arguments = texts_copy(spec->queue.arguments, spec->queue.argument_count);
    copy.queue.folder = spec->queue.folder != NULL ? text_copy(bytes_of_text(spec->queue.folder)) : NULL;
    copy.queue.scenario = spec->queue.scenario != NULL ? text_copy(bytes_of_text(spec->queue.scenario)) : NULL;
    *out = copy;
}

static void texts_free(char **texts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        mem_free(texts[i]);
    mem_free(texts);
}

void program_spec_fini(struct program_spec *spec)
{
    texts_free(spec->arguments, spec->argument_count);
    texts_free(spec->files, spec->file_count);
    texts_free(spec->environment, spec->environment_count);
    texts_free(spec->readable, spec->readable_count);
    texts_free(spec->hidden, spec->hidden_count);
    texts_free(spec->queue.arguments, spec->queue.argument_count);
    mem_free(spec->queue.folder);
    mem_free(spec->queue.scenario);
    mem_free(spec->folder);
    mem_free(spec->initial);
    mem_free(spec->initial_file);
    *spec = (struct program_spec){0};
}

const char *program_runner_name(enum program_runner runner)
{
    static const char *const names[RUNNER_COUNT] = {"jsonl", "irace", "smac", "aclib"};

    ASSERT((unsigned)runner < RUNNER_COUNT);
    return names[runner];
}

void program_cost_number(const struct program_spec *spec, uint64_t cost, struct buf *out)
{
    cost_print((int64_t)cost + spec->cost_min, spec->decimals, out);
}

void program_cost_print(const struct program_spec *spec, uint64_t cost, struct buf *out)
{
    program_cost_number(spec, cost, out);
    if (spec->unit[0] != '\0')
        buf_printf(out, " %s", spec->unit);
}

double program_mean_cost(const struct program_spec *spec, double cost)
{
    int64_t tenths = (int64_t)(cost * 10 + 0.5) + 10 * spec->cost_min;

    return (double)tenths / (double)(10 * cost_scale(spec->decimals));
}
