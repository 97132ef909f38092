#ifndef PRISMFED_GENOME_GENOME_H
#define PRISMFED_GENOME_GENOME_H

#include <stdbool.h>

#include "base/prng.h"
#include "codec/cbor.h"
#include "crypto/digest.h"
#include "genome/condition.h"

/* A genome: a value for each typed gene, and a hash, which says nothing else (docs/search-spaces.md). */

enum {
    GENOME_GENES_MAX = GENE_SET_SIZE,
    GENOME_NAME_MAX = 255,
    GENOME_CHOICE_MAX = 255,  /* bytes of a choice */
    GENOME_CHOICES_MAX = 256, /* of one gene */
    GENOME_WORDS_MAX = 2048,  /* choices of all genes */
    GENOME_FORBIDDEN_MAX = 1024,
    GENOME_ITEMS_MAX = 8192,                     /* of all conditions and forbidden combinations */
    GENOME_SIZE_MAX = 9 * GENOME_GENES_MAX + 64, /* no value takes more than 9 bytes */
};

enum gene_type { GENE_CONTINUOUS, GENE_DISCRETE, GENE_ORDINAL, GENE_CATEGORICAL, GENE_TOGGLE };

struct gene_spec {
    char name[GENOME_NAME_MAX + 1];
    enum gene_type type;
    bool log_scale;                      /* continuous and discrete, lo > 0 */
    double lo, hi;                       /* continuous: inclusive */
    int64_t ilo, ihi;                    /* discrete: inclusive */
    unsigned choice_first, choice_count; /* ordinal and categorical: among the words of the schema */
    double default_real;
    int64_t default_integer;    /* discrete value, choice index, or 0/1 */
    struct condition condition; /* when the gene matters; none: always */
};

/* Large, and mostly empty: long-lived holders share one (genome/schema.h), and copies are of what is used alone. */
struct genome_schema {
    unsigned count;
    struct gene_spec genes[GENOME_GENES_MAX];
    unsigned word_count;
    char words[GENOME_WORDS_MAX][GENOME_CHOICE_MAX + 1]; /* what choices consist of: gene_choice() */
    unsigned forbidden_count;
    struct condition forbidden[GENOME_FORBIDDEN_MAX]; /* no genome makes one of them true */
    unsigned item_count;
    struct condition_item items[GENOME_ITEMS_MAX]; /* what conditions and forbidden combinations consist of */
    struct digest hash; /* of a shared one, which never changes (genome/schema.h), so that it is made once; else zero */
};

/* real for continuous genes, integer (value, choice index, 0/1) for the others. */
struct gene_value {
    union {
        double real;
        int64_t integer;
    };
};

struct genome {
    unsigned count;
    struct gene_value values[GENOME_GENES_MAX];
};

/* Deterministic CBOR {"genes": [...], "schema_hash": h'..'}. The
 * decoder refuses values outside the schema and forbidden combinations (ERR_RANGE), a
 * value other than the default for an inactive gene (ERR_CANONICAL: genomes that
 * behave alike would differ), another schema (ERR_MISMATCH). The hash of a genome is
 * SHA-256 of those bytes. */
void genome_schema_encode(const struct genome_schema *schema, struct buf *out);
enum err genome_schema_decode(struct bytes in, struct genome_schema *out) MUST_CHECK;
struct digest genome_schema_hash(const struct genome_schema *schema);
void genome_encode(const struct genome_schema *schema, const struct genome *genome, struct buf *out);
enum err genome_decode(const struct genome_schema *schema, struct bytes in, struct genome *out) MUST_CHECK;
struct digest genome_hash(const struct genome_schema *schema, const struct genome *genome);

/* The same without the name of the schema, [value...], for documents in which that is known: as strict; errors
 * stick to the reader. */
void genome_put(struct cbor_writer *w, const struct genome_schema *schema, const struct genome *genome);
void genome_get(struct cbor_reader *r, const struct genome_schema *schema, struct genome *out);

/* The hash that an encoded genome says its schema has, without the schema. */
enum err genome_peek_schema(struct bytes in, struct digest *out) MUST_CHECK;

/* The text of one of the gene's choices. */
const char *gene_choice(const struct genome_schema *schema, const struct gene_spec *spec, unsigned choice);

/* The genes that matter in this genome. */
struct gene_set genome_active(const struct genome_schema *schema, const struct genome *genome);
/* The first forbidden combination that the genome (projected or decoded) has; -1: none. */
int genome_forbidden(const struct genome_schema *schema, const struct genome *genome);

struct gene_value gene_default(const struct gene_spec *spec);
/* Never forbidden: the schema's check sees to that. */
void genome_default(const struct genome_schema *schema, struct genome *out);
/* Uniform over the ranges; a forbidden draw is drawn again, at most 64 times, then repaired. */
void genome_random(const struct genome_schema *schema, struct prng *prng, struct genome *out);
/* The same without a look at what is forbidden, nor at what is inactive. */
void genome_draw(const struct genome_schema *schema, struct prng *prng, struct genome *out);
/* Makes any values a genome of the schema, a genome of the schema staying what it is: clamps every value, zeroes
 * those beyond the last gene, gives inactive genes their default. While a combination is forbidden, the first gene (in
 * the schema's order) that it names and that differs from its default is reset to it; when it names none, the first
 * gene of all that differs. */
void genome_project(const struct genome_schema *schema, struct genome *genome);

#endif
