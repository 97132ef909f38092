#!/usr/bin/env python3
"""agrees.py PRISMFED FOLDER...: the verifier of this folder and `prismfed audit` come to the same verdict and codes, for
each label of each folder by itself."""

import json
import shutil
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


def label_of(folder, genesis, into):
    """A folder of this label alone; its name and federation."""
    label = genesis.parent.name
    name = "default" if label == "ledger" else label
    to = into / name / genesis.parent.relative_to(folder)
    to.mkdir(parents=True)
    for path in genesis.parent.iterdir():
        if path.is_file():
            shutil.copy(path, to)
    summary = "epoch_summary.json" if label == "ledger" else f"epoch_summary_{label}.json"
    (into / name / "simulations").mkdir()
    shutil.copy(folder / "simulations" / summary, into / name / "simulations")
    log = folder / "simulations" / ("META-GOVERNANCE-LOG.md" if label == "ledger" else f"META-GOVERNANCE-LOG_{label}.md")
    if log.exists():
        shutil.copy(log, into / name / "simulations")
    return into / name, json.loads(genesis.read_text())["federation_id"]


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def report(self, good, text, *notes):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}")
        for note in notes if not good else ():
            print(f"# {note}")

    def compare(self, prismfed, folder, federations, text):
        mine, theirs = ours(folder, federations), audit(prismfed, folder, federations)
        self.report(mine == theirs, f"{text}: {mine[0]}", f"prismfed: {theirs}", f"verifier: {mine}")


def main(prismfed, *folders):
    tap = Tap()
    with tempfile.TemporaryDirectory() as scratch:
        for number, folder in enumerate(folders):
            for genesis in sorted(Path(folder).rglob("genesis.json")):
                alone, federation = label_of(Path(folder), genesis, Path(scratch) / str(number))
                for trusted, who in (([], "nobody"), ([federation], "its federation"), (["00" * 32], "a stranger")):
                    tap.compare(prismfed, alone, trusted, f"{alone.name}, trusting {who}")
    ed25519.Ed25519PublicKey = None
    ed25519._verified.clear()
    tap.compare(prismfed, folders[0], ["00" * 32], "all of it, without the package cryptography")
    print(f"1..{tap.count}")
    return tap.failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
