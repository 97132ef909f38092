"""The processes of a federation on this machine, each of which reaches the others through the relay only."""
import base64
import json
import os
import random
import resource
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

START_SECONDS = 60


def find_faketime():
    """libfaketime, of the Debian package faketime: it tells a program another time of day."""
    return next(map(str, Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


class Relay:
    """storm/chaos/relay.c says what it does."""

    def __init__(self, program, seed, addresses):
        self.places = {}  # (from, to): where from finds to
        self.process = subprocess.Popen(
            [program, "--seed", str(seed)] + [f"{name}={address}" for name, address in addresses.items()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        for line in self.process.stdout:
            if line == "ready\n":
                return
            source, target, place = line.split()
            self.places[source, target] = place
        raise RuntimeError("the relay has not come up")

    def set(self, source, target, **settings):
        """What is not named is 0: without settings a link is whole."""
        print(source, target, *(f"{key}={value}" for key, value in settings.items()), file=self.process.stdin)
        answer = self.process.stdout.readline().strip()
        if answer != "ok":
            raise RuntimeError(f"relay: {answer}")

    def count(self):
        """What has happened to datagrams, over all links."""
        counts = {}
        print("count", file=self.process.stdin)
        while (line := self.process.stdout.readline().split()) != ["ok"]:
            for kind, count in zip(line[2::2], line[3::2]):
                counts[kind] = counts.get(kind, 0) + int(count)
        return counts

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Federation:
    """names: the nodes that run as daemons; visitors: the sites that come and go; liar: a member whose key the bad peer
    has, and which does nothing else; everybody: all of them."""

    def __init__(self, build, scenario, folder, seed, visitors, liar):
        self.build, self.program, self.folder = Path(build), str((Path(build) / "prismfed").resolve()), Path(folder)
        self.seed, self.liar, self.bad_peer, self.attacks = seed, liar, None, Counter()
        self._run("net", "up", "--scenario", scenario, "--dir", folder, "--seed", seed, "--trace")
        self._run("net", "down", "--dir", folder)
        self.everybody = json.loads((self.folder / "net.json").read_text())["nodes"]
        self.visitors = list(visitors)
        self.names = [name for name in self.everybody if name not in (*visitors, liar)]
        plan = json.loads(Path(scenario).read_text())
        self.validators = [n["id"] for n in plan["nodes"] if n["role"] == "validator"]
        self.quorum = plan["quorum"]
        configurations = {name: json.loads(self._config(name).read_text()) for name in self.everybody}
        self.relay = Relay(self.build / "storm" / "relay", seed, {n: c["listen"] for n, c in configurations.items()})
        self.addresses = {name: configuration["listen"] for name, configuration in configurations.items()}
        for name, configuration in configurations.items():
            configuration["peers"] = {peer: self.relay.places[name, peer] for peer in self.everybody if peer != name}
            self._config(name).write_text(json.dumps(configuration, indent=2) + "\n")
        self.faketime = find_faketime()
        self.previous = str((self.build / "tests" / "node" / "prismfed_previous").resolve())
        self.programs = {name: self.program for name in self.names}
        self.upgraded = False  # everybody has been given the newer program, and the federation is to go over
        self.processes, self.logs, self.lost = {}, {}, 0

    def control(self, name):
        """The socket on which a node answers its operator."""
        return str(self.folder / name / "control")

    def visit(self, name, seconds):
        return [self.program, "site", "--once", "--config", str(self._config(name)), "--timeout", str(seconds)]

    def change(self, number, until, *words):
        """The file of such a change (prismfed change)."""
        path = self.folder / f"change-{number}"
        path.with_suffix(".json").write_text(json.dumps({"until": until}))
        self._run("change", *words, "--genesis", self.folder / "genesis.cbor", "--until", until, "--out", path)
        return path

    @staticmethod
    def base64(path):
        return base64.b64encode(path.read_bytes()).decode()

    def _config(self, name):
        return self.folder / name / "node.json"

    def ask(self, *words):
        """What prismfed answers: its exit status, and what it printed."""
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def _run(self, *words):
        status, text = self.ask(*words)
        if status != 0:
            raise RuntimeError(f"prismfed {' '.join(map(str, words))}: {text}")

    def start(self, name):
        """Its log goes through a pipe: a node whose disk is full can still say so."""
        with open(self.folder / name / "log", "ab") as log:
            logger = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.DEVNULL)
        self.processes[name] = subprocess.Popen(
            [self.programs[name], "node", "run", "--config", str(self._config(name))], stdout=logger.stdin,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **self._clock(name)})
        logger.stdin.close()
        self.logs[name] = logger

    def _clock(self, name):
        """The environment in which its wall clock is what set_clock() says, and its other clocks go on."""
        if self.faketime is None:
            return {}
        offset = self.folder / name / "clock"
        if not offset.exists():
            offset.write_text("+0\n")
        return {"LD_PRELOAD": self.faketime, "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_CACHE_DURATION": "1",
                "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def set_clock(self, name, seconds):
        """False: this machine has no libfaketime."""
        if self.faketime is None:
            return False
        (self.folder / name / "clock").write_text(f"{seconds:+d}\n")
        return True

    def swap_program(self, name):
        """The node goes on with the program of the version before, or back."""
        self.kill(name)
        self.programs[name] = self.previous if self.programs[name] == self.program else self.program
        self.start(name)

    def kill(self, name):
        self.processes[name].kill()
        self.await_end(name)

    def await_end(self, name):
        """Its exit status, once all that it has said is in its log."""
        status = self.processes[name].wait()
        self.logs[name].wait()
        return status

    def fill_disk(self, name):
        """No file of this node's may grow any more."""
        _, hard = resource.prlimit(self.processes[name].pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.processes[name].pid, resource.RLIMIT_FSIZE, (4096, hard))

    def freeze(self, name, frozen):
        self.processes[name].send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def let_in(self, draw):
        """storm/chaos/bad_peer.c goes at the nodes, past the relay."""
        self.bad_peer = subprocess.Popen(
            [self.build / "storm" / "bad_peer", "--seed", str(self.seed), "--draw", str(draw), "--genesis",
             self.folder / "genesis.cbor", "--member", self.liar, *(f"{n}={self.addresses[n]}" for n in self.names)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def throw_out(self):
        """True: it has ended as it should."""
        told, _ = self.bad_peer.communicate()
        words = told.split()
        self.attacks.update({kind: int(count) for kind, count in zip(words[::2], words[1::2])})
        return self.bad_peer.returncode == 0

    def damage(self, name, bytes, places, draw):
        """Other bytes in some places of its store."""
        chance = random.Random(draw)
        with open(self.folder / name / "store.sqlite", "r+b") as store:
            size = store.seek(0, 2)
            for _ in range(places):
                store.seek(chance.randrange(max(size - bytes, 1)))
                store.write(chance.randbytes(bytes))

    def trace(self, name):
        """All that its node has done from the beginning on, until its store was changed from outside."""
        ended = self.folder / name / "trace-ended.cbor"
        return ended if ended.exists() else self.folder / name / "trace.cbor"

    def end_trace(self, name):
        configuration = json.loads(self._config(name).read_text())
        if configuration.pop("trace", None):
            (self.folder / name / "trace.cbor").rename(self.folder / name / "trace-ended.cbor")
            self._config(name).write_text(json.dumps(configuration, indent=2) + "\n")

    def check_store(self, name, *options):
        """Exit status, and what it says."""
        return self.ask("store", "check", *options, "--genesis", self.folder / "genesis.cbor",
                        self.folder / name / "store.sqlite")

    def lose_store(self, name):
        """Its files go, as docs/runbook.md says of a store that has lost what its node must not forget."""
        self.lost += 1
        for path in (self.folder / name).glob("store.sqlite*"):
            path.rename(path.with_name(f"lost-{self.lost}-{path.name}"))

    def some_recover(self):
        """May a node have forgotten what it has signed? One that does not answer may."""
        status = self.status()
        return any(name not in status or status[name]["recovering"] for name in self.names)

    def last_words(self, name):
        lines = (self.folder / name / "log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else ""

    def has_died(self, name):
        return self.processes[name].poll() is not None

    def heal(self):
        self.relay.set("*", "*")

    def status(self):
        """What each node that answers says, by name."""
        done = subprocess.run([self.program, "net", "status", "--dir", str(self.folder), "--format", "json"],
                              capture_output=True, text=True)
        try:
            return {name: told for name, told in zip(self.everybody, json.loads(done.stdout)) if told}
        except ValueError:
            return {}

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        until = time.monotonic() + START_SECONDS
        for process in self.processes.values():
            try:
                process.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = {}
