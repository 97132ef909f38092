#include "genome/space.h"

#include <inttypes.h>
#include <string.h>

#include "base/dmath.h"
#include "base/file.h"
#include "base/mutate.h"
#include "codec/decimal.h"
#include "genome/schema.h"
#include "genome/space_formats.h"

static const char *const format_names[] = {"json", "irace", "pcs", "pcs-new"};

const char *space_format_name(enum space_format format)
{
    ASSERT((unsigned)format < SPACE_FORMAT_COUNT);
    return format_names[format];
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

enum space_format space_format_of(const char *path)
{
    return ends_with(path, ".json") ? SPACE_JSON : ends_with(path, ".pcs") ? SPACE_PCS : SPACE_IRACE;
}

/* ---- what the readers share */

bool space_text_copy(char *field, size_t size, struct bytes text)
{
    if (text.len >= size)
        return false;
    if (text.len > 0)
        memcpy(field, text.data, text.len);
    return true;
}

struct gene_spec *space_gene_add(struct scan *scan, struct space *space, size_t at, struct bytes name)
{
    struct genome_schema *schema = &space->schema;
    struct gene_spec *spec = &schema->genes[schema->count];
    int len = (int)(name.len < 80 ? name.len : 80);
    if (scan->err != ERR_OK)
        return NULL;
    if (schema->count == GENOME_GENES_MAX)
        scan_fail(scan, at, ERR_LIMIT, "more than %d parameters", GENOME_GENES_MAX);
    else if (gene_find(schema, name) >= 0)
        scan_fail(scan, at, ERR_DUPLICATE, "there is a parameter %.*s already", len, (const char *)name.data);
    else if (!space_text_copy(spec->name, sizeof spec->name, name) || !gene_name_fits(spec->name))
        scan_fail(scan, at, ERR_SYNTAX,
                  "\"%.*s\" is no name: that is no number, begins with no - and has 1 to %d of letters, digits and "
                  "_ . : @ -",
                  len, (const char *)name.data, GENOME_NAME_MAX);
    if (scan->err != ERR_OK)
        return NULL;
    schema->count++;
    return spec;
}

void space_choice_add(struct scan *scan, struct space *space, struct gene_spec *spec, size_t at, struct bytes choice)
{
    struct genome_schema *schema = &space->schema;
    int len = (int)(choice.len < 80 ? choice.len : 80);
    if (scan->err != ERR_OK)
        return;
    if (spec->choice_count == GENOME_CHOICES_MAX || schema->word_count == GENOME_WORDS_MAX) {
        scan_fail(scan, at, ERR_LIMIT, "more than %d choices of %s, or %d of all", GENOME_CHOICES_MAX, spec->name,
                  GENOME_WORDS_MAX);
        return;
    }
    char *field = schema->words[schema->word_count];
    if (!space_text_copy(field, sizeof schema->words[0], choice) || !gene_choice_fits(field)) {
        scan_fail(scan, at, ERR_SYNTAX, "the choice \"%.*s\" is longer than %d, or not of printable ASCII", len,
                  (const char *)choice.data, GENOME_CHOICE_MAX);
        return;
    }
    if (spec->choice_count == 0)
        spec->choice_first = schema->word_count;
    for (unsigned i = 0; i < spec->choice_count; i++)
        if (strcmp(field, gene_choice(schema, spec, i)) == 0)
            scan_fail(scan, at, ERR_DUPLICATE, "%s has the choice \"%s\" twice", spec->name, field);
    spec->choice_count++;
    schema->word_count++;
}

double space_number(struct scan *scan, size_t at, struct bytes text)
{
    double x = 0;
    int len = (int)(text.len < 40 ? text.len : 40);
    enum err err = decimal_parse(text, &x);
    if (err == ERR_OK && gene_number_fits(x + 0.0))
        return x + 0.0; /* never -0.0 */
    scan_fail(scan, at, err == ERR_SYNTAX ? err : ERR_RANGE,
              err == ERR_SYNTAX ? "\"%.*s\" is no number" : "%.*s is too large", len, (const char *)text.data);
    return 0;
}

static bool is_whole(double x)
{
    return x >= -(double)GENE_INTEGER_MAX && x <= (double)GENE_INTEGER_MAX && (double)(int64_t)x == x;
}

void space_bounds_set(struct scan *scan, struct gene_spec *spec, size_t at, double lo, double hi)
{
    if (scan->err != ERR_OK)
        return;
    if (lo > hi)
        scan_fail(scan, at, ERR_RANGE, "%s: the lower bound lies above the upper one", spec->name);
    else if (spec->log_scale && lo <= 0)
        scan_fail(scan, at, ERR_RANGE, "%s: a log scale needs a lower bound above 0", spec->name);
    else if (spec->type == GENE_DISCRETE && !(is_whole(lo) && is_whole(hi)))
        scan_fail(scan, at, ERR_RANGE, "%s: the bounds of an integer are whole numbers of at most 2^53", spec->name);
    if (scan->err != ERR_OK)
        return;
    if (spec->type == GENE_CONTINUOUS) {
        spec->lo = lo;
        spec->hi = hi;
    } else {
        spec->ilo = (int64_t)lo;
        spec->ihi = (int64_t)hi;
    }
}

bool space_forbid_add(struct scan *scan, size_t at, struct space *space, struct condition c)
{
    struct genome_schema *schema = &space->schema;
    if (schema->forbidden_count == GENOME_FORBIDDEN_MAX)
        scan_fail(scan, at, ERR_LIMIT, "more than %d forbidden combinations", GENOME_FORBIDDEN_MAX);
    else if (scan->err == ERR_OK)
        schema->forbidden[schema->forbidden_count++] = c;
    return scan->err == ERR_OK;
}

/* ---- defaults */

static double middle(double lo, double hi, bool log_scale)
{
    double x = log_scale ? dmath_sqrt(lo) * dmath_sqrt(hi) : lo / 2 + hi / 2;
    return x < lo ? lo : x > hi ? hi : x;
}

void space_default_set(struct gene_spec *spec)
{
    if (spec->type == GENE_CONTINUOUS)
        spec->default_real = middle(spec->lo, spec->hi, spec->log_scale);
    else if (spec->type == GENE_DISCRETE)
        spec->default_integer = (int64_t)middle((double)spec->ilo, (double)spec->ihi, spec->log_scale);
}

/* Moves the defaults out of what is forbidden. The combination that it could not get rid of, or -1. */
static int defaults_find(struct genome_schema *schema)
{
    struct genome genome;
    struct prng prng;
    int which = -1;
    prng_stream(&prng, 0, "defaults", 0);
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        genome_default(schema, &genome);
        which = genome_forbidden(schema, &genome);
        if (which < 0)
            break;
        struct gene_set genes = condition_genes(schema, schema->forbidden[which]);
        genome_draw(schema, &prng, &genome);
        for (unsigned i = 0; i < schema->count; i++) {
            struct gene_spec *spec = &schema->genes[i];
            if (!gene_set_has(genes, i))
                continue;
            if (spec->type == GENE_CONTINUOUS)
                spec->default_real = genome.values[i].real;
            else
                spec->default_integer = genome.values[i].integer;
        }
    }
    return which;
}

