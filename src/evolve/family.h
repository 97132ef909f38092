#ifndef PRISMFED_EVOLVE_FAMILY_H
#define PRISMFED_EVOLVE_FAMILY_H

#include "evolve/graph.h"

/* What a family draws for one instance: a graph and what is known of its chromatic number. */
struct drawing {
    struct graph *graph; /* the caller frees it */
    unsigned colours;    /* to aim at, or 0: to be found by a reference search */
    unsigned at_least;   /* the chromatic number is not lower */
};

struct family {
    const char *name;
    unsigned size_lo, size_hi;   /* what may be asked for */
    unsigned usual_lo, usual_hi; /* what is drawn when nothing is asked for */
    struct drawing (*draw)(unsigned size, struct prng *prng);
};

/* NULL for a name that is not known ("files" is not one of these). */
const struct family *family_find(const char *name);
/* "queen, mycielski, ...", for messages. Static text. */
const char *family_names(void);

#endif
