"""The state of the federation and its encoding (formats.md, The state). A state is never changed once a block has given
it: execution works on a copy."""

import copy
from dataclasses import dataclass, field, replace

from . import cbor, genesis, genome, governance
from .cose import fingerprint
from .draw import Sample, seed_of
from .stake_draw import draw_by_stake
from .merkle import entry_leaf, leaf_hash, root_of, sha256

ANCHORS_KEPT, BLOCKS_REMEMBERED, PAGE_MEMBERS, CHUNK = 16, 256, 8, 4096
ZERO = bytes(32)


@dataclass
class Member:
    card: dict
    votes: bool
    status: str = "active"
    sponsor: int = 0
    sequence: int = 0
    last_epoch: int = 0
    first_epoch: int = 0
    found_epoch: int = 0
    false_claims: int = 0
    counted_epoch: int = 0
    fingerprint: bytes = b""

    @property
    def name(self):
        return self.card["name"]

    @property
    def stays(self):
        return self.status not in ("convicted", "left")

    @property
    def in_standing(self):
        return self.status in ("active", "absent")

    def encoded(self):
        return cbor.encode({k: getattr(self, k) for k in (
            "card", "votes", "status", "sponsor", "sequence", "last_epoch", "first_epoch", "found_epoch", "false_claims",
            "counted_epoch")})


@dataclass
class Candidate:
    fingerprint: bytes
    genome: tuple
    hash: bytes
    claim: int = 0
    staleness: int = 0

    def item(self):
        return [self.fingerprint, list(self.genome), self.claim, self.staleness]


@dataclass
class Anchor:
    epoch: int
    origin: int
    genome: tuple
    hash: bytes

    def item(self):
        return [self.epoch, self.origin, list(self.genome)]


@dataclass
class Contribution:
    updated: bool = False
    scored: bool = False
    costs: list = field(default_factory=list)
    delta: int = 0
    height: int = 0
    offers: list = field(default_factory=list)
    built_on: bytes = ZERO
    row_hash: bytes = ZERO
    leaf_hash: bytes = ZERO
    staleness: int = 0
    row_built_on: bytes = ZERO

    def item(self):
        return {"costs": self.costs, "delta": self.delta, "height": self.height,
                "offers": [o.item() for o in self.offers], "updated": self.updated, "built_on": self.built_on,
                "row_hash": self.row_hash, "leaf_hash": self.leaf_hash, "staleness": self.staleness,
                "row_built_on": self.row_built_on}


@dataclass
class Check:
    """A claim that was drawn to be run again."""
    cost: int
    epoch: int
    genome: tuple
    member: int
    number: int
    scored: bool
    built_on: bytes
    leaf_hash: bytes
    recounts: list = field(default_factory=list)  # pairs of member and cost

    def item(self):
        return {"cost": self.cost, "epoch": self.epoch, "genome": list(self.genome), "member": self.member,
                "number": self.number, "scored": self.scored, "built_on": self.built_on,
                "recounts": [list(p) for p in self.recounts], "leaf_hash": self.leaf_hash}


