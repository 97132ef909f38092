#ifndef PRISMFED_PROGRAM_COST_H
#define PRISMFED_PROGRAM_COST_H

#include "base/bytes.h"

/* Costs as programs print them. A federation counts from zero: a cost is a whole number of units of 10^-decimals, less
 * the least one that the program can have (program_spec.cost_min). */

enum { COST_DECIMALS_MAX = 6, COST_MIN_LIMIT = 1000000000 };
/* What larger ones become, below zero, too; no limit of a policy is as high. */
#define COST_MAX INT64_C(1000000000000000000)

/* A decimal number ("12", "-0.25", "+1.5e3"), whole text, whatever the locale says: times 10^decimals, rounded half
 * up. Where no decimals are asked for, a fraction is refused (ERR_RANGE), not rounded away. ERR_SYNTAX for what is no
 * number, nan and inf among it. */
enum err cost_parse(struct bytes text, unsigned decimals, int64_t *out, struct diag *diag) MUST_CHECK;
/* Has the number no more decimals than that? False for what is none. */
bool cost_is_exact(struct bytes text, unsigned decimals);
/* Appends a number of units of 10^-decimals as people write it, without zeros at the end: "-0.25", "12". */
void cost_print(int64_t cost, unsigned decimals, struct buf *out);
uint64_t cost_scale(unsigned decimals); /* 10^decimals */

#endif
