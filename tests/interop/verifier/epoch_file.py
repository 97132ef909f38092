"""Epoch files: what is read of them, and how one is written anew from its signed bytes (formats.md, Files)."""

from dataclasses import dataclass, field

from . import cbor, cose, entries, genome
from .merkle import entry_leaf, root_of, sha256
from .refused import TEXTS, Refused
from .text import from_base64, number, to_base64, view, view_or_null

ENTRIES_MAX, BLOCK_MAX, VOTES_MAX = 1024, 8 << 20, 128


@dataclass
class Block:
    header: dict
    encoded: bytes  # the header
    votes: list
    entries: list

    @property
    def id(self):
        return sha256(self.encoded)


@dataclass
class EpochFile:
    epoch: int
    blocks: list = field(default_factory=list)
    signature: bytes = b""
    next_voters: bytes = b""


def decode_header(data):
    r = cbor.Reader(data)

    def digest():
        return r.bytes(32)

    def schema():
        if r.uint() != 1:
            raise Refused("unknown")
        return 1

    h = r.fields(height=r.uint, schema=schema, log_root=digest, log_size=r.uint, parent_id=digest, state_root=digest,
                 entry_count=r.uint, next_voters=digest, entries_root=digest, federation_id=digest,
                 recent_blocks=digest, federated_epoch=r.uint, membership_epoch=r.uint)
    r.done()
    return h


def read_vote(data):
    m = cose.parse(data, cose.VOTE, "commit")
    r = cbor.Reader(m.payload)
    vote = r.fields(view=r.uint, block_id=lambda: r.bytes(32), sequence=r.uint, federation_id=lambda: r.bytes(32),
                    membership_epoch=r.uint)
    r.done()
    return m, vote


def _array(value, pointer):
    if not isinstance(value, list):
        raise Refused("type", f"{pointer}: should be an array")
    return value


def _get(value, key):
    return value.get(key) if isinstance(value, dict) else None


def _read_votes(block):
    votes = [from_base64(v) for v in _array(_get(block, "certificate"), "/certificate")]
    if len(votes) > VOTES_MAX:
        raise Refused("limit")
    for vote in votes:
        try:
            cbor.check(vote)
        except Refused:
            raise Refused("syntax", "a vote is not deterministic CBOR") from None
    return votes


def _read_block(block, envelopes):
    encoded = from_base64(_get(block, "header"))
    header = decode_header(encoded)
    if header["entry_count"] > ENTRIES_MAX:
        raise Refused("limit")
    votes = _read_votes(block)
    if len(envelopes) < header["entry_count"]:
        raise Refused("missing", "fewer entries than the blocks count")
    mine = [from_base64(_get(envelopes.pop(0), "envelope")) for _ in range(header["entry_count"])]
    whole = cbor.encode([encoded, mine, cbor.encode([cbor.Raw(v) for v in votes]) if votes else b""])
    if len(whole) > BLOCK_MAX:
        raise Refused("limit")
    if root_of(map(entry_leaf, mine)) != header["entries_root"]:
        raise Refused("mismatch", "the entries are not those that the header was made for")
    return Block(header, encoded, votes, mine)


def _epoch_number(value):
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and int(value) < 2 ** 64 and \
            str(int(value)) == value:
        return int(value)
    raise Refused("type", "/epoch: should be the number of an epoch")


def read(doc):
    """Raises Refused: PF-EPOCH-BYTES."""
    if not isinstance(doc, dict):
        raise Refused("type", "should be an object")
    f = EpochFile(_epoch_number(doc.get("epoch")))
    envelopes = list(_array(doc.get("entries"), "/entries"))
    f.blocks = [_read_block(b, envelopes) for b in _array(doc.get("blocks"), "/blocks")]
    if envelopes:
        raise Refused("range", "entries that belong to no block")
    f.signature = from_base64(doc.get("signature"))
    if "next_voters" not in doc or doc["next_voters"] is not None:
        f.next_voters = from_base64(_get(doc.get("next_voters"), "set"))
    return f


# ---- writing it anew

