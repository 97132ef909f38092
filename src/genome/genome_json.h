#ifndef PRISMFED_GENOME_GENOME_JSON_H
#define PRISMFED_GENOME_GENOME_JSON_H

#include "codec/json.h"
#include "genome/genome.h"

/* {"NAME": value, ...} of the genes that matter in this genome: numbers, booleans for toggles, texts for choices. A new
 * reference. */
json_t *genome_json(const struct genome_schema *schema, const struct genome *genome);

#endif
