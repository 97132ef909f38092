#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/updates.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/say.h"
#include "codec/decimal.h"

static const size_t file_max = (size_t)1 << 36;

enum { NUMBER_MAX = 1000000 };

struct request {
    struct vector_options options;
    bool has_rule, is_named;
    const char *weights, *start, *output;
};

struct input {
    struct updates updates, weights, start;
    const double *rows[VECTOR_ROWS_MAX];
    struct digest hashes[VECTOR_ROWS_MAX];
};

/* ---- options */

static int take_rule(void *request, const char *value)
{
    struct request *r = request;

    if (vector_rule_parse(bytes_of_text(value), &r->options.rule) != ERR_OK)
        return command_misuse("aggregate", "--rule: %s is not what it takes", value);
    r->has_rule = true;
    return EXIT_FINE;
}

static int take_real(const char *option, const char *value, double *out)
{
    if (decimal_parse(bytes_of_text(value), out) != ERR_OK)
        return command_misuse("aggregate", "%s: %s is not a decimal number", option, value);
    return EXIT_FINE;
}

static int take_smoothing(void *request, const char *value)
{
    return take_real("--smoothing", value, &((struct request *)request)->options.smoothing);
}

static int take_radius(void *request, const char *value)
{
    return take_real("--radius", value, &((struct request *)request)->options.radius);
}

#define OF(field) offsetof(struct request, field)

static const struct option_row rows[] = {
    {"rule", "RULE", OPTION_TAKE, .take = take_rule,
     .help = "mean, weighted_mean, median, trimmed_mean, krum, multi_krum, geometric_median, centred_clipping, bulyan, "
             "mda"},
    {"f", "N", OPTION_UNSIGNED, OF(options.f), 0, NUMBER_MAX, .help = "withstand N liars (default 0)"},
    {"m", "N", OPTION_UNSIGNED, OF(options.m), 0, NUMBER_MAX,
     .help = "multi_krum: average the N best (default: all but f)"},
    {"steps", "N", OPTION_UNSIGNED, OF(options.steps), 0, NUMBER_MAX,
     .help = "geometric_median (default 32), centred_clipping (default 3)"},
    {"smoothing", "X", OPTION_TAKE, .take = take_smoothing,
     .help = "geometric_median: no distance counts as less (default 1e-6)"},
    {"radius", "X", OPTION_TAKE, .take = take_radius,
     .help = "centred_clipping: differences longer than X are shortened to it"},
    {"start", "FILE", OPTION_TEXT, OF(start), .help = "centred_clipping: start from this vector (default: the median)"},
    {"nnm", NULL, OPTION_FLAG, OF(options.is_mixed),
     .help = "replace each update by the mean of its nearest neighbours first"},
    {"bucket", "N", OPTION_UNSIGNED, OF(options.bucket), 0, NUMBER_MAX,
     .help = "average updates in random buckets of N first"},
    {"seed", "N", OPTION_NUMBER, OF(options.seed), 0, UINT64_MAX, .help = "of the buckets (default 0)"},
    {"weights", "FILE", OPTION_TEXT, OF(weights),
     .help = "weighted_mean: a weight a line, in the order of the updates"},
    {"names", NULL, OPTION_FLAG, OF(is_named),
     .help = "CSV: the first field is the sender; an update that it sent twice counts once"},
    {"threads", "N", OPTION_UNSIGNED, OF(options.threads), 0, NUMBER_MAX, .help = "threads to use (default 1)"},
    {"output", "FILE", OPTION_TEXT, OF(output),
     .help = "write the result there, as .npy if FILE ends so, else CSV, and print its SHA-256; else it is printed as "
             "CSV"},
};