@dataclass
class Replayed:
    """An epoch that was executed; `state` is the one behind it."""
    path: str
    doc: dict
    file: EpochFile
    epoch: int
    verdicts: list
    outcome: object
    state: object
    header: dict     # of the last block
    signers: dict    # who may sign the anchor
    names: dict      # by fingerprint, of all members until then
    size_before: int
    next_voters: bytes = b""

    def anchor(self, log):
        h, s = self.header, self.state
        merkle_root = log.range_root(self.size_before, h["log_size"]) if self.outcome.anchored else None
        return {"epoch": self.epoch, "height": h["height"], "anchored": self.outcome.anchored, "block_id": s.block_id,
                "log_root": h["log_root"], "log_size": h["log_size"], "state_root": h["state_root"],
                "merkle_root": merkle_root, "federation_id": s.federation_id}


def _name(names, kid):
    return names.get(kid)


def _certificate_views(votes, names):
    number_of_view, signers, copies = None, [], []
    for data in votes:
        try:
            m, vote = read_vote(data)
        except Refused:
            break
        number_of_view = number(vote["view"])
        signers.append(_name(names, m.kid))
        copies.append(to_base64(data))
    return number_of_view, signers, copies


def _block_json(block, names):
    seen, signers, copies = _certificate_views(block.votes, names)
    count = len(block.entries)
    return {"height": number(block.header["height"]), "ledger_block_id": block.id.hex(),
            "header": to_base64(block.encoded), "decoded": view(block.encoded), "view": seen, "signers": signers,
            "certificate": copies, "first_entry": number(block.header["log_size"] - count), "entry_count": count}


def _entry_json(e, data, index, verdict, log):
    try:
        envelope = entries.parse(data)
    except Refused:
        envelope = None
    return {"node_id": _name(e.names, envelope.signer) if envelope else None, "anchor_hash": entry_leaf(data).hex(),
            "leaf_index": index, "kind": envelope.kind if envelope else None, "verdict": TEXTS[verdict],
            "inclusion_proof": [n.hex() for n in log.inclusion(index, e.header["log_size"])],
            "envelope": to_base64(data), "decoded": view_or_null(envelope.message.payload) if envelope else None}


def outcome_json(e):
    o, s = e.outcome, e.state
    out = {"anchored": o.anchored, "changed": o.changed, "aggregated_delta": o.aggregated_delta,
           "incumbent": o.incumbent.hex(), "genes": genome.named_values(s.schema, s.incumbent),
           "rolled_back_to": None if o.rolled_back_to is None else number(o.rolled_back_to),
           "candidates": o.candidates, "participants": len(o.updates), "scored": o.scored}
    if o.held is not None:
        out["held"] = o.held.hex()
    if o.left_out:
        out["left_out"] = o.left_out
    out.update(stale=sum(c.staleness > 0 for _, c in o.updates), absent=o.absent, quarantined=o.quarantined,
               convicted=o.convicted, false_claims=o.false_claims)
    if "cohort" in s.policy:
        out["next_cohort"] = [s.members[i].name for i in s.cohort]
    out["aligned_updates"] = [
        {"node_id": s.members[i].name, "ledger_height": number(c.height), "delta_score": c.delta,
         "anchor_hash": c.leaf_hash.hex(), "staleness": c.staleness} for i, c in o.updates]
    return out


def write(e, log):
    """The file as it must be, given what execution says."""
    s, anchor = e.state, e.anchor(log)
    size = e.header["log_size"]
    data = [d for b in e.file.blocks for d in b.entries]
    return {
        "format": "prismfed.epoch", "version": 1, "federation": s.name, "federation_id": s.federation_id.hex(),
        "simulated": s.simulated, "epoch": number(e.epoch), "anchored": e.outcome.anchored,
        "merkle_root": anchor["merkle_root"].hex() if e.outcome.anchored else None,
        "signature": to_base64(e.file.signature), "anchor": view(cbor.encode(anchor)), "outcome": outcome_json(e),
        "log": {"size_before": e.size_before, "root_before": log.root(e.size_before).hex(), "size_after": size,
                "root_after": log.root(size).hex(),
                "consistency_proof": [n.hex() for n in log.consistency(e.size_before, size)]},
        "blocks": [_block_json(b, e.names) for b in e.file.blocks],
        "next_voters": {"set": to_base64(e.next_voters), "decoded": view(e.next_voters)} if e.next_voters else None,
        "entries": [_entry_json(e, d, e.size_before + i, v, log)
                    for i, (d, v) in enumerate(zip(data, e.verdicts))],
    }
