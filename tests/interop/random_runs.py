#!/usr/bin/env python3
"""random_runs.py PRISMFED: federations of all sorts, rehearsed with faults and liars; the verifier executes each log and agrees
with `prismfed audit`. SEED=N runs one of them, COUNT=N that many."""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from agrees import Tap

LIES = ("inverted_scores", "inflated_claims", "negated_claims", "copy_cat", "stale", "double_sign", "mute", "hostile_entries")


def policy(r, members):
    out = {"evaluations": r.choice([2, 4]), "iteration_limit": r.choice([20, 50]), "migrants": r.choice([1, 2, 3]),
           "topology": r.choice(["all", "ring", "region"]), "archive": r.choice([0, 1, 4, 8]),
           "rule": r.choice(["trimmed_rank", "median_rank", "borda", "mean_cost"]), "spot_checks": r.choice([0, 2]),
           "rollback_ppm": r.choice([0, 50000]), "margin_ppm": r.choice([0, 20000])}
    if r.random() < 0.3 and members >= 3:
        out["cohort"] = r.randrange(2, members)
        out.update({"cohort_weights": "stake"} if r.random() < 0.5 else {})
        out.update({"cohort_validators": "first"} if r.random() < 0.5 else {})
    return out


def event(r, nodes):
    kind = r.choice(["crash", "rotate_key", "stake", "lie", "lie", "leave"])
    out = {"kind": kind, "node": r.choice(nodes)["id"], "epoch": r.randrange(1, 5), "after_ms": r.randrange(1, 500)}
    if kind == "lie":
        out["behaviour"] = r.choice(LIES)
    if kind == "stake":
        out["stake"] = 1
    return out


def scenario(seed):
    r = random.Random(seed)
    n, edges = r.choice([1, 2, 3, 4, 5, 7]), r.randrange(5)
    nodes = [{"id": f"n{i}", "region": r.choice("rst"), "role": "core" if i < n else "edge", "stake": r.randrange(1, 50),
              "disclosed": r.random() < 0.5} for i in range(n + edges)]
    return {"name": "random", "quorum": (n + (n - 1) // 3 + 2) // 2, "max_ledger_drift": r.choice([0, 1, 2]),
            "epoch_start": r.choice([1, 40]), "seed": seed, "policy": policy(r, n + edges),
            "workload": {"family": r.choice(["queen", "random"]), "instances": 1, "size_min": 5, "size_max": 8},
            "nodes": nodes, "events": [event(r, nodes) for _ in range(r.randrange(5))]}


def rehearse(prismfed, what, scratch):
    """With those of the events that the federation of this scenario can have; false: not even without any."""
    while True:
        path = scratch / "random.json"
        path.write_text(json.dumps(what))
        run = subprocess.run([prismfed, "sim", "--scenario", path, "--epochs", "5", "--output-dir", scratch / "out", "--quiet"],
                             capture_output=True, text=True, check=False)
        if (scratch / "out/ledger/random/genesis.json").exists():
            return True
        named = re.search(r"/events/(\d+)", run.stderr)
        if not what["events"]:
            return False
        what["events"].pop(int(named[1]) if named else -1)


def main(prismfed):
    tap, first = Tap(), int(os.environ.get("SEED", "1"))
    for seed in range(first, first + int(os.environ.get("COUNT", "1" if "SEED" in os.environ else "12"))):
        with tempfile.TemporaryDirectory() as folder:
            what = scenario(seed)
            text = f"SEED={seed}: {len(what['nodes'])} nodes, "
            if not rehearse(prismfed, what, Path(folder)):
                tap.report(False, text + "which cannot be rehearsed")
                continue
            genesis = json.loads((Path(folder) / "out/ledger/random/genesis.json").read_text())
            text += ", ".join(e.get("behaviour", e["kind"]) for e in what["events"]) or "no events"
            tap.compare(prismfed, Path(folder) / "out", [genesis["federation_id"]], text)
    print(f"1..{tap.count}")
    return tap.failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
