#!/usr/bin/env python3
"""agrees.py PRISMFED FOLDER...: the verifier of this folder and `prismfed audit` come to the same verdict and codes."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import verify
from verifier import ed25519


def audit(prismfed, folder, federations):
    options = [o for f in federations for o in ("--federation", f)]
    run = subprocess.run([prismfed, "audit", "--json", *options, folder], capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1, 3):
        return run.returncode, None
    said = json.loads(run.stdout)
    return said["verdict"], sorted({f["code"] for f in said["findings"]})


def ours(folder, federations):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as trust:
        json.dump({"federations": federations}, trust)
        trust.flush()
        said = verify.answer(folder, trust.name)
    return said["verdict"], sorted(said["codes"])


def federations_of(folder):
    return [json.loads(p.read_text())["federation_id"] for p in Path(folder).rglob("genesis.json")]


def main(prismfed, *folders):
    count = failed = 0
    for folder in folders:
        everybody = federations_of(folder)
        for federations, who in (([], "nobody"), (everybody, "its federations"), (["00" * 32], "a stranger")):
            theirs, mine = audit(prismfed, folder, federations), ours(folder, federations)
            count += 1
            good = theirs == mine
            failed += not good
            print(f"{'ok' if good else 'not ok'} {count} - {Path(folder).name}, trusting {who}: {mine[0]}")
            if not good:
                print(f"# prismfed: {theirs}\n# verifier: {mine}")
    count += 1
    ed25519.Ed25519PublicKey = None
    ed25519._verified.clear()
    mine = ours(folders[0], [])
    print(f"{'ok' if mine == audit(prismfed, folders[0], []) else 'not ok'} {count} - and without the package cryptography")
    print(f"1..{count}")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
