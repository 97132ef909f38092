"""Four validators of CometBFT on the loopback addresses 127.0.0.1 to 127.0.0.4, with its built-in key-value store."""
import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

VERSION = "v0.38.17"
MODULE = f"github.com/cometbft/cometbft/cmd/cometbft@{VERSION}"
NODES = 4
RPC_PORT = 26657
START_SECONDS = 60
PATIENCE_SECONDS = 30
TUNED = {("consensus", "timeout_commit"): '"0s"', ("consensus", "timeout_propose"): '"500ms"'}


def find(folder):
    """The program: in the path, or in folder where ./dev bench peers installs it; None without it."""
    for place in (None, str(Path(folder) / "bin")):
        program = shutil.which("cometbft", path=place)
        if program:
            return program
    return None


def install(folder):
    """Compiles it with Go, which takes minutes; None where there is no Go or it cannot be had."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        return None
    print(f"bench peers: compiling CometBFT {VERSION}, which takes minutes", flush=True)
    environment = dict(os.environ, GOPATH=str(Path(folder).resolve()), GOBIN=str(Path(folder).resolve() / "bin"),
                       GOFLAGS="-modcacherw")
    done = subprocess.run([go, "install", MODULE], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr.strip()[-400:])
    return find(folder)


class Rpc:
    """One keep-alive connection to a node."""

    def __init__(self, host):
        self.host, self.connection = host, None

    def post(self, body):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, RPC_PORT, timeout=10)
        try:
            self.connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return json.loads(self.connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            self.connection.close()
            self.connection = None
            raise ConnectionError(self.host) from None

    def ask(self, method, **parameters):
        answer = self.post(json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": parameters}))
        if "error" in answer:
            raise ConnectionError(answer["error"])
        return answer["result"]

    def submit(self, transactions):
        """Returns before they are checked (broadcast_tx_async)."""
        self.post(json.dumps([{"jsonrpc": "2.0", "id": i, "method": "broadcast_tx_async",
                               "params": {"tx": base64.b64encode(t).decode()}} for i, t in enumerate(transactions)]))

    def height(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while True:  # under load it does not answer at once
            try:
                return int(self.ask("status")["sync_info"]["latest_block_height"])
            except ConnectionError:
                if time.monotonic() > until:
                    raise


def _set(text, section, key, value):
    """Gives a key of a section of config.toml another value."""
    pattern = re.compile(rf"(^\[{section}\]\n(?:(?!\[).*\n)*?{key} = ).*$", re.MULTILINE)
    text, count = pattern.subn(lambda m: m.group(1) + value, text)
    if count != 1:
        raise RuntimeError(f"CometBFT {VERSION} has no key {key} in [{section}]")
    return text


class Network:
    """Runs from start() to stop(); a folder that is not there yet is its home."""

    def __init__(self, program, folder, tuned):
        self.program, self.folder, self.tuned = program, Path(folder), tuned
        self.hosts = [f"127.0.0.{i + 1}" for i in range(NODES)]
        self.processes = []

    def _configure(self, index):
        path = self.folder / f"node{index}" / "config" / "config.toml"
        values = {("rpc", "laddr"): f'"tcp://{self.hosts[index]}:{RPC_PORT}"',
                  ("p2p", "laddr"): f'"tcp://{self.hosts[index]}:26656"',
                  ("p2p", "addr_book_strict"): "false", ("p2p", "allow_duplicate_ip"): "true",
                  ("mempool", "size"): "50000"}
        values.update(TUNED if self.tuned else {})
        text = path.read_text()
        for (section, key), value in values.items():
            text = _set(text, section, key, value)
        path.write_text(text)

    def start(self):
        subprocess.run([self.program, "testnet", "--v", str(NODES), "--o", str(self.folder),
                        "--populate-persistent-peers", "--starting-ip-address", self.hosts[0]],
                       check=True, capture_output=True)
        for index in range(NODES):
            self._configure(index)
            with open(self.folder / f"node{index}.log", "wb") as log:
                self.processes.append(subprocess.Popen(
                    [self.program, "node", "--home", str(self.folder / f"node{index}"), "--proxy_app", "kvstore",
                     "--log_level", "error"], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL))
        self._await_height(2)

    def _await_height(self, height):
        until = time.monotonic() + START_SECONDS
        for host in self.hosts:
            while True:
                with contextlib.suppress(ConnectionError):
                    if Rpc(host).height() >= height:
                        break
                if time.monotonic() > until:
                    raise RuntimeError(f"CometBFT has not come up; its logs are in {self.folder}")
                time.sleep(0.2)

    def stop(self):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self.processes = []

    def processor_seconds(self):
        """Of all nodes that run, since each was started."""
        return sum(_processor_seconds(p.pid) for p in self.processes if p.poll() is None)

    def committed(self, first, last):
        """How many transactions the blocks first to last hold."""
        rpc, count = Rpc(self.hosts[0]), 0
        for low in range(first, last + 1, 20):  # no more are told at once
            metas = rpc.ask("blockchain", minHeight=str(low), maxHeight=str(min(low + 19, last)))["block_metas"]
            count += sum(int(m["num_txs"]) for m in metas)
        return count

    def proposer(self):
        """The index of the node whose turn it is."""
        state = Rpc(self.hosts[0]).ask("consensus_state")["round_state"]
        return int(state["proposer"]["index"]), state["proposer"]["address"]

    def kill_proposer(self):
        """With SIGKILL; returns the host of a node that goes on."""
        address = self.proposer()[1]
        for index in range(NODES):
            key = self.folder / f"node{index}" / "config" / "priv_validator_key.json"
            if json.loads(key.read_text())["address"] == address:
                self.processes[index].kill()
                self.processes[index].wait()
                return self.hosts[(index + 1) % NODES]
        raise RuntimeError("CometBFT names a proposer that is none of the nodes")


def _processor_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
