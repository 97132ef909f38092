#include <string.h>

#include "base/text.h"
#include "program/cost.h"
#include "program/runner.h"

void words_add(struct words *w, const char *text, size_t len)
{
    w->items = mem_resize(w->items, (size_t)w->count + 2, sizeof w->items[0]);
    w->items[w->count] = mem_alloc(len + 1);
    memcpy(w->items[w->count], text, len);
    w->items[++w->count] = NULL;
}

void words_free(struct words *w)
{
    for (unsigned i = 0; i < w->count; i++)
        mem_free(w->items[i]);
    mem_free(w->items);
    *w = (struct words){0};
}

static void add_text(struct words *w, struct buf *text)
{
    words_add(w, buf_text(text), text->len);
    buf_clear(text);
}

/* What the quote at *text encloses; behind it. Inside of " a backslash stands before one of its own or a ". */
static const char *add_enclosed(const char *text, const char *end, struct buf *out)
{
    for (char quote = *text++; text < end; text++) {
        if (quote == '"' && *text == '\\' && (text[1] == '"' || text[1] == '\\'))
            text++;
        buf_add_byte(out, (uint8_t)*text);
    }
    return end + 1;
}

/* Where the quote that begins here is closed; NULL when it is not, and so is none. */
static const char *closing(const char *text)
{
    const char quote = *text++;
    for (; *text != quote && *text != '\0'; text++)
        text += quote == '"' && *text == '\\' && text[1] != '\0';
    return *text == quote ? text : NULL;
}

/* As many words as a shell makes of it, to which irace hands what it calls (POSIX, Shell Command Language, 2.2
 * and 2.6.5): blanks part them, quotes and backslashes hold them together. Nothing else has a meaning, and nothing is
 * expanded. */
static void add_shell_words(struct words *w, const char *text, struct buf *scratch)
{
    while (*(text += strspn(text, " \t")) != '\0') {
        while (*text != '\0' && *text != ' ' && *text != '\t') {
            const char *end = *text == '\'' || *text == '"' ? closing(text) : NULL;
            if (end != NULL) {
                text = add_enclosed(text, end, scratch);
                continue;
            }
            text += *text == '\\' && text[1] != '\0';
            buf_add_byte(scratch, (uint8_t)*text++);
        }
        add_text(w, scratch);
    }
}

static void irace_words(const struct question *q, struct words *out, struct buf *scratch)
{
    buf_printf(scratch, "%u", (unsigned)(be64_get(q->genome_hash.b) >> 33));
    add_text(out, scratch);
    buf_printf(scratch, "%u", (unsigned)(be64_get(q->instance->hash.b) >> 33));
    add_text(out, scratch);
    buf_printf(scratch, "%u", (unsigned)q->seed);
    add_text(out, scratch);
    words_add(out, q->instance->name, strlen(q->instance->name));
    if (q->spec->bound) {
        cost_print((int64_t)(q->limit * cost_scale(q->spec->decimals)) + q->spec->cost_min, q->spec->decimals, scratch);
        add_text(out, scratch);
    }
}

static void smac_words(const struct question *q, struct words *out, struct buf *scratch)
{
    buf_printf(scratch, "--instance=%s", q->instance->name);
    add_text(out, scratch);
    buf_printf(scratch, "--seed=%u", (unsigned)q->seed);
    add_text(out, scratch);
}

static void aclib_words(const struct question *q, struct words *out, struct buf *scratch)
{
    words_add(out, "--instance", 10);
    words_add(out, q->instance->name, strlen(q->instance->name));
    words_add(out, "--cutoff", 8);
    buf_printf(scratch, "%u.%03u", q->spec->limits.cutoff_ms / 1000, q->spec->limits.cutoff_ms % 1000);
    add_text(out, scratch);
    words_add(out, "--seed", 6);
    buf_printf(scratch, "%u", (unsigned)q->seed);
    add_text(out, scratch);
    words_add(out, "--config", 8);
}

/* One gene, as this runner has it. */
static void gene_words(const struct question *q, unsigned i, struct words *out, struct buf *scratch)
{
    const struct gene_spec *gene = &q->space->schema.genes[i];

    if (q->spec->runner == RUNNER_IRACE && q->space->has_switches) {
        struct buf line = {0};
        buf_add_text(&line, q->space->switches[i]);
        space_value_print(q->space, i, &q->genome->values[i], &line);
        add_shell_words(out, buf_text(&line), scratch);
        buf_free(&line);
        return;
    }
    buf_printf(scratch, q->spec->runner == RUNNER_ACLIB ? "-%s" : "--%s=", gene->name);
    if (q->spec->runner == RUNNER_ACLIB)
        add_text(out, scratch);
    space_value_print(q->space, i, &q->genome->values[i], scratch);
    add_text(out, scratch);
}

static void genome_words(const struct question *q, struct words *out, struct buf *scratch)
{
    struct gene_set active = genome_active(&q->space->schema, q->genome);

    for (unsigned i = 0; i < q->space->schema.count; i++) {
        if (gene_set_has(active, i))
            gene_words(q, i, out, scratch);
    }
}

void program_genome_words(const struct program_spec *spec, const struct space *space, const struct genome *genome,
                          struct buf *out)
{
    struct question q = {.spec = spec, .space = space, .genome = genome};
    struct words words = {0};
    struct buf scratch = {0};

    if (spec->runner != RUNNER_JSONL)
        genome_words(&q, &words, &scratch);
    for (unsigned i = 0; i < words.count; i++) {
        if (i > 0)
            buf_add_byte(out, ' ');
        text_shell_word(words.items[i], out);
    }
    words_free(&words);
    buf_free(&scratch);
}

void runner_words(const struct question *q, struct words *out)
{
    struct buf scratch = {0};

    for (unsigned i = 0; i < q->spec->argument_count; i++)
        words_add(out, q->spec->arguments[i], strlen(q->spec->arguments[i]));
    if (q->spec->runner == RUNNER_IRACE)
        irace_words(q, out, &scratch);
    else if (q->spec->runner == RUNNER_SMAC)
        smac_words(q, out, &scratch);
    else
        aclib_words(q, out, &scratch);
    genome_words(q, out, &scratch);
    buf_free(&scratch);
}
