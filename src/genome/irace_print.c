#include <inttypes.h>
#include <string.h>

#include "codec/decimal.h"
#include "genome/space_formats.h"

/* A name as R has it, without quotes. */
static bool name_is_plain(const char *name)
{
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.")] == '\0';
}

/* What stands in a domain without quotes, up to the comma. */
static bool choice_is_bare(const char *choice)
{
    size_t len = strlen(choice);
    return len > 0 && choice[0] != '"' && choice[0] != ' ' && choice[len - 1] != ' ' && strchr(choice, ',') == NULL;
}

/* In the domain nothing escapes a quote, and not even in quotes a # or | is one. */
static enum err choice_print(const struct gene_spec *spec, const char *choice, struct buf *out, struct diag *diag)
{
    const char *quote = condition_choice_is_bare(choice) || strchr(choice, '"') != NULL ? "" : "\"";
    if (strpbrk(choice, "#|") != NULL || (*quote == '\0' && !choice_is_bare(choice)))
        return diag_set(diag, ERR_RANGE, "irace has no way to write the choice %s of %s", choice, spec->name);
    buf_printf(out, "%s%s%s", quote, choice, quote);
    return ERR_OK;
}

static enum err choices_print(const struct genome_schema *schema, const struct gene_spec *spec, struct buf *out,
                              struct diag *diag)
{
    enum err err = ERR_OK;
    buf_add_text(out, spec->type == GENE_TOGGLE ? "(0, 1" : "(");
    for (unsigned i = 0; i < spec->choice_count && err == ERR_OK; i++) {
        buf_add_text(out, i > 0 ? ", " : "");
        err = choice_print(spec, gene_choice(schema, spec, i), out, diag);
    }
    buf_add_text(out, ")");
    return err;
}

static enum err domain_print(const struct genome_schema *schema, const struct gene_spec *spec, struct buf *out,
                             struct diag *diag)
{
    const char *log = spec->log_scale ? ",log" : "";
    if (spec->type == GENE_CONTINUOUS) {
        buf_printf(out, "r%s (", log);
        decimal_print(spec->lo, out);
        buf_add_text(out, ", ");
        decimal_print(spec->hi, out);
        buf_add_text(out, ")");
    } else if (spec->type == GENE_DISCRETE) {
        buf_printf(out, "i%s (%" PRId64 ", %" PRId64 ")", log, spec->ilo, spec->ihi);
    } else {
        buf_add_text(out, spec->type == GENE_ORDINAL ? "o " : "c ");
        return choices_print(schema, spec, out, diag);
    }
    return ERR_OK;
}

static enum err gene_print(const struct space *space, unsigned gene, struct buf *out, struct diag *diag)
{
    const struct gene_spec *spec = &space->schema.genes[gene];
    if (!name_is_plain(spec->name))
        return diag_set(diag, ERR_RANGE, "irace has no names like %s: letters, digits, _ and . only", spec->name);
    if (space->has_switches)
        buf_printf(out, "%s \"%s\" ", spec->name, space->switches[gene]);
    else
        buf_printf(out, "%s \"--%s=\" ", spec->name, spec->name);
    enum err err = domain_print(&space->schema, spec, out, diag);
    if (err == ERR_OK && spec->condition.count > 0) {
        buf_add_text(out, " | ");
        err = condition_print(&space->schema, spec->condition, CONDITION_R, out, diag);
    }
    buf_add_text(out, "\n");
    return err;
}

enum err irace_print(const struct space *space, struct buf *out, struct diag *diag)
{
    const struct genome_schema *schema = &space->schema;
    enum err err = ERR_OK;
    for (unsigned i = 0; i < schema->count && err == ERR_OK; i++)
        err = gene_print(space, i, out, diag);
    buf_add_text(out, schema->forbidden_count > 0 ? "\n[forbidden]\n" : "");
    for (unsigned i = 0; i < schema->forbidden_count && err == ERR_OK; i++) {
        err = condition_print(schema, schema->forbidden[i], CONDITION_R, out, diag);
        buf_add_text(out, "\n");
    }
    if (space->digits > 0)
        buf_printf(out, "\n[global]\ndigits = %u\n", space->digits);
    return err;
}
