#include "state/response.h"

/* The table "violation -> response". */

static const struct {
    const char *name;
    enum response usual;
    unsigned others; /* a bit for each that a policy may declare beside it */
} rows[VIOLATION_COUNT] = {
    [VIOLATION_ABANDONED] = {"abandoned", RESPONSE_WARN, 1U << RESPONSE_HALT},
    [VIOLATION_DRIFT] = {"drift", RESPONSE_QUARANTINE, 1U << RESPONSE_WARN | 1U << RESPONSE_HALT},
    [VIOLATION_EQUIVOCATION] = {"equivocation", RESPONSE_WARN, 1U << RESPONSE_HALT},
    [VIOLATION_FALSE_CLAIM] = {"false_claim", RESPONSE_QUARANTINE, 1U << RESPONSE_WARN | 1U << RESPONSE_HALT},
    [VIOLATION_REGRESSION] = {"regression", RESPONSE_ROLL_BACK,
                              1U << RESPONSE_WARN | 1U << RESPONSE_HOLD | 1U << RESPONSE_HALT},
};

static const char *const response_names[RESPONSE_COUNT] = {"warn", "quarantine", "hold", "roll_back", "halt"};

const char *violation_name(enum violation violation)
{
    ASSERT((unsigned)violation < VIOLATION_COUNT);
    return rows[violation].name;
}

const char *response_name(enum response response)
{
    ASSERT((unsigned)response < RESPONSE_COUNT);
    return response_names[response];
}

enum err response_parse(struct bytes name, enum response *out)
{
    for (unsigned i = 0; i < RESPONSE_COUNT; i++) {
        if (bytes_equal(name, bytes_of_text(response_names[i]))) {
            *out = (enum response)i;
            return ERR_OK;
        }
    }
    return ERR_UNKNOWN;
}

bool response_fits(enum violation violation, enum response response)
{
    return response == rows[violation].usual || (rows[violation].others >> response & 1) != 0;
}

enum response response_default(enum violation violation)
{
    return rows[violation].usual;
}
