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

static uint64_t draw(void *context, unsigned from, unsigned to, enum chance chance, uint64_t bound)
{
    struct links *l = context;

    (void)chance;
    return prng_below(&l->streams[(size_t)from * l->nodes + to], bound);
}

void links_init(struct links *l, const struct scenario *scenario, uint64_t seed, struct agenda *agenda,
                struct network *network)
{
    unsigned nodes = scenario->node_count, regions = scenario->region_count;

    *l = (struct links){.nodes = nodes, .streams = mem_array((size_t)nodes * nodes, sizeof *l->streams)};
    network_init(network, agenda, nodes, regions * regions, draw, l);
    set_links(scenario, network);
    for (unsigned from = 0; from < nodes; from++) {
        unsigned region = region_find(scenario, scenario->nodes[from].card.region);

        for (unsigned to = 0; to < nodes; to++) {
            unsigned other = region_find(scenario, scenario->nodes[to].card.region);

            network_join(network, from, to, region * regions + other);
            prng_stream(&l->streams[(size_t)from * nodes + to], seed, "network", from * MEMBERS_MAX + to);
        }
    }
}

void links_fini(struct links *l)
{
    mem_free(l->streams);
    *l = (struct links){0};
}
