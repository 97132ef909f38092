#ifndef PRISMFED_STORM_CASE_H
#define PRISMFED_STORM_CASE_H

#include <stdio.h>

#include "storm/plan.h"

/* A world as text: its plan, the seed of what is drawn, and the draws that are forced. It does not change when seeds
 * come to mean something else. */
struct storm_case {
    struct storm_plan plan;
    struct draw draw;
    char checker[64]; /* that found something, when it was written */
};

void case_write(FILE *out, const struct storm_case *c);
/* Fills c, whose draw is the caller's to free. False: *line is no line of a case. */
bool case_read(FILE *in, struct storm_case *c, unsigned *line);

#endif
