#include "sim/node.h"
#include "sim/checkers.h"

void check_evidence(struct checkers *c, const struct sim_node *n, const struct sim_node *other, const struct member *m,
                    int64_t now_ns)
{
    if (other->lied)
        return;
    if (m->status == MEMBER_CONVICTED)
        checkers_violation(c, now_ns, n->name, "%s is convicted, but never lied", other->name);
    if (m->false_claims > 0)
        checkers_violation(c, now_ns, n->name, "%s was found with a false claim, but never lied", other->name);
}
