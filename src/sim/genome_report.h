#ifndef PRISMFED_SIM_GENOME_REPORT_H
#define PRISMFED_SIM_GENOME_REPORT_H

#include "genome/space.h"
#include "prismfed/simulation.h"
#include "state/state.h"

/* The genome that a federation shares, as the public report has it. */

/* space: whose digits the values have; NULL: the schema alone, with all of them. genome_report_free(). */
void genome_report_fill(const struct federation_state *s, const struct space *space, struct federated_genome *out);
void genome_report_free(struct federated_genome *genome);

#endif
