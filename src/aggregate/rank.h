#ifndef PRISMFED_AGGREGATE_RANK_H
#define PRISMFED_AGGREGATE_RANK_H

#include "base/dmath.h"
#include "crypto/digest.h"

/* Robust rules over the score matrix: each site's costs become ranks, so that no
 * site can shout; a candidate's ranks are reduced by a weighted trimmed mean, a weighted median
 * or (Borda) a weighted mean. The mean of the costs is there to compare with: one liar decides it. Exact definitions,
 * ties and bounds: docs/aggregation.md. */

enum { RANK_SITES_MAX = 256, RANK_CANDIDATES_MAX = 256 };

/* A stake above counts as this one: sums over all sites stay in 63 bits. */
#define RANK_STAKE_MAX ((UINT64_C(1) << 55) - 1)
/* The rule mean_cost takes any higher cost for this one. */
#define RANK_COST_MAX ((UINT64_C(1) << 43) - 1)
/* No gain is below -RANK_GAIN_MAX ppm (a million times as costly). */
#define RANK_GAIN_MAX INT64_C(1000000000000)

enum rank_rule { RANK_TRIMMED, RANK_MEDIAN, RANK_BORDA, RANK_MEAN_COST, RANK_RULE_COUNT };

const char *rank_rule_name(enum rank_rule rule); /* "trimmed_rank", "median_rank", "borda", "mean_cost" */
enum err rank_rule_parse(struct bytes name, enum rank_rule *out) MUST_CHECK;

struct rank_matrix {
    unsigned sites, candidates;
    const uint64_t *costs;       /* sites x candidates, row by row */
    const uint64_t *stakes;      /* one for each site, > 0 */
    uint64_t stake_cap_ppm;      /* no party weighs more than this share of the whole, at most
                                    PPM; where that cannot be, all weigh the same */
    uint64_t trim_ppm;           /* RANK_TRIMMED: the share of weight dropped at each end, below 500000 */
    const struct digest *hashes; /* one for each candidate; what is equal in all breaks by the lower */
    enum rank_rule rule;
    const unsigned *parties; /* the party of each site, below RANK_SITES_MAX; NULL: every site is one of its own */
};

/* The greatest cap with which floor((parties - 1) / 3) lying parties of so many sites in all, whatever their stakes,
 * weigh no more than RANK_TRIMMED drops at an end: then its bound holds (docs/aggregation.md). Below four parties there
 * is none to withstand: PPM. */
uint64_t rank_safe_cap_ppm(unsigned parties, unsigned sites, uint64_t trim_ppm);

struct rank_result {
    unsigned winner;
    uint64_t scores[RANK_CANDIDATES_MAX]; /* millionths of a doubled rank (mean_cost: costs); lower is better */
    uint64_t means[RANK_CANDIDATES_MAX];  /* the same of the rule borda: it decides among equal scores */
    uint64_t weights[RANK_SITES_MAX];     /* ppm after the cap, sum PPM up to one a site */
};
/* Twice the average rank (from 1) of each cost in a row: 2 * lower + equal + 1. At most RANK_CANDIDATES_MAX. */
void rank_double(const uint64_t *costs, unsigned count, uint32_t *ranks);
void rank_reduce(const struct rank_matrix *m, struct rank_result *out);
/* Has candidate a a lower score than b, or the same and a lower mean? Then it is better whatever their hashes. */
bool rank_is_better(const struct rank_result *r, unsigned a, unsigned b);

/* Weighted median over sites of (cost of a - cost of b) / cost of a in ppm: the
 * gain of candidate b over candidate a, which f liars within the rule's bound cannot move beyond honest values. */
int64_t rank_gain_ppm(const struct rank_matrix *m, const struct rank_result *r, unsigned a, unsigned b);

#endif
