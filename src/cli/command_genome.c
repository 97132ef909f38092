#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/text.h"
#include "cli/genome_text.h"
#include "cli/option.h"
#include "cli/say.h"
#include "genome/genome_json.h"
#include "genome/schema.h"
#include "genome/space.h"
#include "program/program.h"
#include "sim/genome_report.h"

/* The genome that a federation shares in the end, from a ledger that verifies, in the words of whoever is to run it. */

enum form { FORM_TABLE, FORM_JSON, FORM_IRACE, FORM_SMAC, FORM_ARGS, FORM_COUNT };

static const char *const form_names[FORM_COUNT] = {
    [FORM_JSON] = "json", [FORM_IRACE] = "irace", [FORM_SMAC] = "smac", [FORM_ARGS] = "args"};

struct arguments {
    const char *folder, *label, *space; /* NULL: not named */
    enum form form;
};

static int take_form(void *arguments, const char *value)
{
    struct arguments *a = arguments;

    for (unsigned form = FORM_JSON; form < FORM_COUNT; form++) {
        if (strcmp(value, form_names[form]) == 0) {
            a->form = (enum form)form;
            return EXIT_FINE;
        }
    }
    return command_misuse("genome", "--as takes json, irace, smac or args, not \"%s\"", value);
}

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"as", "FORM", OPTION_TAKE, .take = take_form,
     .help = "json: an object; irace: a configuration in a table, as its option for initial configurations reads it; "
             "smac: -NAME 'VALUE'; args: the words that a program is called with"},
    {"label", "L", OPTION_TEXT, OF(label), .help = "of the artifacts, when there are several"},
    {"space", "FILE", OPTION_TEXT, OF(space),
     .help = "the search space, in which the switches for args are (without it --NAME=VALUE)"},
};

static const struct option_table table = {
    .verb = "genome",
    .usage = "prismfed genome [OPTION...] DIR\n",
    .about =
        "Prints the genome that a federation shares after its last epoch. It is derived from the ledger in DIR, which "
        "is executed again and checked as prismfed audit does; from one that does not verify nothing is printed. Genes "
        "that do not matter in this genome are left out (irace: NA).",
    .after = "Exit status: 0 printed; 1 the ledger does not verify; 2 wrong usage, or unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

/* ---- which label */

struct labels {
    unsigned count;
    char **items; /* owned */
};

static void labels_add(struct labels *l, struct bytes label)
{
    l->items = mem_resize(l->items, (size_t)l->count + 1, sizeof l->items[0]);
    l->items[l->count++] = text_copy(label);
}

static void labels_free(struct labels *l)
{
    for (unsigned i = 0; i < l->count; i++)
        mem_free(l->items[i]);
    mem_free(l->items);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void labels_read(const char *folder, struct labels *out)
{
    struct buf path = {0};
    struct bytes label;
    DIR *dir;

    buf_printf(&path, "%s/simulations", folder);
    dir = opendir(buf_text(&path));
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (audit_summary_label(entry->d_name, &label))
            labels_add(out, label);
    }
    if (dir != NULL)
        closedir(dir);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof out->items[0], compare_texts);
    buf_free(&path);
}

/* The one that there is; false after a complaint that names several. Of none the audit says what is missing. */
static bool label_find(const char *folder, struct buf *out)
{
    struct labels labels = {0};
    struct buf names = {0};

    labels_read(folder, &labels);
    for (unsigned i = 0; i < labels.count; i++)
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", labels.items[i]);
    if (labels.count == 1)
        buf_add_text(out, labels.items[0]);
    else if (labels.count > 1)
        command_misuse("genome", "%s has the artifacts of %u labels; name one of them with --label: %s", folder,
                       labels.count, buf_text(&names));
    bool found = labels.count <= 1;
    labels_free(&labels);
    buf_free(&names);
    return found;
}

/* ---- the state */

static int load_state(const struct arguments *a, const char *label, struct federation_state *state)
{
    struct audit_options options = {.label = label, .state = state};
    struct audit_report report = {0};
    struct diag diag = {0};
    int status = EXIT_FINE;

    if (audit_folder(a->folder, &options, &report, &diag) != ERR_OK)
        return command_fail("genome", "%s", diag.text);
    if (report.finding_count > 0) {
        const struct audit_finding *f = &report.findings[0];

        command_fail("genome",
                     "%s does not verify, and nothing of it is printed: %s: %s: %s (prismfed audit says more)",
                     a->folder, audit_rule_info(f->rule)->code, f->file, f->text);
        status = EXIT_WRONG;
    } else if (state->member_count == 0) {
        status = command_fail("genome", "%s: the ledger could not be executed to its end (prismfed audit says more)",
                              a->folder);
    }
    audit_report_free(&report);
    return status;
}

