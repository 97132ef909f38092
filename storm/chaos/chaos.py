#!/usr/bin/env python3
"""Real nodes under faults: they are killed, frozen and cut off from each other, and what they told must stay true.
docs/storm.md says what is looked at."""
import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays as it is

import clients
import faults
from federation import Federation
from judge import Judge

VISITORS, LIAR = ["visitor"], "liar"  # of scenario.json
ROOT = Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, metavar="M", help="how long faults happen (1)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which faults (1)")
    parser.add_argument("--build", default=str(ROOT / "build"), metavar="DIR", help="where prismfed and the relay are")
    parser.add_argument("--keep", metavar="DIR", help="where the nodes' files stay; without it after a finding only")
    given = parser.parse_args()
    if given.minutes <= 0 or given.seed < 0:
        parser.error("a duration above 0 and a seed from 0 on")
    return given


def suffer(federation, judge, plan, quiet_until):
    """Does the faults of the plan, and looks at the nodes all the time."""
    began, waiting, present = time.monotonic(), list(plan), None
    while present or waiting or time.monotonic() - began < quiet_until:
        passed = time.monotonic() - began
        if present and passed >= present.at + present.lasts:
            faults.end(federation, present, judge)
            present = None
        elif not present and waiting and passed >= waiting[0].at:
            present = waiting.pop(0)
            happens = faults.begin(federation, present, judge)
            print(present if happens else f"{present}: not now", flush=True)
            judge.counts[present.kind if happens else "not now"] += 1
            present = present if happens else None
        judge.watch_deaths(present.nodes if present and present.kind in faults.DEADLY else ())
        if not (present and present.kind == "freeze"):  # a frozen node would let the question wait
            judge.look()
        time.sleep(0.05)


def rehearse(given, folder):
    build, scenario = Path(given.build), Path(__file__).with_name("scenario.json")
    federation = Federation(build, scenario, folder, given.seed, VISITORS, LIAR)
    judge = Judge(federation)
    judge.acknowledged = clients.Acknowledgements(folder / "acknowledged", judge.find)
    users = []
    try:
        for name in federation.names:
            federation.start(name)
        users = clients.begin(federation, given.seed, judge.acknowledged, judge.find)
        suffer(federation, judge, faults.plan(given.seed, federation.names, given.minutes * 60), given.minutes * 60)
        federation.heal()
        for user in users:
            user.end()
        judge.await_calm()
        judge.audit(scenario, given.seed)
        judge.hold_acknowledgements()
        federation.stop()
        judge.open_stores()
        datagrams = federation.relay.count()
    finally:
        for user in users:
            user.ended.set()
        federation.stop()
        federation.relay.stop()
    tell(given.seed, judge, datagrams, federation.attacks)
    return judge.findings


def counted(counts):
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def tell(seed, judge, datagrams, attacks):
    acknowledged = judge.acknowledged
    print(f"faults: {counted(judge.counts)}")
    print(f"of the bad peer: {counted(attacks)}")
    print(f"acknowledged: {len(acknowledged.entries)} entries of the log; {counted(acknowledged.count)}")
    print(f"seed {seed}: {len(judge.logs)} heights told by {len(judge.federation.names)} nodes, up to "
          f"{max(judge.heights.values(), default=0)}; {datagrams['came']} datagrams, {datagrams['lost']} lost and "
          f"{datagrams['twice']} doubled on purpose; {len(judge.findings)} findings")


def main():
    given = arguments()
    folder = Path(given.keep or tempfile.mkdtemp(prefix="chaos-"))
    print(f"./dev chaos --minutes {given.minutes:g} --seed {given.seed}", flush=True)
    found = rehearse(given, folder / "net")
    if found:
        print(f"the nodes' files: {folder / 'net'}")
    elif not given.keep:
        shutil.rmtree(folder)
    sys.exit(1 if found else 0)


main()
