#include "base/dmath.h"
#include "aggregate/rank.h"
#include "tap.h"

#include "base/prng.h"

enum { SITES = 7, CANDIDATES = 5 };

static struct digest hashes[CANDIDATES];
static uint64_t costs[SITES * CANDIDATES], stakes[SITES];

static struct rank_matrix matrix(unsigned sites, unsigned candidates, enum rank_rule rule)
{
    return (struct rank_matrix){.sites = sites,
                                .candidates = candidates,
                                .costs = costs,
                                .stakes = stakes,
                                .stake_cap_ppm = PPM,
                                .trim_ppm = 200000,
                                .hashes = hashes,
                                .rule = rule};
}

static void costs_set(const uint64_t *values, unsigned count)
{
    memcpy(costs, values, count * sizeof costs[0]);
    for (unsigned i = 0; i < SITES; i++)
        stakes[i] = 1;
}

static void costs_draw(struct prng *prng)
{
    for (unsigned i = 0; i < SITES * CANDIDATES; i++)
        costs[i] = 1 + prng_below(prng, 12); /* ties are common */
    for (unsigned i = 0; i < SITES; i++)
        stakes[i] = 1 + prng_below(prng, 9);
}

/* Twice the average rank, by its definition. */
static uint64_t rank_of(unsigned site, unsigned candidate, unsigned candidates)
{
    uint64_t rank = 1;
    for (unsigned j = 0; j < candidates; j++) {
        uint64_t other = costs[site * candidates + j], own = costs[site * candidates + candidate];
        rank += other < own ? 2 : other == own ? 1 : 0;
    }
    return rank;
}

/* ---- definitions */

static void names_are_read_back(void)
{
    enum rank_rule rule;
    for (unsigned i = 0; i < RANK_RULE_COUNT; i++) {
        CHECK_OK(rank_rule_parse(bytes_of_text(rank_rule_name((enum rank_rule)i)), &rule));
        CHECK_EQ_U64(rule, i);
    }
    CHECK_ERR(rank_rule_parse(bytes_of_text("mean_rank"), &rule), ERR_UNKNOWN);
    CHECK_ERR(rank_rule_parse(bytes_of_text(""), &rule), ERR_UNKNOWN);
}

static void a_worked_example(void)
{
    const uint64_t values[] = {10, 20, 30, 40, /* doubled ranks 2 4 6 8 */
                               5,  5,  9,  9,  /* 3 3 7 7 */
                               40, 30, 20, 10, /* 8 6 4 2 */
                               7,  7,  7,  7,  /* 5 5 5 5 */
                               1,  3,  2,  4 /* 2 6 4 8 */};
    const uint64_t trimmed[] = {3333333, 5000000, 5000000, 6666666}, median[] = {3000000, 5000000, 5000000, 7000000};
    const uint64_t borda[] = {4000000, 4800000, 5200000, 6000000}, mean[] = {12, 13, 13, 14};
    struct rank_matrix m = matrix(5, 4, RANK_TRIMMED);
    struct rank_result r;
    costs_set(values, 20);
    rank_reduce(&m, &r);
    for (unsigned j = 0; j < 4; j++)
        CHECK_EQ_U64(r.scores[j], trimmed[j]);
    CHECK_EQ_U64(r.winner, 0);
    CHECK_EQ_U64(r.weights[0], 200000);
    m.rule = RANK_MEDIAN;
    rank_reduce(&m, &r);
    for (unsigned j = 0; j < 4; j++)
        CHECK_EQ_U64(r.scores[j], median[j]);
    m.rule = RANK_BORDA;
    rank_reduce(&m, &r);
    for (unsigned j = 0; j < 4; j++)
        CHECK_EQ_U64(r.scores[j], borda[j]);
    m.rule = RANK_MEAN_COST;
    rank_reduce(&m, &r);
    for (unsigned j = 0; j < 4; j++)
        CHECK_EQ_U64(r.scores[j], mean[j]);
}

