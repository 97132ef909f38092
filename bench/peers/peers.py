#!/usr/bin/env python3
"""Replicated logs on this machine: what four validators of each commit, what it costs, and how long nothing is
committed after the one whose turn it is was killed."""
import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays as it is

import cometbft
import measure
import prismfed

BUILD = Path(__file__).resolve().parents[2] / "build"
GAP_SECONDS = 12
TUNED_TIMEOUT_MS = 500
TOOLS = Path(__file__).resolve().parents[2] / "build-peers"


def arguments():
    parser = argparse.ArgumentParser(prog="bench peers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, metavar="S", help="how long the load lasts (20)")
    parser.add_argument("--rate", type=float, default=2000, metavar="R", help="transactions a second, offered (2000)")
    parser.add_argument("--trials", type=int, default=3, metavar="N", help="how often a leader is killed (3)")
    parser.add_argument("--tools", default=str(TOOLS), metavar="DIR", help="where peers are installed (build-peers)")
    parser.add_argument("--build", default=str(BUILD), metavar="DIR", help="where prismfed is (build)")
    given = parser.parse_args()
    if given.seconds <= 0 or given.rate <= 0 or given.trials < 1:
        parser.error("a duration, a rate and a trial at least")
    return given


@contextlib.contextmanager
def running(make):
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as folder:
        network = make(Path(folder) / "net")
        try:
            network.start()
            yield network
        finally:
            network.stop()


def longest_gaps(make, connect, trials):
    gaps = []
    for _ in range(trials):
        with running(make) as network:
            gaps.append(measure.longest_gap(network, connect, GAP_SECONDS))
    return gaps


def print_row(name, load, gaps):
    loaded = (f"{load.offered:10.0f} {load.committed:10.0f} {load.processor * 1e6:12.0f}" if load
              else f"{'-':>10} {'-':>10} {'-':>12}")
    print(f"{name:<32} {loaded} {statistics.median(gaps):10.2f} {max(gaps):10.2f}", flush=True)


def measure_cometbft(program, tuned, given):
    def make(folder):
        return cometbft.Network(program, folder, tuned)

    with running(make) as network:
        load = measure.load(network, cometbft.Rpc, given.rate, given.seconds)
    name = f"CometBFT {cometbft.VERSION[1:]}, " + ("tuned" if tuned else "its defaults")
    print_row(name, load, longest_gaps(make, cometbft.Rpc, given.trials))


def measure_prismfed(given):
    def make(folder):
        return prismfed.Network(Path(given.build) / "prismfed", folder)

    print_row("prismfed, its defaults", None, longest_gaps(make, lambda network: network, given.trials))


def measure_replicas(given, view_timeout_ms):
    """prismfed's replicas alone, over the same transport and store, with clients' signed entries in place of the sites'."""
    program = Path(given.build) / "bench" / "bench_replicas"
    line = subprocess.run([program, "--load", str(given.rate), str(given.seconds), str(given.trials),
                           str(view_timeout_ms)], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.split()
    offered, committed, processor, *gaps = map(float, line)
    print_row("prismfed's replicas, " + ("tuned" if view_timeout_ms else "its defaults"), measure.Load(offered, committed, processor / 1e6), [gap / 1000 for gap in gaps])


def main():
    given = arguments()
    program = cometbft.find(given.tools) or cometbft.install(given.tools)
    print(f"four validators on this machine, durable; transactions of {measure.TRANSACTION_BYTES} bytes, open loop, "
          f"{given.seconds:.0f} s")
    print(f"{'':<32} {'offered/s':>10} {'commits/s':>10} {'us a replica':>12} {'gap, s':>10} {'worst, s':>10}")
    measure_replicas(given, 0)
    measure_replicas(given, TUNED_TIMEOUT_MS)
    measure_prismfed(given)
    if program is None:
        print("CometBFT: skipped: needs Go")
    else:
        for tuned in (False, True):
            measure_cometbft(program, tuned, given)
    print("us a replica: processor time of one validator for a committed transaction; gap: the longest time without a "
          "block\nafter the proposer was killed, median and worst; tuned: timeout_commit 0, timeout_propose 500 ms;\nprismfed: the first view time-out 500 ms instead of 1000; "
          "-: a node\nof prismfed takes entries of its federation's members only, which their work comes to, and a gap "
          "there holds the wait\nfor a dead member's work; the replicas alone take anybody's")


main()
