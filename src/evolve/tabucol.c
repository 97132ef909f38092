#include "evolve/tabucol.h"

#include <string.h>

#include "evolve/sequential.h"

struct tabucol {
    const struct graph *g;
    const struct tabucol_params *params;
    struct prng *prng;
    uint32_t n, k;
    uint32_t *colour;
    uint16_t *gamma;      /* n x k: neighbours of the vertex that have the colour */
    uint32_t *tabu_until; /* n x k: the move is forbidden before this iteration */
    uint32_t *conflicts;  /* vertices that share their colour with a neighbour, any order */
    uint32_t *place;      /* of a vertex in conflicts[], or NOWHERE */
    uint32_t conflict_count;
    uint32_t *ties;    /* v * k + c of the best moves seen in this iteration */
    int64_t edges_bad; /* edges with two equal ends: what is minimised */
    int64_t best;      /* its lowest value since the last perturbation */
    uint32_t now, best_at;
};

#define NOWHERE UINT32_MAX

static void tabucol_init(struct tabucol *t, const struct graph *g, unsigned colours,
                         const struct tabucol_params *params, struct prng *prng)
{
    size_t cells = (size_t)g->vertices * colours;
    *t = (struct tabucol){.g = g, .params = params, .prng = prng, .n = g->vertices, .k = colours};
    t->colour = mem_array(t->n, sizeof t->colour[0]);
    t->gamma = mem_array(cells, sizeof t->gamma[0]);
    t->tabu_until = mem_array(cells, sizeof t->tabu_until[0]);
    t->conflicts = mem_array(t->n, sizeof t->conflicts[0]);
    t->place = mem_array(t->n, sizeof t->place[0]);
    t->ties = mem_array(cells, sizeof t->ties[0]);
}

static void tabucol_fini(struct tabucol *t)
{
    mem_free(t->colour);
    mem_free(t->gamma);
    mem_free(t->tabu_until);
    mem_free(t->conflicts);
    mem_free(t->place);
    mem_free(t->ties);
}

static void conflict_add(struct tabucol *t, uint32_t v)
{
    t->place[v] = t->conflict_count;
    t->conflicts[t->conflict_count++] = v;
}

static void conflict_drop(struct tabucol *t, uint32_t v)
{
    uint32_t last = t->conflicts[--t->conflict_count];
    t->conflicts[t->place[v]] = last;
    t->place[last] = t->place[v];
    t->place[v] = NOWHERE;
}

/* Everything that follows from colour[], anew. */
static void tabucol_recount(struct tabucol *t)
{
    const struct graph *g = t->g;
    memset(t->gamma, 0, (size_t)t->n * t->k * sizeof t->gamma[0]);
    memset(t->tabu_until, 0, (size_t)t->n * t->k * sizeof t->tabu_until[0]);
    t->conflict_count = 0;
    t->edges_bad = 0;
    for (uint32_t v = 0; v < t->n; v++) {
        uint16_t *row = t->gamma + (size_t)v * t->k;
        for (uint32_t i = g->offsets[v]; i < g->offsets[v + 1]; i++)
            row[t->colour[g->neighbors[i]]]++;
        t->edges_bad += row[t->colour[v]];
        t->place[v] = NOWHERE;
        if (row[t->colour[v]] > 0)
            conflict_add(t, v);
    }
    t->edges_bad /= 2;
    t->best = t->edges_bad;
    t->best_at = t->now;
}

/* Returns the steps that the start is charged. */
static uint64_t tabucol_start(struct tabucol *t)
{
    switch (t->params->start) {
    case TABUCOL_BY_DEGREE:
        (void)sequential_by_degree(t->g, t->k, t->colour);
        break;
    case TABUCOL_DSATUR:
        (void)sequential_dsatur(t->g, t->k, t->colour);
        break;
    case TABUCOL_RANDOM:
        for (uint32_t v = 0; v < t->n; v++)
            t->colour[v] = (uint32_t)prng_below(t->prng, t->k);
        break;
    }
    tabucol_recount(t);
    return t->params->start == TABUCOL_RANDOM ? 0 : t->n;
}

static uint32_t scope_size(const struct tabucol *t)
{
    uint32_t all = t->conflict_count, part;
    switch (t->params->scope) {
    case TABUCOL_ONE:
        return 1;
    case TABUCOL_FEW:
        part = all / 8;
        break;
    case TABUCOL_HALF:
        part = all / 2;
        break;
    default:
        return all;
    }
    return part < 2 && all >= 2 ? 2 : part < 1 ? 1 : part;
}

struct scan {
    int32_t delta;  /* of the best moves so far */
    uint32_t count; /* of them, in ties[] */
};