struct space_fault space_fault_find(struct space *space, bool find_defaults)
{
    struct genome first;
    int gene = condition_cycle(&space->schema);
    if (gene >= 0)
        return (struct space_fault){"this condition leads back to its own parameter", gene, -1};
    if (find_defaults) {
        int left = defaults_find(&space->schema);
        return (struct space_fault){left < 0 ? NULL : "this leaves nothing: no default was found outside of it", -1,
                                    left};
    }
    genome_default(&space->schema, &first);
    int which = genome_forbidden(&space->schema, &first);
    return (struct space_fault){which < 0 ? NULL : "this forbids the defaults", -1, which};
}

void space_fault_report(struct scan *scan, struct space *space, const struct space_places *places, bool find_defaults)
{
    if (scan->err != ERR_OK)
        return;
    struct space_fault fault = space_fault_find(space, find_defaults);
    if (fault.text != NULL && fault.gene >= 0)
        scan_fail(scan, places->condition[fault.gene], ERR_STATE, "%s", fault.text);
    else if (fault.text != NULL)
        scan_fail(scan, places->forbidden[fault.forbidden], ERR_RANGE, "%s", fault.text);
}

/* ---- by format */

enum err space_parse(enum space_format format, const char *name, struct bytes text, struct space *out,
                     struct diag *diag)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* a byte order mark says nothing here (Unicode, 23.8) */
    struct space *space = mem_alloc(sizeof *space);
    enum err err;
    if (text.len >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0)
        text = bytes_of(text.data + sizeof mark, text.len - sizeof mark);
    if (format == SPACE_JSON)
        err = space_json_parse(name, text, space, diag);
    else
        err = (format == SPACE_IRACE ? irace_parse : pcs_parse)(name, text, space, diag);
    if (err == ERR_OK) {
        ASSERT(genome_schema_check(&space->schema, NULL) == ERR_OK); /* the readers complain with a place */
        genome_schema_copy(&out->schema, &space->schema);
        memcpy(out->switches, space->switches, space->schema.count * sizeof space->switches[0]);
        out->has_switches = space->has_switches;
        out->digits = space->digits;
    }
    mem_free(space);
    return err;
}

