"""The summary of a run: what of it follows from the log, what has only a form, and who vouches for its end."""

from . import cbor, cose
from .epoch_file import outcome_json
from .genome import named_values
from .merkle import sha256
from .refused import Refused
from .text import canonical, difference, from_base64, number, same, same_order, to_base64, view

# What only the recorder saw: docs/rfc/M5-federation.md section 7. A "?" in front: the key may be absent.
WHOLE = {"seed": "decimal", "scenario_sha256": "sha256", "gain": "count"}
EPOCH = {"view_changes": "count", "stalled": "boolean", "virtual_ms": "count"}
EVENT = {"kind": "text", "node_id": "text or null", "?behaviour": "text", "ends": "boolean", "effect": "boolean",
         "epoch": "count", "virtual_ms": "count"}
NETWORK = {"messages": "count", "bytes": "count", "dropped": "count"}
WORK = {"evaluations": "count", "iterations": "count"}
NODE = {"node_id": "text", "role": "text", "site": "text", "region": "text", "stake": "count", "up": "boolean",
        "height": "count", "restarts": "count"}
COST = {"node_id": "text", "unit": "text or null", "first": "real", "last": "real"}
ROOTS = {"agree": "boolean"}


# ---- form

def _is_decimal(value):
    return isinstance(value, str) and value.isascii() and value.isdigit() and str(int(value)) == value and \
        int(value) < 2 ** 64


def _fits(value, kind):
    if kind == "count":
        if isinstance(value, int) and not isinstance(value, bool):
            return 0 <= value <= 2 ** 53
        return _is_decimal(value) and int(value) > 2 ** 53
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "real":
        return isinstance(value, float)
    if kind == "decimal":
        return _is_decimal(value)
    if kind == "sha256":
        return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")
    if kind == "text or null" and value is None:
        return True
    return isinstance(value, str) and 1 <= len(value.encode()) <= 128


def _check_form(value, pointer, fields, closed, complain):
    value = value if isinstance(value, dict) else {}
    for key, kind in fields.items():
        name = key.lstrip("?")
        if name not in value and key != name:
            continue
        if name not in value or not _fits(value[name], kind):
            complain(f"{pointer}/{name}", f"expected a {kind}")
    if closed and [k for k in value if k not in [f.lstrip("?") for f in fields]]:
        complain(pointer, "expected no other key here")
    wanted = [f.lstrip("?") for f in fields if f.lstrip("?") in value]
    if closed and [k for k in value if k in wanted] != wanted:
        complain(pointer, "expected these keys in another order")


def check_form(doc, path, report):
    before = len(report.findings)

    def complain(pointer, text):
        report.fail("PF-SUMMARY-FORM", path + pointer, text)

    _check_form(doc, "", WHOLE, False, complain)
    for key, fields, closed in (("epochs", EPOCH, False), ("events", EVENT, True), ("nodes", NODE, False),
                                ("costs", COST, True)):
        if not isinstance(doc.get(key), list):
            complain("/" + key, "expected an array")
            continue
        for i, item in enumerate(doc[key]):
            _check_form(item, f"/{key}/{i}", fields, closed, complain)
    _check_form(doc.get("network"), "/network", NETWORK, True, complain)
    _check_form(doc.get("work"), "/work", WORK, True, complain)
    _check_form(doc.get("roots"), "/roots", ROOTS, False, complain)
    if len(report.findings) == before:
        report.ok("PF-SUMMARY-FORM")


# ---- writing it anew

def _of(value, key):
    return value.get(key) if isinstance(value, dict) else None


def _items(value):
    return value if isinstance(value, list) else []


def _shards(state, owners):
    out = {}
    for i, m in enumerate(state.members):
        if owners.count(i):
            out[m.name] = owners.count(i)
    return out


