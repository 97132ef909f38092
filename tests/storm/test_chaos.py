#!/usr/bin/env python3
"""test_chaos.py RELAY: the relay does to datagrams what it is told, and the judge of ./dev chaos sees what must not be."""
import base64
import contextlib
import hashlib
import io
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "storm" / "chaos"))

import faults  # noqa: E402
from federation import Relay  # noqa: E402
from clients import Acknowledgements  # noqa: E402
from judge import Judge  # noqa: E402

RELAY = sys.argv[1]
results = []


def check(passed, text):
    results.append(bool(passed))
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {text}")


# ---- the relay


def open_socket():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    s.settimeout(5)
    return s


class Pair:
    """Two nodes with the relay between them."""

    def __init__(self, seed=1):
        self.a, self.b = open_socket(), open_socket()
        self.relay = Relay(RELAY, seed, {"a": self.text(self.a), "b": self.text(self.b)})
        self.places = {way: self.address(place) for way, place in self.relay.places.items()}

    @staticmethod
    def text(s):
        return "%s:%d" % s.getsockname()

    @staticmethod
    def address(text):
        host, port = text.split(":")
        return host, int(port)

    def send(self, count=1):
        for i in range(count):
            self.a.sendto(b"%d" % i, self.places["a", "b"])

    def received(self, quiet=0.3):
        """All that comes to b until nothing does for a while."""
        self.b.settimeout(quiet)
        numbers = []
        with contextlib.suppress(TimeoutError):
            while True:
                numbers.append(int(self.b.recv(2048)))
        return numbers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.relay.stop()
        self.a.close()
        self.b.close()


def test_whole_link():
    with Pair() as p:
        p.send()
        data, sender = p.b.recvfrom(2048)
        check(data == b"0" and sender == p.places["b", "a"], "a datagram comes from where its sender is found")
        p.b.sendto(b"answer", sender)
        data, sender = p.a.recvfrom(2048)
        check(data == b"answer" and sender == p.places["a", "b"], "and the answer finds its way back")
        with open_socket() as stranger:
            stranger.sendto(b"7", p.places["a", "b"])
        p.send(3)
        check(p.received() == [0, 1, 2], "what strangers send goes nowhere, and the rest keeps its order")
        check(p.relay.count() == {"came": 5, "left": 5, "lost": 0, "twice": 0, "strange": 1}, "all is counted")


def test_faults():
    with Pair() as p:
        p.relay.set("a", "b", cut=1)
        p.send()
        p.b.sendto(b"still", p.places["b", "a"])
        check(p.a.recv(2048) == b"still" and p.received() == [], "a cut is one-way")
        p.relay.set("*", "*", duplicate=1)
        p.send()
        check(p.received() == [0, 0], "a setting takes the place of the last one: here each comes twice")
        p.relay.set("*", "*", delay_ms=150)
        began = time.monotonic()
        p.send()
        p.b.settimeout(5)
        p.b.recv(2048)
        check(time.monotonic() - began >= 0.15, "a delay lasts")
        p.relay.set("*", "*", jitter_ms=100)
        p.send(50)
        numbers = p.received()
        check(sorted(numbers) == list(range(50)) and numbers != sorted(numbers), "jitter changes the order")
        p.relay.set("*", "*", delay_ms=300)
        p.send()
        p.relay.set("*", "*", cut=1)
        check(p.received(0.6) == [], "what is on its way does not cross a cut")


def lost_with(seed):
    with Pair(seed) as p:
        p.relay.set("*", "*", loss=0.5)
        p.send(100)
        return p.received()


def test_seed():
    first = lost_with(1)
    check(20 < len(first) < 80, "half is lost")
    check(lost_with(1) == first, "the same half with the same seed")
    check(lost_with(2) != first, "another with another")


def refuses(*words):
    return subprocess.run([RELAY, *words], stdin=subprocess.DEVNULL, capture_output=True).returncode == 2


def test_refusals():
    with Pair() as p:
        for wrong in ({"loss": 2}, {"speed": 1}, {"delay_ms": "x"}):
            try:
                p.relay.set("a", "b", **wrong)
                check(False, f"refused: {wrong}")
            except RuntimeError:
                check(True, f"refused: {wrong}")
        try:
            p.relay.set("a", "c")
            check(False, "refused: a node that is not there")
        except RuntimeError:
            check(True, "refused: a node that is not there")
    check(refuses() and refuses("--seed", "1", "a=127.0.0.1:1", "b=nowhere:2"), "bad arguments are refused")


