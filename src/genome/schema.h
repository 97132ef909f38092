#ifndef PRISMFED_GENOME_SCHEMA_H
#define PRISMFED_GENOME_SCHEMA_H

#include "genome/genome.h"

/* Discrete bounds stay where every integer is also a double (log scale). */
#define GENE_INTEGER_MAX (INT64_C(1) << 53)

/* "continuous", "discrete", "ordinal", "categorical", "toggle". */
const char *gene_type_name(enum gene_type type);

/* A schema from outside: 1 to GENOME_GENES_MAX genes; names of 1 to GENOME_NAME_MAX
 * characters [A-Za-z0-9_.:@-] that are no number and begin with no minus, unique; finite ordered bounds, positive on a
 * log scale; at least one choice, unique, of printable ASCII; the default inside. Conditions and forbidden combinations
 * are expressions over the genes; no condition depends on its own gene; the default genome is not forbidden. The unused
 * fields of a gene are zero. */
enum err genome_schema_check(const struct genome_schema *schema, struct diag *diag) MUST_CHECK;

/* Copies what is used; the rest of *to stays what it is. */
void genome_schema_copy(struct genome_schema *to, const struct genome_schema *from);
/* A copy for all who keep it, with a count of holders; one holding is the caller's. By the thread that shared it alone,
 * but for reading. hold adds one and returns its argument, drop frees at the last one (NULL is fine): both only for
 * what share gave. */
const struct genome_schema *genome_schema_share(const struct genome_schema *schema);
const struct genome_schema *genome_schema_hold(const struct genome_schema *schema);
void genome_schema_drop(const struct genome_schema *schema);

/* The integers that a gene other than continuous may take, inclusive. */
void gene_integer_bounds(const struct gene_spec *spec, int64_t *lo, int64_t *hi);

/* The same characters as a name's and their number? */
bool gene_name_fits(const char *name);
bool gene_choice_fits(const char *choice);
/* Finite, no larger than leaves room for arithmetic, and not -0.0. */
bool gene_number_fits(double x);

/* Is x a finite number in lo..hi other than -0.0 (which would be a second encoding of 0)? */
bool gene_real_fits(const struct gene_spec *spec, double x);

#endif