class Expected:
    """What the log says a summary must be; `found` gives what only the recorder saw."""

    def __init__(self, audit, found):
        self.epochs, self.state, self.found = audit.epochs, audit.state, found
        self.first_owners, self.log, self.label, self.names = audit.first_owners, audit.log, audit.label, audit.names

    def _epoch(self, found, index, epoch):
        e = self.epochs[index] if index < len(self.epochs) else None
        anchored = e is not None and e.outcome.anchored
        o = outcome_json(e) if e else {"aggregated_delta": 0, "participants": 0, "stale": 0, "absent": 0,
                                       "quarantined": 0, "convicted": 0, "false_claims": 0, "incumbent": None,
                                       "aligned_updates": []}
        before = self.first_owners if index == 0 else self.epochs[index - 1].state.shard_owners() if e else []
        after = e.state.shard_owners() if e else []
        out = {"epoch": number(epoch), "quorum_reached": anchored, "anchored": anchored,
               "aggregated_delta": o["aggregated_delta"],
               "ledger_merkle": e.anchor(self.log)["merkle_root"].hex() if anchored else None,
               "signature": to_base64(e.file.signature) if anchored else None,
               "view_changes": _of(found, "view_changes"), "stalled": _of(found, "stalled"),
               "participants": o["participants"]}
        if "left_out" in o:
            out["left_out"] = o["left_out"]
        for key in ("stale", "absent", "quarantined", "convicted", "false_claims"):
            out[key] = o[key]
        out["shards_moved"] = sum(a != b for a, b in zip(after, before)) if e else 0
        out.update(shards=_shards(self.state, after), incumbent=o["incumbent"], virtual_ms=_of(found, "virtual_ms"),
                   aligned_updates=o["aligned_updates"])
        return out

    def _epochs(self):
        found = _items(_of(self.found, "epochs"))
        first = self.epochs[0].epoch if self.epochs else self.state.epoch
        return [self._epoch(found[i] if i < len(found) else None, i, first + i)
                for i in range(max(len(found), len(self.epochs)))]

    def _recorder(self):
        at = self.state.find_name(_of(_of(self.found, "recorder"), "node_id"))
        if at < 0:
            return {}
        m = self.state.members[at]
        return {"node_id": m.name, "node_fingerprint": m.fingerprint.hex(), "public_key": m.card["key"].hex()}

    def _node(self, found):
        at = self.state.find_name(_of(found, "node_id"))
        out = {"node_id": _of(found, "node_id")}
        if at >= 0:
            m = self.state.members[at]
            out.update({k: m.card[k] for k in ("role", "site", "region", "stake")}, status=m.status,
                       false_claims=m.false_claims)
        else:
            out.update({k: _of(found, k) for k in ("role", "site", "region", "stake")}, status=None, false_claims=None)
        out.update({k: _of(found, k) for k in ("up", "height", "restarts")})
        return out

    def _nodes(self):
        out, listed = [], set()
        for node in _items(_of(self.found, "nodes")):
            at = self.state.find_name(_of(node, "node_id"))
            if at >= 0 and at in listed:
                continue
            listed.add(at)
            out.append(self._node(node))
        return out + [m.name for i, m in enumerate(self.state.members) if i not in listed]

    def _end(self):
        signatures = _items(_of(_of(self.found, "end"), "signatures"))
        signers = []
        for item in signatures:
            try:
                signers.append(self.names.get(read_end(item).kid))
            except Refused:
                signers.append(None)
        return {"decoded": view(end_payload(self.state)), "signers": signers, "signatures": signatures}

    def _genome(self):
        s = self.state
        origin = next((a.origin for a in s.archive if a.hash == s.incumbent_hash), 0)
        return {"hash": s.incumbent_hash.hex(), "offered_by": s.members[origin - 1].name if origin else None,
                "genes": named_values(s.schema, s.incumbent)}

    def json(self):
        s, found, epochs = self.state, self.found, self._epochs()
        return {
            "format": "prismfed.epoch-summary", "version": 1, "scenario": s.name, "label": self.label,
            "federation_id": s.federation_id.hex(), "simulated": s.simulated, "seed": found.get("seed"),
            "scenario_sha256": found.get("scenario_sha256"), "recorder": self._recorder(),
            "quorum": {"validators": len(s.validators), "max_byzantine": s.max_byzantine, "quorum": s.quorum},
            "epoch_count": len(epochs), "epochs": epochs, "events": found.get("events"),
            "network": found.get("network"), "work": found.get("work"), "nodes": self._nodes(),
            "roots": {"log_size": s.log_size, "log_root": s.log_root.hex(), "state_root": s.root().hex(),
                      "agree": _of(found.get("roots"), "agree")},
            "end": self._end(), "genome": self._genome(), "costs": found.get("costs"), "gain": found.get("gain"),
            "summary_signature": found.get("summary_signature")}


