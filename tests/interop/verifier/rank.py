"""The rank rules and the gain of docs/aggregation.md, in integers."""

from dataclasses import dataclass

PPM = 1000000
STAKE_MAX = 2 ** 55 - 1
COST_MAX = 2 ** 43 - 1
GAIN_MAX = 10 ** 12


@dataclass
class Matrix:
    costs: list       # a row for each site
    stakes: list
    parties: list     # of each site
    hashes: list      # of each candidate
    rule: str
    trim_ppm: int
    cap_ppm: int


@dataclass
class Result:
    weights: list
    scores: list
    means: list
    winner: int


def weights_of(m):
    stakes = [min(s, STAKE_MAX) for s in m.stakes]
    party_stake = {}
    for party, stake in zip(m.parties, stakes):
        party_stake[party] = party_stake.get(party, 0) + stake
    cap = max(m.cap_ppm, -(-PPM // len(party_stake)))
    left, total, weight = PPM, sum(party_stake.values()), {}
    again = True
    while again:
        again = False
        for party, stake in party_stake.items():
            if party not in weight and stake * left > cap * total:
                weight[party] = cap
                left -= cap
                total -= stake
                again = True
    for party, stake in party_stake.items():
        weight.setdefault(party, stake * left // total if total else 0)
    return [s * weight[p] // party_stake[p] for s, p in zip(stakes, m.parties)]


def double_ranks(row):
    return [2 * sum(c < cost for c in row) + row.count(cost) + 1 for cost in row]


def _trimmed(column, trim_ppm):
    """column: sorted pairs of value and weight."""
    whole = sum(w for _, w in column)
    trim = whole * trim_ppm // PPM
    end, at, total = whole - trim, 0, 0
    for value, weight in column:
        total += max(0, min(at + weight, end) - max(at, trim)) * value
        at += weight
    return total * PPM // (end - trim)


def _lower_median(column):
    whole, at = sum(w for _, w in column), 0
    for value, weight in column:
        at += weight
        if 2 * at >= whole and weight > 0:
            return value
    return column[0][0]


def _score(m, ranks, weights, j):
    if m.rule == "mean_cost":
        return sum(min(row[j], COST_MAX) * w for row, w in zip(m.costs, weights)) // sum(weights)
    column = sorted((row[j], w) for row, w in zip(ranks, weights))
    if m.rule == "median_rank":
        return _lower_median(column) * PPM
    return _trimmed(column, 0 if m.rule == "borda" else m.trim_ppm)


def reduce(m):
    weights, ranks = weights_of(m), [double_ranks(row) for row in m.costs]
    count = len(m.hashes)
    scores = [_score(m, ranks, weights, j) for j in range(count)]
    means = [_trimmed([(row[j], w) for row, w in zip(ranks, weights)], 0) for j in range(count)]
    winner = min(range(count), key=lambda j: (scores[j], means[j], m.hashes[j], j))
    return Result(weights, scores, means, winner)


def _gain(a, b):
    a, b = min(a, 2 ** 63 - 1), min(b, 2 ** 63 - 1)
    if a == b:
        return 0
    if a == 0 or (b > a and (b - a) // a >= GAIN_MAX // PPM):
        return -GAIN_MAX
    size = abs(a - b) * PPM // a
    return size if a > b else -size


def gain(m, weights, a, b):
    """Of candidate b over candidate a, in parts per million."""
    return _lower_median(sorted((_gain(row[a], row[b]), w) for row, w in zip(m.costs, weights)))
