#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/updates.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"

static const size_t file_max = (size_t)1 << 36;

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

static int help(void)
{
    puts("usage: prismfed aggregate --rule RULE [OPTION...] FILE...\n"
         "\n"
         "Reduces updates, vectors of equal length, to one. FILE is CSV, an update a line, or a .npy array of one\n"
         "dimension (an update) or two (an update a row). The result depends on the set of updates alone: not on\n"
         "their order, nor on the number of threads or the processor.\n"
         "\n"
         "  --rule RULE      mean, weighted_mean, median, trimmed_mean, krum, multi_krum, geometric_median,\n"
         "                   centred_clipping, bulyan, mda\n"
         "  --f N            withstand N liars (default 0)\n"
         "  --m N            multi_krum: average the N best (default: all but f)\n"
         "  --steps N        geometric_median (default 32), centred_clipping (default 3)\n"
         "  --smoothing X    geometric_median: no distance counts as less (default 1e-6)\n"
         "  --radius X       centred_clipping: differences longer than X are shortened to it\n"
         "  --start FILE     centred_clipping: start from this vector (default: the median)\n"
         "  --nnm            replace each update by the mean of its nearest neighbours first\n"
         "  --bucket N       average updates in random buckets of N first\n"
         "  --seed N         of the buckets (default 0)\n"
         "  --weights FILE   weighted_mean: a weight a line, in the order of the updates\n"
         "  --names          CSV: the first field is the sender; an update that it sent twice counts once\n"
         "  --threads N      (default 1)\n"
         "  --output FILE    write the result there, as .npy if FILE ends so, else CSV, and print its SHA-256;\n"
         "                   else it is printed as CSV\n"
         "\n"
         "docs/aggregation.md has the exact definitions.");
    return EXIT_FINE;
}

/* ---- options */

static enum err number_read(const char *text, uint64_t most, uint64_t *out)
{
    enum err err = u64_parse(text, out);
    return err == ERR_OK && *out > most ? ERR_RANGE : err;
}

static enum err unsigned_read(const char *text, unsigned *out)
{
    uint64_t value;
    enum err err = number_read(text, 1000000, &value);
    if (err == ERR_OK)
        *out = (unsigned)value;
    return err;
}

static enum err real_read(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == 0 ? ERR_OK : ERR_SYNTAX;
}

static enum err option_take(int option, const char *text, struct request *r)
{
    struct vector_options *o = &r->options;
    switch (option) {
    case 'r':
        r->has_rule = true;
        return vector_rule_parse(bytes_of_text(text), &o->rule);
    case 'f':
        return unsigned_read(text, &o->f);
    case 'm':
        return unsigned_read(text, &o->m);
    case 's':
        return unsigned_read(text, &o->steps);
    case 'o':
        return real_read(text, &o->smoothing);
    case 'd':
        return real_read(text, &o->radius);
    case 'b':
        return unsigned_read(text, &o->bucket);
    case 'e':
        return number_read(text, UINT64_MAX, &o->seed);
    case 't':
        return unsigned_read(text, &o->threads);
    case 'i':
        o->is_mixed = true;
        return ERR_OK;
    case 'n':
        r->is_named = true;
        return ERR_OK;
    case 'w':
        r->weights = text;
        return ERR_OK;
    case 'a':
        r->start = text;
        return ERR_OK;
    default:
        ASSERT(option == 'u');
        r->output = text;
        return ERR_OK;
    }
}

static const struct option long_options[] = {{"rule", required_argument, NULL, 'r'},
                                             {"f", required_argument, NULL, 'f'},
                                             {"m", required_argument, NULL, 'm'},
                                             {"steps", required_argument, NULL, 's'},
                                             {"smoothing", required_argument, NULL, 'o'},
                                             {"radius", required_argument, NULL, 'd'},
                                             {"start", required_argument, NULL, 'a'},
                                             {"nnm", no_argument, NULL, 'i'},
                                             {"bucket", required_argument, NULL, 'b'},
                                             {"seed", required_argument, NULL, 'e'},
                                             {"weights", required_argument, NULL, 'w'},
                                             {"names", no_argument, NULL, 'n'},
                                             {"threads", required_argument, NULL, 't'},
                                             {"output", required_argument, NULL, 'u'},
                                             {"help", no_argument, NULL, 'h'},
                                             {0}};

/* ---- files */

static enum err file_add(const char *path, bool is_named, struct updates *out, struct diag *diag)
{
    struct buf in = {0};
    enum err err = file_read(path, file_max, &in, diag);
    if (err == ERR_OK && updates_is_npy(bytes_of_buf(&in)))
        err = updates_add_npy(out, path, bytes_of_buf(&in), diag);
    else if (err == ERR_OK)
        err = updates_add_csv(out, path, bytes_of_buf(&in), is_named, diag);
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

static enum err result_write(const struct request *r, const struct updates *updates, const double *out,
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
            printf("%s of %u updates, %zu columns: sha256 %s\n", vector_rule_name(r->options.rule), updates->rows,
                   columns, hex);
    }
    buf_free(&file);
    return err;
}

static int run(struct request *r, char **paths, int count)
{
    struct input *in = mem_alloc(sizeof *in);
    struct diag diag = {0};
    enum err err = input_read(r, paths, count, in, &diag);
    if (err == ERR_OK) {
        struct updates *u = &in->updates;
        struct vector_set set = {u->rows, u->columns, in->rows, in->hashes, in->weights.values};
        double *out = mem_array(u->columns, sizeof out[0]);
        for (unsigned i = 0; i < u->rows; i++)
            in->rows[i] = u->values + i * u->columns;
        r->options.start = in->start.values;
        err = vector_reduce(&set, &r->options, out, &diag);
        if (err == ERR_OK)
            err = result_write(r, u, out, &diag);
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
    int option, index = 0;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", long_options, &index)) != -1) {
        if (option == 'h')
            return help();
        if (option == '?' || option == ':')
            return command_bad_option("aggregate", option, argv);
        if (option_take(option, optarg, &r) != ERR_OK)
            return command_misuse("aggregate", "--%s: %s is not what it takes", long_options[index].name, optarg);
    }
    if (!r.has_rule)
        return command_misuse("aggregate", "which --rule?");
    if (optind == argc)
        return command_misuse("aggregate", "expected a FILE of updates");
    if (r.weights != NULL && r.options.rule != VECTOR_WEIGHTED_MEAN)
        return command_misuse("aggregate", "--weights goes with weighted_mean");
    if (r.start != NULL && r.options.rule != VECTOR_CENTRED_CLIPPING)
        return command_misuse("aggregate", "--start goes with centred_clipping");
    return run(&r, argv + optind, argc - optind);
}
