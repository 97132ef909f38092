#!/usr/bin/env python3
"""run.py CASES COMMAND...: runs a validator on every case of the suite (docs/suite.md) and says where it differs.

The command is called with a folder of artifacts and a file of trust behind its own arguments; with "each:" in front of it it
is called once, with `--each` and a file of lines.
"""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

STATUS = {"compliant": 0, "consistent": 3, "not_compliant": 1, "unusable": 2}


def ask(command, folder):
    run = subprocess.run([*command, folder / "artifacts", folder / "trust.json"], capture_output=True, text=True,
                         check=False, timeout=120)
    try:
        said = json.loads(run.stdout)
    except ValueError:
        return {"verdict": f"no answer: {run.returncode} {run.stderr[-200:]}", "codes": []}
    if STATUS.get(said["verdict"]) != run.returncode:
        return {"verdict": f"{said['verdict']} with exit status {run.returncode}", "codes": said["codes"]}
    return said


def ask_each(command, folders):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lines:
        for folder in folders:
            print(folder / "artifacts", folder / "trust.json", sep="\t", file=lines)
        lines.flush()
        run = subprocess.run([*command, "--each", lines.name], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{command}: {run.stderr[-2000:]}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def answers(command, folders):
    if command[0].startswith("each:"):
        return ask_each([command[0][5:], *command[1:]], folders)
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda f: ask(command, f), folders))


def judge(case, said):
    """What is wrong with an answer; None: nothing."""
    if said["verdict"] != case["verdict"]:
        return f"expected {case['verdict']}, got {said['verdict']} {said['codes']}"
    if case["code"] is not None and case["code"] not in said["codes"]:
        if case["code"] in said.get("not_checked", {}):
            return f"{case['code']} is not checked, and the verdict is the right one for another reason"
        return f"expected {case['code']} among {said['codes']}"
    return f"expected no finding, got {said['codes']}" if case["code"] is None and said["codes"] else None


def main(cases, *command):
    folders = sorted(p for p in Path(cases).iterdir() if (p / "case.json").exists())
    wrong, negative, families = 0, 0, {}
    for folder, said in zip(folders, answers(list(command), folders)):
        case = json.loads((folder / "case.json").read_text())
        complaint = judge(case, said)
        negative += case["verdict"] == "not_compliant"
        families[case["family"]] = families.get(case["family"], 0) + 1
        if complaint:
            wrong += 1
            print(f"# {folder.name}: {complaint}")
    print("# " + ", ".join(f"{name} {count}" for name, count in sorted(families.items())))
    print(f"# {len(folders)} cases, {negative} of them ({100 * negative // len(folders)} %) must fail; {wrong} went wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
