"""prismfed and its peers: each tunes a setting with a budget of runs, and says which words it found."""
import functools
import hashlib
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import space as spaces
from setting import HERE, output

MOST = 20000  # conflicts that a run may cost, as in the target runners


def has(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


class Prismfed:
    """A federation of one site."""

    name = "prismfed"

    def __init__(self, build):
        self.build = Path(build).resolve()

    def missing(self):
        return None

    def version(self):
        return [hashlib.sha256((self.build / name).read_bytes()).hexdigest() for name in ("federated_sim", "prismfed")]

    def tune(self, setting, seed):
        folder, training = setting.begin(self.name, seed)
        scenario = {
            "name": "solvers", "quorum": 1, "max_ledger_drift": 2, "epoch_start": 1, "seed": seed,
            "space": str(setting.space_path),
            "nodes": [{"id": "site", "region": "eu", "role": "core", "stake": 10, "workload": {"program": {
                "runner": "irace", "command": ["./target-runner"], "par": 1, "deterministic": False,
                "instances": list(map(str, training))}}}],
            "policy": {"evaluations": setting.plan.budget // len(training), "iteration_limit": MOST},
            "guard_rails": {"collect_deadline_ms": 3600000, "score_deadline_ms": 3600000},
        }
        (folder / "solvers.json").write_text(json.dumps(scenario, indent=2))
        report = json.loads(output(self.build / "federated_sim", "--scenario", folder / "solvers.json", "--epochs", "1",
                                   "--threads", "1", "--json", "--output-dir", folder / "out"))
        words = output(self.build / "prismfed", "genome", "--as", "args", "--space", setting.space_path, folder / "out")
        return {"words": shlex.split(words), "runs": report["programs"][0]["runs"]}


class Irace:
    name = "irace"

    def __init__(self, build):
        self.build = Path(build).resolve()

    def missing(self):
        return None if has("Rscript", "-e", "library(irace)") else "irace in R (the package r-cran-irace)"

    @functools.cache
    def version(self):
        return output("Rscript", "-e", 'cat(format(packageVersion("irace")))')

    def tune(self, setting, seed):
        folder, _ = setting.begin(self.name, seed)
        genes, usual = setting.space["genes"], spaces.default(setting.space)
        text = output(self.build / "prismfed", "space", "--to", "irace", setting.space_path, stderr=subprocess.DEVNULL)
        (folder / "parameters.txt").write_text(text.split("[global]")[0])
        names = [gene["name"] for gene in genes]
        values = [json.dumps(usual[name]) if name in usual else "NA" for name in names]
        (folder / "initial.txt").write_text(" ".join(names) + "\n" + " ".join(values) + "\n")
        digits = str(setting.space["digits"])
        output("Rscript", HERE / "peer_irace.R", folder, str(seed), str(setting.plan.budget), digits)
        return {"words": spaces.words(setting.space, json.loads((folder / "irace.json").read_text()))}


class Optuna:
    name = "Optuna"
    python = os.environ.get("OPTUNA_PYTHON", sys.executable)

    def missing(self):
        return None if has(self.python, "-c", "import optuna, scipy") else \
            "Optuna and SciPy (pip install optuna scipy; OPTUNA_PYTHON names the Python that has them)"

    @functools.cache
    def version(self):
        return output(self.python, "-c", "import optuna; print(optuna.__version__)").strip()

    def tune(self, setting, seed):
        folder, _ = setting.begin(self.name, seed)
        values = json.loads(output(self.python, HERE / "peer_optuna.py", setting.space_path, folder, str(seed),
                                   str(setting.plan.budget)))
        return {"words": spaces.words(setting.space, values)}
