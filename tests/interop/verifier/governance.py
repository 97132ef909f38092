"""What governors sign off (docs/rfc/M5-federation.md section 10): statements, agreement, and what comes of it."""

import re
from dataclasses import dataclass, field, replace

from . import ed25519, genesis, text
from .cose import fingerprint
from .merkle import sha256
from .refused import Refused

SIZE_MAX, SIGNATURES_MAX, EPOCHS_MAX, OPENED_MAX, HELD_MAX, LISTED_MAX = 65536, 32, 64, 8, 8, 64
NUMBER_MAX = 2 ** 53
SETTINGS = {"approval": (0, 1), "trim_ppm": (0, 499999), "margin_ppm": (0, 10 ** 6), "rollback_ppm": (0, 10 ** 6),
            "stake_cap_ppm": (1, 10 ** 6), "max_ledger_drift": (0, 10 ** 6), "stale_discount_ppm": (0, 10 ** 6)}
PARTS = {"FEDERATED_APPLY": ("epoch", "genome"), "POLICY": ("policy",), "QUARANTINE": ("member",),
         "RELEASE": ("member",), "ROLLBACK": ("epoch",), "HALT": (), "RESUME": (),
         "ROTATE_KEY": ("governor", "key", "from"), "REVOKE_KEY": ("fingerprint", "from")}
RESPONSES = {"drift": ("quarantine", "warn", "halt"), "abandoned": ("warn", "halt"),
             "regression": ("roll_back", "warn", "hold", "halt"), "false_claim": ("quarantine", "warn", "halt"),
             "equivocation": ("warn", "halt")}
WAITS = ("update", "score", "close", "rollback", "reconcile", "recount")
_HEX = re.compile("[0-9a-f]{64}")


# ---- genesis

def _key(r):
    key = r.bytes(32)
    if not ed25519.key_acceptable(key):
        raise Refused("key")
    return key


def read_rules(r):
    def keys():
        count = r.array()
        if not 1 <= count <= 16:
            raise Refused("limit")
        found = [_key(r) for _ in range(count)]
        if len(set(found)) < count:
            raise Refused("duplicate")
        return found

    def response(violation):
        name = r.text()
        if name not in RESPONSES[violation]:
            raise Refused("range")
        return name

    rules = r.fields(keys=keys, approval=r.bool,
                     responses=lambda: r.fields(**{v: lambda v=v: response(v) for v in RESPONSES}),
                     threshold=r.uint)
    if not 1 <= rules["threshold"] <= len(rules["keys"]):
        raise Refused("range")
    return rules


# ---- the part of the state

@dataclass
class Governor:
    key: bytes
    revoked_from: int = 0
    next_from: int = 0
    next: bytes = b""


@dataclass
class Proposal:
    statement: bytes
    until: int
    opener: int
    signers: int = 0
    possession: bool = False
    done: bool = False


@dataclass
class Governance:
    governors: list
    threshold: int
    approval: bool
    responses: dict
    proposals: list = field(default_factory=list)
    held: list = field(default_factory=list)
    due: object = None
    due_from: int = 0
    next: dict = field(default_factory=dict)
    barred: list = field(default_factory=list)
    revoked: list = field(default_factory=list)
    halted: bool = False
    notes: list = field(default_factory=list)  # violations of the block, at most 16; not in the state root

    def copy(self):
        return replace(self, governors=[replace(g) for g in self.governors],
                       proposals=[replace(p) for p in self.proposals], held=list(self.held), next=dict(self.next),
                       barred=list(self.barred), revoked=list(self.revoked), notes=[])

    def find(self, kid):
        return next((i for i, g in enumerate(self.governors) if fingerprint(g.key) == kid), -1)

    def counts(self, i, epoch):
        return self.governors[i].revoked_from == 0 or epoch < self.governors[i].revoked_from

    def has_key(self, kid):
        return self.find(kid) >= 0 or any(g.next_from and fingerprint(g.next) == kid for g in self.governors)

    def revoked_from(self, kid):
        return next((since for key, since in self.revoked if key == kid), 0)

    def item(self, policy):
        now = {"approval": int(self.approval), **{k: policy[k] for k in SETTINGS if k != "approval"}}
        return {"due": [self.due.item()] if self.due else [], "held": [a.item() for a in self.held],
                "next": self.next, "barred": self.barred, "halted": self.halted, "policy": now,
                "revoked": [list(x) for x in self.revoked], "due_from": self.due_from,
                "governors": [[g.key, g.revoked_from, g.next_from, g.next] for g in self.governors],
                "proposals": [[p.statement, p.until, p.opener, p.signers, p.possession, p.done]
                              for p in self.proposals]}


def founded(rules):
    return rules and Governance([Governor(k) for k in rules["keys"]], rules["threshold"], rules["approval"],
                                rules["responses"])


