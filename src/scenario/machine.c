/* What the machine of a node is configured with, in a rehearsal and on real machines alike. */
#include "base/prng.h"
#include "fed/fed.h"
#include "scenario/scenario.h"

/* A view time-out grows to so many of the first one, and a message is sent again after such a part of it. */
enum { VIEW_TIMEOUTS_MAX = 16, RESENDS_A_TIMEOUT = 8 };

void scenario_machine(const struct scenario *s, struct fed_config *out)
{
    out->view_timeout_ns = (int64_t)s->view_timeout_ns;
    out->view_timeout_max_ns = VIEW_TIMEOUTS_MAX * (int64_t)s->view_timeout_ns;
    out->batch_delay_ns = s->batch_delay_ns;
    out->resend_ns = (int64_t)s->view_timeout_ns / RESENDS_A_TIMEOUT;
    out->submit_ns = s->submit_ns;
    out->submit_max_ns = s->submit_max_ns;
    out->poll_ns = s->submit_ns;
    out->pipeline = SCENARIO_PIPELINE;
}

uint64_t scenario_draws(uint64_t seed, unsigned node)
{
    struct prng prng;

    prng_stream(&prng, seed, "node", node);
    return prng_next(&prng);
}
