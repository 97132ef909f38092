#!/usr/bin/env python3
"""verify.py FOLDER TRUST: prismfed's artifacts, checked by an implementation of docs/rfc of its own.

The command-line protocol is that of docs/suite.md: TRUST is a JSON file, the answer is one line of JSON, the exit status
is 0 (compliant), 3 (consistent, but a question is open), 1 (not compliant) or 2 (unusable input). With --each FILE it
reads lines of FOLDER, a tab, TRUST, and answers each with a line.
"""

import json
import sys

from verifier.audit import audit_folders
from verifier.report import Report

STATUS = {"compliant": 0, "consistent": 3, "not_compliant": 1, "unusable": 2}


def answer(folder, trust):
    report = Report()
    try:
        with open(trust, encoding="utf-8") as file:
            trusted = {bytes.fromhex(f) for f in json.load(file)["federations"]}
        usable = audit_folders([folder], trusted, report)
    except (OSError, ValueError, KeyError) as error:
        return {"verdict": "unusable", "codes": [], "open": [], "not_checked": {}, "findings": [], "why": str(error)}
    out = report.json()
    return out if usable else {**out, "verdict": "unusable"}


def main(arguments):
    if len(arguments) != 2:
        sys.stderr.write(__doc__)
        return 2
    if arguments[0] == "--each":
        with open(arguments[1], encoding="utf-8") as lines:
            for line in lines:
                print(json.dumps(answer(*line.rstrip("\n").split("\t"))), flush=True)
        return 0
    out = answer(*arguments)
    print(json.dumps(out))
    return STATUS[out["verdict"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
