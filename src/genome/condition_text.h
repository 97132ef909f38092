#ifndef PRISMFED_GENOME_CONDITION_TEXT_H
#define PRISMFED_GENOME_CONDITION_TEXT_H

#include "genome/genome.h"
#include "genome/scan.h"

/* Expressions as people write them. One grammar, from loose to tight:
 *
 *     |  ||        &  &&        !        == != < <= > >=  %in% c(v, ...)  in {v, ...}
 *     + -          * / %%  %    - (sign)
 *     numbers, genes, (...), min(...), max(...), abs, floor, ceiling, round, trunc
 *
 * The choices of a gene stand opposite to it in a comparison, in quotes; a choice that is a number may do without. */
enum condition_style {
    CONDITION_R,    /* irace: names of letters, digits, _ and . */
    CONDITION_PCS,  /* names also have : @ -, choices need no quotes; so a minus stands between blanks */
    CONDITION_JSON, /* read as PCS, printed with quotes as R */
};

/* Reads an expression that is true or false, or one that is a number, into the pool; stops at what does not belong to
 * it. The genes must have their types and choices. False after a complaint. */
bool condition_parse(struct scan *scan, enum condition_style style, struct genome_schema *schema,
                     struct condition *out) MUST_CHECK;
bool condition_parse_number(struct scan *scan, enum condition_style style, struct genome_schema *schema,
                            struct condition *out) MUST_CHECK;
/* The forbidden combination of a PCS file: {name=value, ...}, or an expression in braces. */
bool condition_parse_clause(struct scan *scan, struct genome_schema *schema, struct condition *out) MUST_CHECK;

/* Appends it in a form that condition_parse() of the style reads back as the same items, or where R has no way to say
 * them, as some that mean the same. ERR_RANGE for what PCS cannot have. */
enum err condition_print(const struct genome_schema *schema, struct condition c, enum condition_style style,
                         struct buf *out, struct diag *diag) MUST_CHECK;

/* Index of the gene or of the gene's choice, -1 when there is none. A choice that is a number is also found by
 * another spelling of it. */
int gene_find(const struct genome_schema *schema, struct bytes name);
int gene_choice_find(const struct genome_schema *schema, const struct gene_spec *spec, struct bytes choice);
/* Can the choice stand in a PCS file? */
bool condition_choice_is_bare(const char *choice);

#endif
