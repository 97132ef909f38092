#ifndef PRISMFED_GENOME_GENOME_H
#define PRISMFED_GENOME_GENOME_H

#include <stdbool.h>

#include "base/prng.h"
#include "crypto/digest.h"

/* A genome: typed genes, a seed and a hash (docs/rfc/M5-federation.md). */

enum { GENOME_GENES_MAX = 64, GENOME_NAME_MAX = 32, GENOME_CHOICES_MAX = 16, GENOME_SIZE_MAX = 4096 };

enum gene_type { GENE_CONTINUOUS, GENE_DISCRETE, GENE_ORDINAL, GENE_CATEGORICAL, GENE_TOGGLE };

struct gene_spec {
    char name[GENOME_NAME_MAX + 1];
    enum gene_type type;
    bool log_scale;        /* continuous and discrete, lo > 0 */
    double lo, hi;         /* continuous: inclusive */
    int64_t ilo, ihi;      /* discrete: inclusive */
    unsigned choice_count; /* ordinal and categorical */
    char choices[GENOME_CHOICES_MAX][GENOME_NAME_MAX + 1];
    double default_real;
    int64_t default_integer; /* discrete value, choice index, or 0/1 */
};

struct genome_schema {
    unsigned count;
    struct gene_spec genes[GENOME_GENES_MAX];
};

/* real for continuous genes, integer (value, choice index, 0/1) for the others. */
struct gene_value {
    double real;
    int64_t integer;
};

struct genome {
    uint64_t seed; /* the local cycle's draw that made it */
    unsigned count;
    struct gene_value values[GENOME_GENES_MAX];
};

/* Deterministic CBOR {"genes": [...], "schema_hash": h'..', "seed": n}. The
 * decoder refuses values outside the schema (ERR_RANGE), another schema
 * (ERR_MISMATCH). The hash of a genome is SHA-256 of those bytes. */
void genome_schema_encode(const struct genome_schema *schema, struct buf *out);
enum err genome_schema_decode(struct bytes in, struct genome_schema *out) MUST_CHECK;
struct digest genome_schema_hash(const struct genome_schema *schema);
void genome_encode(const struct genome_schema *schema, const struct genome *genome, struct buf *out);
enum err genome_decode(const struct genome_schema *schema, struct bytes in, struct genome *out) MUST_CHECK;
struct digest genome_hash(const struct genome_schema *schema, const struct genome *genome);

/* The hash that an encoded genome says its schema has, without the schema. */
enum err genome_peek_schema(struct bytes in, struct digest *out) MUST_CHECK;

void genome_default(const struct genome_schema *schema, struct genome *out);
void genome_random(const struct genome_schema *schema, struct prng *prng, struct genome *out);
/* Clamps every value into the schema and makes the unused half of each value zero. */
void genome_project(const struct genome_schema *schema, struct genome *genome);

#endif
