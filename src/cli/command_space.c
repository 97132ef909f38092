#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "genome/schema.h"
#include "genome/space.h"

struct space_options {
    bool has_from, has_to;
    enum space_format from, to;
};

static int help(void)
{
    puts(
        "usage: prismfed space [OPTION...] FILE\n"
        "\n"
        "Checks a search space and says what is in it, or converts it. Without --from the name of FILE decides: .json\n"
        "is the project's own format, .pcs a file of ParamILS or SMAC, and any other name irace's parameters.txt.\n"
        "\n"
        "  --from FORMAT  what FILE is: json, irace or pcs\n"
        "  --to FORMAT    print it as json, irace, pcs (the first SMAC and, of choices alone, ParamILS) or pcs-new");
    return EXIT_FINE;
}

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

/* EXIT_FINE to go on. */
static int read_option(struct space_options *o, int option, const char *value)
{
    bool is_from = option == 'f';

    if (!format_parse(value, is_from ? &o->from : &o->to))
        return command_misuse("space", "%s takes json, irace, pcs or pcs-new, not \"%s\"", is_from ? "--from" : "--to",
                              value);
    *(is_from ? &o->has_from : &o->has_to) = true;
    return EXIT_FINE;
}

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
    printf("%s: %u genes (%s), %u of them with a condition; %u forbidden combinations\n", path, schema->count,
           buf_text(&types), conditions, schema->forbidden_count);
    printf("schema %s\n", buf_text(&hex));
    buf_free(&types);
    buf_free(&hex);
}

static int run(const struct space_options *o, const char *path)
{
    struct space *space = mem_alloc(sizeof *space);
    struct buf text = {0};
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
    buf_free(&text);
    mem_free(space);
    return err == ERR_OK ? EXIT_FINE : EXIT_UNUSABLE;
}

int command_space(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                            {"from", required_argument, NULL, 'f'},
                                            {"to", required_argument, NULL, 't'},
                                            {0}};
    struct space_options o = {0};
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h')
            return help();
        if (option != 'f' && option != 't')
            return command_bad_option("space", option, argv);
        int status = read_option(&o, option, optarg);
        if (status != EXIT_FINE)
            return status;
    }
    if (argc - optind != 1)
        return command_misuse("space", "expected one FILE");
    return run(&o, argv[optind]);
}
