"""Who uses the federation while it suffers, and writes down what it was told: an acknowledgement is a promise.

A client follows the durable log of every node; a visitor (`prismfed site --once`) hears where its entries stand; an
operator has validators sign changes off, which they say they keep. Each acknowledgement becomes a line of a file as
soon as it comes."""
import json
import random
import socket
import subprocess
import threading
import time
from collections import Counter

ANSWER_SECONDS = 3
PATIENCE_SECONDS = 5  # with a block that a node has not: it may be on its way
CHANGES_UNTIL = 50  # epochs
STAKES = 25  # from 1 to the greatest in scenario.json
UNREACHED = "no answer"


class Acknowledgements:
    """What was acknowledged, in a file and here. One lock: clients are threads."""

    def __init__(self, path, find):
        self.file = open(path, "a", encoding="ascii")
        self.find = find
        self.lock = threading.Lock()
        self.entries = {}  # place in the log: (hash of the leaf, kind, who said so first)
        self.kept = []  # (validator, change file)
        self.count = Counter()

    def _write(self, **told):
        self.file.write(json.dumps(told) + "\n")
        self.file.flush()

    def entry(self, by, index, leaf, kind):
        with self.lock:
            known = self.entries.get(index)
            if known is None:
                self.entries[index] = (leaf, kind, by)
                self._write(by=by, leaf_index=index, anchor_hash=leaf, kind=kind)
                self.count[kind] += 1
            elif known[0] != leaf:
                self.find(f"{by} has another entry {index} in its log than {known[2]}")

    def receipt(self, by, index, leaf, kind):
        """Who made the entry was told, too, that it is in the log."""
        self.entry(by, index, leaf, kind)
        with self.lock:
            self._write(by=by, receipt_of=index)
            self.count["receipts"] += 1

    def keeps(self, validator, change):
        with self.lock:
            self.kept.append((validator, change))
            self._write(by=validator, keeps=str(change))
            self.count["sign-offs"] += 1

    def forgive(self, validator):
        """Its disk is lost, and with it what it kept."""
        with self.lock:
            self.kept = [(name, change) for name, change in self.kept if name != validator]
            self._write(by=validator, lost_its_disk=True)


def ask(federation, name, **question):
    """A node's answer to its operator; a dictionary with "error" where it gives none."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(ANSWER_SECONDS)
            s.connect(federation.control(name))
            s.sendall((json.dumps(question) + "\n").encode())
            parts = []
            while part := s.recv(65536):
                parts.append(part)
        return json.loads(b"".join(parts))
    except (OSError, ValueError):
        return {"error": UNREACHED}


class Client(threading.Thread):
    """Does something again and again until it is told to end."""

    def __init__(self, federation, acknowledged, find):
        super().__init__(daemon=True)
        self.federation, self.acknowledged, self.find = federation, acknowledged, find
        self.ended = threading.Event()

    def run(self):
        while not self.ended.is_set():
            try:
                self.act()
            except Exception as error:  # a client that dies in silence would be taken for one that finds nothing
                self.find(f"{type(self).__name__}: {error!r}")
                return

    def end(self):
        self.ended.set()
        self.join()


class Follower(Client):
    """Reads the log of one node."""

    def __init__(self, name, *rest):
        super().__init__(*rest)
        self.node, self.next, self.missing_since = name, 1, None

    def act(self):
        told = ask(self.federation, self.node, ask="entries", **{"from": self.next})
        for e in told.get("entries", ()):
            self.acknowledged.entry(self.node, e["leaf_index"], e["anchor_hash"], e["kind"])
        if told.get("entries"):
            self.next, self.missing_since = told["next"], None
            return
        self._skip(told)
        self.ended.wait(0.3)

    def _skip(self, told):
        """A block may be missing below a state that was installed; one above the last is none that is missing."""
        if self.next > told.get("height", 0):
            self.missing_since = None
        elif self.missing_since is None:
            self.missing_since = time.monotonic()
        elif time.monotonic() - self.missing_since > PATIENCE_SECONDS:
            self.next += 1


class Visitor(Client):
    """Comes from time to time, leaves its entries, and is killed in the middle now and then."""

    def __init__(self, name, seed, *rest):
        super().__init__(*rest)
        self.node, self.draw = name, random.Random(f"{seed} {name}")

    def act(self):
        visit = subprocess.Popen(self.federation.visit(self.node, 30), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True)
        is_killed = self.draw.random() < 0.2
        try:
            out, complaint = visit.communicate(timeout=self.draw.uniform(0.05, 3) if is_killed else 60)
        except subprocess.TimeoutExpired:
            visit.kill()
            out, complaint = visit.communicate()
            if not is_killed:
                self.find(f"a visit of {self.node} does not end: {complaint}")
            return
        if visit.returncode == 0:
            self._believe(out)
        elif visit.returncode != 1 or "the time is over" not in complaint:
            self.find(f"a visit of {self.node} ends with {visit.returncode}: {complaint}")
        self.ended.wait(self.draw.uniform(0.1, 1))

    def _believe(self, out):
        """update of epoch 5: entry 31 of the log, in block 12, HASH"""
        for line in out.splitlines():
            words = line.replace(",", " ").split()
            self.acknowledged.receipt(self.node, int(words[words.index("entry") + 1]), words[-1], words[0])
        with self.acknowledged.lock:
            self.acknowledged.count["visits"] += 1


class Operator(Client):
    """Has the validators agree on another stake of a member, one change after the other. No stake comes back soon: a
    change that is made already is none that must be signed off."""

    def __init__(self, members, seed, *rest):
        super().__init__(*rest)
        self.members, self.draw, self.changes = members, random.Random(f"{seed} operator"), 0

    def act(self):
        epoch = max((told["epoch"] for told in self.federation.status().values()), default=0)
        if epoch > 0:
            turn, member = divmod(self.changes, len(self.members))
            change = self.federation.change(self.changes, epoch + CHANGES_UNTIL, "stake", "--node",
                                            self.members[member], "--stake", 1 + turn % STAKES)
            propose(self.federation, self.acknowledged, change, self.ended.wait)
            self.changes += 1
        self.ended.wait(self.draw.uniform(5, 8))


def propose(federation, acknowledged, change, wait):
    """To each validator, until a quorum keeps it. False: not within some time."""
    text, waiting = federation.base64(change), list(federation.validators)
    for _ in range(5):
        for name in list(waiting):
            told = ask(federation, name, ask="sign-off", change=text)
            if told.get("kept"):
                acknowledged.keeps(name, change)
            if "kept" in told or "agreed_already" in told:
                waiting.remove(name)
        if len(waiting) <= len(federation.validators) - federation.quorum:
            return True
        wait(0.5)
    return False


def begin(federation, seed, acknowledged, find):
    common = (federation, acknowledged, find)
    clients = [Follower(name, *common) for name in federation.names]
    clients += [Visitor(name, seed, *common) for name in federation.visitors]
    sites = [name for name in federation.everybody if name not in federation.validators]
    clients.append(Operator(sites, seed, *common))
    for client in clients:
        client.start()
    return clients