enum err space_load(enum space_format format, const char *path, struct space *out, struct diag *diag)
{
    struct buf text = {0};
    enum err err = file_read(path, SPACE_SIZE_MAX, &text, diag);
    if (err == ERR_OK)
        err = space_parse(format, path, bytes_of_buf(&text), out, diag);
    buf_free(&text);
    return err;
}

enum err space_print(enum space_format format, const struct space *space, struct buf *out, struct diag *diag)
{
    struct buf text = {0};
    enum err err = ERR_OK;
    if (format == SPACE_JSON)
        space_json_print(space, &text);
    else if (format == SPACE_IRACE)
        err = irace_print(space, &text, diag);
    else
        err = pcs_print(space, format == SPACE_PCS_NEW, &text, diag);
    if (err == ERR_OK)
        buf_add(out, text.data, text.len);
    buf_free(&text);
    return err;
}

/* ---- values */

/* To the digits, as long as that stays in the range; else the bound that it would cross. */
static double rounded(const struct gene_spec *spec, double x, unsigned digits)
{
    double scale = 1;
    for (unsigned i = 0; i < digits; i++)
        scale *= 10;
    double scaled = x * scale;
    if (digits == 0 || !(scaled > -1e15 && scaled < 1e15))
        return x;
    double near = (double)(int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5) / scale;
    double inside = near < spec->lo ? spec->lo : near > spec->hi ? spec->hi : near;
    return MUTATE(SPACE_ROUNDED_OUT, near, inside);
}

void space_value_print(const struct space *space, unsigned gene, const struct gene_value *value, struct buf *out)
{
    const struct gene_spec *spec = &space->schema.genes[gene];
    if (spec->type == GENE_CONTINUOUS)
        decimal_print(rounded(spec, value->real, space->digits), out);
    else if (spec->type == GENE_ORDINAL || spec->type == GENE_CATEGORICAL)
        buf_add_text(out, gene_choice(&space->schema, spec, (unsigned)value->integer));
    else
        buf_printf(out, "%" PRId64, value->integer);
}

/* ---- what is lost */

static bool default_differs(const struct gene_spec *a, const struct gene_spec *b)
{
    return a->type == GENE_CONTINUOUS ? a->default_real != b->default_real : a->default_integer != b->default_integer;
}

static void defaults_lost(const struct space *space, const struct space *again, struct buf *out)
{
    unsigned count = 0, more = 0;
    for (unsigned i = 0; i < space->schema.count; i++) {
        const struct gene_spec *spec = &space->schema.genes[i];
        struct gene_value value = gene_default(spec);
        if (!default_differs(spec, &again->schema.genes[i]))
            continue;
        if (count++ >= 10) {
            more++;
            continue;
        }
        buf_printf(out, count > 1 ? ", %s (" : "irace has no defaults: what is left out are those of %s (", spec->name);
        space_value_print(space, i, &value, out);
        buf_add_text(out, ")");
    }
    if (more > 0)
        buf_printf(out, " and %u others", more);
}

void space_lost_print(enum space_format format, const struct space *space, struct bytes text, struct buf *out)
{
    struct space *again = mem_alloc(sizeof *again);
    if (space_parse(format, "what was printed", text, again, NULL) != ERR_OK || format == SPACE_JSON)
        goto done;
    if (format == SPACE_IRACE)
        defaults_lost(space, again, out);
    else if (space->has_switches || space->digits > 0)
        buf_printf(out, "%s has no %s: they are left out", space_format_name(format),
                   space->digits == 0    ? "switches"
                   : space->has_switches ? "switches and no digits"
                                         : "digits");
done:
    mem_free(again);
}
