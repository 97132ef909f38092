#ifndef PRISMFED_GENOME_SPACE_FORMATS_H
#define PRISMFED_GENOME_SPACE_FORMATS_H

#include "genome/condition_text.h"
#include "genome/space.h"

/* One reader and one writer a format (genome/space.h). */
enum err irace_parse(const char *name, struct bytes text, struct space *out, struct diag *diag) MUST_CHECK;
enum err irace_print(const struct space *space, struct buf *out, struct diag *diag) MUST_CHECK;
enum err pcs_parse(const char *name, struct bytes text, struct space *out, struct diag *diag) MUST_CHECK;
enum err pcs_print(const struct space *space, bool is_new, struct buf *out, struct diag *diag) MUST_CHECK;
enum err space_json_parse(const char *name, struct bytes text, struct space *out, struct diag *diag) MUST_CHECK;
void space_json_print(const struct space *space, struct buf *out);

/* ---- what the readers share */

/* Starts a gene: its name, complaining about a bad or second one, or one too many. NULL after a complaint. */
struct gene_spec *space_gene_add(struct scan *scan, struct space *space, size_t at, struct bytes name);
/* Adds a choice to the newest gene; complains about one too many, too long, not printable, or given before. */
void space_choice_add(struct scan *scan, struct space *space, struct gene_spec *spec, size_t at, struct bytes choice);
/* Sets the bounds of a continuous or discrete gene; complains about order, scale and whole numbers. */
void space_bounds_set(struct scan *scan, struct gene_spec *spec, size_t at, double lo, double hi);
/* A number of the file; complains about what is none. */
double space_number(struct scan *scan, size_t at, struct bytes text);
/* Copies text into a zeroed field of size bytes, when it fits. */
bool space_text_copy(char *field, size_t size, struct bytes text) MUST_CHECK;
/* Adds a forbidden combination; false after a complaint. */
bool space_forbid_add(struct scan *scan, size_t at, struct space *space, struct condition c);

/* The middle of the range or the first choice. */
void space_default_set(struct gene_spec *spec);

/* What is wrong with the conditions and forbidden combinations together. */
struct space_fault {
    const char *text; /* NULL: nothing */
    int gene;         /* whose condition it is; -1: it is about a forbidden combination */
    int forbidden;
};
/* Is there a cycle, and are the defaults forbidden? With find_defaults they are moved out of it, if possible. */
struct space_fault space_fault_find(struct space *space, bool find_defaults);
/* Complains about it at the places in the text where conditions and combinations begin. */
struct space_places {
    size_t condition[GENOME_GENES_MAX];
    size_t forbidden[GENOME_FORBIDDEN_MAX];
};
void space_fault_report(struct scan *scan, struct space *space, const struct space_places *places, bool find_defaults);

#endif
