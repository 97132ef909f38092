"""Executors that leave out one rule, with all validators vouching for what they execute: prismfed, compiled anew with a
defect planted (tests/audit/meson.build)."""

import json
from pathlib import Path

SCENARIOS = Path(__file__).resolve().parent / "scenarios"


def run_of(name):
    """Where a defect of this name shows: scenario and the code to be found."""
    if "COHORT" in name:
        return "cohort", "PF-COHORT"
    return "joins", "PF-EPOCH-VIEW" if "NEWCOMER" in name else "PF-BLOCK-STATE"


def make(rehearse, prismfed, forgers, out, count, write_case):
    runs = [(prismfed, "honest", scenario, None) for scenario in ("cohort", "joins", "stakes")]
    # What shows in a crowd of 256 nodes alone is left to tests/audit/test_forged.sh.
    runs += [(f, Path(f).name, *run_of(f)) for f in forgers if "OFFERS" not in f]
    for number, (program, name, scenario, code) in enumerate(runs, count + 1):
        folder = out / "cases" / f"{number:03d}-{name}-{scenario}"
        rehearse(program, SCENARIOS / f"{scenario}.json", 5, [], folder / "artifacts")
        genesis = json.loads((folder / f"artifacts/ledger/{scenario}/genesis.json").read_text())
        write_case(folder, {"family": "executors", "verdict": "not_compliant" if code else "compliant", "code": code},
                   [genesis["federation_id"]])
