#include "aggregate/rank.h"

#include <stdlib.h>

#include "base/dmath.h"
#include "base/mutate.h"
#include "base/wide.h"

/* Definitions, ties and bounds, with the reasons: docs/aggregation.md. Integers only. */

static const char *const rule_names[RANK_RULE_COUNT] = {"trimmed_rank", "median_rank", "borda", "mean_cost"};

const char *rank_rule_name(enum rank_rule rule)
{
    ASSERT((unsigned)rule < RANK_RULE_COUNT);
    return rule_names[rule];
}

enum err rank_rule_parse(struct bytes name, enum rank_rule *out)
{
    for (unsigned i = 0; i < RANK_RULE_COUNT; i++)
        if (bytes_equal(name, bytes_of_text(rule_names[i]))) {
            *out = (enum rank_rule)i;
            return ERR_OK;
        }
    return ERR_UNKNOWN;
}

/* ---- weights */

static uint64_t stake_of(const struct rank_matrix *m, unsigned site)
{
    uint64_t stake = m->stakes[site];
    ASSERT(stake > 0);
    return stake < RANK_STAKE_MAX ? stake : RANK_STAKE_MAX;
}

/* a * b > c * d, exactly. */
static bool product_exceeds(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct wide x = wide_mul(a, b), y = wide_mul(c, d);
    return x.high != y.high ? x.high > y.high : x.low > y.low;
}

/* Rounding takes less than one ppm a site from the whole of the weights, and so from what is dropped. */
uint64_t rank_safe_cap_ppm(unsigned parties, unsigned sites, uint64_t trim_ppm)
{
    unsigned liars = parties > 0 ? (parties - 1) / 3 : 0;
    if (liars == 0)
        return PPM;
    return trim_ppm > sites + liars ? (trim_ppm - sites) / liars : 1;
}

/* Sites that share one cap. */
struct parties {
    unsigned count;
    unsigned of[RANK_SITES_MAX];      /* number of the site's party, below count */
    uint64_t stakes[RANK_SITES_MAX];  /* of the party's sites together */
    uint64_t weights[RANK_SITES_MAX]; /* of the party */
};

static void parties_gather(const struct rank_matrix *m, struct parties *p)
{
    unsigned number[RANK_SITES_MAX] = {0}; /* + 1; of a party that some site is of */

    for (unsigned i = 0; i < m->sites; i++) {
        unsigned party = m->parties != NULL ? m->parties[i] : i;
        party = MUTATE(RANK_NO_PARTIES, i, party);
        ASSERT(party < RANK_SITES_MAX);
        if (number[party] == 0)
            number[party] = ++p->count;
        p->of[i] = number[party] - 1;
        p->stakes[p->of[i]] += stake_of(m, i);
    }
}

/* The cap that the number of parties leaves room for, rounded up. */
static uint64_t cap_effective(const struct rank_matrix *m, unsigned parties)
{
    uint64_t even = (PPM + parties - 1) / parties;
    uint64_t cap = m->stake_cap_ppm > even ? m->stake_cap_ppm : even;

    return MUTATE(RANK_NO_CAP, PPM + even, cap);
}

/* Water-filling: whoever's share of what is left exceeds the cap gets the cap, the rest is shared anew.
 * Taking one out only raises the shares of the others, so the order shows nowhere. */
static void parties_fill(const struct rank_matrix *m, struct parties *p)
{
    bool is_capped[RANK_SITES_MAX] = {false};
    uint64_t cap = cap_effective(m, p->count), left = PPM, stakes = 0;
    for (unsigned i = 0; i < p->count; i++)
        stakes += p->stakes[i];
    for (bool again = true; again;) {
        again = false;
        for (unsigned i = 0; i < p->count; i++) {
            if (is_capped[i] || !product_exceeds(p->stakes[i], left, cap, stakes))
                continue;
            is_capped[i] = again = true;
            p->weights[i] = cap;
            left -= cap;
            stakes -= p->stakes[i];
        }
    }
    for (unsigned i = 0; i < p->count; i++)
        if (!is_capped[i])
            p->weights[i] = (uint64_t)dmath_muldiv((int64_t)p->stakes[i], (int64_t)left, (int64_t)stakes);
}

