"""One label's artifacts, opened to be forged: everything that a forger with the keys of a rehearsal can do."""

import base64
import copy
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "interop"))

from verifier import cbor, cose, ed25519  # noqa: E402
from verifier.epoch_file import decode_header, read_vote  # noqa: E402
from verifier.merkle import entry_leaf, root_of, sha256  # noqa: E402
from verifier.summary import read_end  # noqa: E402
from verifier.text import canonical, view  # noqa: E402


def b64(data):
    return base64.b64encode(data).decode()


def raw(text):
    return base64.b64decode(text)


def seed_of(run_seed, name):
    """Keys of a rehearsal derive from its seed, which anybody may know."""
    return sha256(b"prismfed-simulated-key-v1" + run_seed.to_bytes(8, "big") + name.encode())


_public = {}


def public(seed):
    if seed not in _public:
        _public[seed] = ed25519.public_key(seed)
    return _public[seed]


def sign(seed, content_type, subject, payload):
    """A COSE_Sign1; payload is bytes, or what they encode."""
    payload = payload if isinstance(payload, bytes) else cbor.encode(payload)
    protected = cose.protected_header(cose.fingerprint(public(seed)), content_type, subject)
    return cose.encode(protected, payload, ed25519.sign(seed, cose.signed_bytes(protected, payload)))


