#!/usr/bin/env python3
"""test_governance.py PRISMFED FORGER SCENARIO: the steps of the shipped scenario `governance`, each with one signature
fewer than the threshold. Honest nodes wait; a federation whose nodes all take one signature for enough (FORGER), and
vouch for it with their own keys, is refused by the auditor at that very step."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

EPOCHS = "12"


def merged(scenario):
    """Each proposal in one event, signed by as many as it takes."""
    out, events = {**scenario, "events": []}, {}
    for e in scenario["events"]:
        if e["kind"] != "sign_off":
            out["events"].append(e)
        elif e["proposal"] not in events:
            events[e["proposal"]] = dict(e)
            out["events"].append(events[e["proposal"]])
        else:
            first = events[e["proposal"]]
            first["governors"] = first["governors"] + e["governors"]
            first["epoch"], first["after_ms"] = e["epoch"], e["after_ms"]
    # The revoked key of the third governor does not count when core-d is released.
    events["back"]["governors"] = ["safety", "ethics"]
    return out


def without_one(scenario, proposal):
    out = json.loads(json.dumps(scenario))
    for e in out["events"]:
        if e.get("proposal") == proposal:
            e["governors"] = e["governors"][:1]
    return out


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)


def log_of(folder):
    return folder / "out/simulations/META-GOVERNANCE-LOG_governance.md"


def verdict(auditor, program, scenario, folder, code, spoil):
    """The auditor's exit status about what this program rehearses, spoilt; is it a finding of this code?"""
    path = folder / "governance.json"
    path.write_text(json.dumps(scenario))
    said = run(program, "sim", "--scenario", path, "--epochs", EPOCHS, "--output-dir", folder / "out", "--quiet",
               "--clean")
    if said.returncode not in (0, 4):  # 4: halted, the last epochs were not reached
        return f"the rehearsal: {said.returncode} {said.stderr}"
    spoil(folder)
    said = run(auditor, "audit", "--scenario", path, folder / "out")
    return said.returncode, code in said.stdout


def main(prismfed, forger, scenario):
    prismfed, forger = Path(prismfed).resolve(), Path(forger).resolve()
    whole = merged(json.loads(Path(scenario).read_text()))
    proposals = [e["proposal"] for e in whole["events"] if e["kind"] == "sign_off"]
    cases = [("with all signatures", prismfed, whole, (0, False))]
    for p in proposals:
        few = without_one(whole, p)
        cases += [(f"{p}: with one signature it waits", prismfed, few, (0, False)),
                  (f"{p}: one signature for two is refused", forger, few, (1, True))]
    failed = 0
    cases = [(*case, "FAIL PF-BLOCK-STATE", lambda folder: None) for case in cases]
    cases += [("a governance log that says something else", prismfed, whole, (1, True), "FAIL PF-GOVERNANCE-LOG",
               lambda folder: log_of(folder).write_text(log_of(folder).read_text().replace("| agreed |", "| waits |"))),
              ("a governance log that is missing", prismfed, whole, (1, True), "FAIL PF-GOVERNANCE-LOG",
               lambda folder: log_of(folder).unlink())]
    for number, (text, program, case, wanted, code, spoil) in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as folder:
            found = verdict(prismfed, program, case, Path(folder), code, spoil)
        failed += found != wanted
        print(f"{'ok' if found == wanted else 'not ok'} {number} - {text}")
        if found != wanted:
            print(f"# {found}, expected {wanted}")
    print(f"1..{len(cases)}")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
