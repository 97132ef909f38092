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

struct stream {
    uint64_t name; /* the pair's number + 1 */
    struct prng prng;
};

/* Most pairs never speak. */
static struct prng *stream_of(struct links *l, unsigned from, unsigned to)
{
    uint64_t number = pair_number(from, to), name = number + 1;
    bool is_new;
    struct stream *s = table_add(&l->streams, &name, &is_new);

    if (is_new)
        prng_stream(&s->prng, l->seed, "network", number);
    return &s->prng;
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

    *l = (struct links){.seed = seed};
    table_init(&l->streams, sizeof(struct stream), sizeof(uint64_t));
    network_init(network, agenda, nodes, regions, draw, l);
    set_links(scenario, network);
    for (unsigned i = 0; i < nodes; i++)
        network_join(network, i, region_find(scenario, scenario->nodes[i].card.region));
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
    table_free(&l->streams);
    *l = (struct links){0};
}
