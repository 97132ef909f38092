#!/usr/bin/env python3
"""make.py [--only FAMILY] PRISMFED OUT [FORGER...]: makes the suite of docs/suite.md from honest rehearsals; the same each
time."""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import cases_bytes  # noqa: E402,F401
import cases_governance  # noqa: E402,F401
import cases_log  # noqa: E402,F401
import cases_trust  # noqa: E402,F401
import forged  # noqa: E402
from ledger import Ledger  # noqa: E402
from registry import CASES  # noqa: E402

HERE = Path(__file__).resolve().parent / "scenarios"
SHIPPED = Path(__file__).resolve().parents[2] / "artifacts/mec/M5/scenarios"
RUNS = {"plain": (HERE / "plain.json", 3, []), "foreign": (HERE / "plain.json", 3, ["--seed", "6"]),
        "fork": (HERE / "fork.json", 3, []), "rotated": (HERE / "rotated.json", 5, []),
        "governed": (SHIPPED / "governance.json", 12, [])}


def rehearse(prismfed, scenario, epochs, options, out):
    subprocess.run([prismfed, "sim", "--scenario", scenario, "--epochs", str(epochs), *options, "--output-dir", out,
                    "--quiet", "--clean"], check=True, stdout=subprocess.DEVNULL)


def runs(prismfed, out):
    found = {}
    for name, (scenario, epochs, options) in RUNS.items():
        rehearse(prismfed, scenario, epochs, options, out / name)
        found[name] = Ledger(out / name, Path(scenario).stem)
    return found


def write_case(folder, case, federations):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trust.json").write_text(json.dumps({"federations": federations}) + "\n")
    (folder / "case.json").write_text(json.dumps(case, indent=2) + "\n")


def make(found, out, only):
    for number, c in enumerate(CASES, 1):
        if only not in (None, c.family):
            continue
        base, *others = c.base.split("+")
        ledger = found[base].copy()
        c.make(ledger, *(found[o].copy() for o in others), *c.arguments)
        federations = {"its own": [ledger.genesis["federation_id"]], "another": ["ab" * 32], "nobody": []}[c.trust]
        folder = out / f"{number:03d}-{c.name}"
        ledger.write(folder / "artifacts")
        write_case(folder, {"family": c.family, "verdict": c.verdict, "code": c.code}, federations)
    return len(CASES)


def main(*arguments):
    only = arguments[1] if arguments[0] == "--only" else None
    prismfed, out, *forgers = arguments[2 if only else 0:]
    out = Path(out)
    count = make(runs(prismfed, out / "runs"), out / "cases", only)
    if only in (None, "executors"):
        forged.make(rehearse, prismfed, forgers, out, count, write_case)


if __name__ == "__main__":
    main(*sys.argv[1:])