static void an_even_number_takes_the_lower_median(void)
{
    const uint64_t values[] = {1, 2, 1, 2, 2, 1, 2, 1};
    struct rank_matrix m = matrix(4, 2, RANK_MEDIAN);
    struct rank_result r;
    costs_set(values, 8);
    rank_reduce(&m, &r);
    CHECK_EQ_U64(r.scores[0], 2000000);
    CHECK_EQ_U64(r.scores[1], 2000000);
}

static void ties_break_by_the_lower_hash(void)
{
    const uint64_t values[] = {7, 7, 7};
    struct rank_matrix m = matrix(1, 3, RANK_TRIMMED);
    struct rank_result r;
    costs_set(values, 3);
    for (unsigned lowest = 0; lowest < 3; lowest++) {
        for (unsigned j = 0; j < 3; j++)
            hashes[j].b[0] = j == lowest ? 1 : 2;
        rank_reduce(&m, &r);
        CHECK_EQ_U64(r.winner, lowest);
    }
}

static void scores_are_what_the_definition_says(void)
{
    struct prng prng;
    tap_seed(91);
    prng_seed(&prng, 91);
    for (unsigned round = 0; round < 10; round++) {
        struct rank_matrix m = matrix(SITES, CANDIDATES, RANK_TRIMMED);
        struct rank_result r;
        costs_draw(&prng);
        m.trim_ppm = prng_below(&prng, 500000);
        rank_reduce(&m, &r);
        for (unsigned j = 0; j < CANDIDATES; j++) { /* the weight laid out unit by unit */
            uint64_t whole = 0, at = 0, sum = 0;
            for (unsigned i = 0; i < SITES; i++)
                whole += r.weights[i];
            uint64_t trim = whole * m.trim_ppm / PPM;
            for (uint64_t rank = 2; rank <= 2 * CANDIDATES; rank++)
                for (unsigned i = 0; i < SITES; i++)
                    for (uint64_t unit = 0; rank_of(i, j, CANDIDATES) == rank && unit < r.weights[i]; unit++, at++)
                        sum += at >= trim && at < whole - trim ? rank : 0;
            CHECK_EQ_U64(r.scores[j], sum * PPM / (whole - 2 * trim));
        }
    }
}

/* ---- weights */

static void capped(const uint64_t *values, unsigned sites, uint64_t cap_ppm, const uint64_t *want)
{
    struct rank_matrix m = matrix(sites, 1, RANK_TRIMMED);
    struct rank_result r;
    memcpy(stakes, values, sites * sizeof stakes[0]);
    m.stake_cap_ppm = cap_ppm;
    rank_reduce(&m, &r);
    for (unsigned i = 0; i < sites; i++)
        CHECK_EQ_U64(r.weights[i], want[i]);
}

static void stakes_are_capped(void)
{
#define LIST(...) ((const uint64_t[]){__VA_ARGS__})
    capped(LIST(1, 1, 2), 3, 1000000, LIST(250000, 250000, 500000));
    capped(LIST(1, 1, 8), 3, 400000, LIST(300000, 300000, 400000));
    capped(LIST(1, 2, 7, 90), 4, 400000, LIST(66666, 133333, 400000, 400000)); /* the rest spills over twice */
    capped(LIST(1, 1, 98), 3, 1, LIST(333333, 333333, 333334));                /* no room for that cap: even */
    capped(LIST(5, 3, 1), 3, 0, LIST(333334, 333334, 333332));
    capped(LIST(7), 1, 10, LIST(1000000));
    capped(LIST(UINT64_MAX, UINT64_MAX), 2, 1000000, LIST(500000, 500000));
    capped(LIST(UINT64_MAX, 1), 2, 600000, LIST(600000, 400000));
}

