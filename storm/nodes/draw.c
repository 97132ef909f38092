#include "storm/nodes/draw.h"

#include <jansson.h>
#include <stdio.h>

#include "aggregate/rank.h"
#include "evolve/optimiser.h"
#include "pbft/quorum.h"
#include "state/policy.h"
#include "storm/nodes/sketch.h"

uint64_t sketch_draw(struct sketch *s, uint64_t lo, uint64_t hi)
{
    return lo + prng_below(&s->prng, hi - lo + 1);
}

bool sketch_chance(struct sketch *s, unsigned percent)
{
    return sketch_draw(s, 0, 99) < percent;
}

json_t *sketch_name(const struct sketch *s, unsigned node)
{
    char name[16];

    snprintf(name, sizeof name, "%c%u", s->nodes[node].core ? 'v' : 'e',
             s->nodes[node].core ? node : node - s->validators);
    return json_string(name);
}

static void put_drawn(struct sketch *s, json_t *object, const char *key, uint64_t lo, uint64_t hi)
{
    json_put(object, key, json_u64(sketch_draw(s, lo, hi)));
}

/* ---- who takes part */

/* Mostly four validators; one seed in ten has one alone. */
static unsigned draw_validators(struct sketch *s)
{
    static const unsigned usual[] = {1, 2, 3, 4, 4, 4, 4, 5, 6, 7};

    return usual[sketch_draw(s, 0, sizeof usual / sizeof usual[0] - 1)];
}

/* Nodes 0 and the first participant are there from the start and stay honest: somebody must tell the tale. */
static void draw_group(struct sketch *s)
{
    unsigned joins = sketch_chance(s, 30) ? (unsigned)sketch_draw(s, 1, 2) : 0;

    s->validators = draw_validators(s);
    s->participants = (unsigned)sketch_draw(s, s->validators < 3 ? 1 : 0, 4);
    s->count = s->validators + s->participants;
    for (unsigned i = 0; i < s->count; i++)
        s->nodes[i].core = i < s->validators;
    for (unsigned i = 0; i < joins; i++) {
        unsigned node = sketch_chance(s, 50) ? s->validators - 1 : s->count - 1;
        s->nodes[node].joins = s->nodes[node].changes = node > 0 && node != s->validators;
    }
    s->regions = (unsigned)sketch_draw(s, 1, s->count < 4 ? s->count : 4);
}

static unsigned founding_validators(const struct sketch *s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->validators; i++)
        count += !s->nodes[i].joins;
    return count;
}

static void draw_quorum(struct sketch *s)
{
    unsigned n = founding_validators(s), f = quorum_faults(n);

    if (f > 0 && sketch_chance(s, 10))
        json_put(s->scenario, "max_byzantine", json_u64(--f));
    s->bears = f;
    s->quorum = quorum_size(n, f);
    if (s->quorum < n && sketch_chance(s, 15)) {
        s->quorum++;
        s->bears = 0; /* they would be missing */
    }
    json_put(s->scenario, "quorum", json_u64(s->quorum));
}

static json_t *draw_workload(struct sketch *s)
{
    static const char *const families[] = {"random", "planted", "geometric", "queen"};
    json_t *w = json_object();
    unsigned family = (unsigned)sketch_draw(s, 0, 3);

    json_put(w, "family", json_string(families[family]));
    json_put(w, "instances", json_u64(sketch_draw(s, 1, 2)));
    json_put(w, "size_min", json_u64(family == 3 ? 5 : 12));
    json_put(w, "size_max", json_u64(family == 3 ? 5 : 16));
    return w;
}

static json_t *draw_node(struct sketch *s, unsigned i)
{
    static const char *const speeds[] = {"0.2", "0.5", "1", "1", "1", "4"};
    json_t *node = json_object();
    char region[16];

    snprintf(region, sizeof region, "r%u", i < s->regions ? i : (unsigned)sketch_draw(s, 0, s->regions - 1));
    json_put(node, "id", sketch_name(s, i));
    json_put(node, "region", json_string(region));
    json_put(node, "role", json_string(s->nodes[i].core ? "core" : "edge"));
    json_put(node, "stake", json_u64(s->nodes[i].joins ? 1 : sketch_draw(s, 1, 100)));
    json_put(node, "speed", json_real(strtod(speeds[sketch_draw(s, 0, 5)], NULL)));
    s->nodes[i].discloses = sketch_chance(s, 60);
    if (s->nodes[i].discloses)
        json_put(node, "disclosed", json_true());
    json_put(node, "workload", draw_workload(s));
    return node;
}

static void draw_nodes(struct sketch *s)
{
    json_t *nodes = json_array();

    for (unsigned i = 0; i < s->count; i++)
        json_push(nodes, draw_node(s, i));
    json_put(s->scenario, "nodes", nodes);
}

/* ---- the network */

static json_t *draw_link(struct sketch *s)
{
    static const unsigned kbps[] = {150, 300, 700, 2000, 10000};
    json_t *link = json_object();

    put_drawn(s, link, "latency_ms", 0, sketch_chance(s, 80) ? 30 : 90);
    put_drawn(s, link, "jitter_ms", 0, 15);
    if (sketch_chance(s, 40))
        put_drawn(s, link, "loss_ppm", 1, 40000);
    if (sketch_chance(s, 30) && s->attempt < 3) {
        json_put(link, "bandwidth_kbps", json_u64(kbps[sketch_draw(s, 0, 4)] << 2 * s->attempt));
        s->thin = true;
    }
    return link;
}