/* What a party weighs is its sites' by their stakes. */
static void weights_fill(const struct rank_matrix *m, uint64_t *weights)
{
    struct parties p = {0};

    parties_gather(m, &p);
    parties_fill(m, &p);
    for (unsigned i = 0; i < m->sites; i++)
        weights[i] =
            (uint64_t)dmath_muldiv((int64_t)stake_of(m, i), (int64_t)p.weights[p.of[i]], (int64_t)p.stakes[p.of[i]]);
}

/* ---- ranks */

struct weighted {
    int64_t value;
    uint64_t weight;
};

static int weighted_compare(const void *a, const void *b)
{
    const struct weighted *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value); /* equals are interchangeable in every sum below */
}

struct placed {
    uint64_t cost;
    unsigned at; /* in the row */
};

static int placed_compare(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    return (x->cost > y->cost) - (x->cost < y->cost); /* equals get the same rank */
}

void rank_double(const uint64_t *costs, unsigned count, uint32_t *ranks)
{
    struct placed sorted[RANK_CANDIDATES_MAX];
    for (unsigned j = 0; j < count; j++)
        sorted[j] = (struct placed){costs[j], j};
    qsort(sorted, count, sizeof sorted[0], placed_compare);
    for (unsigned lower = 0, up_to; lower < count; lower = up_to) {
        for (up_to = lower + 1; up_to < count && sorted[up_to].cost == sorted[lower].cost;)
            up_to++;
        for (unsigned j = lower; j < up_to; j++)
            ranks[sorted[j].at] = lower + up_to + 1;
    }
}

/* ---- rules, over values sorted by weighted_compare */

static uint64_t weight_sum(const struct weighted *sorted, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += sorted[i].weight;
    return sum;
}

/* The mean, in millionths, of the weight that lies between the trimmed ends. */
static uint64_t trimmed_mean(const struct weighted *sorted, unsigned count, uint64_t trim_ppm)
{
    uint64_t whole = weight_sum(sorted, count), trim = MUTATE(RANK_NO_TRIM, 0, whole * trim_ppm / PPM);
    uint64_t end = whole - trim;
    uint64_t at = 0, sum = 0;
    ASSERT(trim < end);
    for (unsigned i = 0; i < count; i++) {
        uint64_t from = at > trim ? at : trim, to = at + sorted[i].weight < end ? at + sorted[i].weight : end;
        if (from < to)
            sum += (to - from) * (uint64_t)sorted[i].value;
        at += sorted[i].weight;
    }
    return sum * PPM / (end - trim);
}

/* The lowest value at which half of the weight has been passed (lower weighted median). */
static int64_t lower_median(const struct weighted *sorted, unsigned count)
{
    uint64_t whole = weight_sum(sorted, count), at = 0;
    for (unsigned i = 0; i < count; i++) {
        at += sorted[i].weight;
        if (2 * at >= whole && sorted[i].weight > 0)
            return sorted[i].value;
    }
    ASSERT(whole == 0 && count > 0);
    return sorted[0].value;
}

static uint64_t mean_cost(const struct weighted *column, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += column[i].weight * (uint64_t)column[i].value;
    return sum / weight_sum(column, count);
}

static uint64_t score_reduce(const struct rank_matrix *m, struct weighted *column)
{
    if (m->rule == RANK_MEAN_COST)
        return mean_cost(column, m->sites);
    qsort(column, m->sites, sizeof column[0], weighted_compare);
    if (m->rule == RANK_MEDIAN)
        return (uint64_t)lower_median(column, m->sites) * PPM;
    return trimmed_mean(column, m->sites, m->rule == RANK_BORDA ? 0 : m->trim_ppm);
}

