#ifndef PRISMFED_AGGREGATE_ALIGN_H
#define PRISMFED_AGGREGATE_ALIGN_H

#include "genome/genome.h"

/* Alignment: candidates in one order that does not depend on their arrival. */

struct candidate {
    struct digest fingerprint; /* who offered it; zero for the incumbent and the archive */
    struct digest hash;        /* of the encoded genome */
    struct genome genome;
    uint64_t claim;     /* the cost its site claims; 0 for the incumbent and the archive */
    uint64_t staleness; /* epochs late */
};

/* Projects onto the schema, sorts by (fingerprint, hash), drops a genome that stood
 * earlier in that order already. Returns the new count. */
unsigned align_candidates(const struct genome_schema *schema, struct candidate *candidates, unsigned count);

/* SHA-256 over the hashes in order: what SCORE rows are bound to. */
struct digest align_digest(const struct candidate *candidates, unsigned count);

#endif