class Ledger:
    def __init__(self, folder, label):
        ledger = Path(folder) / "ledger" / label
        self.label = label
        self.genesis = json.loads((ledger / "genesis.json").read_text())
        self.summary = json.loads((Path(folder) / "simulations" / f"epoch_summary_{label}.json").read_text())
        paths = sorted(ledger.glob("epoch_*.json"))
        self.epochs = [json.loads(p.read_text()) for p in paths]
        self.names = [p.name for p in paths]
        self.checkpoints = {p.name: p.read_bytes() for p in ledger.glob("*.checkpoint")}
        beside = Path("simulations") / f"META-GOVERNANCE-LOG_{label}.md"  # what governors decided, for people
        self.beside = {str(beside): (Path(folder) / beside).read_bytes()} if (Path(folder) / beside).exists() else {}
        self.seed = int(self.summary["seed"])
        self.texts = {}  # by path below the folder: bytes instead of what is above; None: no such file

    def copy(self):
        return copy.deepcopy(self)

    def paths(self):
        return {"genesis": f"ledger/{self.label}/genesis.json",
                "summary": f"simulations/epoch_summary_{self.label}.json",
                **{f"epoch{i}": f"ledger/{self.label}/{n}" for i, n in enumerate(self.names)}}

    def write(self, folder):
        folder = Path(folder)
        files = {f"ledger/{self.label}/{n}": d for n, d in self.checkpoints.items()}
        files.update(self.beside)
        at = self.paths()
        files[at["genesis"]], files[at["summary"]] = self.genesis, self.summary
        files.update((at[f"epoch{i}"], e) for i, e in enumerate(self.epochs))
        files.update(self.texts)
        for path, what in files.items():
            if what is None:
                continue
            data = what if isinstance(what, bytes) else json.dumps(what).encode()
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)

    def text(self, which):
        """The bytes of a file as it would be written; to be set in self.texts."""
        what = self.genesis if which == "genesis" else self.summary if which == "summary" else self.epochs[int(which[5:])]
        return json.dumps(what, indent=1).encode()

    def set_text(self, which, data):
        self.texts[self.paths()[which]] = data

    # -- keys

    def key(self, name):
        return seed_of(self.seed, name)

    def validators(self):
        return [m["name"] for m in self.genesis["decoded"]["members"] if m["role"] == "core"]

    def federation(self):
        return bytes.fromhex(self.genesis["federation_id"])

    # -- blocks

    def header(self, epoch, block):
        return decode_header(raw(self.epochs[epoch]["blocks"][block]["header"]))

    def votes(self, epoch, block):
        """Pairs of message and what it votes for."""
        return [read_vote(raw(v)) for v in self.epochs[epoch]["blocks"][block]["certificate"]]

    def vote(self, epoch, block, name, **other):
        """A vote for this block, in another respect than those that are there."""
        payload = {**self.votes(epoch, block)[0][1], **other}
        return sign(self.key(name), cose.VOTE, "commit", payload)

    def set_certificate(self, epoch, block, votes):
        self.epochs[epoch]["blocks"][block]["certificate"] = [b64(v) for v in votes]

    def certify(self, epoch, block, names, **other):
        votes = {cose.fingerprint(public(self.key(n))): self.vote(epoch, block, n, **other) for n in names}
        self.set_certificate(epoch, block, [votes[k] for k in sorted(votes)])

    def seal(self, epoch, block, names=None, **changes):
        """Another header, for which these vote (a quorum, unless others are named); views as they follow from it."""
        b = self.epochs[epoch]["blocks"][block]
        header = {**self.header(epoch, block), **changes}
        encoded = cbor.encode(header)
        b.update(header=b64(encoded), decoded=view(encoded), ledger_block_id=sha256(encoded).hex())
        self.certify(epoch, block, names or self.validators()[:3], block_id=sha256(encoded),
                     sequence=header["height"], membership_epoch=header["membership_epoch"])

    def first_entry(self, epoch, block):
        return sum(b["entry_count"] for b in self.epochs[epoch]["blocks"][:block])

    def set_entries(self, epoch, block, entries, names=None):
        """Other entries in a block, for which its validators vouch: only execution can tell."""
        e = self.epochs[epoch]
        at, count = self.first_entry(epoch, block), e["blocks"][block]["entry_count"]
        model = e["entries"][at] if count else {}
        e["entries"][at:at + count] = [{**model, "envelope": b64(d), "anchor_hash": entry_leaf(d).hex()} for d in entries]
        e["blocks"][block]["entry_count"] = len(entries)
        self.seal(epoch, block, names, entry_count=len(entries), entries_root=root_of(map(entry_leaf, entries)))

    def entry(self, epoch, number):
        return raw(self.epochs[epoch]["entries"][number]["envelope"])

    # -- statements

    def anchor(self, number, name=None, **other):
        m = cose.parse(raw(self.epochs[number]["signature"]))
        payload = {**decode_map(m.payload), **other}
        self.set_anchor(number, sign(self.key(name or self.summary["recorder"]["node_id"]), cose.ANCHOR, "anchor", payload))

    def set_anchor(self, number, data):
        self.epochs[number]["signature"] = self.summary["epochs"][number]["signature"] = b64(data)
        self.sign_summary()

    def sign_summary(self, name=None):
        bare = {k: v for k, v in self.summary.items() if k != "summary_signature"}
        digest = hashlib.sha256(canonical(bare).encode()).digest()
        name = name or self.summary["recorder"]["node_id"]
        self.summary["summary_signature"] = b64(sign(self.key(name), cose.SUMMARY, "summary", digest))

    def ends(self):
        return [raw(s) for s in self.summary["end"]["signatures"]]

    def set_ends(self, ends):
        self.summary["end"]["signatures"] = [b64(e) for e in ends]
        names = {cose.fingerprint(public(self.key(n))): n for n in self.validators()}
        self.summary["end"]["signers"] = [names.get(read_end(b64(e)).kid) if readable(e) else None for e in ends]
        self.sign_summary()

    def end(self, name, **other):
        return sign(self.key(name), cose.END, "end", {**decode_map(read_end(b64(self.ends()[0])).payload), **other})


def readable(end):
    try:
        read_end(b64(end))
        return True
    except cose.Refused:
        return False


def decode_map(data):
    """A flat map of deterministic CBOR."""
    r, out = cbor.Reader(data), {}
    for _ in range(r.map()):
        key, kind = r.text(), r.peek()
        if kind == cbor.UINT:
            out[key] = r.uint()
        elif kind == cbor.BYTES:
            out[key] = r.bytes()
        elif kind == cbor.SIMPLE:
            out[key] = {20: False, 21: True, 22: None}[r._simple_of(20, 22)]
        else:
            out[key] = cbor.Raw(r.raw())
    return out