class State:
    def __init__(self, document):
        g = genesis.decode(document)
        self.federation_id = sha256(document)
        self.name, self.simulated, self.policy, self.schema = g["name"], g["simulated"], g["policy"], g["schema"]
        self.governance = governance.founded(g["governance"])
        self.epoch, self.phase, self.attempt = g["epoch_start"], "collect", 0
        self.members, self.validators = [], []
        self.max_byzantine, self.quorum, self.membership_epoch = g["max_byzantine"], g["quorum"], 1
        n = sum(m["role"] == "core" for m in g["members"])
        # Fewer liars than n allows were a choice; as many as it allows are the rule.
        self.faults_wanted = self.max_byzantine if self.max_byzantine < genesis.quorum_faults(n) else n + 1000
        self.quorum_surplus = self.quorum - genesis.quorum_size(n, self.max_byzantine)
        self.founders_stake = max(m["stake"] for m in g["members"])
        self.incumbent = g["incumbent"]
        self.incumbent_hash = genome.hash_of(self.schema, self.incumbent)
        founding = Anchor(self.epoch - 1, 0, self.incumbent, self.incumbent_hash)
        self.anchors = [founding]
        self.archive = [founding] if self.policy["archive_max"] > 0 else []
        self.contributions, self.candidates, self.checks = {}, [], []
        self.changes, self.retired, self.recent = [], [], []
        self.ballots, self.cohort, self.left_out, self.protocol = {}, [], 0, 1
        self.rollback_epoch = self.aggregated_delta = self.height = 0
        self.closing = self.restoring = False
        for card in g["members"]:
            self.add_member(Member(card, card["role"] == "core", last_epoch=self.epoch, counted_epoch=self.epoch - 1))
        leaf = entry_leaf(document)
        self.log_size, self.log_root = 1, leaf
        self.draw_cohort()
        self.block_id = sha256(cbor.encode(self.header(0, bytes(32), leaf, 1, self.epoch, 1)))

    # -- copies and changes

    def copy(self):
        new = copy.copy(self)
        for name in ("members", "validators", "anchors", "archive", "candidates", "changes", "retired", "recent",
                     "cohort"):
            setattr(new, name, list(getattr(self, name)))
        new.contributions = {k: replace(c) for k, c in self.contributions.items()}
        new.checks = [replace(c, recounts=list(c.recounts)) for c in self.checks]
        new.governance = self.governance and self.governance.copy()
        new.ballots = {k: list(v) for k, v in self.ballots.items()}
        return new

    def change(self, index, **values):
        self.members[index] = replace(self.members[index], **values)

    def add_member(self, member):
        member.fingerprint = fingerprint(member.card["key"])
        if member.votes:
            self.validators.append(len(self.members))
            self.ballots[len(self.members)] = []
        self.members.append(member)

    def contribution(self, index):
        return self.contributions.get(index) or Contribution()

    def make_contribution(self, index):
        return self.contributions.setdefault(index, Contribution())

    def speakers(self):
        """Those who have said something in the running epoch, in the order of joining."""
        return sorted(self.contributions.items())

    # -- questions

    def find(self, kid):
        return next((i for i, m in enumerate(self.members) if m.fingerprint == kid), -1)

    def find_name(self, name):
        return next((i for i, m in enumerate(self.members) if m.name == name), -1)

    def weighs(self, index):
        return self.members[index].first_epoch != self.epoch

    def party(self, index):
        return self.members[index].sponsor - 1 if self.members[index].sponsor else index

    def in_cohort(self, index):
        return "cohort" not in self.policy or index in self.cohort

    def cohort_members(self):
        return self.cohort if "cohort" in self.policy else range(len(self.members))

    def awaits(self, index):
        return self.members[index].status == "active" and self.in_cohort(index)

    def signers(self):
        """Who may sign for an epoch that a block closes in this state (section 5)."""
        found = [m for m in self.members if m.in_standing] or [m for m in self.members if m.votes]
        return {m.fingerprint: m.card["key"] for m in found}

    def shard_owners(self):
        out = []
        for shard in range(self.policy["shards"]):
            owners = [(sha256(self.federation_id + shard.to_bytes(8, "big") + self.members[i].fingerprint), i)
                      for i in self.cohort_members() if self.awaits(i)]
            out.append(max(owners)[1] if owners else None)
        return out

    def draw_cohort(self):
        if "cohort" not in self.policy:
            return
        seed, self.cohort = seed_of(self.log_root, 16), []
        pots = [lambda m: True]
        if "cohort_validators" in self.policy:
            pots = [lambda m: m.votes, lambda m: not m.votes]
        for number, is_in in enumerate(pots):
            pot = [i for i, m in enumerate(self.members) if m.status == "active" and is_in(m)]
            wanted = self.policy["cohort"] - len(self.cohort)
            if "cohort_weights" in self.policy:
                self.cohort += draw_by_stake(self, pot, seed + number, wanted)
                continue
            sample = Sample(seed + number, wanted, len(pot))
            self.cohort += [i for i in pot if sample.takes()]
        self.cohort.sort()

    # -- bytes

    def voter_set(self):
        return cbor.encode({"keys": [self.members[i].card["key"] for i in self.validators], "quorum": self.quorum,
                            "max_byzantine": self.max_byzantine, "membership_epoch": self.membership_epoch})

    def _rest(self):
        out = {
            "epoch": self.epoch, "phase": self.phase, "checks": [c.item() for c in self.checks], "quorum": self.quorum,
            "anchors": [a.item() for a in self.anchors],
            "archive": [a.item() for a in self.archive], "attempt": self.attempt,
            "ballots": [self.ballots[i] for i in self.validators], "changes": self.changes,
            "members": len(self.members), "retired": self.retired, "incumbent": list(self.incumbent),
            "candidates": [c.item() for c in self.candidates],
            "contributions": [[i, c.item()] for i, c in self.speakers()], "federation_id": self.federation_id,
            "max_byzantine": self.max_byzantine, "rollback_epoch": self.rollback_epoch,
            "aggregated_delta": self.aggregated_delta, "membership_epoch": self.membership_epoch}
        if "cohort" in self.policy:
            out["cohort"] = self.cohort
        if self.governance is not None:
            out["governance"] = self.governance.item(self.policy)
        if self.left_out:
            out["left_out"] = self.left_out
        if self.protocol > 1:
            out["protocol"] = self.protocol
        return cbor.encode(out)

    def encoded(self):
        out = b""
        for first in range(0, len(self.members), PAGE_MEMBERS):
            page = cbor.encode([cbor.Raw(m.encoded()) for m in self.members[first:first + PAGE_MEMBERS]])
            out += page.ljust(CHUNK, b"\0")
        return out + self._rest()

    def root(self):
        data = self.encoded()
        return root_of(leaf_hash(data[at:at + CHUNK]) for at in range(0, len(data), CHUNK))

    def header(self, height, parent, entries_root, entry_count, epoch, membership_epoch):
        """Of the block that has led to this state."""
        return {"height": height, "schema": 1, "log_root": self.log_root, "log_size": self.log_size,
                "parent_id": parent, "state_root": self.root(), "entry_count": entry_count,
                "next_voters": sha256(self.voter_set()), "entries_root": entries_root,
                "federation_id": self.federation_id, "recent_blocks": sha256(cbor.encode(self.recent)),
                "federated_epoch": epoch, "membership_epoch": membership_epoch}
