"""The genesis document (docs/rfc/M5-federation.md section 3, formats.cddl)."""

import re

from . import cbor, ed25519, genome
from .refused import Refused

SIZE_MAX = 1 << 28
MEMBERS_MAX = 1000000
NAME_MAX, FEDERATION_NAME_MAX = 63, 127
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._+-]*")
DAY = 86400 * 10 ** 9

RULES = ("trimmed_rank", "median_rank", "borda", "mean_cost")
# In the order of deterministic CBOR: key, least and most, or the texts; None behind it: it may be absent.
POLICY = (
    ("rule", RULES), ("cohort", (1, 256), None), ("shards", (0, 4096)), ("window", (2, 4096)), ("migrants", (1, 8)),
    ("topology", ("all", "ring", "region")), ("trim_ppm", (0, 499999)), ("batch_max", (1, 1024)),
    ("optimiser", str), ("margin_ppm", (0, 10 ** 6)), ("archive_max", (0, 32)), ("evaluations", (1, 10 ** 6)),
    ("spot_checks", (0, 64)), ("retry_budget", (0, 16)), ("rollback_ppm", (0, 10 ** 6)),
    ("stake_cap_ppm", (1, 10 ** 6)), ("cohort_weights", ("stake",), None), ("iteration_limit", (1, 10 ** 9)),
    ("joins_per_epoch", (0, 8)), ("max_ledger_drift", (0, 10 ** 6)), ("min_participants", (1, 256)),
    ("cohort_validators", ("first",), None), ("score_deadline_ns", (1, DAY)), ("close_tolerance_ns", (0, DAY)),
    ("stale_discount_ppm", (0, 10 ** 6)), ("checkpoint_interval", (1, 2048)), ("collect_deadline_ns", (1, DAY)),
)


def name_valid(name, most):
    return len(name.encode()) <= most and _NAME.fullmatch(name) is not None


def read_name(r, most=NAME_MAX):
    name = r.text()
    if not 1 <= len(name.encode()) <= most:
        raise Refused("range")
    if not name_valid(name, most):
        raise Refused("syntax")
    return name


def read_ranged(r, least, most):
    value = r.uint()
    if not least <= value <= most:
        raise Refused("range")
    return value


def _choice(r, names):
    name = r.text()
    if name not in names:
        raise Refused("unknown")
    return name


def _work(r):
    if r.peek() == cbor.SIMPLE:
        return r.null()
    work = r.bytes(32)
    if work == bytes(32):
        raise Refused("range")
    return work


def read_card(r):
    return r.fields(key=lambda: r.bytes(32), name=lambda: read_name(r), role=lambda: _choice(r, ("core", "edge")),
                    site=lambda: _choice(r, ("local", "remote", "edge")), work=lambda: _work(r),
                    stake=lambda: read_ranged(r, 1, 10 ** 9), region=lambda: read_name(r))


def _policy(r):
    count, policy = r.map(), {}
    for key, allowed, *optional in POLICY:
        if optional and not r.accept(key):
            continue
        if not optional:
            r.key(key)
        if allowed is str:
            policy[key] = r.text()
        elif isinstance(allowed[0], str):
            policy[key] = _choice(r, allowed)
        else:
            policy[key] = read_ranged(r, *allowed)
    if len(policy) != count or policy["window"] < 2 * policy["checkpoint_interval"]:
        raise Refused("range")
    if policy.get("cohort", policy["min_participants"]) < policy["min_participants"]:
        raise Refused("range")
    if "cohort" not in policy and ("cohort_weights" in policy or "cohort_validators" in policy):
        raise Refused("range")
    return policy


def quorum_faults(n):
    return (n - 1) // 3


def quorum_size(n, f):
    return (n + f + 2) // 2


def _check(g):
    members, policy = g["members"], g["policy"]
    if len(g["shards"]) != 32 * policy["shards"]:
        raise Refused("mismatch")
    if not all(ed25519.key_acceptable(m["key"]) for m in members):
        raise Refused("key")
    for part in ("name", "key"):
        if len({m[part] for m in members}) < len(members):
            raise Refused("duplicate")
    n, f, q = sum(m["role"] == "core" for m in members), g["max_byzantine"], g["quorum"]
    if not 1 <= n <= 100 or len(members) > (MEMBERS_MAX if "cohort" in policy else 256):
        raise Refused("range")
    if policy["min_participants"] > len(members) or f > quorum_faults(n) or not quorum_size(n, f) <= q <= n:
        raise Refused("range")


def decode(data):
    from . import governance  # which reads names as they are here
    if len(data) > SIZE_MAX:
        raise Refused("limit")
    r = cbor.Reader(data)

    def members():
        count = r.array()
        if count > MEMBERS_MAX:
            raise Refused("limit")
        return [read_card(r) for _ in range(count)]

    def version():
        if r.uint() != 2:
            raise Refused("unknown")
        return 2

    before = dict(name=lambda: read_name(r, FEDERATION_NAME_MAX), policy=lambda: _policy(r),
                  quorum=lambda: read_ranged(r, 1, 100), shards=r.bytes, members=members, version=version,
                  incumbent=r.raw, simulated=r.bool)
    behind = dict(epoch_start=lambda: read_ranged(r, 1, 2 ** 53), genome_schema=r.raw,
                  max_byzantine=lambda: read_ranged(r, 0, 100))
    if data[:1] == bytes([cbor.MAP << 5 | 12]):  # one more than without governors
        before["governance"] = lambda: governance.read_rules(r)
    g = r.fields(**before, **behind)
    r.done()
    g.setdefault("governance", None)
    g["schema"] = genome.decode_schema(g["genome_schema"])
    g["incumbent"] = genome.decode(g["schema"], g["incumbent"])
    _check(g)
    return g
