#include <inttypes.h>

#include "base/dmath.h"
#include "sim/rehearsal.h"
#include "state/governance.h"

/* Nothing is asked of a network that is worse than this, nor of one slower than the validators' patience. What links
 * carry is enough for what is asked of them, else the scenario would have been refused. */
enum { LOSS_FAIR_PPM = 300000 };

static bool link_is_fair(const struct link_traits *link, const struct scenario *s)
{
    return link->loss_ppm <= LOSS_FAIR_PPM && (uint64_t)(link->latency_ns + link->jitter_ns) <= s->view_timeout_ns / 4;
}

static bool is_calm(const struct rehearsal *r)
{
    const struct network *n = &r->network;

    if (n->partitioned || faults_cut(r) || faults_slow_disks(r) || n->burst_ppm > 0 || n->factor_ppm > PPM)
        return false;
    for (unsigned i = 0; i < n->link_count; i++) {
        if (!link_is_fair(network_traits(n, i), r->scenario))
            return false;
    }
    return rehearsal_has_quorum(r);
}

/* A phase ends at the last of its deadlines, each twice the one before; the rest is for consensus: views that come to
 * nothing, messages that get lost. */
static int64_t patience_ns(const struct scenario *s)
{
    const struct policy *p = &s->policy;
    uint64_t deadline = p->collect_deadline_ns > p->score_deadline_ns ? p->collect_deadline_ns : p->score_deadline_ns;
    unsigned doublings = p->retry_budget < 16 ? p->retry_budget : 16;

    if (deadline > UINT64_C(1) << 44 || s->view_timeout_ns > UINT64_C(1) << 50)
        return INT64_MAX / 2;
    return (int64_t)(2 * (deadline << doublings) + 64 * s->view_timeout_ns + 60 * UINT64_C(1000000000));
}

void check_progress_faults(struct checkers *c, const struct rehearsal *r)
{
    c->calm = is_calm(r);
    c->moved_ns = r->agenda.now_ns;
    c->patience_ns = patience_ns(r->scenario);
}

/* By its governors: then no epoch goes on until they resume it. */
static bool is_halted(const struct rehearsal *r)
{
    const struct federation_state *s = operators_latest(r);

    return s != NULL && governance_halted(s);
}

void check_progress(struct checkers *c, const struct rehearsal *r)
{
    if (c->calm && r->agenda.now_ns - c->moved_ns > c->patience_ns && !is_halted(r))
        checkers_violation(c, r->agenda.now_ns, "*", "no block since %" PRId64 " ms, though a quorum hears each other",
                           c->moved_ns / 1000000);
}
