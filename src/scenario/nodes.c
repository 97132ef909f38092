#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "pbft/pbft.h"
#include "pbft/quorum.h"
#include "scenario/read.h"

enum { STAKE_MAX = 1000000000 };

int scenario_find_node(const struct scenario *s, const char *id)
{
    for (unsigned i = 0; i < s->node_count; i++) {
        if (strcmp(s->nodes[i].card.name, id) == 0)
            return (int)i;
    }
    return -1;
}

int scenario_find_region(const struct scenario *s, const char *region)
{
    for (unsigned i = 0; i < s->region_count; i++) {
        if (strcmp(s->regions[i], region) == 0)
            return (int)i;
    }
    return -1;
}

static void add_region(struct json_reader *r, struct scenario *s, const char *region)
{
    if (r->err != ERR_OK || scenario_find_region(s, region) >= 0)
        return;
    if (s->region_count == SCENARIO_REGIONS_MAX) {
        read_fail(r, "region", ERR_LIMIT, "more than %d regions", SCENARIO_REGIONS_MAX);
        return;
    }
    snprintf(s->regions[s->region_count++], sizeof s->regions[0], "%s", region);
}

static void read_role(struct json_reader *r, const json_t *node, struct member_card *card)
{
    static const char *const names[] = {
        "core", "core_validator", "validator", "edge", "edge_participant", "participant", NULL};
    unsigned role = 0;

    read_choice(r, node, "role", names, &role);
    card->role = role < 3 ? ROLE_CORE : ROLE_EDGE;
}

/* An edge role sits at the edge; the first node's region is where "local" is. */
static void read_site(struct json_reader *r, const json_t *node, const struct scenario *s, struct member_card *card)
{
    static const char *const names[] = {"local", "remote", "edge", NULL};
    unsigned site = strcmp(card->region, s->regions[0]) == 0 ? SITE_LOCAL : SITE_REMOTE;

    if (card->role == ROLE_EDGE)
        site = SITE_EDGE;
    read_choice(r, node, "site", names, &site);
    card->site = (enum member_site)site;
}

static void read_one_node(struct json_reader *r, const json_t *node, struct scenario *s)
{
    static const char *const keys[] = {"id", "region", "role", "stake", "site", "speed", "workload", "disclosed", NULL};
    struct scenario_node n = {.speed = 1.0};

    read_keys(r, node, keys);
    for (unsigned i = 0; i < 4; i++)
        read_require(r, node, keys[i]);
    read_name(r, node, "id", n.card.name, sizeof n.card.name);
    if (r->err == ERR_OK && scenario_find_node(s, n.card.name) >= 0)
        read_fail(r, "id", ERR_DUPLICATE, "\"%s\" is the id of /nodes/%d already", n.card.name,
                  scenario_find_node(s, n.card.name));
    read_name(r, node, "region", n.card.region, sizeof n.card.region);
    add_region(r, s, n.card.region);
    read_role(r, node, &n.card);
    read_u64(r, node, "stake", 1, STAKE_MAX, &n.card.stake);
    read_site(r, node, s, &n.card);
    read_real(r, node, "speed", 0.001, 1000, &n.speed);
    read_bool(r, node, "disclosed", &n.disclosed);
    workload_spec_default(s->node_count, &n.workload);
    read_workload(r, node, "workload", s->space, &n.workload);
    s->nodes[s->node_count++] = n;
}

/* The scenario's own workload is what nodes do that name none; it is checked even if all of them name one. */
static void share_workload(struct json_reader *r, const json_t *root, struct scenario *s)
{
    struct workload_spec own;

    workload_spec_default(0, &own);
    read_workload(r, root, "workload", s->space, &own);
    workload_spec_fini(&own);
    for (unsigned i = 0; i < s->node_count; i++) {
        const json_t *node = json_array_get(json_object_get(root, "nodes"), i);

        if (json_object_get(node, "workload") == NULL)
            read_workload(r, root, "workload", s->space, &s->nodes[i].workload);
    }
}

/* Those who vote from the start. */
static unsigned count_validators(const struct scenario *s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->node_count; i++)
        count += s->nodes[i].card.role == ROLE_CORE && !s->nodes[i].joins_later;
    return count;
}

void scenario_read_quorum(struct json_reader *r, const json_t *root, struct scenario *s)
{
    unsigned n = count_validators(s);
    struct diag diag = {0};

    if (r->err != ERR_OK)
        return;
    if (n == 0)
        read_fail(r, "nodes", ERR_MISSING, "none of the %u nodes is a validator (role core) from the start",
                  s->node_count);
    else if (n > PBFT_REPLICAS_MAX)
        read_fail(r, "nodes", ERR_LIMIT, "%u validators; at most %d can agree", n, PBFT_REPLICAS_MAX);
    s->max_byzantine = n > 0 ? quorum_faults(n) : 0;
    read_unsigned(r, root, "max_byzantine", 0, RANK_SITES_MAX, &s->max_byzantine);
    read_unsigned(r, root, "quorum", 1, RANK_SITES_MAX, &s->quorum);
    if (r->err == ERR_OK && s->quorum > n)
        read_fail(r, "quorum", ERR_RANGE, "a quorum of %u cannot be reached by %u validator%s", s->quorum, n,
                  n == 1 ? "" : "s");
    else if (r->err == ERR_OK && quorum_check(n, s->max_byzantine, s->quorum, &diag) != ERR_OK)
        read_fail(r, s->max_byzantine > quorum_faults(n) ? "max_byzantine" : "quorum", ERR_RANGE, "%s", diag.text);
}

void scenario_read_nodes(struct json_reader *r, const json_t *root, struct scenario *s)
{
    size_t mark, inner;
    const json_t *nodes = read_enter_array(r, root, "nodes", &mark);
    size_t count = json_array_size(nodes);

    if (r->err == ERR_OK && (count < 1 || count > SCENARIO_NODES_MAX))
        read_fail(r, NULL, ERR_RANGE, "expected 1 to %d nodes, found %zu", SCENARIO_NODES_MAX, count);
    if (r->err != ERR_OK)
        return;
    s->nodes = mem_array(count, sizeof s->nodes[0]);
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        const json_t *node = read_enter_element(r, nodes, i, &inner);

        if (node != NULL)
            read_one_node(r, node, s);
        read_leave(r, inner);
    }
    read_leave(r, mark);
    share_workload(r, root, s);
}

void read_node(struct json_reader *r, const struct scenario *s, const json_t *object, const char *key, unsigned *out)
{
    char id[MEMBER_NAME_MAX + 1] = "";

    read_text(r, object, key, id, sizeof id);
    if (r->err != ERR_OK || *id == '\0')
        return;
    int index = scenario_find_node(s, id);
    if (index < 0)
        read_fail(r, key, ERR_UNKNOWN, "no node has the id \"%s\"", id);
    else
        *out = (unsigned)index;
}
