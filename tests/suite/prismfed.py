#!/usr/bin/env python3
"""prismfed.py PRISMFED FOLDER TRUST: `prismfed audit` behind the protocol of docs/suite.md."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def answer(prismfed, folder, trust):
    with open(trust, encoding="utf-8") as file:
        options = [o for f in json.load(file)["federations"] for o in ("--federation", f)]
    run = subprocess.run([prismfed, "audit", "--json", *options, folder], capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1, 3):
        return {"verdict": "unusable", "codes": [], "why": run.stderr}, 2
    said = json.loads(run.stdout)
    rules = [r for s in said["sections"] for r in s["rules"]]
    out = {"verdict": said["verdict"], "codes": sorted({f["code"] for f in said["findings"]}),
           "not_checked": {r["code"]: r["not_checked"] for r in rules if r["state"] == "not_checked"}}
    return out, run.returncode


def main(prismfed, *arguments):
    if arguments[0] != "--each":
        out, status = answer(prismfed, *arguments)
        print(json.dumps(out))
        return status
    with open(arguments[1], encoding="utf-8") as lines, ThreadPoolExecutor(2) as pool:
        for out, _ in pool.map(lambda line: answer(prismfed, *line.rstrip("\n").split("\t")), lines):
            print(json.dumps(out))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