static void vertex_scan(struct tabucol *t, uint32_t v, struct scan *scan)
{
    const uint16_t *row = t->gamma + (size_t)v * t->k;
    const uint32_t *until = t->tabu_until + (size_t)v * t->k;
    uint32_t own = t->colour[v];
    int32_t here = row[own];
    int64_t to_beat = t->params->aspiration ? t->best - t->edges_bad : INT64_MIN;
    for (uint32_t c = 0; c < t->k; c++) {
        int32_t delta = (int32_t)row[c] - here;
        if (delta > scan->delta || c == own || (until[c] > t->now && delta >= to_beat))
            continue;
        if (delta < scan->delta) {
            scan->delta = delta;
            scan->count = 0;
        }
        t->ties[scan->count++] = v * t->k + c;
    }
}

/* A best allowed move, v * k + c, evenly among equals; any move of a vertex in conflict where all
 * are forbidden. */
static uint32_t move_choose(struct tabucol *t)
{
    struct scan scan = {.delta = INT32_MAX, .count = 0};
    uint32_t size = scope_size(t), at = 0;
    if (size < t->conflict_count)
        at = (uint32_t)prng_below(t->prng, t->conflict_count);
    for (uint32_t i = 0; i < size; i++) {
        vertex_scan(t, t->conflicts[at], &scan);
        at = at + 1 == t->conflict_count ? 0 : at + 1;
    }
    if (scan.count == 1)
        return t->ties[0];
    if (scan.count > 1)
        return t->ties[prng_below(t->prng, scan.count)];
    uint32_t v = t->conflicts[prng_below(t->prng, t->conflict_count)];
    uint32_t c = (uint32_t)prng_below(t->prng, t->k - 1);
    return v * t->k + (c < t->colour[v] ? c : c + 1);
}

static void move_make(struct tabucol *t, uint32_t v, uint32_t to)
{
    const struct graph *g = t->g;
    uint32_t from = t->colour[v];
    uint16_t *row = t->gamma + (size_t)v * t->k;
    t->edges_bad += (int64_t)row[to] - row[from];
    t->colour[v] = to;
    if (row[to] == 0)
        conflict_drop(t, v);
    for (uint32_t i = g->offsets[v]; i < g->offsets[v + 1]; i++) {
        uint32_t u = g->neighbors[i];
        uint16_t *other = t->gamma + (size_t)u * t->k;
        other[to]++;
        other[from]--;
        if (t->colour[u] == from && other[from] == 0)
            conflict_drop(t, u);
        else if (t->colour[u] == to && other[to] == 1)
            conflict_add(t, u);
    }
}

static uint32_t tenure_draw(struct tabucol *t)
{
    const struct tabucol_params *p = t->params;
    double grown = (double)p->tenure_base + p->tenure_alpha * (double)t->conflict_count;
    uint32_t tenure = grown < TABUCOL_TENURE_MAX ? (uint32_t)grown : TABUCOL_TENURE_MAX;
    return tenure + (uint32_t)prng_below(t->prng, p->tenure_random);
}

static void perturb(struct tabucol *t)
{
    uint32_t count = (uint32_t)(t->params->perturbation * (double)t->n);
    t->best_at = t->now;
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t v = (uint32_t)prng_below(t->prng, t->n);
        t->colour[v] = (uint32_t)prng_below(t->prng, t->k);
    }
    tabucol_recount(t);
}

static void tabucol_step(struct tabucol *t)
{
    uint32_t move = move_choose(t), v = move / t->k, from = t->colour[v];
    move_make(t, v, move % t->k);
    t->now++;
    t->tabu_until[(size_t)v * t->k + from] = t->now + tenure_draw(t);
    if (t->edges_bad < t->best) {
        t->best = t->edges_bad;
        t->best_at = t->now;
    } else if (t->now - t->best_at >= t->params->stagnation) {
        perturb(t);
    }
}

uint64_t tabucol_run(const struct graph *g, unsigned colours, const struct tabucol_params *params, struct prng *prng,
                     uint64_t limit, bool *solved, uint32_t *colour)
{
    ASSERT(colours >= 1 && colours <= UINT16_MAX && (uint64_t)colours * g->vertices < UINT32_MAX);
    ASSERT(limit <= TABUCOL_LIMIT_MAX && params->tenure_random > 0 && params->stagnation > 0);
    ASSERT(params->tenure_random <= TABUCOL_TENURE_MAX && params->tenure_alpha >= 0);
    ASSERT(params->perturbation >= 0 && params->perturbation <= 1);
    struct tabucol t;
    tabucol_init(&t, g, colours, params, prng);
    uint64_t steps = tabucol_start(&t);
    for (; t.edges_bad > 0 && steps < limit && colours > 1; steps++)
        tabucol_step(&t);
    *solved = t.edges_bad == 0 && steps <= limit;
    if (*solved && colour != NULL)
        memcpy(colour, t.colour, (size_t)t.n * sizeof colour[0]);
    tabucol_fini(&t);
    return *solved ? steps : limit;
}
