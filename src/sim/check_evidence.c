#include "sim/node.h"
#include "sim/checkers.h"

void check_evidence(struct checkers *c, const struct sim_node *n, const struct sim_node *convicted, int64_t now_ns)
{
    if (!convicted->lied)
        checkers_violation(c, now_ns, n->name, "%s is convicted, but never lied", convicted->name);
}