static void no_weight_exceeds_the_cap(void)
{
    struct prng prng;
    tap_seed(92);
    prng_seed(&prng, 92);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned sites = 1 + (unsigned)prng_below(&prng, SITES);
        struct rank_matrix m = matrix(sites, 1, RANK_TRIMMED);
        struct rank_result r;
        uint64_t sum = 0, even = (PPM + sites - 1) / sites;
        for (unsigned i = 0; i < sites; i++)
            stakes[i] = 1 + prng_next(&prng) % (UINT64_C(1) << prng_below(&prng, 64));
        m.stake_cap_ppm = prng_below(&prng, PPM + 1);
        rank_reduce(&m, &r);
        for (unsigned i = 0; i < sites; i++) {
            sum += r.weights[i];
            CHECK(r.weights[i] <= (m.stake_cap_ppm > even ? m.stake_cap_ppm : even));
            for (unsigned k = 0; k < sites; k++) /* more stake never weighs less, up to rounding an even share */
                CHECK(stakes[i] < stakes[k] || r.weights[i] + sites >= r.weights[k]);
        }
        CHECK(sum <= PPM && sum + sites > PPM);
    }
}

/* ---- symmetry */

/* However many sites a party is made of, and whatever their stakes. */
static void a_party_weighs_no_more_than_a_site_may(void)
{
    struct prng prng;
    prng_stream(&prng, 5, "test.rank.parties", 0);
    for (unsigned round = 0; round < 300; round++) {
        unsigned sites = 1 + (unsigned)prng_below(&prng, SITES), count = 1 + (unsigned)prng_below(&prng, sites),
                 seen = 0;
        unsigned parties[SITES];
        uint64_t whole[RANK_SITES_MAX] = {0};
        struct rank_matrix m = matrix(sites, 1, RANK_TRIMMED);
        struct rank_result r;
        for (unsigned i = 0; i < sites; i++) {
            parties[i] = (unsigned)prng_below(&prng, count) * 7;
            stakes[i] = 1 + prng_next(&prng) % (UINT64_C(1) << prng_below(&prng, 50));
        }
        m.parties = parties;
        m.stake_cap_ppm = prng_below(&prng, PPM + 1);
        rank_reduce(&m, &r);
        for (unsigned i = 0; i < sites; i++) {
            seen += whole[parties[i]] == 0;
            whole[parties[i]] += r.weights[i] + (r.weights[i] == 0);
        }
        uint64_t even = (PPM + seen - 1) / seen, cap = m.stake_cap_ppm > even ? m.stake_cap_ppm : even, sum = 0;
        for (unsigned p = 0; p < RANK_SITES_MAX; p++) {
            CHECK(whole[p] <= cap + sites);
            sum += whole[p];
        }
        CHECK(sum + 2 * sites >= PPM && sum <= PPM + sites + seen);
    }
}

/* One of four parties has many sites of its own: the others' costs decide, as if it were one site. */
static void sites_of_one_party_lie_in_vain(void)
{
    unsigned parties[SITES];
    struct rank_matrix m = matrix(SITES, 2, RANK_TRIMMED);
    struct rank_result r;
    for (unsigned i = 0; i < SITES; i++) {
        parties[i] = i < 3 ? i : 3;
        stakes[i] = 10;
        costs[2 * i] = i < 3 ? 1 : 1000000;
        costs[2 * i + 1] = i < 3 ? 1000000 : 1;
    }
    m.stake_cap_ppm = rank_safe_cap_ppm(4, SITES, m.trim_ppm);
    rank_reduce(&m, &r);
    CHECK_EQ_U64(r.winner, 1);
    m.parties = parties;
    rank_reduce(&m, &r);
    CHECK_EQ_U64(r.winner, 0);
    CHECK(rank_gain_ppm(&m, &r, 0, 1) < 0);
}

