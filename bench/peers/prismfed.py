"""Four validators of prismfed and a site on the loopback device, from a scenario file: prismfed net."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

SCENARIO = Path(__file__).resolve().parents[2] / "storm" / "chaos" / "scenario.json"
START_SECONDS = 60


class Network:
    """Runs from start() to stop(). Its entries are what the nodes' own work comes to: it takes none from clients."""

    def __init__(self, program, folder):
        self.program, self.folder = str(program), str(folder)

    def _net(self, verb, *words):
        return subprocess.run([self.program, "net", verb, "--dir", self.folder, *words], capture_output=True, text=True)

    def start(self):
        done = self._net("up", "--scenario", str(SCENARIO))
        if done.returncode != 0:
            raise RuntimeError(f"prismfed net up: {done.stderr}")
        until = time.monotonic() + START_SECONDS
        while self.height() < 2:
            if time.monotonic() > until:
                raise RuntimeError("prismfed has not come up")
            time.sleep(0.1)

    def stop(self):
        self._net("down")

    def _status(self):
        return [told for told in json.loads(self._net("status", "--format", "json").stdout) if told]

    def height(self):
        return max(told["height"] for told in self._status())

    def kill_proposer(self):
        """With SIGKILL; returns whom to ask for the height from then on."""
        for told in self._status():
            if told["consensus"] and told["consensus"]["is_primary"]:
                os.kill(told["pid"], signal.SIGKILL)
                return self
        raise RuntimeError("prismfed names no primary")
