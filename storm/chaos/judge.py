"""What must hold whatever happens: what a node has told of its log stays true for all nodes and all time, what was
acknowledged is in the log at the end, and once the faults are over everybody goes on together."""
import base64
import hashlib
import json
import time
from collections import Counter

import clients

CALM_SECONDS = 90
NEXT_PROTOCOL = 2
LOGGED_MAX = 64 << 10  # bytes; of a longer entry the log has a digest
AUDIT_OPEN = 3  # its exit status when nothing is wrong, and a question is open


class Judge:
    def __init__(self, federation, acknowledged=None):
        self.federation, self.acknowledged = federation, acknowledged
        self.findings, self.counts = [], Counter()
        self.is_asked_for = False  # the next protocol
        self.logs = {}  # height: (log root, state root, who said so first)
        self.heights = {}  # node: the highest it told

    def find(self, text):
        print(f"FOUND: {text}", flush=True)
        self.findings.append(text)

    def look(self):
        """Asks all nodes, and holds what they tell against what was told before."""
        status = self.federation.status()
        for name, told in status.items():
            height, roots = told["height"], (told["log_root"], told["state_root"])
            known = self.logs.setdefault(height, (*roots, name))
            if known[:2] != roots:
                self.find(f"{name} and {known[2]} differ at height {height}")
            if height < self.heights.get(name, 0):
                self.find(f"{name} was at height {self.heights[name]} and is at {height}")
            self.heights[name] = max(height, self.heights.get(name, 0))
        return status

    def watch_deaths(self, down):
        for name in self.federation.names:
            if name not in down and self.federation.has_died(name):
                self.find(f"{name} has ended by itself; its log is {self.federation.folder / name / 'log'}")
                self.federation.start(name)

    def hold_full_disk(self, name):
        """The node has stopped by itself and says why; or it had nothing to write."""
        if not self.federation.has_died(name):
            self.federation.kill(name)
            return
        status, words = self.federation.await_end(name), self.federation.last_words(name)
        if status != 1 or "event=stopped" not in words:
            self.find(f"{name} ends with {status} when its disk is full, and says: {words}")
        self.counts["stopped by a full disk"] += 1

    def hold_damaged_store(self, name):
        """As docs/runbook.md has it: the damage is mended, or the disk counts as lost; nobody goes on as if nothing had
        happened."""
        refused = self.federation.has_died(name)
        if refused:
            status = self.federation.await_end(name)
            if status not in (1, 2):
                self.find(f"{name} ends with {status} on a damaged store: {self.federation.last_words(name)}")
        else:
            self.federation.kill(name)
        status, text = self.federation.check_store(name)
        verdict = "harmless" if status == 0 else "mendable" if "mendable" in text else "lost"
        if verdict == "harmless" and refused:
            self.find(f"{name} refuses a store in which nothing is wrong: {self.federation.last_words(name)}")
        if verdict == "mendable":
            status, text = self.federation.check_store(name, "--mend")
            if status != 0:
                self.find(f"the store of {name} is mendable, and not mended: {text}")
        if verdict == "lost":
            self.federation.lose_store(name)
            self.heights.pop(name, None)  # it begins anew
            self.acknowledged.forgive(name)
        self.counts[f"damage {verdict}"] += 1

    def hold_version(self, name):
        """Before the upgrade the node goes on with that program. Afterwards it may not: what is in force stops it."""
        if not self.federation.upgraded:
            return
        if self.federation.has_died(name):
            status, words = self.federation.await_end(name), self.federation.last_words(name)
            if status not in (1, 2) or f"the federation speaks protocol {NEXT_PROTOCOL}" not in words:
                self.find(f"{name} with an earlier program ends with {status}, and says: {words}")
            self.counts["stopped by the protocol in force"] += 1
            self.federation.start(name)
        elif (told := self.federation.status().get(name)) and told["protocol"] > told["program_protocol"]:
            self.find(f"{name} goes on although its program does not speak protocol {told['protocol']}")
        self.federation.swap_program(name)

    def hold_upgrade(self):
        """The validators are asked for it once everybody has the newer program."""
        epoch = max((told["epoch"] for told in self.look().values()), default=1)
        change = self.federation.change("protocol", epoch + clients.CHANGES_UNTIL, "protocol", "--version",
                                        NEXT_PROTOCOL)
        if not clients.propose(self.federation, self.acknowledged, change, time.sleep):
            self.find("no quorum of the validators keeps the upgrade")
        self.is_asked_for = True

    def await_calm(self):
        """Every node must come to a height that nobody had when the faults ended, and end an epoch there: what was
        acknowledged until now is then in epochs that are over."""
        goal = goal_epoch = None
        until = time.monotonic() + CALM_SECONDS
        while time.monotonic() < until:
            status = self.look()
            self.watch_deaths(())
            if goal is None and status:
                goal = max(self.heights.values()) + 2
                goal_epoch = max(s["epoch"] for s in status.values()) + 1
            if len(status) == len(self.federation.names) and all(
                    s["height"] >= goal and s["epoch"] >= goal_epoch and self._speaks(s) for s in status.values()):
                return
            time.sleep(0.2)
        self.find(f"{CALM_SECONDS} s after the last fault not all nodes are at height {goal}, epoch {goal_epoch}: " +
                  ", ".join(f"{name} {told['height']} {told['epoch']}" for name, told in status.items()))

    def _speaks(self, told):
        return not self.is_asked_for or told["protocol"] == NEXT_PROTOCOL

    def _holds(self, *words):
        status, text = self.federation.ask(*words)
        if status != 0:
            self.find(f"prismfed {' '.join(map(str, words))}: {text}")

    def audit(self, scenario, seed):
        """That the log may go on is no finding: it does, while it is written down."""
        self._holds("net", "record", "--dir", self.federation.folder)
        status, text = self.federation.ask("audit", "--scenario", scenario, "--seed", seed,
                                           self.federation.folder / "record")
        questions = [line for line in text.splitlines() if line.strip().startswith("OPEN:")]
        if status not in (0, AUDIT_OPEN) or any("PF-LOG-END" not in line for line in questions):
            self.find(f"prismfed audit: {text}")

    def hold_acknowledgements(self):
        """Against the record that was audited."""
        leaves, changes, epochs = self._read_record()
        for index, (leaf, kind, by) in sorted(self.acknowledged.entries.items()):
            if leaves.get(index) != leaf:
                self.find(f"{by} acknowledged the {kind} that is entry {index} of the log, and the record has "
                          f"{'another one' if index in leaves else 'none'}")
        for validator, change in self.acknowledged.kept:
            body = change.read_bytes()
            signers = {signer for signer, envelope in changes if body in envelope}
            is_over = int(json.loads(change.with_suffix(".json").read_text())["until"]) < epochs
            if validator not in signers and len(signers) < self.federation.quorum and not is_over:
                self.find(f"{validator} said that it keeps {change.name}, and has not signed it off")

    def _read_record(self):
        """Leaf by place, (signer, entry) of each sign-off, the last epoch that has ended."""
        leaves, changes, last = {}, [], 0
        for path in sorted((self.federation.folder / "record" / "ledger").rglob("epoch_*.json")):
            epoch = json.loads(path.read_text())
            last = max(last, epoch["epoch"])
            for e in epoch["entries"]:
                envelope = base64.b64decode(e["envelope"])
                leaf = hashlib.sha256(b"\0" + envelope).hexdigest()  # RFC 9162, section 2.1.1
                leaves[e["leaf_index"]] = leaf if len(envelope) <= LOGGED_MAX else e["anchor_hash"]
                if e["kind"] == "evidence" and e["verdict"] == "accepted":
                    self.find(f"entry {e['leaf_index']} convicts a member, and all of them are honest")
                if e["kind"] == "reconfigure":
                    changes.append((e["node_id"], envelope))
        return leaves, changes, last

    def open_stores(self):
        """Once the nodes are down: each store is executed again, and each trace replayed."""
        for name in self.federation.names:
            folder = self.federation.folder / name
            self._holds("store", "check", "--genesis", self.federation.folder / "genesis.cbor", folder / "store.sqlite")
            self._holds("replay", "--config", folder / "node.json", self.federation.trace(name))
