#!/usr/bin/env python3
"""Other replicated logs on this machine: what four validators of each commit, what it costs, and how long nothing is
committed after the one whose turn it is was killed. ./dev bench peers says how it is run."""
import argparse
import contextlib
import statistics
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays as it is

import cometbft
import measure

TOOLS = Path(__file__).resolve().parents[2] / "build-peers"


def arguments():
    parser = argparse.ArgumentParser(prog="bench peers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, metavar="S", help="how long the load lasts (20)")
    parser.add_argument("--rate", type=float, default=2000, metavar="R", help="transactions a second, offered (2000)")
    parser.add_argument("--trials", type=int, default=3, metavar="N", help="how often a leader is killed (3)")
    parser.add_argument("--tools", default=str(TOOLS), metavar="DIR", help="where peers are installed (build-peers)")
    given = parser.parse_args()
    if given.seconds <= 0 or given.rate <= 0 or given.trials < 1:
        parser.error("a duration, a rate and a trial at least")
    return given


@contextlib.contextmanager
def running(program, tuned):
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as folder:
        network = cometbft.Network(program, Path(folder) / "net", tuned)
        try:
            network.start()
            yield network
        finally:
            network.stop()


def row(program, tuned, given):
    with running(program, tuned) as network:
        load = measure.load(network, cometbft.Rpc, given.rate, given.seconds)
    gaps = []
    for _ in range(given.trials):
        with running(program, tuned) as network:
            gaps.append(measure.longest_gap(network, cometbft.Rpc, 12))
    name = f"CometBFT {cometbft.VERSION[1:]}, " + ("tuned" if tuned else "its defaults")
    print(f"{name:<32} {load.offered:10.0f} {load.committed:10.0f} {load.processor * 1e6:12.0f} "
          f"{statistics.median(gaps):10.2f} {max(gaps):10.2f}", flush=True)


def main():
    given = arguments()
    program = cometbft.find(given.tools) or cometbft.install(given.tools)
    print(f"four validators on this machine, durable; transactions of {measure.TRANSACTION_BYTES} bytes, open loop, "
          f"{given.seconds:.0f} s")
    if program is None:
        print("CometBFT: skipped: needs Go")
        return
    print(f"{'':<32} {'offered/s':>10} {'commits/s':>10} {'us a replica':>12} {'gap, s':>10} {'worst, s':>10}")
    for tuned in (False, True):
        row(program, tuned, given)
    print("us a replica: processor time of one validator for a committed transaction; gap: the longest time without a "
          "block\nafter the proposer was killed, median and worst; tuned: timeout_commit 0, timeout_propose 500 ms")


main()
