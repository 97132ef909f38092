#ifndef PRISMFED_GENOME_CONFIGURATIONS_H
#define PRISMFED_GENOME_CONFIGURATIONS_H

#include "codec/json_read.h"
#include "genome/space.h"

/* Configurations that somebody has already, to start a search from. Each is checked against the space: a value for each
 * gene that is active, none for one that is not, nothing out of range and no forbidden combination. Complaints name the
 * row, counted from 1, and the parameter. */

enum { CONFIGURATIONS_MAX = 256, CONFIGURATIONS_SIZE_MAX = 1 << 24 };

/* In the order in which they stand there; of equal ones the first. Zero-initialise. */
struct configurations {
    unsigned count;
    struct genome *items; /* owned */
};
void configurations_free(struct configurations *c);

/* irace's table of initial configurations, as prismfed genome --as irace prints one: a line of names, in any order,
 * then a line of values each, in quotes or not, NA for what is not active; # begins a comment. Numbers of rows and
 * columns that irace adds (.ID., .PARENT.) mean nothing. Complaints: "name:line:column: row N, parameter NAME: reason".
 */
enum err configurations_parse(const char *name, struct bytes text, const struct space *space,
                              struct configurations *out, struct diag *diag) MUST_CHECK;
/* A list of objects {"NAME": value, ...} in a document, each as genome_json() has it; complains through the reader. */
void configurations_read(struct json_reader *r, const json_t *array, const struct space *space,
                         struct configurations *out);
/* A file: JSON when its name ends with .json, else a table. */
enum err configurations_load(const char *path, const struct space *space, struct configurations *out,
                             struct diag *diag) MUST_CHECK;

/* ---- what the readers share */

/* A configuration as it stands there. */
struct configuration_row {
    unsigned number;                            /* from 1 */
    bool given[GENOME_GENES_MAX];               /* has a value */
    struct gene_value values[GENOME_GENES_MAX]; /* of those */
};

/* The value that the text stands for; false, with a reason, when the gene cannot have it (*out is of no use then). */
bool configuration_value(const struct space *space, unsigned gene, struct bytes text, struct gene_value *out,
                         struct buf *reason);
/* Adds the row when it is a genome of the space. Else false, with a reason, and in *gene the gene that it is about; -1:
 * all of it. */
bool configuration_add(const struct space *space, const struct configuration_row *row, struct configurations *out,
                       int *gene, struct buf *reason);
/* The gene of that name; -1: none, with a reason that names the nearest one. */
int configuration_gene(const struct space *space, struct bytes name, struct buf *reason);

#endif
