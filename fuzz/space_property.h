#ifndef PRISMFED_FUZZ_SPACE_PROPERTY_H
#define PRISMFED_FUZZ_SPACE_PROPERTY_H

#include "fuzz.h"
#include "genome/schema.h"
#include "genome/space.h"

static inline void space_same(enum space_format format, const struct space *space)
{
    struct space *again = mem_alloc(sizeof *again);
    struct buf text = {0};
    ASSERT(space_print(format, space, &text, NULL) == ERR_OK);
    ASSERT(space_parse(format, "again", bytes_of_buf(&text), again, NULL) == ERR_OK);
    struct digest a = genome_schema_hash(&space->schema), b = genome_schema_hash(&again->schema);
    ASSERT(digest_equal(&a, &b));
    buf_free(&text);
    mem_free(again);
}

/* What is accepted is a sound schema that its own format (`out`) and JSON give back, and whose draws are genomes. */
static inline void space_property(enum space_format in, enum space_format out, const uint8_t *data, size_t size)
{
    struct space *space = mem_alloc(sizeof *space);
    struct diag diag = {0};
    struct prng prng;
    struct genome genome, back;
    struct buf bytes = {0};
    if (space_parse(in, "fuzz", bytes_of(data, size), space, &diag) == ERR_OK) {
        ASSERT(genome_schema_check(&space->schema, NULL) == ERR_OK);
        space_same(out, space);
        space_same(SPACE_JSON, space);
        prng_seed(&prng, size);
        genome_random(&space->schema, &prng, &genome);
        genome_encode(&space->schema, &genome, &bytes);
        ASSERT(genome_decode(&space->schema, bytes_of_buf(&bytes), &back) == ERR_OK);
    } else {
        ASSERT(diag.text[0] != '\0');
    }
    buf_free(&bytes);
    mem_free(space);
}

#endif
