/* The gate: buckets of tokens for networks. */
#include "node/quic_gate.h"

#include "base/mutate.h"

static const int64_t second_ns = 1000000000;

bool quic_bucket_take(struct quic_bucket *b, unsigned rate, int64_t now_ns)
{
    int64_t token_ns = second_ns / rate;
    int64_t from_ns = b->full_at_ns > now_ns ? b->full_at_ns : now_ns;

    if (from_ns + token_ns - now_ns > second_ns)
        return false;
    b->full_at_ns = from_ns + token_ns;
    return true;
}

void quic_gate_init(struct quic_gate *g, unsigned rate)
{
    *g = (struct quic_gate){.rate = rate != 0 ? rate : QUIC_GATE_RATE};
}

/* The network's own place, or that of the one that has been silent for the longest time. */
static struct quic_gate_network *network_of(struct quic_gate *g, const union quic_address *from, int64_t now_ns)
{
    uint64_t network = quic_address_network(from);
    struct quic_gate_network *n = NULL, *oldest = &g->networks[0];

    for (unsigned i = 0; i < QUIC_GATE_NETWORKS && n == NULL; i++) {
        if (g->networks[i].network == network && g->networks[i].used_ns != 0)
            n = &g->networks[i];
        else if (g->networks[i].used_ns < oldest->used_ns)
            oldest = &g->networks[i];
    }
    if (n == NULL) {
        n = oldest;
        *n = (struct quic_gate_network){.network = network};
    }
    n->used_ns = now_ns;
    return n;
}

enum quic_gate_word quic_gate_ask(struct quic_gate *g, const union quic_address *from, bool is_shown,
                                  unsigned half_open, int64_t now_ns)
{
    struct quic_gate_network *n;

    if (half_open >= QUIC_GATE_MOST)
        return QUIC_GATE_DROP;
    if (!is_shown && MUTATE(GATE_NEVER_RETRY, false, half_open >= QUIC_GATE_CALM))
        return QUIC_GATE_RETRY;
    n = network_of(g, from, now_ns);
    if (quic_bucket_take(is_shown ? &n->shown : &n->claimed, g->rate, now_ns))
        return QUIC_GATE_ADMIT;
    return is_shown ? MUTATE(GATE_NO_RATE, QUIC_GATE_ADMIT, QUIC_GATE_DROP) : QUIC_GATE_RETRY;
}

bool quic_gate_may_answer(struct quic_gate *g, int64_t now_ns)
{
    return quic_bucket_take(&g->answers, QUIC_GATE_ANSWERS, now_ns);
}
