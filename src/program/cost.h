#ifndef PRISMFED_PROGRAM_COST_H
#define PRISMFED_PROGRAM_COST_H

#include "base/bytes.h"

/* Costs as programs print them. A federation counts: a cost is a whole number of units of 10^-decimals. */

enum { COST_DECIMALS_MAX = 6 };
/* What larger ones become; no limit of a policy is as high. */
#define COST_MAX UINT64_C(1000000000000000000)

/* A decimal number ("12", "0.25", "+1.5e3"), whole text, whatever the locale says: times 10^decimals, rounded half
 * up. Where no decimals are asked for, a fraction is refused (ERR_RANGE), not rounded away. ERR_SYNTAX for what is no
 * number, nan and inf among it; ERR_RANGE below zero. */
enum err cost_parse(struct bytes text, unsigned decimals, uint64_t *out, struct diag *diag) MUST_CHECK;

#endif
