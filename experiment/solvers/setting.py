"""A solver on a family of formulas: where its files lie, and what a configuration costs on formulas that no tuner saw."""
import hashlib
import json
import math
import os
import shutil
import subprocess
import threading
from pathlib import Path

import instances
import space as spaces

HERE = Path(__file__).resolve().parent


def output(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, **more).stdout


class Known:
    """What was computed already, in a file: the same question has the same answer."""

    def __init__(self, path):
        self.path, self.lock, self.answers = path, threading.Lock(), {}
        if path and os.path.exists(path):
            with open(path) as file:
                self.answers = dict(json.loads(line) for line in file)

    def ask(self, question, compute):
        key = hashlib.sha256(json.dumps(question).encode()).hexdigest()
        if key not in self.answers:
            answer = compute()
            with self.lock:
                self.answers[key] = answer
                if self.path:
                    with open(self.path, "a") as file:
                        file.write(json.dumps([key, answer]) + "\n")
        return self.answers[key]


class Setting:
    """A solver on a family of formulas."""

    def __init__(self, solver, family, plan, folder):
        self.solver, self.family, self.plan = solver, family, plan
        self.space_path = HERE / f"{solver}.json"
        self.space = spaces.read(self.space_path)
        self.folder = folder / solver / family
        self.name = f"{solver}, {family}"

    def identity(self):
        """All that an answer depends on besides seed and tool."""
        files = [self.space_path, HERE / f"{self.solver}-runner", HERE / "instances.py", Path(shutil.which(self.solver))]
        return [self.name, self.plan.sizes.get(self.family), *(hashlib.sha256(f.read_bytes()).hexdigest() for f in files)]

    def formulas(self, what, seed, count):
        folder = self.folder / f"{what}-{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{i:02}.cnf" for i in range(count)]
        for i, path in enumerate(paths):
            if not path.exists():
                instances.write(self.family, f"{what}/{seed}/{i}", path, **self.plan.sizes.get(self.family, {}))
        return paths

    def logs(self, words, seed):
        """Logarithms of the costs on the held-out formulas; a formula's seed is the same for all."""
        out = []
        for i, path in enumerate(self.formulas("held-out", seed, self.plan.held_out)):
            cost = output(HERE / f"{self.solver}-runner", "0", str(i), str(1000 * seed + i), path, *words)
            out.append(math.log(int(cost) + 1))
        return out

    def begin(self, tool, seed):
        """A folder for a tool's search, with the formulas to train on."""
        folder = self.folder / f"{tool}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(HERE / f"{self.solver}-runner", folder / "target-runner")
        training = self.formulas("training", seed, self.plan.training)
        (folder / "instances.txt").write_text("".join(f"{path}\n" for path in training))
        return folder, training
