"""The phases of an epoch (docs/rfc/M5-federation.md section 5): what closes each, and what it does then."""

from dataclasses import dataclass, field, replace

from . import genome, governance, rank
from .draw import Sample, seed_of
from .state import ANCHORS_KEPT, ZERO, Anchor, Candidate, Check

ROOM, HISTORY, APART = 255, 2, genome.DISTANCE_MAX // 20


@dataclass
class Decision:
    anchored: bool
    winner: int = 0
    gain: int = 0
    rolled_back: bool = False
    held: bool = False  # the winner waits for the governors
    governed: bool = False  # what they have signed off takes its place


@dataclass
class Outcome:
    """What an epoch came to, as its file tells it."""
    epoch: int
    anchored: bool
    changed: bool
    rolled_back_to: object
    aggregated_delta: int
    incumbent: bytes
    candidates: int
    scored: int
    left_out: int
    false_claims: int
    updates: list = field(default_factory=list)  # (member, contribution), by fingerprint
    held: object = None
    absent: int = 0
    quarantined: int = 0
    convicted: int = 0


# ---- is a phase over?

def _spoke(s, index):
    c = s.contribution(index)
    return c.updated if s.phase == "collect" else c.scored


def _suffices(s):
    spoke, stays, members, least = set(), set(), 0, s.policy["min_participants"]
    for i in s.cohort_members():
        if not s.weighs(i) or not s.in_cohort(i):
            continue
        if s.members[i].stays:
            stays.add(s.party(i))
        if _spoke(s, i):
            members += 1
            spoke.add(s.party(i))
    return len(spoke) >= least or (len(stays) < least <= members)


def _complete(s):
    if s.phase == "rollback":
        return s.restoring
    return all(_spoke(s, i) for i in s.cohort_members() if s.awaits(i)) and _suffices(s)


def _enough(s):
    some = s.phase == "collect" or any(c.scored for c in s.contributions.values())
    return s.phase != "rollback" and some and _suffices(s)


def advance(s):
    """Behind a block's entries; returns the Outcome when the epoch ended."""
    closing, complete = s.closing, _complete(s)
    s.closing = s.restoring = False
    if governance.halted(s):
        return None
    if complete:
        return _close(s)
    if closing and _enough(s):
        for i in s.cohort_members():
            if s.awaits(i) and not _spoke(s, i):
                s.change(i, status="absent")
        return _close(s)
    if closing:
        s.attempt += 1
        if s.attempt > s.policy["retry_budget"]:
            governance.respond(s, "abandoned")
            return _end(s, Decision(False), None)
    return None


def _close(s):
    if s.phase == "collect":
        _draw_updates(s)
        _align(s)
        s.phase, s.attempt = "score", 0
        return None
    return _close_score(s) if s.phase == "score" else _close_rollback(s)


# ---- candidates

def _history(s):
    out = []
    for a in reversed(s.anchors):
        if len(out) < HISTORY and a.hash != s.incumbent_hash and a.hash not in [c.hash for c in out]:
            out.append(Candidate(ZERO, a.genome, a.hash))
    return out


def _align(s):
    gathered = [Candidate(ZERO, a.genome, a.hash) for a in s.archive] + _history(s)
    known = {c.hash: True for c in gathered}  # hash: has it a place?
    offers = [c.offers for _, c in s.speakers()]
    for turn in range(s.policy["migrants"]):
        new = []
        for of_one in offers:
            if turn < len(of_one) and of_one[turn].hash not in known:
                known[of_one[turn].hash] = False
                new.append(of_one[turn].hash)
        sample = Sample(seed_of(s.log_root, 8), ROOM - sum(known.values()), len(new))
        for genome_hash in new:
            known[genome_hash] = sample.takes()
    for of_one in offers:
        for offer in of_one:
            if known[offer.hash]:
                gathered.append(offer)
            else:
                s.left_out += 1
    gathered.sort(key=lambda c: (c.fingerprint, c.hash, c.staleness, c.claim))
    s.candidates, seen = [Candidate(ZERO, s.incumbent, s.incumbent_hash)], {s.incumbent_hash}
    for c in gathered:
        if c.hash not in seen:
            seen.add(c.hash)
            s.candidates.append(c)
    for c in s.contributions.values():
        c.offers = []


# ---- claims that are drawn to be run again

def _claims_of_updates(s):
    return [Check(o.claim, s.epoch - c.staleness, o.genome, i, k, False, c.built_on, c.leaf_hash)
            for i, c in s.speakers() for k, o in enumerate(c.offers)]


def _claims_of_rows(s):
    return [Check(c.costs[k], s.epoch, candidate.genome, i, k, True, c.row_built_on, c.row_hash)
            for i, c in s.speakers() if c.scored for k, candidate in enumerate(s.candidates)]


def _draw(s, claims, scored):
    s.checks = [c for c in s.checks if c.scored != scored]
    sample = Sample(seed_of(s.log_root, 0), s.policy["spot_checks"], len(claims))
    for claim in claims:
        if sample.wanted > 0 and sample.takes():
            s.checks.append(claim)


def _draw_updates(s):
    _draw(s, _claims_of_updates(s), False)


# ---- the decision

def _rows(s):
    return [(i, c) for i, c in s.speakers() if c.scored and s.weighs(i)]


def _stake(s, index, c):
    discount = s.policy["stale_discount_ppm"] * c.staleness
    stake = 1 if "cohort_weights" in s.policy else s.members[index].card["stake"]  # it has counted already
    return max(1, stake * max(0, rank.PPM - discount))


