#ifndef PRISMFED_CLI_GENOME_TEXT_H
#define PRISMFED_CLI_GENOME_TEXT_H

#include "base/bytes.h"
#include "prismfed/simulation.h"

/* The genome that a federation shares, for a person: a line that names it, and one for each gene that matters. Lines
 * for say_lines(). */
void genome_text(const char *federation, const struct federated_genome *genome, struct buf *out);

/* What it costs the sites, a line each; at most `most` of them, and how many there are besides. */
void genome_text_costs(const struct federated_site_cost *costs, uint64_t count, uint64_t most, struct buf *out);

#endif