def halted(s):
    return s.governance is not None and s.governance.halted


def respond(s, violation, member=-1):
    if s.governance is None:
        return RESPONSES[violation][0]
    response = s.governance.responses[violation]
    if len(s.governance.notes) < 16:
        s.governance.notes.append((violation, response, member))
    if response == "halt":
        s.governance.halted = True
    return response


# ---- statements

def _json(data):
    try:
        value, _ = text.parse(data)
    except (ValueError, UnicodeDecodeError):
        raise Refused("syntax") from None
    if text.canonical(value).encode() != data or not isinstance(value, dict):
        raise Refused("canonical")
    return value


def _shape(value, keys, optional=()):
    if not isinstance(value, dict) or not set(keys) <= set(value) <= set(keys) | set(optional):
        raise Refused("unknown")


def _hex(value):
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise Refused("syntax")
    return bytes.fromhex(value)


def _number(value, least=0, most=NUMBER_MAX):
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused("range")
    return value


def _predicate(p):
    if not isinstance(p, dict) or p.get("action") not in PARTS:
        raise Refused("unknown")
    _shape(p, ("action", "serial", "until") + PARTS[p["action"]], ("reason",))
    out = {**p, "serial": _number(p["serial"]), "until": _number(p["until"], 1)}
    if "reason" in p and not (isinstance(p["reason"], str) and 1 <= len(p["reason"].encode()) <= 200):
        raise Refused("range")
    for part in PARTS[p["action"]]:
        if part in ("epoch", "from"):
            out[part] = _number(p[part], part == "from")
        elif part == "policy":
            _shape(p[part], (), SETTINGS)
            if not p[part]:
                raise Refused("missing")
            out[part] = {k: _number(v, *SETTINGS[k]) for k, v in p[part].items()}
        elif part == "member":
            if not isinstance(p[part], str) or not genesis.name_valid(p[part], genesis.NAME_MAX):
                raise Refused("syntax")
        else:
            out[part] = _hex(p[part])
    if "key" in PARTS[p["action"]] and not ed25519.key_acceptable(out["key"]):
        raise Refused("key")
    return out


def read(reader):
    """The body of a sign_off entry, of whatever federation; nothing is verified."""
    data = reader.fields(envelope=reader.bytes)["envelope"]
    reader.done()
    if len(data) > SIZE_MAX:
        raise Refused("limit")
    envelope = _json(data)
    _shape(envelope, ("payload", "payloadType", "signatures"))
    payload = text.from_base64(envelope["payload"])
    signatures = []
    for one in envelope["signatures"]:
        _shape(one, ("keyid", "sig"))
        signatures.append((_hex(one["keyid"]), text.from_base64(one["sig"])))
    kids = [kid for kid, _ in signatures]
    if len(kids) > SIGNATURES_MAX or any(len(sig) != 64 for _, sig in signatures):
        raise Refused("limit")
    if kids != sorted(set(kids)):
        raise Refused("duplicate" if len(set(kids)) < len(kids) else "canonical")
    if envelope["payloadType"] != "application/vnd.in-toto+json":
        raise Refused("type")
    if not kids:
        raise Refused("missing")
    statement = _json(payload)
    _shape(statement, ("_type", "subject", "predicateType", "predicate"))
    subject = statement["subject"]
    if statement["_type"] != "https://in-toto.io/Statement/v1" or \
            statement["predicateType"] != "urn:prismfed:governance:v1" or not isinstance(subject, list) or \
            len(subject) != 1:
        raise Refused("type")
    _shape(subject[0], ("name", "digest"))
    _shape(subject[0]["digest"], ("sha256",))
    if subject[0]["name"] != "federation":
        raise Refused("type")
    kind = envelope["payloadType"]
    return {"what": _predicate(statement["predicate"]), "statement": sha256(payload), "kids": kids,
            "federation_id": _hex(subject[0]["digest"]["sha256"]), "signatures": signatures,
            "pae": f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload}


def decode(s, e, reader):
    body = read(reader)
    if body["federation_id"] != s.federation_id:
        raise Refused("mismatch")
    if s.governance is None:
        raise Refused("state")
    for kid, signature in body["signatures"]:
        at = s.governance.find(kid)
        key = s.governance.governors[at].key if at >= 0 else body["what"]["key"] if _is_newcomer(body, kid) else None
        if key is not None and not ed25519.verify(key, body["pae"], signature):
            raise Refused("signature")
    return body


def _is_newcomer(body, kid):
    return body["what"]["action"] == "ROTATE_KEY" and fingerprint(body["what"]["key"]) == kid


# ---- admissible?

def _voices(s, body):
    """Whose signatures count (a bit each), whether one is of a revoked key, and whether the new key has signed."""
    g, bits, revoked = s.governance, 0, False
    for kid in body["kids"]:
        at = g.find(kid)
        if at >= 0 and g.counts(at, s.epoch):
            bits |= 1 << at
        elif at >= 0:
            revoked = True
    return bits, revoked, any(_is_newcomer(body, kid) for kid in body["kids"])