static void matrix_check(const struct rank_matrix *m)
{
    ASSERT(m->sites >= 1 && m->sites <= RANK_SITES_MAX);
    ASSERT(m->candidates >= 1 && m->candidates <= RANK_CANDIDATES_MAX);
    ASSERT((unsigned)m->rule < RANK_RULE_COUNT && m->trim_ppm < PPM / 2 && m->stake_cap_ppm <= PPM);
}

bool rank_is_better(const struct rank_result *r, unsigned a, unsigned b)
{
    if (r->scores[a] != r->scores[b])
        return r->scores[a] < r->scores[b];
    return MUTATE(RANK_TIES_BY_HASH, false, r->means[a] < r->means[b]);
}

/* A site that says the same of all candidates moves every score towards the others'; where enough do, the scores that
 * the rule keeps are equal, and what the rest says shows in the mean alone. */
static bool comes_first(const struct rank_matrix *m, const struct rank_result *r, unsigned a, unsigned b)
{
    if (rank_is_better(r, a, b) || rank_is_better(r, b, a))
        return rank_is_better(r, a, b);
    return digest_compare(&m->hashes[a], &m->hashes[b]) < 0;
}

static int64_t entry(const struct rank_matrix *m, const uint32_t *ranks, size_t at)
{
    if (m->rule != RANK_MEAN_COST)
        return ranks[at];
    return (int64_t)(m->costs[at] < RANK_COST_MAX ? m->costs[at] : RANK_COST_MAX);
}

void rank_reduce(const struct rank_matrix *m, struct rank_result *out)
{
    matrix_check(m);
    struct rank_result result = {0};
    struct weighted column[RANK_SITES_MAX];
    uint32_t *ranks = mem_array((size_t)m->sites * m->candidates, sizeof ranks[0]);
    weights_fill(m, result.weights);
    for (unsigned i = 0; i < m->sites; i++)
        rank_double(m->costs + (size_t)i * m->candidates, m->candidates, ranks + (size_t)i * m->candidates);
    for (unsigned j = 0; j < m->candidates; j++) {
        for (unsigned i = 0; i < m->sites; i++)
            column[i] = (struct weighted){ranks[(size_t)i * m->candidates + j], result.weights[i]};
        result.means[j] = trimmed_mean(column, m->sites, 0);
        for (unsigned i = 0; i < m->sites; i++)
            column[i].value = entry(m, ranks, (size_t)i * m->candidates + j);
        result.scores[j] = score_reduce(m, column);
        if (comes_first(m, &result, j, result.winner))
            result.winner = j;
    }
    mem_free(ranks);
    *out = result;
}

/* ---- gain */

/* (a - b) / a in ppm, rounded towards zero; held within -RANK_GAIN_MAX .. PPM, costs at INT64_MAX. */
static int64_t gain_ppm(uint64_t a, uint64_t b)
{
    int64_t x = a < INT64_MAX ? (int64_t)a : INT64_MAX, y = b < INT64_MAX ? (int64_t)b : INT64_MAX;
    if (x == y)
        return 0;
    if (x == 0 || (y - x) / x >= RANK_GAIN_MAX / PPM)
        return -RANK_GAIN_MAX;
    return dmath_muldiv(x - y, PPM, x);
}

int64_t rank_gain_ppm(const struct rank_matrix *m, const struct rank_result *r, unsigned a, unsigned b)
{
    matrix_check(m);
    ASSERT(a < m->candidates && b < m->candidates);
    struct weighted column[RANK_SITES_MAX];
    for (unsigned i = 0; i < m->sites; i++) {
        const uint64_t *row = m->costs + (size_t)i * m->candidates;
        column[i] = (struct weighted){gain_ppm(row[a], row[b]), r->weights[i]};
    }
    qsort(column, m->sites, sizeof column[0], weighted_compare);
    return lower_median(column, m->sites);
}
