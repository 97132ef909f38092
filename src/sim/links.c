#include "sim/links.h"

#include <string.h>

static const int64_t second_ns = 1000000000;

static unsigned region_find(const struct scenario *s, const char *name)
{
    unsigned region = 0;

    while (region < s->region_count && strcmp(s->regions[region], name) != 0)
        region++;
    ASSERT(region < s->region_count);
    return region;
}

/* The link between two regions. */
static void set_link(const struct scenario *s, struct network *n, unsigned from, unsigned to,
                     const struct scenario_link *link)
{
    const struct link_traits traits = {
        .latency_ns = link->latency_ns,
        .jitter_ns = link->jitter_ns,
        .loss_ppm = link->loss_ppm,
        .carries = link->bytes_per_second,
        .per_ns = second_ns,
    };

    network_set_traits(n, from * s->region_count + to, &traits);
}

static void set_links(const struct scenario *s, struct network *n)
{
    for (unsigned from = 0; from < s->region_count; from++) {
        for (unsigned to = 0; to < s->region_count; to++)
            set_link(s, n, from, to, from == to ? &s->local_link : &s->default_link);
    }
    for (unsigned i = 0; i < s->link_count; i++) {
        const struct scenario_link *link = &s->links[i];

        set_link(s, n, link->from, link->to, link);
        set_link(s, n, link->to, link->from, link);
    }
}

/* A number for each pair, the same in a larger federation. */
static uint64_t pair_number(unsigned from, unsigned to)
{
    return (uint64_t)(from / 256) << 48 | (uint64_t)(to / 256) << 32 | (from % 256 * 256 + to % 256);
}

/* Most pairs never speak. */
static struct prng *stream_of(struct links *l, unsigned from, unsigned to)
{
    struct prng *p = &l->streams[(size_t)from * l->nodes + to];

    if ((p->s[0] | p->s[1] | p->s[2] | p->s[3]) == 0)
        prng_stream(p, l->seed, "network", pair_number(from, to));
    return p;
}

static uint64_t draw(void *context, unsigned from, unsigned to, enum chance chance, uint64_t bound)
{
    (void)chance;
    return prng_below(stream_of(context, from, to), bound);
}

void links_init(struct links *l, const struct scenario *scenario, uint64_t seed, struct agenda *agenda,
                struct network *network)
{
    unsigned nodes = scenario->node_count, regions = scenario->region_count;

    *l = (struct links){.nodes = nodes, .seed = seed, .streams = mem_array((size_t)nodes * nodes, sizeof *l->streams)};
    network_init(network, agenda, nodes, regions * regions, draw, l);
    set_links(scenario, network);
    unsigned *region = mem_array(nodes, sizeof *region);
    for (unsigned i = 0; i < nodes; i++)
        region[i] = region_find(scenario, scenario->nodes[i].card.region);
    for (unsigned from = 0; from < nodes; from++) {
        for (unsigned to = 0; to < nodes; to++)
            network_join(network, from, to, region[from] * regions + region[to]);
    }
    mem_free(region);
}

static void lose(const struct scenario *s, struct network *n, unsigned from, unsigned to, int64_t more_ppm)
{
    struct link_traits traits = *network_traits(n, from * s->region_count + to);

    traits.loss_ppm = (uint64_t)((int64_t)traits.loss_ppm + more_ppm);
    network_set_traits(n, from * s->region_count + to, &traits);
}

void links_lose(const struct scenario *s, struct network *n, unsigned from, unsigned to, int64_t more_ppm)
{
    lose(s, n, from, to, more_ppm);
    if (from != to)
        lose(s, n, to, from, more_ppm);
}

void links_fini(struct links *l)
{
    mem_free(l->streams);
    *l = (struct links){0};
}