/* The default withstands every third site, whatever the stakes: what the heaviest of them weigh is dropped. */
static void a_safe_cap_is_safe(void)
{
    static uint64_t any[RANK_SITES_MAX], stake[RANK_SITES_MAX];
    static struct digest hash;
    struct prng prng;
    tap_seed(98);
    prng_seed(&prng, 98);
    CHECK_EQ_U64(rank_safe_cap_ppm(3, 3, 333333), PPM);
    CHECK_EQ_U64(rank_safe_cap_ppm(4, 4, 333333), 333329);
    for (unsigned sites = 4; sites <= RANK_SITES_MAX; sites++) {
        unsigned liars = (sites - 1) / 3;
        uint64_t cap = rank_safe_cap_ppm(sites, sites, 333333), heaviest = 0, whole = 0;
        struct rank_result r;
        CHECK(cap >= (PPM + sites - 1) / sites);
        for (unsigned i = 0; i < sites; i++)
            stake[i] = i < liars ? UINT64_C(1) << prng_below(&prng, 50) : 1 + prng_below(&prng, 100);
        rank_reduce(&(struct rank_matrix){sites, 1, any, stake, cap, 333333, &hash, RANK_TRIMMED, NULL}, &r);
        for (unsigned i = 0; i < sites; i++)
            whole += r.weights[i];
        for (unsigned i = 0; i < liars; i++)
            heaviest += r.weights[i];
        CHECK(heaviest <= whole * 333333 / PPM);
    }
}

static void order_of_sites_and_candidates_never_shows(void)
{
    struct prng prng;
    tap_seed(93);
    prng_seed(&prng, 93);
    for (unsigned j = 0; j < CANDIDATES; j++)
        hashes[j].b[0] = (uint8_t)(j * 37 % 11);
    for (unsigned round = 0; round < 1000; round++) {
        unsigned row[SITES], column[CANDIDATES];
        uint64_t other_costs[SITES * CANDIDATES], other_stakes[SITES];
        struct digest other_hashes[CANDIDATES];
        struct rank_matrix m = matrix(SITES, CANDIDATES, (enum rank_rule)(round % RANK_RULE_COUNT)), n;
        struct rank_result a, b;
        costs_draw(&prng);
        for (unsigned i = 0; i < SITES; i++) {
            unsigned at = (unsigned)prng_below(&prng, i + 1);
            row[i] = row[at];
            row[at] = i;
        }
        for (unsigned j = 0; j < CANDIDATES; j++) {
            unsigned at = (unsigned)prng_below(&prng, j + 1);
            column[j] = column[at];
            column[at] = j;
        }
        for (unsigned i = 0; i < SITES; i++) {
            other_stakes[i] = stakes[row[i]];
            for (unsigned j = 0; j < CANDIDATES; j++)
                other_costs[i * CANDIDATES + j] = costs[row[i] * CANDIDATES + column[j]];
        }
        for (unsigned j = 0; j < CANDIDATES; j++)
            other_hashes[j] = hashes[column[j]];
        m.stake_cap_ppm = 150000 + prng_below(&prng, 200000);
        n = m;
        n.costs = other_costs;
        n.stakes = other_stakes;
        n.hashes = other_hashes;
        rank_reduce(&m, &a);
        rank_reduce(&n, &b);
        CHECK_EQ_U64(column[b.winner], a.winner);
        for (unsigned i = 0; i < SITES; i++)
            CHECK_EQ_U64(b.weights[i], a.weights[row[i]]);
        for (unsigned j = 0; j < CANDIDATES; j++)
            CHECK_EQ_U64(b.scores[j], a.scores[column[j]]);
        CHECK_EQ_I64(rank_gain_ppm(&n, &b, 0, 1), rank_gain_ppm(&m, &a, column[0], column[1]));
    }
}

/* A site's scale is its own: only the order of its costs counts. */
static void nobody_can_shout(void)
{
    struct prng prng;
    struct rank_matrix m = matrix(SITES, CANDIDATES, RANK_TRIMMED);
    struct rank_result a, b;
    tap_seed(94);
    prng_seed(&prng, 94);
    costs_draw(&prng);
    rank_reduce(&m, &a);
    for (unsigned j = 0; j < CANDIDATES; j++)
        costs[2 * CANDIDATES + j] = UINT64_MAX - 1000 + costs[2 * CANDIDATES + j];
    rank_reduce(&m, &b);
    for (unsigned j = 0; j < CANDIDATES; j++)
        CHECK_EQ_U64(a.scores[j], b.scores[j]);
}