def _first(bits):
    return (bits & -bits).bit_length() - 1


def _proposal(g, statement):
    return next((p for p in g.proposals if p.statement == statement), None)


def judge(s, e, m, body):
    g, what = s.governance, body["what"]
    bits, revoked, possession = _voices(s, body)
    if what["until"] < s.epoch:
        raise Refused("stale")
    if what["until"] - s.epoch > EPOCHS_MAX:
        raise Refused("range")
    nobody = "revoked" if revoked else "unknown"
    p = _proposal(g, body["statement"])
    if p is None:
        if not bits:
            raise Refused(nobody)
        if sum(x.opener == _first(bits) for x in g.proposals) >= OPENED_MAX:
            raise Refused("limit")
    elif p.done:
        raise Refused("duplicate")
    elif not bits & ~p.signers and not (possession and not p.possession):
        raise Refused("duplicate" if bits or possession else nobody)
    _JUDGE[what["action"]](s, what)


def _judge_apply(s, what):
    held = next((a for a in s.governance.held if a.epoch == what["epoch"]), None)
    if held is None:
        raise Refused("again" if what["epoch"] >= s.epoch else "state")
    if held.hash != what["genome"]:
        raise Refused("mismatch")


def _judge_quarantine(s, what):
    at = s.find_name(what["member"])
    if at < 0:
        raise Refused("unknown")
    if not s.members[at].stays:
        raise Refused("state")
    if at in s.governance.barred:
        raise Refused("duplicate")
    if len(s.governance.barred) == LISTED_MAX:
        raise Refused("limit")


def _judge_release(s, what):
    at = s.find_name(what["member"])
    if at < 0:
        raise Refused("unknown")
    if at not in s.governance.barred:
        raise Refused("state")


def _anchor(s, epoch):
    return next((a for a in reversed(s.anchors) if a.epoch == epoch), None)


def _judge_rollback(s, what):
    anchor = _anchor(s, what["epoch"])
    if anchor is None:
        raise Refused("again" if what["epoch"] >= s.epoch else "unknown")
    if anchor.hash == s.incumbent_hash:
        raise Refused("duplicate")


def _judge_halt(s, what):
    if s.governance.halted == (what["action"] == "HALT"):
        raise Refused("state")


def _judge_from(s, what):
    if what["from"] <= s.epoch:
        raise Refused("stale")
    if what["from"] - s.epoch > EPOCHS_MAX:
        raise Refused("range")


def _judge_rotate(s, what):
    g, kid = s.governance, fingerprint(what["key"])
    if g.find(what["governor"]) < 0:
        raise Refused("unknown")
    if g.has_key(kid) or g.revoked_from(kid):
        raise Refused("duplicate")
    _judge_from(s, what)


def _judge_revoke(s, what):
    g, kid = s.governance, what["fingerprint"]
    _judge_from(s, what)
    at = g.find(kid)
    if at < 0 and s.find(kid) < 0:
        raise Refused("unknown")
    if at >= 0:
        if g.governors[at].revoked_from:
            raise Refused("duplicate")
        left = sum(i != at and (not x.revoked_from or x.next_from > 0) for i, x in enumerate(g.governors))
        if left < g.threshold:
            raise Refused("limit")
        return
    if g.revoked_from(kid):
        raise Refused("duplicate")
    if len(g.revoked) == LISTED_MAX:
        raise Refused("limit")


_JUDGE = {"FEDERATED_APPLY": _judge_apply, "POLICY": lambda s, what: None, "QUARANTINE": _judge_quarantine,
          "RELEASE": _judge_release, "ROLLBACK": _judge_rollback, "HALT": _judge_halt, "RESUME": _judge_halt,
          "ROTATE_KEY": _judge_rotate, "REVOKE_KEY": _judge_revoke}


# ---- taking effect

def apply(s, e, m, body):
    g = s.governance
    bits, _, possession = _voices(s, body)
    p = _proposal(g, body["statement"])
    if p is None:
        p = Proposal(body["statement"], body["what"]["until"], _first(bits))
        g.proposals.append(p)
    p.signers |= bits
    p.possession = p.possession or possession
    voices = sum(p.signers >> i & 1 and g.counts(i, s.epoch) for i in range(len(g.governors)))
    if voices < g.threshold or (body["what"]["action"] == "ROTATE_KEY" and not p.possession):
        return
    p.done = True
    _make(s, g, body["what"])


