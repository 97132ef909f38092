"""The processes of a federation on this machine, each of which reaches the others through the relay only."""
import json
import signal
import subprocess
import time
from pathlib import Path

START_SECONDS = 60


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
    def __init__(self, program, relay_program, scenario, folder, seed):
        self.program, self.folder = str(Path(program).resolve()), Path(folder)
        self._run("net", "up", "--scenario", scenario, "--dir", folder, "--seed", seed, "--trace")
        self._run("net", "down", "--dir", folder)
        self.names = json.loads((self.folder / "net.json").read_text())["nodes"]
        configurations = {name: json.loads(self._config(name).read_text()) for name in self.names}
        self.relay = Relay(relay_program, seed, {n: c["listen"] for n, c in configurations.items()})
        for name, configuration in configurations.items():
            configuration["peers"] = {peer: self.relay.places[name, peer] for peer in self.names if peer != name}
            self._config(name).write_text(json.dumps(configuration, indent=2) + "\n")
        self.processes = {}

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
        with open(self.folder / name / "log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [self.program, "node", "run", "--config", str(self._config(name))],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def freeze(self, name, frozen):
        self.processes[name].send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def has_died(self, name):
        return self.processes[name].poll() is not None

    def heal(self):
        self.relay.set("*", "*")

    def status(self):
        """What each node that answers says, by name."""
        done = subprocess.run([self.program, "net", "status", "--dir", str(self.folder), "--format", "json"],
                              capture_output=True, text=True)
        try:
            return {name: told for name, told in zip(self.names, json.loads(done.stdout)) if told}
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