/* ---- liars */

/* Liars among the sites, as many as their weight may be: at most `most` of the whole, in ppm. */
static unsigned liars_draw(struct prng *prng, const struct rank_result *r, uint64_t most, bool *is_liar)
{
    uint64_t whole = 0, weight = 0;
    unsigned count = 0;
    for (unsigned i = 0; i < SITES; i++)
        whole += r->weights[i];
    for (unsigned i = 0; i < SITES; i++) {
        is_liar[i] = (weight + r->weights[i]) <= whole * most / PPM && prng_below(prng, 4) > 0;
        weight += is_liar[i] ? r->weights[i] : 0;
        count += is_liar[i];
    }
    return count;
}

static void check_within_honest(const struct rank_result *r, const bool *is_liar)
{
    uint64_t low[CANDIDATES], high[CANDIDATES], best_high = UINT64_MAX;
    for (unsigned j = 0; j < CANDIDATES; j++) {
        low[j] = UINT64_MAX;
        high[j] = 0;
        for (unsigned i = 0; i < SITES; i++) {
            uint64_t rank = rank_of(i, j, CANDIDATES) * PPM;
            if (is_liar[i])
                continue;
            low[j] = rank < low[j] ? rank : low[j];
            high[j] = rank > high[j] ? rank : high[j];
        }
        CHECK(r->scores[j] >= low[j] && r->scores[j] <= high[j]);
        best_high = high[j] < best_high ? high[j] : best_high;
    }
    CHECK(r->scores[r->winner] <= best_high);
    CHECK(low[r->winner] <= best_high); /* so no candidate wins that another beats at every honest site's worst */
}

/* The honest part of a column, `below` and `above` of its weight dropped at its ends: the mean rank in millionths. */
static uint64_t honest_mean(const struct rank_result *r, const bool *is_liar, unsigned candidate, uint64_t below,
                            uint64_t above)
{
    uint64_t whole = 0, at = 0, sum = 0;
    for (unsigned i = 0; i < SITES; i++)
        whole += is_liar[i] ? 0 : r->weights[i];
    for (uint64_t rank = 2; rank <= 2 * CANDIDATES; rank++)
        for (unsigned i = 0; i < SITES; i++) {
            if (is_liar[i] || rank_of(i, candidate, CANDIDATES) != rank)
                continue;
            uint64_t from = at > below ? at : below;
            at += r->weights[i];
            uint64_t to = at < whole - above ? at : whole - above;
            sum += from < to ? (to - from) * rank : 0;
        }
    return sum * PPM / (whole - below - above);
}

static void check_within_trimmed(const struct rank_matrix *m, const struct rank_result *r, const bool *is_liar)
{
    uint64_t whole = 0, lying = 0;
    for (unsigned i = 0; i < SITES; i++) {
        whole += r->weights[i];
        lying += is_liar[i] ? r->weights[i] : 0;
    }
    uint64_t trim = whole * m->trim_ppm / PPM;
    for (unsigned j = 0; j < CANDIDATES; j++) {
        CHECK(r->scores[j] >= honest_mean(r, is_liar, j, trim - lying, trim));
        CHECK(r->scores[j] <= honest_mean(r, is_liar, j, trim, trim - lying));
    }
}

