#include "world/network.h"

#include <string.h>

#include "base/dmath.h"

static const int64_t second_ns = 1000000000;

static unsigned region_find(const struct scenario *s, const char *name)
{
    unsigned region = 0;

    while (region < s->region_count && strcmp(s->regions[region], name) != 0)
        region++;
    ASSERT(region < s->region_count);
    return region;
}

static struct network_link *link_between(struct network *n, unsigned from, unsigned to)
{
    return &n->links[(size_t)from * n->regions + to];
}

static struct network_link link_of(const struct scenario_link *s)
{
    return (struct network_link){
        .latency_ns = s->latency_ns,
        .jitter_ns = s->jitter_ns,
        .loss_ppm = s->loss_ppm,
        .bytes_per_second = s->bytes_per_second,
    };
}

static void links_init(struct network *n, const struct scenario *s)
{
    for (unsigned from = 0; from < n->regions; from++) {
        for (unsigned to = 0; to < n->regions; to++)
            *link_between(n, from, to) = link_of(from == to ? &s->local_link : &s->default_link);
    }
    for (unsigned i = 0; i < s->link_count; i++) {
        const struct scenario_link *link = &s->links[i];

        *link_between(n, link->from, link->to) = link_of(link);
        *link_between(n, link->to, link->from) = link_of(link);
    }
}

void network_init(struct network *n, const struct scenario *scenario, uint64_t seed)
{
    size_t nodes = scenario->node_count, regions = scenario->region_count;

    *n = (struct network){.nodes = (unsigned)nodes, .regions = (unsigned)regions, .factor_ppm = PPM};
    n->region_of = mem_array(nodes, sizeof *n->region_of);
    n->links = mem_array(regions * regions, sizeof *n->links);
    n->draws = mem_array(nodes * nodes, sizeof *n->draws);
    n->group_of = mem_array(nodes, sizeof *n->group_of);
    for (size_t i = 0; i < nodes; i++)
        n->region_of[i] = region_find(scenario, scenario->nodes[i].card.region);
    for (size_t i = 0; i < nodes * nodes; i++)
        prng_stream(&n->draws[i], seed, "network", (i / nodes) * MEMBERS_MAX + i % nodes);
    links_init(n, scenario);
}

void network_fini(struct network *n)
{
    mem_free(n->region_of);
    mem_free(n->links);
    mem_free(n->draws);
    mem_free(n->group_of);
    *n = (struct network){0};
}

bool network_hears(const struct network *n, unsigned from, unsigned to)
{
    if (!n->partitioned)
        return true;
    return n->group_of[from] != 0 && n->group_of[from] == n->group_of[to];
}

/* When the last byte has left: a link sends one message after the other. */
static int64_t link_leave(struct network_link *link, int64_t now_ns, size_t size)
{
    int64_t start = link->free_ns > now_ns ? link->free_ns : now_ns;

    if (link->bytes_per_second == 0)
        return now_ns;
    link->free_ns = start + dmath_muldiv((int64_t)size, second_ns, (int64_t)link->bytes_per_second);
    return link->free_ns;
}

bool network_send(struct network *n, int64_t now_ns, unsigned from, unsigned to, size_t size, int64_t *arrival_ns)
{
    struct network_link *link = link_between(n, n->region_of[from], n->region_of[to]);
    struct prng *draw = &n->draws[(size_t)from * n->nodes + to];
    /* Both are drawn for every message, so that one fault never shifts the draws of what follows. */
    uint64_t luck = prng_below(draw, PPM);
    int64_t jitter = (int64_t)prng_below(draw, (uint64_t)link->jitter_ns + 1);
    int64_t left;

    if (!network_hears(n, from, to) || luck < link->loss_ppm + n->burst_ppm) {
        n->dropped++;
        return false;
    }
    left = link_leave(link, now_ns, size);
    *arrival_ns = left + dmath_muldiv(link->latency_ns + jitter, n->factor_ppm, PPM);
    return true;
}

void network_partition(struct network *n, const uint64_t *group_of)
{
    memcpy(n->group_of, group_of, n->nodes * sizeof *n->group_of);
    n->partitioned = true;
}

void network_heal(struct network *n)
{
    n->partitioned = false;
}
