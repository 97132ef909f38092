"""Entries: how each kind is read, when it is admissible, and what it does (docs/rfc/verifier.md, Entries)."""

from dataclasses import dataclass, field

from . import cbor, cose, genesis, genome, governance
from .membership import CHANGES_MAX, fits, has_key
from .merkle import entry_leaf, sha256
from .refused import Refused
from .state import Candidate

SIZE_MAX, STATEMENT_MAX, NUMBER_MAX = 1048576, 491520, 2 ** 53
KINDS = ("update", "score", "close", "rollback", "evidence", "reconcile", "leave", "reconfigure", "recount",
         "sign_off")
BY_VALIDATORS = ("close", "rollback", "reconfigure", "recount")
PHASES = ("collect", "score", "rollback")


@dataclass
class Envelope:
    message: cose.Message
    body: bytes
    kind: str
    sequence: int
    federation_id: bytes
    epoch: int
    built_on: bytes
    signer: bytes
    leaf: bytes = b""
    facts: dict = field(default_factory=dict)


def parse(data):
    if len(data) > SIZE_MAX:
        raise Refused("limit")
    m = cose.parse_attached(data)
    if len(data) - sum(map(len, m.attached)) > STATEMENT_MAX:
        raise Refused("limit")
    if m.content_type != cose.ENTRY:
        raise Refused("unknown")
    r = cbor.Reader(m.payload)

    def kind():
        name = r.text()
        if name not in KINDS:
            raise Refused("unknown")
        return name

    def schema():
        if r.uint() != 1:
            raise Refused("unknown")

    p = r.fields(body=r.raw, kind=kind, schema=schema, sequence=r.uint, federation_id=lambda: r.bytes(32),
                 federated_epoch=r.uint, ledger_block_id=lambda: r.bytes(32), node_fingerprint=lambda: r.bytes(32))
    r.done()
    if m.kid != p["node_fingerprint"] or m.subject != p["kind"]:
        raise Refused("mismatch")
    if m.attached and p["kind"] != "evidence":
        raise Refused("range")
    return Envelope(m, p["body"], p["kind"], p["sequence"], p["federation_id"], p["federated_epoch"],
                    p["ledger_block_id"], p["node_fingerprint"])


# ---- bodies

def _number(r):
    value = r.uint()
    if value > NUMBER_MAX:
        raise Refused("range")
    return value


def _delta(r):
    value = r.int()
    if abs(value) > NUMBER_MAX:
        raise Refused("range")
    return value


def _counted(r, most):
    count = r.array()
    if count > most:
        raise Refused("limit")
    return range(count)


def _decode_update(s, e):
    r = cbor.Reader(e.body)
    body = r.fields(delta=lambda: _delta(r),
                    genomes=lambda: [r.fields(cost=lambda: _number(r), genome=r.raw) for _ in _counted(r, 8)],
                    iterations=lambda: _number(r), evaluations=lambda: _number(r))
    r.done()
    if len(body["genomes"]) > s.policy["migrants"]:
        raise Refused("limit")
    body["genomes"] = [(genome.decode(s.schema, g["genome"]), sha256(g["genome"]), g["cost"])
                       for g in body["genomes"]]
    return body


def _decode_score(s, e):
    r = cbor.Reader(e.body)
    body = r.fields(costs=lambda: [_number(r) for _ in _counted(r, 256)], candidates=lambda: r.bytes(32))
    r.done()
    return body


def _decode_close(s, e):
    r = cbor.Reader(e.body)

    def phase():
        name = r.text()
        if name not in PHASES:
            raise Refused("unknown")
        return PHASES.index(name)

    body = r.fields(phase=phase, attempt=lambda: _number(r))
    r.done()
    return body


def _decode_rollback(s, e):
    r = cbor.Reader(e.body)
    body = r.fields(to_epoch=lambda: _number(r))
    r.done()
    return body


def _decode_reconcile(s, e):
    r = cbor.Reader(e.body)
    body = r.fields(height=lambda: _number(r), block_id=lambda: r.bytes(32))
    r.done()
    return body


def _decode_leave(s, e):
    r = cbor.Reader(e.body)
    r.map(0)
    r.done()
    return {}


def _decode_recount(s, e):
    r = cbor.Reader(e.body)
    body = r.fields(cost=lambda: _number(r), number=lambda: genesis.read_ranged(r, 0, 255),
                    leaf_hash=lambda: r.bytes(32))
    r.done()
    return body