static void liars_stay_within_what_honest_sites_say(void)
{
    struct prng prng;
    unsigned lies = 0;
    tap_seed(95);
    prng_seed(&prng, 95);
    for (unsigned round = 0; round < 4000; round++) {
        struct rank_matrix m = matrix(SITES, CANDIDATES, (enum rank_rule)(round % 2));
        struct rank_result r;
        bool is_liar[SITES];
        costs_draw(&prng);
        m.stake_cap_ppm = 250000;
        m.trim_ppm = 100000 + prng_below(&prng, 390000);
        if (round % 3 == 0) /* honest sites agree: liars have nothing to hide behind */
            for (unsigned i = 1; i < SITES; i++)
                memcpy(costs + i * CANDIDATES, costs, CANDIDATES * sizeof costs[0]);
        rank_reduce(&m, &r);
        lies += liars_draw(&prng, &r, m.rule == RANK_TRIMMED ? m.trim_ppm : 499000, is_liar);
        for (unsigned i = 0; i < SITES; i++)
            for (unsigned j = 0; is_liar[i] && j < CANDIDATES; j++)
                costs[i * CANDIDATES + j] = prng_below(&prng, 2) ? prng_next(&prng) : 0;
        rank_reduce(&m, &r);
        check_within_honest(&r, is_liar);
        if (m.rule == RANK_TRIMMED)
            check_within_trimmed(&m, &r, is_liar);
    }
    CHECK(lies > 1000);
}

/* Liars of weight L, whatever they say, keep a Borda score within L / W of the way from the mean that honest sites
 * give a candidate to the best and the worst rank there is. */
static void liars_move_a_borda_score_by_their_weight(void)
{
    struct prng prng;
    tap_seed(97);
    prng_seed(&prng, 97);
    for (unsigned round = 0; round < 1000; round++) {
        struct rank_matrix m = matrix(SITES, CANDIDATES, RANK_BORDA);
        struct rank_result r;
        bool is_liar[SITES];
        uint64_t whole = 0, lying = 0;
        costs_draw(&prng);
        rank_reduce(&m, &r);
        liars_draw(&prng, &r, 499000, is_liar);
        for (unsigned i = 0; i < SITES; i++) {
            whole += r.weights[i];
            lying += is_liar[i] ? r.weights[i] : 0;
            for (unsigned j = 0; is_liar[i] && j < CANDIDATES; j++)
                costs[i * CANDIDATES + j] = prng_below(&prng, 2) ? prng_next(&prng) : 0;
        }
        rank_reduce(&m, &r);
        for (unsigned j = 0; j < CANDIDATES; j++) {
            uint64_t honest = honest_mean(&r, is_liar, j, 0, 0) * (whole - lying) / whole;
            uint64_t best = 2 * PPM * lying / whole, worst = UINT64_C(2) * CANDIDATES * PPM * lying / whole;
            CHECK(r.scores[j] + 2 >= honest + best && r.scores[j] <= honest + worst + 2); /* up to rounding */
        }
    }
}

static void one_liar_decides_the_mean_cost(void)
{
    const uint64_t values[] = {1, 2, 3, 1, 2, 3, UINT64_MAX, UINT64_MAX, 0};
    struct rank_matrix m = matrix(3, 3, RANK_MEAN_COST);
    struct rank_result r;
    costs_set(values, 9);
    rank_reduce(&m, &r);
    CHECK_EQ_U64(r.winner, 2);
    m.rule = RANK_MEDIAN;
    rank_reduce(&m, &r);
    CHECK_EQ_U64(r.winner, 0);
}

static void liars_cannot_move_the_gain(void)
{
    struct prng prng;
    tap_seed(96);
    prng_seed(&prng, 96);
    for (unsigned round = 0; round < 2000; round++) {
        struct rank_matrix m = matrix(SITES, CANDIDATES, RANK_TRIMMED);
        struct rank_result r;
        bool is_liar[SITES];
        int64_t low = INT64_MAX, high = INT64_MIN;
        costs_draw(&prng);
        rank_reduce(&m, &r);
        liars_draw(&prng, &r, 499000, is_liar);
        for (unsigned i = 0; i < SITES; i++) {
            const uint64_t *row = costs + i * CANDIDATES;
            int64_t gain = ((int64_t)row[0] - (int64_t)row[1]) * PPM / (int64_t)row[0];
            if (is_liar[i]) {
                costs[i * CANDIDATES] = prng_below(&prng, 2) ? prng_next(&prng) : 0;
                continue;
            }
            low = gain < low ? gain : low;
            high = gain > high ? gain : high;
        }
        int64_t gain = rank_gain_ppm(&m, &r, 0, 1);
        CHECK(gain >= low && gain <= high);
    }
}