def _make(s, g, what):
    action = what["action"]
    if action == "FEDERATED_APPLY":
        g.due, g.due_from = next(a for a in g.held if a.epoch == what["epoch"]), 0
    elif action == "POLICY":
        g.next.update(what["policy"])
    elif action == "QUARANTINE":
        at = s.find_name(what["member"])
        g.barred = sorted(g.barred + [at])
        s.change(at, status="quarantined")
        s.contributions.pop(at, None)
    elif action == "RELEASE":
        g.barred.remove(s.find_name(what["member"]))
    elif action == "ROLLBACK":
        g.due, g.due_from = _anchor(s, what["epoch"]), what["epoch"]
    elif action == "ROTATE_KEY":
        governor = g.governors[g.find(what["governor"])]
        governor.next, governor.next_from = what["key"], what["from"]
    elif action == "REVOKE_KEY":
        at = g.find(what["fingerprint"])
        if at >= 0:
            g.governors[at].revoked_from = what["from"]
        else:
            g.revoked.append((what["fingerprint"], what["from"]))
    else:
        g.halted = action == "HALT"


def hold(g, winner):
    known = [a.hash for a in g.held] + ([g.due.hash] if g.due else [])
    if winner.hash not in known:
        g.held = g.held[-(HELD_MAX - 1):] + [winner]


def done(g):
    """What is due is the incumbent now."""
    at = next((i for i, a in enumerate(g.held) if a.hash == g.due.hash), None)
    if at is not None:
        g.held = g.held[at + 1:]
    g.due, g.due_from = None, 0


def close_epoch(s):
    """Before the members change; s.epoch is the next one already."""
    g = s.governance
    if g is None:
        return
    settings, g.next = g.next, {}
    if "approval" in settings:
        g.approval = settings["approval"] != 0
    s.policy = {**s.policy, **{k: v for k, v in settings.items() if k != "approval"}}
    for i, governor in enumerate(g.governors):
        if governor.next_from and s.epoch >= governor.next_from:
            g.governors[i] = Governor(governor.next)
            for p in g.proposals:
                p.signers &= ~(1 << i)
    g.proposals = [p for p in g.proposals if p.until >= s.epoch]


# ---- META-GOVERNANCE-LOG.md

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def _short(digest):
    return f" `{digest.hex()[:16]}`"


def log_heading(s):
    g = s.governance
    if g is None:
        return ""
    needs = "is held until they do" if g.approval else "needs nobody's approval"
    out = f"# Governance of {s.name}\n\nFederation `{s.federation_id.hex()}`. Of {len(g.governors)} governors " \
          f"{g.threshold} have to sign; a new genome {needs}.\n\n"
    for i, governor in enumerate(g.governors, 1):
        out += f"{i}. `{fingerprint(governor.key).hex()}`\n"
    return out + "\n| epoch | block | brought in by | what | signed by governor | signatures | what came of it |\n" \
                 "|---|---|---|---|---|---|---|\n"


def _told(what):
    action, out = what["action"], what["action"]
    if action in ("FEDERATED_APPLY", "ROLLBACK"):
        out += f" of epoch {what['epoch']}"
    for part in ("genome", "governor", "fingerprint"):
        out += _short(what[part]) if part in what else ""
    out += " to" + _short(fingerprint(what["key"])) if "key" in what else ""
    out += f" from epoch {what['from']}" if "from" in what else ""
    out += f" of {what['member']}" if "member" in what else ""
    for setting in SETTINGS:
        out += f" {setting}={what['policy'][setting]}" if setting in what.get("policy", {}) else ""
    out += f", number {what['serial']}"
    return out + (": " + _PUNCTUATION.sub(r"\\\1", what["reason"]) if "reason" in what else "")


def _signers(g, kids, epoch):
    out = []
    for kid in kids:
        at = g.find(kid)
        out.append("another key" if at < 0 else f"{at + 1}" + ("" if g.counts(at, epoch) else " (revoked, not counted)"))
    return ", ".join(out)


def log_row(s, e, body, header, verdict, texts):
    """s: after the block."""
    g, p, member = s.governance, _proposal(s.governance, body["statement"]), s.find(e.signer)
    row = f"| {header['federated_epoch']} | {header['height']} | {s.members[member].name if member >= 0 else ''} | " \
          f"{_told(body['what'])} | {_signers(g, body['kids'], header['federated_epoch'])}"
    if p is None:
        row += " | | "
    else:
        voices = sum(p.signers >> i & 1 and g.counts(i, s.epoch) for i in range(len(g.governors)))
        row += f" | {voices} of {g.threshold} | "
    if verdict != "accepted":
        return row + f"refused: {texts[verdict]} |\n"
    return row + ("agreed" if p is not None and p.done else "waits") + " |\n"


def log_notes(s, header):
    out = ""
    for violation, response, member in s.governance.notes:
        by = f" by {s.members[member].name}" if member >= 0 else ""
        out += f"| {header['federated_epoch']} | {header['height']} | | violation: {violation}{by} | | | {response} |\n"
    return out