static const struct option_table table = {
    .verb = "aggregate",
    .usage = "prismfed aggregate --rule RULE [OPTION...] FILE...\n",
    .about = "Reduces updates, vectors of equal length, to one. FILE is CSV, an update a line, a .npy array of one "
             "dimension (an update) or two (an update a row), or an .npz archive, whose arrays together are an update. "
             "The result depends on the set of updates alone: not on "
             "their order, nor on the number of threads or the processor.",
    .after = "docs/aggregation.md has the exact definitions.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

/* ---- files */

static enum err file_add(const char *path, bool is_named, struct updates *out, struct diag *diag)
{
    struct buf in = {0};
    enum err err = file_read(path, file_max, &in, diag);
    if (err == ERR_OK)
        err = updates_add(out, path, bytes_of_buf(&in), is_named, diag);
    buf_free(&in);
    return err;
}

static enum err input_read(const struct request *r, char **paths, int count, struct input *in, struct diag *diag)
{
    enum err err = ERR_OK;
    for (int i = 0; i < count && err == ERR_OK; i++)
        err = file_add(paths[i], r->is_named, &in->updates, diag);
    if (err == ERR_OK && r->weights != NULL) {
        err = file_add(r->weights, false, &in->weights, diag);
        if (err == ERR_OK && (in->weights.columns != 1 || in->weights.rows != in->updates.rows))
            err = diag_set(diag, ERR_MISMATCH, "%s: %u lines of %zu numbers: expected a weight for each of %u updates",
                           r->weights, in->weights.rows, in->weights.columns, in->updates.rows);
    }
    if (err == ERR_OK && r->start != NULL) {
        err = file_add(r->start, false, &in->start, diag);
        if (err == ERR_OK && (in->start.rows != 1 || in->start.columns != in->updates.columns))
            err = diag_set(diag, ERR_MISMATCH, "%s: expected one vector of %zu numbers", r->start, in->updates.columns);
    }
    return err == ERR_OK ? updates_hash(&in->updates, in->hashes, diag) : err;
}

static enum err result_write(const struct request *r, const struct updates *updates, unsigned count, const double *out,
                             struct diag *diag)
{
    size_t columns = updates->columns, length = r->output != NULL ? strlen(r->output) : 0;
    struct digest digest = updates_digest(out, columns);
    char hex[2 * DIGEST_SIZE + 1];
    struct buf file = {0};
    enum err err = ERR_OK;
    if (length > 4 && strcmp(r->output + length - 4, ".npy") == 0)
        updates_encode_npy(out, columns, &file);
    else
        updates_encode_csv(out, columns, &file);
    if (r->output == NULL) {
        fwrite(file.data, 1, file.len, stdout);
    } else {
        err = file_write(r->output, bytes_of_buf(&file), diag);
        digest_hex(&digest, hex);
        if (err == ERR_OK)
            printf("%s of %u updates, %zu columns: sha256 %s\n", vector_rule_name(r->options.rule), count, columns,
                   hex);
    }
    buf_free(&file);
    return err;
}

/* Who was dropped, by name where there is one. */
static void dropped_say(const struct request *r, const struct updates *u, const struct vector_dropped *dropped)
{
    for (unsigned i = 0; i < dropped->count; i++) {
        const struct vector_fault *f = &dropped->faults[i];
        bool is_named = u->names[f->row][0] != '\0';
        say(stderr,
            "prismfed aggregate: row %u%s%s%s is dropped, as one of the f = %u liars: %g in column %zu is not a "
            "number from -2^300 to 2^300\n",
            f->row, is_named ? " (" : "", u->names[f->row], is_named ? ")" : "", r->options.f,
            u->values[f->row * u->columns + f->column], f->column);
    }
}

static int run(struct request *r, char **paths, int count)
{
    struct input *in = mem_alloc(sizeof *in);
    struct vector_dropped dropped = {0};
    struct diag diag = {0};
    enum err err = input_read(r, paths, count, in, &diag);
    if (err == ERR_OK) {
        struct updates *u = &in->updates;
        struct vector_set set = {u->rows, u->columns, in->rows, in->hashes, in->weights.values};
        double *out = mem_array(u->columns, sizeof out[0]);
        for (unsigned i = 0; i < u->rows; i++)
            in->rows[i] = u->values + i * u->columns;
        r->options.start = in->start.values;
        err = vector_reduce(&set, &r->options, out, &dropped, &diag);
        dropped_say(r, u, &dropped);
        if (err == ERR_OK)
            err = result_write(r, u, u->rows - dropped.count, out, &diag);
        mem_free(out);
    }
    updates_free(&in->updates);
    updates_free(&in->weights);
    updates_free(&in->start);
    mem_free(in);
    return err == ERR_OK ? EXIT_FINE : command_fail("aggregate", "%s", diag.text);
}

int command_aggregate(int argc, char **argv)
{
    struct request r = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &r, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (!r.has_rule)
        return command_misuse("aggregate", "which --rule?");
    if (operands == argc)
        return command_misuse("aggregate", "expected a FILE of updates");
    if (r.weights != NULL && r.options.rule != VECTOR_WEIGHTED_MEAN)
        return command_misuse("aggregate", "--weights goes with weighted_mean");
    if (r.start != NULL && r.options.rule != VECTOR_CENTRED_CLIPPING)
        return command_misuse("aggregate", "--start goes with centred_clipping");
    return run(&r, argv + operands, argc - operands);
}