def _rank(s):
    rows = _rows(s)
    matrix = rank.Matrix([c.costs for _, c in rows], [_stake(s, i, c) for i, c in rows], [s.party(i) for i, _ in rows],
                         [c.hash for c in s.candidates], s.policy["rule"], s.policy["trim_ppm"],
                         s.policy["stake_cap_ppm"])
    result = rank.reduce(matrix)
    return result, rank.gain(matrix, result.weights, 0, result.winner)


def _close_score(s):
    result, gain = _rank(s)
    d, w = Decision(True), result.winner
    better = (result.scores[w], result.means[w]) < (result.scores[0], result.means[0])
    if better and gain >= -s.policy["margin_ppm"]:
        d.winner, d.gain = w, gain
    _draw(s, _claims_of_rows(s), True)
    if d.winner and d.gain > s.policy["rollback_ppm"]:
        earlier = [a.epoch for a in s.anchors if a.hash == s.candidates[w].hash]
        response = governance.respond(s, "regression") if earlier else "warn"
        d.held = response in ("hold", "halt")
        if response == "roll_back":
            s.phase, s.attempt, s.rollback_epoch, s.aggregated_delta = "rollback", 0, earlier[-1], d.gain
            return None
    return _end(s, d, result.scores)


def _close_rollback(s):
    at = next(a for a in reversed(s.anchors) if a.epoch == s.rollback_epoch)
    winner = next(k for k, c in enumerate(s.candidates) if c.hash == at.hash)
    scores = _rank(s)[0].scores if _rows(s) else [0] * len(s.candidates)
    return _end(s, Decision(True, winner, s.aggregated_delta, True), scores)


# ---- the end of an epoch

def _origin(s, candidate):
    for anchors in (s.archive, s.anchors):
        for a in reversed(anchors):
            if a.hash == candidate.hash:
                return a.origin
    return s.find(candidate.fingerprint) + 1


def _together(s, a, b):
    if a == b:
        return True
    regions = s.policy["topology"] == "region" and a and b
    return bool(regions) and s.members[a - 1].card["region"] == s.members[b - 1].card["region"]


def _contenders(s, scores):
    """Candidates with their origins, best first; where topology says so, one of each site or region before the second."""
    best = sorted(((score, c.hash, _origin(s, c), c) for score, c in zip(scores, s.candidates)), key=lambda x: x[:2])
    if s.policy["topology"] == "all":
        return [(c, origin) for _, _, origin, c in best]
    rounds = []
    for i, (score, genome_hash, origin, c) in enumerate(best):
        turn = (len(best) if origin == 0 else 0) + sum(_together(s, origin, x[2]) for x in best[:i])
        rounds.append((turn, score, genome_hash, origin, c))
    return [(c, origin) for _, _, _, origin, c in sorted(rounds, key=lambda x: x[:3])]


def _renew_archive(s, scores):
    contenders, most = _contenders(s, scores), s.policy["archive_max"]
    s.archive = [s.anchors[-1]][:most]
    for apart in (True, False):
        for c, origin in contenders:
            if len(s.archive) >= most:
                return
            near = apart and any(genome.distance(s.schema, a.genome, c.genome) < APART for a in s.archive)
            if c.hash not in [a.hash for a in s.archive] and not near:
                s.archive.append(Anchor(s.epoch, origin, c.genome, c.hash))


def _outcome(s, d):
    updates = [(i, replace(c)) for i, c in s.speakers() if c.updated]
    updates.sort(key=lambda x: s.members[x[0]].fingerprint)
    ends = s.governance.due.hash if d.governed else s.candidates[d.winner].hash if d.winner else s.incumbent_hash
    return Outcome(s.epoch, d.anchored, ends != s.incumbent_hash, s.rollback_epoch if d.rolled_back else None, d.gain,
                   ends, len(s.candidates), len(_rows(s)),
                   s.left_out, sum(m.found_epoch == s.epoch for m in s.members), updates)


def _anchor_of(s, k):
    c = s.candidates[k]
    return Anchor(s.epoch, _origin(s, c), c.genome, c.hash)


def _settle(s, d):
    """What the epoch ends with, where governors have a word in it (section 10)."""
    g = s.governance
    if g is None or not d.anchored:
        return d
    rolled_back, governed, waits = d.rolled_back, g.due is not None, (g.approval or d.held) and not d.rolled_back
    if governed:
        rolled_back, s.rollback_epoch = g.due_from > 0, g.due_from
    if d.winner and waits:
        governance.hold(g, _anchor_of(s, d.winner))
    if governed or waits:
        return Decision(True, 0, 0, rolled_back, False, governed)
    return d


def _end(s, d, scores):
    d = _settle(s, d)
    outcome = _outcome(s, d)
    if d.anchored:
        anchor = replace(s.governance.due, epoch=s.epoch) if d.governed else _anchor_of(s, d.winner)
        s.incumbent, s.incumbent_hash = anchor.genome, anchor.hash
        s.anchors = s.anchors[-(ANCHORS_KEPT - 1):] + [anchor]
        _renew_archive(s, scores)
        if d.governed:
            governance.done(s.governance)
    s.contributions, s.candidates, s.left_out = {}, [], 0
    s.epoch += 1
    s.phase, s.attempt, s.rollback_epoch, s.aggregated_delta = "collect", 0, 0, 0
    for i, m in enumerate(s.members):
        if m.status == "absent" and s.epoch - m.last_epoch > s.policy["max_ledger_drift"]:
            if governance.respond(s, "drift", i) != "warn":
                s.change(i, status="quarantined")
    if s.governance is not None and s.governance.held:
        outcome.held = s.governance.held[-1].hash
    for status in ("absent", "quarantined", "convicted"):
        setattr(outcome, status, sum(m.status == status for m in s.members))
    return outcome