static int64_t gain_of(uint64_t a, uint64_t b)
{
    struct rank_matrix m = matrix(1, 2, RANK_TRIMMED);
    struct rank_result r;
    stakes[0] = 1;
    costs[0] = a;
    costs[1] = b;
    rank_reduce(&m, &r);
    return rank_gain_ppm(&m, &r, 0, 1);
}

static void gains_are_relative_and_bounded(void)
{
    CHECK_EQ_I64(gain_of(100, 75), 250000);
    CHECK_EQ_I64(gain_of(100, 100), 0);
    CHECK_EQ_I64(gain_of(100, 133), -330000);
    CHECK_EQ_I64(gain_of(3, 2), 333333);
    CHECK_EQ_I64(gain_of(3, 4), -333333); /* rounded towards zero */
    CHECK_EQ_I64(gain_of(100, 0), 1000000);
    CHECK_EQ_I64(gain_of(0, 0), 0);
    CHECK_EQ_I64(gain_of(0, 1), -RANK_GAIN_MAX);
    CHECK_EQ_I64(gain_of(1, UINT64_MAX), -RANK_GAIN_MAX);
    CHECK_EQ_I64(gain_of(1, 1000000), -INT64_C(999999000000));
    CHECK_EQ_I64(gain_of(UINT64_MAX, 1), 999999);
    CHECK_EQ_I64(gain_of(UINT64_MAX, UINT64_MAX), 0);
}

/* Two of three say the same of all candidates: the trimmed scores are equal, and the third decides. Where nobody tells
 * them apart the lower hash comes first, but it is no better. */
static void equal_scores_go_by_the_mean(void)
{
    uint64_t table[] = {7, 7, 7, 9, 9, 9, 30, 10, 20}, even[] = {1, 1, 1};
    struct digest names[] = {{{1}}, {{3}}, {{2}}};
    struct rank_matrix m = {.sites = 3,
                            .candidates = 3,
                            .costs = table,
                            .stakes = even,
                            .stake_cap_ppm = PPM,
                            .trim_ppm = 333333,
                            .hashes = names,
                            .rule = RANK_TRIMMED};
    struct rank_result r;
    rank_reduce(&m, &r);
    CHECK(r.winner == 1 && rank_is_better(&r, 1, 0));
    m.rule = RANK_MEDIAN;
    rank_reduce(&m, &r);
    CHECK(r.scores[0] == r.scores[1] && r.winner == 1 && rank_is_better(&r, 1, 0) && !rank_is_better(&r, 0, 1));
    table[6] = table[8] = 10;
    rank_reduce(&m, &r);
    CHECK(r.winner == 0 && !rank_is_better(&r, 0, 1) && !rank_is_better(&r, 1, 0));
}

int main(void)
{
    TAP_RUN(names_are_read_back);
    TAP_RUN(a_worked_example);
    TAP_RUN(an_even_number_takes_the_lower_median);
    TAP_RUN(ties_break_by_the_lower_hash);
    TAP_RUN(scores_are_what_the_definition_says);
    TAP_RUN(stakes_are_capped);
    TAP_RUN(a_party_weighs_no_more_than_a_site_may);
    TAP_RUN(sites_of_one_party_lie_in_vain);
    TAP_RUN(no_weight_exceeds_the_cap);
    TAP_RUN(a_safe_cap_is_safe);
    TAP_RUN(order_of_sites_and_candidates_never_shows);
    TAP_RUN(nobody_can_shout);
    TAP_RUN(liars_stay_within_what_honest_sites_say);
    TAP_RUN(liars_move_a_borda_score_by_their_weight);
    TAP_RUN(one_liar_decides_the_mean_cost);
    TAP_RUN(liars_cannot_move_the_gain);
    TAP_RUN(gains_are_relative_and_bounded);
    TAP_RUN(equal_scores_go_by_the_mean);
    return tap_done();
}