def _read_change(r):
    r.map(1)
    if r.accept("join"):
        return "join", r.fields(card=lambda: genesis.read_card(r), sponsor=lambda: genesis.read_name(r))
    if r.accept("leave"):
        return "leave", genesis.read_name(r)
    if r.accept("stake"):
        return "stake", r.fields(name=lambda: genesis.read_name(r), stake=lambda: genesis.read_ranged(r, 1, 10 ** 9))
    if r.accept("protocol"):
        return "protocol", genesis.read_ranged(r, 2, 65535)
    r.key("rotate")
    return "rotate", r.fields(key=lambda: r.bytes(32), name=lambda: genesis.read_name(r))


def _check_possession(s, change, until, proof):
    kind, what = change
    if not has_key(change):
        if proof:
            raise Refused("range")
        return
    key = what["card"]["key"] if kind == "join" else what["key"]
    if not cose.ed25519.key_acceptable(key):
        raise Refused("key")
    m = cose.parse(proof, cose.POSSESSION, "possession")
    wanted = cbor.encode({"until": until, "change": {kind: what}, "federation_id": s.federation_id})
    if m.payload != wanted:
        raise Refused("mismatch")
    m.verify(key)


def _decode_reconfigure(s, e):
    r = cbor.Reader(e.body)
    body = r.fields(proof=r.bytes, until=r.uint, change=lambda: _read_change(r))
    r.done()
    _check_possession(s, body["change"], body["until"], body["proof"])
    body["ballot"] = sha256(e.body)
    return body


def _statement(data):
    """One side of a contradiction of votes: what it is about, and what it says."""
    m = cose.parse(data)
    subjects = {cose.VOTE: ("commit",), cose.STATEMENT: ("pre-prepare", "prepare", "checkpoint")}
    if m.subject not in subjects.get(m.content_type, ()):
        raise Refused("type")
    r = cbor.Reader(m.payload)
    r.map(5)
    r.key("view")
    view = r.raw()
    r.key("block_id" if m.content_type == cose.VOTE else "digest")
    digest = r.bytes(32)
    r.key("sequence")
    sequence = r.raw()
    r.key("federation_id")
    federation = r.bytes(32)
    r.key("membership_epoch")
    epoch = r.uint()
    r.done()
    return m, (m.kid, m.content_type, m.subject, epoch, view, sequence, federation), digest


def _read_votes(s, first, second):
    a, place, digest = _statement(first)
    b, other_place, other = _statement(second)
    if place != other_place or digest == other:
        raise Refused("mismatch")
    if place[6] != s.federation_id:
        raise Refused("mismatch")
    return {"votes": True, "messages": (a, b), "signer": a.kid, "membership_epoch": place[3]}


def _read_envelopes(s, first, second):
    envelopes = []
    for data in (first, second):
        e = parse(data)
        if e.message.attached:
            raise Refused("range")
        if e.federation_id != s.federation_id:
            raise Refused("mismatch")
        envelopes.append(e)
    a, b = envelopes
    if a.signer != b.signer or a.sequence != b.sequence:
        raise Refused("mismatch")
    if a.message.payload == b.message.payload:
        raise Refused("duplicate")
    return {"votes": False, "messages": (a.message, b.message), "signer": a.signer}


def _decode_evidence(s, e):
    r = cbor.Reader(e.body)
    body = r.fields(first=lambda: r.bytes(32), second=lambda: r.bytes(32))
    r.done()
    attached = e.message.attached
    if len(attached) != 2:
        raise Refused("missing")
    if [sha256(a) for a in attached] != [body["first"], body["second"]]:
        raise Refused("mismatch")
    of_entries = cose.parse(attached[0]).content_type == cose.ENTRY
    body = (_read_envelopes if of_entries else _read_votes)(s, *attached)
    body["culprit"] = culprit = s.find(body["signer"])
    if culprit < 0 or (body["votes"] and not s.members[culprit].votes):
        raise Refused("unknown")
    if body["votes"] and body["membership_epoch"] > s.membership_epoch:
        raise Refused("mismatch")
    for m in body["messages"]:
        m.verify(s.members[culprit].card["key"])
    return body


DECODE = {"update": _decode_update, "score": _decode_score, "close": _decode_close, "rollback": _decode_rollback,
          "evidence": _decode_evidence, "reconcile": _decode_reconcile, "leave": _decode_leave,
          "reconfigure": _decode_reconfigure, "recount": _decode_recount,
          "sign_off": lambda s, e: governance.decode(s, e, cbor.Reader(e.body))}


