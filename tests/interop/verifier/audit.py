"""One label from beginning to end: genesis, every epoch executed again and compared with its file, the summary."""

from . import checkpoint, cose, entries, epoch_file, execute, governance, summary
from .cbor import Reader, encode
from .folder import Folder
from .merkle import Tree, entry_leaf, sha256
from .refused import TEXTS, Refused
from .report import ROOT
from .state import State
from .text import difference, from_base64, parse, same_order, view


class Stop(Exception):
    """Behind this nothing of the label can be executed."""


class Audit:
    def __init__(self, folder, label, trusted, report, histories):
        self.folder, self.files, self.label = folder, label, label.name
        self.trusted, self.report, self.histories = trusted, report, histories
        self.log, self.epochs, self.names, self.state, self.first_owners = Tree(), [], {}, None, []

    # -- files

    def _load(self, below):
        data = self.folder.read(below)
        if data is None:
            return None
        try:
            value, in_form = parse(data)
        except (ValueError, RecursionError) as error:
            self.report.fail("PF-FILE-FORM", below, f"no JSON: {error}")
            return None
        if in_form:
            self.report.ok("PF-FILE-FORM")
        else:
            self.report.fail("PF-FILE-FORM", below, "the same values in another form")
        return value

    def _compare(self, code, below, found, expected):
        where = difference(found, expected)
        if where is not None:
            self.report.fail(code, below + where, "does not follow from the signed bytes")
            return
        self.report.ok(code)
        if not same_order(found, expected):
            self.report.fail("PF-FILE-FORM", below, "the same values in another order")

    # -- genesis

    def _learn(self):
        for m in self.state.members:
            self.names.setdefault(m.fingerprint, m.name)

    def _genesis(self):
        below = self.files.genesis
        doc = self._load(below)
        if doc is None:
            raise Stop
        try:
            document = from_base64(doc.get("genesis") if isinstance(doc, dict) else None)
            self.state = State(document)
        except Refused as refused:
            self.report.fail("PF-GENESIS-DOCUMENT", below + "/genesis", str(refused))
            raise Stop from None
        self.report.ok("PF-GENESIS-DOCUMENT")
        self.log.append(entry_leaf(document))
        self.first_owners = self.state.shard_owners()
        self._learn()
        try:
            expected = {"format": "prismfed.genesis", "version": 1, "federation_id": sha256(document).hex(),
                        "genesis": doc["genesis"], "decoded": view(document)}
        except Refused as refused:
            self.report.fail("PF-GENESIS-VIEW", below, str(refused))
            return
        self._compare("PF-GENESIS-VIEW", below, doc, expected)

    # -- blocks

    def _certificate(self, block):
        """The code of what is wrong with it, or None."""
        s, last, seen = self.state, b"", None
        keys = {s.members[i].fingerprint: s.members[i].card["key"] for i in s.validators}
        wanted = {"block_id": block.id, "sequence": block.header["height"], "federation_id": s.federation_id,
                  "membership_epoch": s.membership_epoch}
        if len(block.votes) > len(keys):
            return "PF-CERT-VOTE"
        try:
            for data in block.votes:
                m, vote = epoch_file.read_vote(data)
                if m.kid <= last or m.kid not in keys:
                    return "PF-CERT-VOTE"
                if any(vote[k] != v for k, v in wanted.items()) or seen not in (None, vote["view"]):
                    return "PF-CERT-VOTE"
                m.verify(keys[m.kid])
                last, seen = m.kid, vote["view"]
        except Refused:
            return "PF-CERT-VOTE"
        return "PF-CERT-QUORUM" if len(block.votes) < s.quorum else None

    def _blame(self, below, index, block, doc, rest):
        """Which rule does the block break that cannot stand on this state? None: none but what execution says."""
        s, h, where = self.state, block.header, f"{below}/blocks/{index}"
        if h["federation_id"] != s.federation_id or h["membership_epoch"] != s.membership_epoch:
            return self.report.fail("PF-BLOCK-CHAIN", where, "a block of another federation or membership")
        if h["height"] != s.height + 1:
            return self.report.fail("PF-BLOCK-CHAIN", where, f"expected height {s.height + 1}")
        first = s.height == 0 and h["parent_id"] != s.block_id  # the first cohort is part of what genesis gives
        if first and self._cohort_is_forged(below, index, block, doc, rest):
            return None
        if h["parent_id"] != s.block_id:
            return self.report.fail("PF-BLOCK-CHAIN", where, "its parent is not the block before it")
        code = self._certificate(block)
        if code is not None:
            return self.report.fail(code, where, "the certificate does not hold")
        if not self._cohort_is_forged(below, index, block, doc, rest):
            self.report.fail("PF-BLOCK-STATE", where, "execution gives another block than the one voted on")
        return None

    def _cohort_is_forged(self, below, index, block, doc, rest):
        s = self.state
        if "cohort" not in s.policy:
            return False
        told = doc.get("entries", [])
        for number, data in rest:
            if number < len(told) and told[number].get("verdict") == "accepted" and self._is_outsider(data):
                self.report.fail("PF-COHORT", f"{below}/entries/{number}", "it counts, and was not drawn")
                return True
        x = execute.block(s, block.entries, self._log_with(block.entries))
        said = doc.get("outcome", {}).get("next_cohort")
        if x.outcome is not None and said is not None and said != [x.state.members[i].name for i in x.state.cohort]:
            self.report.fail("PF-COHORT", below + "/outcome/next_cohort", "the log draws another cohort")
            return True
        return False

    def _is_outsider(self, data):
        try:
            e = entries.parse(data)
        except Refused:
            return False
        at = self.state.find(e.signer)
        return at >= 0 and e.kind in ("update", "score") and not self.state.in_cohort(at)

    def _log_with(self, data):
        """The log with these entries behind the present ones; asked again, it is not made longer."""
        del self.log.leaves[self.state.log_size:]
        for known in [k for k in self.log.known if k[1] > self.state.log_size]:
            del self.log.known[known]
        for entry in data:
            self.log.append(entry_leaf(entry))
        return self.log

    def _block(self, below, index, block, doc, rest):
        s, h = self.state, block.header
        stands = (h["federation_id"] == s.federation_id and h["membership_epoch"] == s.membership_epoch and
                  h["height"] == s.height + 1 and h["parent_id"] == s.block_id and self._certificate(block) is None)
        x = execute.block(s, block.entries, self._log_with(block.entries)) if stands else None
        if x is None or x.state.block_id != block.id:
            self._blame(below, index, block, doc, rest)
            raise Stop
        for code in ("PF-BLOCK-CHAIN", "PF-CERT-VOTE", "PF-CERT-QUORUM", "PF-BLOCK-STATE"):
            self.report.ok(code)
        return x

    def _follow_voters(self, below, before, after, file):
        """The way of one who executes nothing must lead to the same voters."""
        if after.voter_set() == before.voter_set():
            self.report.ok("PF-BLOCK-LINK")
        elif file.next_voters == after.voter_set():
            self.report.ok("PF-BLOCK-LINK")
        else:
            self.report.fail("PF-BLOCK-LINK", below + "/next_voters/set", "not the voters that the header names")
            self.state = after
            raise Stop

    # -- epochs

    def _epoch(self, epoch, below):
        doc = self._load(below)
        if doc is None:
            raise Stop
        try:
            file = epoch_file.read(doc)
        except Refused as refused:
            self.report.fail("PF-EPOCH-BYTES", below, str(refused))
            raise Stop from None
        self.report.ok("PF-EPOCH-BYTES")
        if epoch != self.state.epoch or file.epoch != epoch:
            self.report.fail("PF-EPOCH-ORDER", below + "/epoch", f"expected epoch {self.state.epoch}")
            raise Stop
        size_before, verdicts = self.state.log_size, []
        numbered = list(enumerate(d for b in file.blocks for d in b.entries))
        for index, block in enumerate(file.blocks):
            before = self.state
            x = self._block(below, index, block, doc, numbered[len(verdicts):])
            self._follow_voters(below, before, x.state, file)
            self.state = x.state
            self._govern(block.entries, x)
            verdicts += x.verdicts
            if x.outcome is not None:
                self._finish(below, doc, file, epoch, verdicts, x, before, size_before)
                if index + 1 < len(file.blocks):
                    self.epochs.pop()
                    self.report.fail("PF-EPOCH-ORDER", below + "/blocks", "blocks behind the one that ends the epoch")
                    raise Stop
                self.report.ok("PF-EPOCH-ORDER")
                return
        self.report.fail("PF-EPOCH-ORDER", below + "/blocks", "the blocks do not end the epoch")
        raise Stop

    def _govern(self, data, x):
        if x.state.governance is None:
            return
        for entry, verdict in zip(data, x.verdicts):
            try:
                e = entries.parse(entry)
                if e.kind == "sign_off":
                    body = governance.read(Reader(e.body))
                    self.governance_log += governance.log_row(x.state, e, body, x.header, verdict, TEXTS)
            except Refused:
                pass
        self.governance_log += governance.log_notes(x.state, x.header)

    def _governance(self, whole):
        below, due = self.files.governance, self.governance_log.encode()
        if not whole or (below is None and not due):
            return
        if below is None or self.folder.read(below) != due:
            self.report.fail("PF-GOVERNANCE-LOG", below or self.files.genesis, "not what the log says")
        else:
            self.report.ok("PF-GOVERNANCE-LOG")

    def _finish(self, below, doc, file, epoch, verdicts, x, before, size_before):
        self._learn()
        changed = x.header["membership_epoch"] != x.state.membership_epoch
        self.epochs.append(epoch_file.Replayed(
            below, doc, file, epoch, verdicts, x.outcome, x.state, x.header, before.signers(), dict(self.names),
            size_before, x.state.voter_set() if changed else b""))

    def _all_epochs(self):
        for epoch, below in sorted(self.files.epochs.items()):
            if epoch > self.state.epoch:
                self.report.fail("PF-FILE-MISSING", below, f"the file of epoch {self.state.epoch} is missing")
                raise Stop
            self._epoch(epoch, below)
            self._checkpoint(epoch)
        if not self.files.epochs:
            self.report.question("PF-EPOCH-ORDER", "there is no epoch: nothing is shown")

    def _checkpoint(self, epoch):
        below = self.files.checkpoints.get(epoch)
        data = self.folder.read(below) if below is not None else None
        if data is not None:
            checkpoint.check(data, self.state, below, self.report)

    def _orphans(self):
        for epoch, below in self.files.checkpoints.items():
            if epoch not in self.files.epochs:
                self.report.fail("PF-FILE-MISSING", below, "there is no file of the epoch that it is a checkpoint of")

    def _anchor(self, e):
        try:
            m = cose.parse(e.file.signature, cose.ANCHOR, "anchor")
            epoch_anchor_read(m.payload)
            if m.kid not in e.signers:
                raise Refused("unknown", "the signer was in no good standing, or had another key")
            m.verify(e.signers[m.kid])
        except Refused as refused:
            self.report.fail("PF-ANCHOR-SIGNATURE", e.path + "/signature", str(refused))
            return
        self.report.ok("PF-ANCHOR-SIGNATURE")
        if m.payload == encode(e.anchor(self.log)):
            self.report.ok("PF-ANCHOR-BINDING")
        else:
            self.report.fail("PF-ANCHOR-BINDING", e.path + "/signature", "over other roots than those of this epoch")

    def _forks(self):
        mine = [b.id for e in self.epochs for b in e.file.blocks]
        for federation, other in self.histories:
            if federation == self.state.federation_id:
                at = next((i for i, (a, b) in enumerate(zip(mine, other)) if a != b), None)
                if at is None:
                    self.report.ok("PF-BLOCK-FORK")
                else:
                    self.report.fail("PF-BLOCK-FORK", f"{self.label} height {at + 1}", "another certified block")
        self.histories.append((self.state.federation_id, mine))

    # -- the whole

    def _summary(self, whole):
        below = self.files.summary
        if below is None:
            self.report.fail("PF-FILE-MISSING", self.files.genesis, "there is no summary")
            return
        doc = self._load(below)
        if doc is None:
            return
        if not isinstance(doc, dict):
            self.report.fail("PF-SUMMARY-VIEW", below, "a summary is an object")
            return
        summary.check_signature(doc, below, self.state, self.report)
        summary.check_ledger(doc, below, self.epochs, self.report)
        summary.check_form(doc, below, self.report)
        if whole:
            summary.check_view(self, doc, below, self.report)
            summary.check_end(doc, below, self.state, self.report)
        self.report.skip("PF-SUMMARY-OBSERVED", "the recorder's word")

    def _trust(self):
        if self.state.federation_id in self.trusted:
            self.report.ok("PF-GENESIS-TRUST")
        elif self.trusted:
            self.report.fail("PF-GENESIS-TRUST", self.files.genesis, "another federation than the trusted one")
        else:
            self.report.question("PF-GENESIS-TRUST", "nobody said whose log this is")

    def run(self):
        self.report.skip("PF-WORK-CLAIMS", "work is not run again")
        self.report.skip("PF-WITNESS", "no policy asks for cosignatures")
        for code in ROOT:
            self.report.skip(code, "no trust root was named")
        if self.files.genesis is None:
            self.report.fail("PF-FILE-MISSING", self.label, "there is no genesis.json")
            return
        whole = True
        try:
            self._genesis()
        except Stop:
            return
        try:
            self.governance_log = governance.log_heading(self.state)
            self._all_epochs()
        except Stop:
            whole = False
        for e in self.epochs:
            self._log_with([])
            self._compare("PF-EPOCH-VIEW", e.path, e.doc, epoch_file.write(e, self.log))
            self._anchor(e)
        self._forks()
        self._orphans()
        self._summary(whole)
        self._governance(whole)
        self._trust()


def epoch_anchor_read(payload):
    r = Reader(payload)

    def digest():
        return r.bytes(32)

    r.map(9)
    for name, read in (("epoch", r.uint), ("height", r.uint)):
        r.key(name)
        read()
    r.key("anchored")
    anchored = r.bool()
    for name, read in (("block_id", digest), ("log_root", digest), ("log_size", r.uint), ("state_root", digest),
                       ("merkle_root", digest if anchored else r.null), ("federation_id", digest)):
        r.key(name)
        read()
    r.done()


def audit_folders(paths, trusted, report):
    """False: a folder is none, or has no artifacts."""
    histories = []
    for path in paths:
        folder = Folder(path, report)
        if not folder.is_ours or not (folder.labels or report.findings):
            return False
        for label in folder.labels:
            Audit(folder, label, trusted, report, histories).run()
    return True
