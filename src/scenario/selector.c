#include <jansson.h>
#include <string.h>

#include "base/prng.h"
#include "scenario/read.h"

/* Several nodes at once: by their ids, or by what they are. */

static void read_ids(struct json_reader *r, const struct scenario *s, const json_t *ids, const char *key, bool *chosen)
{
    size_t i;
    json_t *element;

    json_array_foreach((json_t *)(uintptr_t)ids, i, element)
    {
        const char *id = json_string_value(element);
        int node = id != NULL ? scenario_find_node(s, id) : -1;

        if (node < 0)
            read_fail(r, key, ERR_UNKNOWN, "element %zu: no node has the id \"%.64s\"", i, id != NULL ? id : "");
        else if (chosen[node])
            read_fail(r, key, ERR_DUPLICATE, "element %zu: \"%s\" is named twice", i, id);
        else
            chosen[node] = true;
    }
}

/* So many of those that are chosen, rounded up; which ones is a matter of the seed. */
static void thin_out(const struct scenario *s, double fraction, unsigned draw, bool *chosen)
{
    unsigned left = 0, keep;
    struct prng prng;

    for (unsigned i = 0; i < s->node_count; i++)
        left += chosen[i];
    keep = (unsigned)(fraction * left);
    keep += (double)keep < fraction * left;
    prng_stream(&prng, s->seed, "selector", draw);
    for (unsigned i = 0; i < s->node_count; i++) {
        if (!chosen[i])
            continue;
        chosen[i] = prng_below(&prng, left) < keep;
        keep -= chosen[i];
        left--;
    }
}

static void read_traits(struct json_reader *r, const struct scenario *s, const json_t *selector, unsigned draw,
                        bool *chosen)
{
    static const char *const keys[] = {"role", "region", "site", "fraction", NULL};
    static const char *const roles[] = {"core", "edge", NULL}, *const sites[] = {"local", "remote", "edge", NULL};
    char region[MEMBER_NAME_MAX + 1] = "";
    unsigned role = 2, site = 3;
    double fraction = 1;

    read_keys(r, selector, keys);
    read_choice(r, selector, "role", roles, &role);
    read_choice(r, selector, "site", sites, &site);
    read_name(r, selector, "region", region, sizeof region);
    read_real(r, selector, "fraction", 0.001, 1, &fraction);
    if (r->err == ERR_OK && region[0] != '\0' && scenario_find_region(s, region) < 0)
        read_fail(r, "region", ERR_UNKNOWN, "no node is in the region \"%s\"", region);
    for (unsigned i = 0; i < s->node_count && r->err == ERR_OK; i++) {
        const struct member_card *card = &s->nodes[i].card;

        chosen[i] = (role == 2 || (card->role == ROLE_CORE) == (role == 0)) &&
                    (site == 3 || (unsigned)card->site == site) &&
                    (region[0] == '\0' || strcmp(card->region, region) == 0);
    }
    if (r->err == ERR_OK)
        thin_out(s, fraction, draw, chosen);
}

void read_selector(struct json_reader *r, const struct scenario *s, const json_t *object, const char *key,
                   unsigned draw, bool *chosen)
{
    const json_t *value = json_object_get(object, key);
    bool any = false;
    size_t mark;

    if (json_is_array(value)) {
        read_ids(r, s, value, key, chosen);
    } else if (json_is_object(value)) {
        const json_t *selector = read_enter_object(r, object, key, &mark);

        read_traits(r, s, selector, draw, chosen);
        read_leave(r, mark);
    } else {
        read_fail(r, key, ERR_TYPE, "expected a list of node ids, or an object with role, region, site or fraction");
    }
    for (unsigned i = 0; i < s->node_count; i++)
        any |= chosen[i];
    if (r->err == ERR_OK && !any)
        read_fail(r, key, ERR_MISSING, "chooses no node");
}
