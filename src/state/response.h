#ifndef PRISMFED_STATE_RESPONSE_H
#define PRISMFED_STATE_RESPONSE_H

#include <stdbool.h>

#include "base/bytes.h"

/* What the federation does about a violation: declared in genesis (governance.responses), carried out by the state
 * machine. Without governance the first response of each violation's row in response.c holds, as it always did. */

enum violation {
    VIOLATION_ABANDONED,    /* an epoch ended without a decision: too few spoke */
    VIOLATION_DRIFT,        /* a member is more than max_ledger_drift epochs behind */
    VIOLATION_EQUIVOCATION, /* a member signed two statements that contradict each other; it is convicted all the same
                             */
    VIOLATION_FALSE_CLAIM,  /* a claimed cost is not what validators found */
    VIOLATION_REGRESSION,   /* an earlier incumbent is better than the present one by more than rollback_ppm */
    VIOLATION_COUNT
};

enum response {
    RESPONSE_WARN,       /* it stands in the governance log, and that is all */
    RESPONSE_QUARANTINE, /* who did it contributes nothing until it has reconciled */
    RESPONSE_HOLD,       /* the winner waits for FEDERATED_APPLY */
    RESPONSE_ROLL_BACK,  /* the earlier incumbent is restored */
    RESPONSE_HALT, /* no epoch goes on until the governors resume it; and a member is quarantined, a winner held */
    RESPONSE_COUNT
};

const char *violation_name(enum violation violation); /* "abandoned", "drift", ... */
const char *response_name(enum response response);    /* "warn", "quarantine", "hold", "roll_back", "halt" */
/* ERR_UNKNOWN */
enum err response_parse(struct bytes name, enum response *out) MUST_CHECK;
/* May a policy declare it? */
bool response_fits(enum violation violation, enum response response);
/* What holds where nothing is declared. */
enum response response_default(enum violation violation);

#endif