# ---- admissible?

def _judge_epoch(s, e):
    if e.epoch > s.epoch:
        raise Refused("again")
    if e.epoch < s.epoch:
        raise Refused("stale")


def _contributes(s, m):
    if not s.members[m].in_standing or not s.in_cohort(m):
        raise Refused("state")


def _judge_update(s, e, m, b):
    _contributes(s, m)
    if e.epoch > s.epoch:
        raise Refused("again")
    if s.contribution(m).updated or e.epoch <= s.members[m].counted_epoch:
        raise Refused("duplicate")
    if s.phase != "collect":
        raise Refused("again")
    if s.epoch - e.epoch > s.policy["max_ledger_drift"]:
        raise Refused("stale")


def _judge_score(s, e, m, b):
    _contributes(s, m)
    _judge_epoch(s, e)
    if s.phase != "score":
        raise Refused("again" if s.phase == "collect" else "stale")
    if s.contribution(m).scored:
        raise Refused("duplicate")
    if len(b["costs"]) != len(s.candidates) or b["candidates"] != sha256(b"".join(c.hash for c in s.candidates)):
        raise Refused("mismatch")


def _judge_close(s, e, m, b):
    _judge_epoch(s, e)
    for said, is_now in ((b["phase"], PHASES.index(s.phase)), (b["attempt"], s.attempt)):
        if said != is_now:
            raise Refused("stale" if said < is_now else "again")
    if s.closing:
        raise Refused("duplicate")


def _judge_rollback(s, e, m, b):
    _judge_epoch(s, e)
    if s.phase != "rollback":
        raise Refused("again")
    if b["to_epoch"] != s.rollback_epoch:
        raise Refused("mismatch")
    if s.restoring:
        raise Refused("duplicate")


def _judge_evidence(s, e, m, b):
    if s.members[b["culprit"]].status == "convicted":
        raise Refused("duplicate")


def _judge_reconcile(s, e, m, b):
    member = s.members[m]
    if member.status not in ("quarantined", "absent"):
        raise Refused("state")
    sits_out = member.status == "quarantined" and s.epoch - member.found_epoch < member.false_claims
    barred = s.governance is not None and member.status == "quarantined" and m in s.governance.barred
    if b["height"] > s.height or sits_out or barred:
        raise Refused("again")
    back = s.height - b["height"]
    if back > len(s.recent):
        raise Refused("stale")
    if b["block_id"] != (s.block_id if back == 0 else s.recent[-back]):
        raise Refused("mismatch")


def _judge_reconfigure(s, e, m, b):
    kind = b["change"][0]
    if b["until"] < s.epoch:
        raise Refused("stale")
    if b["until"] - s.epoch > 64:
        raise Refused("range")
    if b["ballot"] in s.ballots[m]:
        raise Refused("duplicate")
    joins = sum("join" in c for c in s.changes)
    if len(s.changes) == CHANGES_MAX or (kind == "join" and joins >= s.policy["joins_per_epoch"]):
        raise Refused("limit")
    if subject_of(b["change"]) in [subject_of(next(iter(c.items()))) for c in s.changes]:
        raise Refused("duplicate")
    fits(s, b["change"])


def subject_of(change):
    """Whose change it is."""
    kind, what = change
    if kind == "protocol":
        return ""  # nobody's: one at a time, too
    return what["card"]["name"] if kind == "join" else what if kind == "leave" else what["name"]


def _check_of(s, b):
    return next((c for c in s.checks if c.number == b["number"] and c.leaf_hash == b["leaf_hash"]), None)


def _judge_recount(s, e, m, b):
    if e.epoch > s.epoch:
        raise Refused("again")
    check = _check_of(s, b)
    if check is None:
        raise Refused("unknown")
    if check.member == m or not s.members[check.member].stays:
        raise Refused("state")
    if b["cost"] == check.cost:
        raise Refused("mismatch")
    if m in [member for member, _ in check.recounts]:
        raise Refused("duplicate")


JUDGE = {"update": _judge_update, "score": _judge_score, "close": _judge_close, "rollback": _judge_rollback,
         "evidence": _judge_evidence, "reconcile": _judge_reconcile, "leave": lambda s, e, m, b: None,
         "reconfigure": _judge_reconfigure, "recount": _judge_recount, "sign_off": governance.judge}


# ---- effects

