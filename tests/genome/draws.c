#include <stdio.h>
#include <stdlib.h>

#include "codec/decimal.h"
#include "genome/schema.h"
#include "genome/space.h"

/* draws FORMAT FILE: draws of the space that other readers of the same file are asked about, a line each:
 *
 *     draw(list(gene = value, ...), c(1, 0, ...), 0)
 *
 * with all values, which genes are active, and whether a combination is forbidden. The first line names the genes. It
 * is R, and near enough to Python. */

enum { DRAWS = 200 };

static void text_print(const char *text, struct buf *out)
{
    buf_add_byte(out, '"');
    for (; *text != '\0'; text++)
        buf_printf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    buf_add_byte(out, '"');
}

static void value_print(const struct space *space, unsigned i, const struct gene_value *value, struct buf *out)
{
    const struct gene_spec *spec = &space->schema.genes[i];
    if (spec->type == GENE_CONTINUOUS)
        decimal_print_real(value->real, out);
    else if (spec->type == GENE_DISCRETE)
        buf_printf(out, "%lld", (long long)value->integer);
    else
        text_print(gene_choice(&space->schema, spec, (unsigned)value->integer), out);
}

static void draw_print(const struct space *space, struct prng *prng, struct buf *out)
{
    const struct genome_schema *schema = &space->schema;
    struct genome genome = {.count = schema->count};
    genome_draw(schema, prng, &genome);
    struct gene_set active = genome_active(schema, &genome);
    buf_add_text(out, "draw(list(");
    for (unsigned i = 0; i < schema->count; i++) {
        buf_add_text(out, i > 0 ? ", " : "");
        value_print(space, i, &genome.values[i], out);
    }
    buf_add_text(out, "), c(");
    for (unsigned i = 0; i < schema->count; i++)
        buf_printf(out, "%s%d", i > 0 ? ", " : "", gene_set_has(active, i));
    buf_printf(out, "), %d)\n", genome_forbidden(schema, &genome) >= 0);
}

int main(int argc, char **argv)
{
    struct space *space = mem_alloc(sizeof *space);
    struct diag diag = {0};
    struct buf out = {0};
    struct prng prng;
    enum space_format format = SPACE_JSON;
    while (argc == 3 && format < SPACE_FORMAT_COUNT && strcmp(space_format_name(format), argv[1]) != 0)
        format++;
    if (argc != 3 || format == SPACE_FORMAT_COUNT || space_load(format, argv[2], space, &diag) != ERR_OK) {
        fprintf(stderr, "draws: %s\n", diag.text);
        return 2;
    }
    prng_seed(&prng, 7);
    buf_add_text(&out, "genes(c(");
    for (unsigned i = 0; i < space->schema.count; i++) {
        buf_add_text(&out, i > 0 ? ", " : "");
        text_print(space->schema.genes[i].name, &out);
    }
    buf_add_text(&out, "))\n");
    for (unsigned i = 0; i < DRAWS; i++)
        draw_print(space, &prng, &out);
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    mem_free(space);
    return 0;
}
