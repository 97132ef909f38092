#ifndef PRISMFED_STORM_NODES_SHRINK_H
#define PRISMFED_STORM_NODES_SHRINK_H

#include "storm/campaign.h"
#include "storm/nodes/draw.h"

/* Runs the scenario; false: the reader refuses it. */
bool shrink_runs(const struct node_plan *plan, struct outcome *out);
/* Makes a scenario small in which this checker finds something, as long as it does: fewer events, epochs, nodes and
 * keys, lower numbers. How many were tried. */
unsigned shrink(struct node_plan *plan, const char *checker);

#endif