def _apply_update(s, e, m, b):
    c = s.make_contribution(m)
    c.updated, c.delta, c.staleness = True, b["delta"], s.epoch - e.epoch
    c.height, c.leaf_hash, c.built_on = s.height + 1, e.leaf, e.built_on
    c.offers = [Candidate(s.members[m].fingerprint, g, h, cost, c.staleness) for g, h, cost in b["genomes"]]
    s.change(m, status="active", last_epoch=s.epoch, counted_epoch=e.epoch)


def _apply_score(s, e, m, b):
    c = s.make_contribution(m)
    c.scored, c.row_hash, c.row_built_on, c.costs = True, e.leaf, e.built_on, b["costs"]
    s.change(m, status="active")


def _apply_close(s, e, m, b):
    s.closing = True


def _apply_rollback(s, e, m, b):
    s.restoring = True


def _apply_evidence(s, e, m, b):
    governance.respond(s, "equivocation", b["culprit"])
    s.change(b["culprit"], status="convicted")
    s.contributions.pop(b["culprit"], None)


def _apply_reconcile(s, e, m, b):
    s.change(m, status="active", last_epoch=s.epoch)


def _apply_leave(s, e, m, b):
    s.change(m, status="left")


def _apply_reconfigure(s, e, m, b):
    ballot, (kind, what) = b["ballot"], b["change"]
    s.ballots[m] = s.ballots[m][-3:] + [ballot]
    signed = [i for i in s.validators if ballot in s.ballots[i]]
    voices = sum(s.members[i].stays for i in signed)
    sponsor = s.find_name(what["sponsor"]) if kind == "join" else -1
    if voices < s.quorum or (sponsor >= 0 and sponsor not in signed):
        return
    s.changes.append({kind: what})
    for i in s.validators:
        s.ballots[i] = [x for x in s.ballots[i] if x != ballot]


def _apply_recount(s, e, m, b):
    check = _check_of(s, b)
    check.recounts.append((m, b["cost"]))
    voices = sum(cost == b["cost"] and s.members[i].votes and s.members[i].stays for i, cost in check.recounts)
    if voices <= s.max_byzantine:
        return
    author = check.member
    status = s.members[author].status if governance.respond(s, "false_claim", author) == "warn" else "quarantined"
    s.change(author, status=status, found_epoch=s.epoch, false_claims=s.members[author].false_claims + 1)
    s.contributions.pop(author, None)
    s.checks = [c for c in s.checks if c.member != author]


APPLY = {"update": _apply_update, "score": _apply_score, "close": _apply_close, "rollback": _apply_rollback,
         "evidence": _apply_evidence, "reconcile": _apply_reconcile, "leave": _apply_leave,
         "reconfigure": _apply_reconfigure, "recount": _apply_recount, "sign_off": governance.apply}


# ---- one entry

def _judge(s, e):
    if e.federation_id != s.federation_id:
        raise Refused("mismatch")
    m = s.find(e.signer)
    if m < 0:
        raise Refused("unknown")
    e.message.verify(s.members[m].card["key"])
    if e.built_on == bytes(32):
        raise Refused("missing")
    body = DECODE[e.kind](s, e)
    member = s.members[m]
    if not member.stays:
        raise Refused("state")
    if e.sequence <= member.sequence:
        raise Refused("duplicate")
    if (e.kind in BY_VALIDATORS and not member.votes) or (e.kind == "leave" and member.votes):
        raise Refused("state")
    if s.governance is not None and 0 < s.governance.revoked_from(member.fingerprint) <= s.epoch:
        raise Refused("revoked")
    if governance.halted(s) and e.kind in governance.WAITS:
        raise Refused("again")
    JUDGE[e.kind](s, e, m, body)
    if e.built_on != s.block_id and e.built_on not in s.recent:
        raise Refused("again")
    return m, body


def execute(s, data):
    """Changes s; returns the verdict, a key of refused.TEXTS."""
    try:
        e = parse(data)
    except Refused as refused:
        return refused.why
    e.leaf = entry_leaf(data)
    try:
        m, body = _judge(s, e)
    except Refused as refused:
        if e.kind == "update" and refused.why == "stale":  # too late: it must reconcile first
            s.change(s.find(e.signer), sequence=e.sequence, status="quarantined")
        return "state" if refused.why == "again" else refused.why
    s.change(m, sequence=e.sequence)
    APPLY[e.kind](s, e, m, body)
    return "accepted"