static void draw_network(struct sketch *s)
{
    json_t *network = json_object();

    json_put(network, "default", draw_link(s));
    json_put(network, "local", draw_link(s));
    put_drawn(s, network, "disk_ms", 0, sketch_chance(s, 80) ? 5 : 60);
    if (s->regions > 1 && sketch_chance(s, 40)) {
        json_t *links = json_array(), *link = draw_link(s), *between = json_array();
        json_push(between, json_string("r0"));
        json_push(between, json_string("r1"));
        json_put(link, "between", between);
        json_push(links, link);
        json_put(network, "links", links);
    }
    json_put(s->scenario, "network", network);
}

/* ---- the rules */

static void draw_policy(struct sketch *s)
{
    json_t *p = json_object();
    uint64_t interval = sketch_draw(s, 1, sketch_chance(s, 70) ? 4 : 32);

    json_put(p, "rule", json_string(rank_rule_name((enum rank_rule)sketch_draw(s, 0, RANK_RULE_COUNT - 1))));
    json_put(p, "optimiser", json_string(optimiser_name((enum optimiser)sketch_draw(s, 0, OPTIMISER_COUNT - 1))));
    json_put(p, "topology", json_string(topology_name((enum topology)sketch_draw(s, 0, TOPOLOGY_COUNT - 1))));
    put_drawn(s, p, "evaluations", 1, 4);
    put_drawn(s, p, "iteration_limit", 10, 80);
    put_drawn(s, p, "migrants", 1, 3);
    put_drawn(s, p, "archive", 0, 5);
    put_drawn(s, p, "margin_ppm", 0, sketch_chance(s, 50) ? 0 : 300000);
    put_drawn(s, p, "rollback_ppm", 0, sketch_chance(s, 50) ? 0 : 100000);
    put_drawn(s, p, "stale_discount_ppm", 0, PPM);
    if (sketch_chance(s, 20))
        put_drawn(s, p, "stake_cap_ppm", 1, PPM);
    if (sketch_chance(s, 30))
        put_drawn(s, p, "trim_ppm", 0, PPM / 2 - 1);
    put_drawn(s, p, "joins_per_epoch", 1, 2);
    json_put(p, "checkpoint_interval", json_u64(interval));
    json_put(p, "window", json_u64(sketch_draw(s, 2 * interval, 6 * interval)));
    if (sketch_chance(s, 50))
        put_drawn(s, p, "spot_checks", 1, 8);
    json_put(s->scenario, "policy", p);
    put_drawn(s, s->scenario, "max_ledger_drift", 0, 3);
}

static unsigned founders(const struct sketch *s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->count; i++)
        count += !s->nodes[i].joins;
    return count;
}

/* Deadlines that leave room for all, or hurry. */
static void draw_guard_rails(struct sketch *s)
{
    static const unsigned batches[] = {1, 2, 8, 64}, deadlines[] = {700, 1500, 3000, 6000, 12000};
    unsigned lowest = sketch_chance(s, 30) || s->attempt > 0 ? 0 : 3;
    json_t *g = json_object(), *retry = json_object();

    if (s->attempt == 0) {
        json_put(g, "collect_deadline_ms", json_u64(deadlines[sketch_draw(s, lowest, 4)]));
        json_put(g, "score_deadline_ms", json_u64(deadlines[sketch_draw(s, lowest, 4)]));
        put_drawn(s, g, "latency_limit_ms", 400, 1500);
    }
    put_drawn(s, g, "close_tolerance_ms", 10, 500);
    put_drawn(s, g, "min_participants", 1, 1 + founders(s) / 2);
    json_put(g, "batch_size", json_u64(batches[sketch_draw(s, 0, 3)]));
    put_drawn(s, g, "batch_delay_ms", 0, 40);
    put_drawn(s, retry, "budget", 0, 3);
    put_drawn(s, retry, "first_ms", 100, 800);
    put_drawn(s, retry, "max_ms", 800, 3000);
    json_put(g, "retry", retry);
    json_put(s->scenario, "guard_rails", g);
}

static void draw_shards(struct sketch *s)
{
    json_t *r = json_object();

    put_drawn(s, r, "shards", 1, 6);
    json_put(r, "workload", draw_workload(s));
    json_put(s->scenario, "rebalance", r);
}

/* One in twelve is long enough for states to be fetched. */
static void draw_length(struct sketch *s)
{
    s->troubled = sketch_chance(s, 8) ? 24 : sketch_draw(s, 1, 4);
    s->epochs = s->troubled + CALM_EPOCHS;
}

void node_plan_draw(uint64_t seed, unsigned attempt, struct node_plan *out)
{
    struct sketch s = {.attempt = attempt, .scenario = json_object()};

    prng_stream(&s.prng, seed, "storm of nodes", 0);
    json_put(s.scenario, "name", json_string("storm"));
    json_put(s.scenario, "seed", json_u64(seed));
    json_put(s.scenario, "epoch_start", json_u64(1));
    draw_length(&s);
    draw_group(&s);
    draw_quorum(&s);
    draw_policy(&s);
    draw_guard_rails(&s);
    draw_network(&s);
    if (sketch_chance(&s, 40))
        draw_shards(&s);
    draw_nodes(&s);
    sketch_events(&s);
    *out = (struct node_plan){s.scenario, s.epochs};
}

void node_plan_free(struct node_plan *p)
{
    json_decref(p->scenario);
    *p = (struct node_plan){0};
}
