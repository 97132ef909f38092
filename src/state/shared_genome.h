#ifndef PRISMFED_STATE_SHARED_GENOME_H
#define PRISMFED_STATE_SHARED_GENOME_H

#include "codec/json.h"
#include "state/state.h"

/* The genome that a federation shares (the incumbent), for whoever reads artifacts and reports. */

/* The name of the member that offered it; NULL: nobody, it is the one that the federation began with. Borrowed from
 * the state. */
const char *shared_genome_origin(const struct federation_state *s);

/* genome_json() for artifacts: integers that JSON's numbers do not hold are decimal strings. New reference. */
json_t *shared_genome_values(const struct federation_state *s);
/* {"hash", "offered_by" (null: nobody), "genes": shared_genome_values()}. New reference. */
json_t *shared_genome_json(const struct federation_state *s);

#endif
