#ifndef PRISMFED_GENOME_SPACE_H
#define PRISMFED_GENOME_SPACE_H

#include "codec/json_read.h"
#include "genome/genome.h"

/* A search space as its user wrote it: the schema, and what the user's program wants to see of it. Only the schema is
 * shared between sites and hashed. */

enum { SPACE_SWITCH_MAX = GENOME_NAME_MAX + 3, SPACE_DIGITS_MAX = 15, SPACE_SIZE_MAX = 1 << 20 };

struct space {
    struct genome_schema schema;
    /* What stands before each gene's value on a command line ("--alpha "). A file that names none (has_switches)
     * differs from one that names empty ones: these let values stand alone. */
    bool has_switches;
    char switches[GENOME_GENES_MAX][SPACE_SWITCH_MAX + 1];
    unsigned digits; /* decimals that continuous values are rounded to on a command line; 0: all of them */
};

enum space_format {
    SPACE_JSON,    /* docs/search-space.schema.json */
    SPACE_IRACE,   /* irace's parameters.txt */
    SPACE_PCS,     /* ParamILS and the first SMAC; written where they have words for it */
    SPACE_PCS_NEW, /* SMAC from version 2.10 on, and ConfigSpace */
    SPACE_FORMAT_COUNT
};

/* "json", "irace", "pcs", "pcs-new". */
const char *space_format_name(enum space_format format);
/* What a file of this name probably is: by its ending, .json or .pcs, else irace. */
enum space_format space_format_of(const char *path);

/* Reads the text (SPACE_PCS and SPACE_PCS_NEW both read either). The diag names file, line and column. Formats without
 * defaults get the middle of each range, on its scale, and the first choice; where that is forbidden, fixed draws of
 * the genes in question. */
enum err space_parse(enum space_format format, const char *name, struct bytes text, struct space *out,
                     struct diag *diag) MUST_CHECK;
/* Reads a regular file. */
enum err space_load(enum space_format format, const char *path, struct space *out, struct diag *diag) MUST_CHECK;

/* Reads a space that stands inside another document, over a zeroed one; complains through the reader. */
void space_read(struct json_reader *r, const json_t *object, struct space *out);

/* Appends the text, which reads back as the same space but for what the format has no place for: switches and digits
 * (PCS), defaults (irace) and toggles (both; a toggle becomes the choices 0 and 1). In irace's form a space without
 * switches gets those that its runner has for them, "--NAME=". ERR_RANGE names a gene or an expression
 * that the format cannot have at all. */
enum err space_print(enum space_format format, const struct space *space, struct buf *out,
                     struct diag *diag) MUST_CHECK;

/* Appends what of the space is lost in this text of it, a sentence: "irace has no defaults: those of alpha (0.3) and
 * beta (1) are left out"; nothing when nothing is. */
void space_lost_print(enum space_format format, const struct space *space, struct bytes text, struct buf *out);

/* A gene's value as a program is told it: a number (rounded to the space's digits, but never out of its range), a
 * choice, 1 or 0. */
void space_value_print(const struct space *space, unsigned gene, const struct gene_value *value, struct buf *out);

#endif