# ---- the plan and the judge


class Told:
    """A federation that says what it is made to say."""

    names, folder = ["north", "south"], Path("nowhere")

    def __init__(self, *statuses):
        self.statuses = list(statuses)

    def status(self):
        told = self.statuses.pop(0)
        return {name: {"height": h, "log_root": root, "state_root": root} for name, (h, root) in told.items()}


def findings(*statuses):
    judge = Judge(Told(*statuses))
    with contextlib.redirect_stdout(io.StringIO()):
        for _ in statuses:
            judge.look()
    return len(judge.findings)


def test_judge():
    check(findings({"north": (1, "x"), "south": (1, "x")}, {"north": (2, "y")}, {"south": (2, "y")}) == 0,
          "nodes that agree are no finding, at whatever time they say so")
    check(findings({"north": (1, "x")}, {"south": (1, "y")}) == 1, "two logs at one height are one")
    check(findings({"north": (2, "y")}, {"north": (1, "x")}) == 1, "so is a node that goes back")


def lost(told, kept=(), signers=(), last="score"):
    """How many findings: entries 1 and 2 stand in the record, and one sign-off of "body" by each of the signers."""
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        record = folder / "record" / "ledger"
        record.mkdir(parents=True)
        envelopes = [("site", "update", b"one"), ("site", last, b"two")] + [
            (signer, "reconfigure", b"..body..") for signer in signers]
        (record / "epoch_001.json").write_text(json.dumps({"epoch": 1, "entries": [
            {"leaf_index": i, "node_id": node, "kind": kind, "verdict": "accepted",
             "envelope": base64.b64encode(bytes).decode(),
             "anchor_hash": leaf(bytes)} for i, (node, kind, bytes) in enumerate(envelopes, 1)]}))
        (folder / "change-1").write_bytes(b"body")
        (folder / "change-1.json").write_text('{"until": 9}')
        federation = Told()
        federation.folder, federation.quorum = folder, 2
        judge = Judge(federation)
        judge.acknowledged = Acknowledgements(folder / "acknowledged", judge.find)
        for by, index, hash in told:
            judge.acknowledged.entry(by, index, hash, "update")
        for validator in kept:
            judge.acknowledged.keeps(validator, folder / "change-1")
        judge.hold_acknowledgements()
        lines = (folder / "acknowledged").read_text().splitlines()
        return len(judge.findings) if len(lines) == len({i for _, i, _ in told}) + len(kept) else -1


def leaf(bytes):
    return hashlib.sha256(b"\0" + bytes).hexdigest()


def test_acknowledgements():
    one, two = leaf(b"one"), leaf(b"two")
    check(lost([("north", 1, one), ("south", 1, one), ("south", 2, two)]) == 0, "what was acknowledged is there")
    check(lost([("north", 1, two)]) == 1, "another entry in its place is a finding")
    check(lost([("north", 1, one), ("south", 1, two)]) == 1, "so are two that disagree, at once")
    check(lost([("north", 3, one)]) == 1, "and one that is nowhere")
    check(lost([], last="evidence") == 1, "a conviction is one, where all are honest")
    check(lost([], ["north"], ["north"]) == 0, "a sign-off that was kept and made")
    check(lost([], ["north"], ["south"]) == 1, "one that was kept and not made is lost")
    check(lost([], ["north"], ["south", "west"]) == 0, "but where the others have agreed without it")


def test_plan():
    names = ["north", "south", "west", "east"]
    plan = faults.plan(3, names, 600)
    check(plan == faults.plan(3, names, 600) != faults.plan(4, names, 600), "a seed is a plan")
    check(plan[:5] == faults.plan(3, names, 300)[:5], "more minutes only go on")
    check({f.kind for f in plan} == {*faults.KINDS, "upgrade"}, "ten minutes meet every kind of fault")
    check(all(a.at + a.lasts < b.at for a, b in zip(plan, plan[1:])) and plan[-1].at + plan[-1].lasts <= 600,
          "one fault ends before the next begins, and all in time")


for test in (test_whole_link, test_faults, test_seed, test_refusals, test_judge, test_acknowledgements,
             test_plan):
    test()
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
