#ifndef PRISMFED_TESTS_SCENARIO_SCHEMA_H
#define PRISMFED_TESTS_SCENARIO_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

/* As much of JSON Schema 2020-12 as docs/scenario.schema.json uses. A keyword that is not known here
 * makes every value invalid, so that the schema cannot say more than is checked. */
struct schema {
    const json_t *root;
    json_t *seen;  /* "pointer" keys of all property schemas that a value met; may be NULL */
    char why[256]; /* the first reason for a refusal */
};

bool schema_accepts(struct schema *s, const json_t *schema, const json_t *value);
/* Follows $ref. */
const json_t *schema_resolve(const struct schema *s, const json_t *schema);

#endif
