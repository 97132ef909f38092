"""Cohorts drawn by stake (docs/rfc/verifier.md, Draws): the least of -ln(u) / weight, u from (0, 1]."""

from . import doubles
from .draw import Stream


def _shares(stakes, cap_ppm):
    """Of each party, by the number of its founder: its share of the whole, within the cap."""
    total, left, shares = float(sum(stakes)), 1.0, {}
    there = sum(s > 0 for s in stakes)
    cap = cap_ppm / 1000000
    if there > 0 and cap < 1.0 / there:
        cap = 1.0 / there
    again = True
    while again:
        again = False
        for party, stake in enumerate(stakes):
            if party in shares or float(stake) * left <= cap * total:
                continue
            shares[party], again = cap, True
            left -= cap
            total -= float(stake)
    for party, stake in enumerate(stakes):
        if party not in shares and stake > 0:
            shares[party] = float(stake) / total * left
    return shares


def draw_by_stake(state, pot, seed, wanted):
    """Of the members in pot, in the order of joining; equal times stay in that order."""
    stakes = [0] * len(state.members)
    for i in pot:
        stakes[state.party(i)] += state.members[i].card["stake"]
    shares, stream, tickets = _shares(stakes, state.policy["stake_cap_ppm"]), Stream(seed), []
    for i in pot:
        party = state.party(i)
        u = ((stream.next() >> 11) + 1.0) / 9007199254740992.0
        weight = shares.get(party, 0.0) * (state.members[i].card["stake"] / stakes[party])
        tickets.append((-doubles.log(u) / weight if weight > 0 else 1e300, i))
    tickets.sort(key=lambda t: t[0])
    return [i for _, i in tickets[:wanted]]