# ---- signatures

def check_signature(doc, path, state, report):
    at = state.find_name(_of(doc.get("recorder"), "node_id"))
    key = state.signers().get(state.members[at].fingerprint) if at >= 0 else None
    try:
        if key is None:
            raise Refused("unknown", "the recorder is no member in good standing when the log ends")
        m = cose.parse(from_base64(doc.get("summary_signature")), cose.SUMMARY, "summary")
        m.verify(key)
        bare = {k: v for k, v in doc.items() if k != "summary_signature"}
        if m.payload != sha256(canonical(bare).encode()):
            raise Refused("mismatch")
        report.ok("PF-SUMMARY-SIGNATURE")
    except Refused as refused:
        report.fail("PF-SUMMARY-SIGNATURE", path + "/summary_signature", str(refused))


def check_ledger(doc, path, epochs, report):
    """Member by member with the ledger's files, whatever execution says of either."""
    told = _items(doc.get("epochs"))
    for i, e in enumerate(epochs):
        mine = told[i] if i < len(told) else None
        if not same(_of(mine, "ledger_merkle"), e.doc.get("merkle_root")) or "merkle_root" not in e.doc:
            report.fail("PF-SUMMARY-LEDGER", f"{path}/epochs/{i}", f"ledger_merkle is not the merkle_root of {e.path}")
        elif e.outcome.anchored and not same(_of(mine, "signature"), e.doc.get("signature")):
            report.fail("PF-SUMMARY-LEDGER", f"{path}/epochs/{i}", f"signature is not the one of {e.path}")
        else:
            report.ok("PF-SUMMARY-LEDGER")


def end_payload(s):
    return cbor.encode({"epoch": s.epoch, "height": s.height, "block_id": s.block_id, "log_root": s.log_root,
                        "log_size": s.log_size, "state_root": s.root(), "federation_id": s.federation_id,
                        "membership_epoch": s.membership_epoch})


def read_end(item):
    m = cose.parse(from_base64(item), cose.END, "end")
    r = cbor.Reader(m.payload)
    r.fields(epoch=r.uint, height=r.uint, block_id=lambda: r.bytes(32), log_root=lambda: r.bytes(32), log_size=r.uint,
             state_root=lambda: r.bytes(32), federation_id=lambda: r.bytes(32), membership_epoch=r.uint)
    r.done()
    return m


def check_end(doc, path, s, report):
    keys = {s.members[i].fingerprint: s.members[i].card["key"] for i in s.validators}
    wanted, last, count, wrong = end_payload(s), b"", 0, False
    for i, item in enumerate(_items(_of(doc.get("end"), "signatures"))):
        try:
            m = read_end(item)
            if m.kid not in keys:
                raise Refused("unknown", "the signer is no validator of the next block")
            before, last = last, m.kid
            m.verify(keys[m.kid])
            if before >= m.kid:
                raise Refused("duplicate", "expected each validator once, in the order of fingerprints")
            if m.payload != wanted:
                raise Refused("mismatch", "vouches for another end")
            count += 1
        except Refused as refused:
            wrong = True
            report.fail("PF-LOG-END", f"{path}/end/signatures/{i}", str(refused))
    if not wrong and count >= s.quorum:
        report.ok("PF-LOG-END")
    elif not wrong:
        report.question("PF-LOG-END", f"{count} of a quorum of {s.quorum} vouch for the end")


def check_view(audit, doc, path, report):
    expected = Expected(audit, doc).json()
    where = difference(doc, expected)
    if where is not None:
        report.fail("PF-SUMMARY-VIEW", path + where, "does not follow from the log")
        return
    report.ok("PF-SUMMARY-VIEW")
    if not same_order(doc, expected):
        report.fail("PF-FILE-FORM", path, "the same values in another order")
