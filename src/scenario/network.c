#include <jansson.h>

#include "base/dmath.h"
#include "scenario/read.h"

enum { LATENCY_MAX_MS = 600000, KBPS_MAX = 1000000000, BYTES_IN_KILOBIT = 125 };

static void read_link(struct json_reader *r, const json_t *link, struct scenario_link *out)
{
    uint64_t kbps = out->bytes_per_second / BYTES_IN_KILOBIT;

    read_ms(r, link, "latency_ms", 0, LATENCY_MAX_MS, &out->latency_ns);
    read_ms(r, link, "jitter_ms", 0, LATENCY_MAX_MS, &out->jitter_ns);
    read_u64(r, link, "loss_ppm", 0, PPM, &out->loss_ppm);
    read_u64(r, link, "bandwidth_kbps", 0, KBPS_MAX, &kbps);
    out->bytes_per_second = kbps * BYTES_IN_KILOBIT;
}

static void read_plain_link(struct json_reader *r, const json_t *network, const char *key, struct scenario_link *out)
{
    static const char *const keys[] = {"latency_ms", "jitter_ms", "loss_ppm", "bandwidth_kbps", NULL};
    size_t mark;
    const json_t *link = read_enter_object(r, network, key, &mark);

    if (link == NULL)
        return;
    read_keys(r, link, keys);
    read_link(r, link, out);
    read_leave(r, mark);
}

/* The two regions that a link is between; the same twice is within one. */
static void read_between(struct json_reader *r, const json_t *link, const struct scenario *s, struct scenario_link *out)
{
    const json_t *pair = json_object_get(link, "between");
    int index[2] = {-1, -1};

    read_require(r, link, "between");
    if (r->err != ERR_OK)
        return;
    if (json_array_size(pair) != 2 || !json_is_string(json_array_get(pair, 0)) ||
        !json_is_string(json_array_get(pair, 1))) {
        read_fail(r, "between", ERR_TYPE, "expected an array of two regions");
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        const char *region = json_string_value(json_array_get(pair, i));

        index[i] = scenario_find_region(s, region);
        if (index[i] < 0) {
            read_fail(r, "between", ERR_UNKNOWN, "no node is in the region \"%.64s\"", region);
            return;
        }
    }
    out->from = (unsigned)(index[0] < index[1] ? index[0] : index[1]);
    out->to = (unsigned)(index[0] < index[1] ? index[1] : index[0]);
}

static void read_one_link(struct json_reader *r, const json_t *link, struct scenario *s)
{
    static const char *const keys[] = {"between", "latency_ms", "jitter_ms", "loss_ppm", "bandwidth_kbps", NULL};
    struct scenario_link ends = {0}, out;

    read_keys(r, link, keys);
    read_between(r, link, s, &ends);
    for (unsigned i = 0; i < s->link_count; i++) {
        if (s->links[i].from == ends.from && s->links[i].to == ends.to)
            read_fail(r, "between", ERR_DUPLICATE, "/network/links/%u is between these regions already", i);
    }
    out = ends.from == ends.to ? s->local_link : s->default_link;
    out.from = ends.from;
    out.to = ends.to;
    read_link(r, link, &out);
    s->links[s->link_count++] = out;
}

static void read_links(struct json_reader *r, const json_t *network, struct scenario *s)
{
    size_t mark, inner;
    const json_t *links = read_enter_array(r, network, "links", &mark);
    size_t count = json_array_size(links);

    if (links == NULL)
        return;
    if (count > SCENARIO_LINKS_MAX) {
        read_fail(r, NULL, ERR_LIMIT, "at most %d links, found %zu", SCENARIO_LINKS_MAX, count);
        return;
    }
    s->links = mem_array(count, sizeof s->links[0]);
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        const json_t *link = read_enter_element(r, links, i, &inner);

        if (link != NULL)
            read_one_link(r, link, s);
        read_leave(r, inner);
    }
    read_leave(r, mark);
}

void scenario_read_network(struct json_reader *r, const json_t *root, struct scenario *s)
{
    static const char *const keys[] = {"default", "local", "links", "disk_ms", NULL};
    size_t mark;
    const json_t *network = read_enter_object(r, root, "network", &mark);

    if (network == NULL)
        return;
    read_keys(r, network, keys);
    read_plain_link(r, network, "default", &s->default_link);
    read_plain_link(r, network, "local", &s->local_link);
    read_links(r, network, s);
    read_ms(r, network, "disk_ms", 0, 60000, &s->disk_ns);
    read_leave(r, mark);
}
