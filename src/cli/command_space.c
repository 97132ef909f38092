#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/option.h"
#include "cli/say.h"
#include "genome/schema.h"
#include "genome/space.h"

struct space_options {
    bool has_from, has_to;
    enum space_format from, to;
};

static bool format_parse(const char *text, enum space_format *out)
{
    for (unsigned i = 0; i < SPACE_FORMAT_COUNT; i++) {
        if (strcmp(text, space_format_name((enum space_format)i)) == 0) {
            *out = (enum space_format)i;
            return true;
        }
    }
    return false;
}

static int take_format(const char *option, const char *value, bool *has, enum space_format *out)
{
    if (!format_parse(value, out))
        return command_misuse("space", "%s takes json, irace, pcs or pcs-new, not \"%s\"", option, value);
    *has = true;
    return EXIT_FINE;
}

static int take_from(void *options, const char *value)
{
    struct space_options *o = options;

    return take_format("--from", value, &o->has_from, &o->from);
}

static int take_to(void *options, const char *value)
{
    struct space_options *o = options;

    return take_format("--to", value, &o->has_to, &o->to);
}

static const struct option_row rows[] = {
    {"from", "FORMAT", OPTION_TAKE, .take = take_from, .help = "what FILE is: json, irace or pcs"},
    {"to", "FORMAT", OPTION_TAKE, .take = take_to,
     .help = "print it as json, irace, pcs (the first SMAC and, of choices alone, ParamILS) or pcs-new"},
};

static const struct option_table table = {
    .verb = "space",
    .usage = "prismfed space [OPTION...] FILE\n",
    .about = "Checks a search space and says what is in it, or converts it. Without --from the name of FILE decides: "
             ".json is the project's own format, .pcs a file of ParamILS or SMAC, and any other name irace's "
             "parameters.txt.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static void count_types(const struct genome_schema *schema, struct buf *out)
{
    for (unsigned type = 0; type <= GENE_TOGGLE; type++) {
        unsigned count = 0;
        for (unsigned i = 0; i < schema->count; i++)
            count += schema->genes[i].type == (enum gene_type)type;
        if (count > 0)
            buf_printf(out, "%s%u %s", out->len > 0 ? ", " : "", count, gene_type_name((enum gene_type)type));
    }
}

static void describe(const char *path, const struct space *space)
{
    const struct genome_schema *schema = &space->schema;
    struct digest hash = genome_schema_hash(schema);
    struct buf types = {0}, hex = {0};
    unsigned conditions = 0;

    for (unsigned i = 0; i < schema->count; i++)
        conditions += schema->genes[i].condition.count > 0;
    count_types(schema, &types);
    hex_encode(digest_bytes(&hash), &hex);
    say(stdout, "%s: %u genes (%s), %u of them with a condition; %u forbidden combinations\n", path, schema->count,
        buf_text(&types), conditions, schema->forbidden_count);
    say(stdout, "schema %s\n", buf_text(&hex));
    buf_free(&types);
    buf_free(&hex);
}

static int run(const struct space_options *o, const char *path)
{
    struct space *space = mem_alloc(sizeof *space);
    struct buf text = {0}, lost = {0};
    struct diag diag = {0};
    enum err err = space_load(o->has_from ? o->from : space_format_of(path), path, space, &diag);

    if (err == ERR_OK && o->has_to) {
        err = space_print(o->to, space, &text, &diag);
        if (err != ERR_OK)
            diag_prefix(&diag, err, "%s as %s", path, space_format_name(o->to));
    }
    if (err != ERR_OK)
        command_fail("space", "%s", diag.text);
    else if (o->has_to)
        fwrite(text.data, 1, text.len, stdout);
    else
        describe(path, space);
    if (err == ERR_OK && o->has_to)
        space_lost_print(o->to, space, bytes_of_buf(&text), &lost);
    if (lost.len > 0)
        say(stderr, "prismfed space: %s\n", buf_text(&lost));
    buf_free(&lost);
    buf_free(&text);
    mem_free(space);
    return err == ERR_OK ? EXIT_FINE : EXIT_UNUSABLE;
}

int command_space(int argc, char **argv)
{
    struct space_options o = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &o, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands != 1)
        return command_misuse("space", "expected one FILE");
    return run(&o, argv[operands]);
}