/* ---- printing */

static void value_print(const struct space *space, const struct genome *genome, unsigned gene, struct buf *out)
{
    space_value_print(space, gene, &genome->values[gene], out);
}

static void table_print(const struct federation_state *s, const struct space *space, struct buf *out)
{
    struct federated_genome genome;

    genome_report_fill(s, space, &genome);
    genome_text(s->name, &genome, out);
    genome_report_free(&genome);
}

/* irace's configurations: a line of names, a line of values, in quotes where they are words; NA for what is inactive.
 */
static void irace_print(const struct federation_state *s, const struct space *space, struct buf *out)
{
    const struct genome_schema *schema = &space->schema;
    struct gene_set active = genome_active(schema, &s->incumbent);

    for (unsigned i = 0; i < schema->count; i++)
        buf_printf(out, "%s%s", schema->genes[i].name, i + 1 < schema->count ? " " : "\n");
    for (unsigned i = 0; i < schema->count; i++) {
        const char *quote = gene_has_choices(&schema->genes[i]) ? "\"" : "";

        if (gene_set_has(active, i)) {
            buf_add_text(out, quote);
            value_print(space, &s->incumbent, i, out);
            buf_add_text(out, quote);
        } else {
            buf_add_text(out, "NA");
        }
        buf_add_text(out, i + 1 < schema->count ? " " : "\n");
    }
}

/* In a shell's words, as a runner has them; SMAC's are those of AClib. */
static void words_print(const struct federation_state *s, const struct space *space, bool smac, struct buf *out)
{
    struct program_spec spec = {.runner = smac ? RUNNER_ACLIB : RUNNER_IRACE};

    program_genome_words(&spec, space, &s->incumbent, out);
    buf_add_byte(out, '\n');
}

static void print(const struct arguments *a, const struct federation_state *s, const struct space *space)
{
    struct buf out = {0};
    json_t *object = NULL;

    switch (a->form) {
    case FORM_JSON:
        object = genome_json(&space->schema, &s->incumbent);
        json_line(object, &out);
        json_decref(object);
        buf_add_byte(&out, '\n');
        break;
    case FORM_IRACE:
        irace_print(s, space, &out);
        break;
    case FORM_SMAC:
    case FORM_ARGS:
        words_print(s, space, a->form == FORM_SMAC, &out);
        break;
    default:
        table_print(s, space, &out);
    }
    say_lines(stdout, bytes_of_buf(&out));
    buf_free(&out);
}

/* The space that was named, if it is that of the federation; without one the schema alone. */
static int load_space(const struct arguments *a, const struct federation_state *s, struct space *out)
{
    struct digest named, wanted = genome_schema_hash(s->schema);
    struct diag diag = {0};

    genome_schema_copy(&out->schema, s->schema);
    if (a->space == NULL)
        return EXIT_FINE;
    if (space_load(space_format_of(a->space), a->space, out, &diag) != ERR_OK)
        return command_fail("genome", "%s", diag.text);
    named = genome_schema_hash(&out->schema);
    if (digest_equal(&named, &wanted))
        return EXIT_FINE;
    return command_fail("genome", "%s is another search space than that of the federation in %s", a->space, a->folder);
}

static int run(const struct arguments *a)
{
    struct federation_state *state = mem_alloc(sizeof *state);
    struct space *space = mem_alloc(sizeof *space);
    struct buf label = {0};
    int status = EXIT_UNUSABLE;

    if (a->label != NULL)
        buf_add_text(&label, a->label);
    if (a->label != NULL || label_find(a->folder, &label))
        status = load_state(a, label.len > 0 ? buf_text(&label) : NULL, state);
    if (status == EXIT_FINE)
        status = load_space(a, state, space);
    if (status == EXIT_FINE)
        print(a, state, space);
    buf_free(&label);
    state_free(state);
    mem_free(state);
    mem_free(space);
    return status;
}

int command_genome(int argc, char **argv)
{
    struct arguments a = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands != 1)
        return command_misuse("genome", "expected one folder");
    a.folder = argv[operands];
    return run(&a);
}
