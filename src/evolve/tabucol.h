#ifndef PRISMFED_EVOLVE_TABUCOL_H
#define PRISMFED_EVOLVE_TABUCOL_H

#include "evolve/graph.h"

/* Tabu search for a proper colouring with a fixed number of colours (Hertz and de Werra
 * 1987), with a tenure that grows with the conflicts (Galinier and Hao 1999). */

enum tabucol_start { TABUCOL_RANDOM, TABUCOL_BY_DEGREE, TABUCOL_DSATUR };

/* How many of the vertices in conflict one iteration looks at: one, an eighth (at least two),
 * a half (at least two), all. */
enum tabucol_scope { TABUCOL_ONE, TABUCOL_FEW, TABUCOL_HALF, TABUCOL_ALL };

enum { TABUCOL_LIMIT_MAX = 1 << 30, TABUCOL_TENURE_MAX = 1 << 20 };

struct tabucol_params {
    /* A move forbids its way back for base + alpha * vertices in conflict + a draw below `random`. */
    uint32_t tenure_base;
    double tenure_alpha;
    uint32_t tenure_random; /* > 0 */
    enum tabucol_start start;
    enum tabucol_scope scope;
    bool aspiration;     /* a forbidden move is allowed where it beats the best so far */
    uint32_t stagnation; /* iterations without a new best before a perturbation; > 0 */
    double perturbation; /* share of the vertices that it recolours at random; 0: none */
};

/* Counted steps until a proper colouring, at most limit: moves, and one for each vertex that
 * a sequential start places. solved says whether it was found within them, colour (NULL is
 * fine, else one entry a vertex) then holds it. limit <= TABUCOL_LIMIT_MAX. */
uint64_t tabucol_run(const struct graph *g, unsigned colours, const struct tabucol_params *params, struct prng *prng,
                     uint64_t limit, bool *solved, uint32_t *colour);

#endif
