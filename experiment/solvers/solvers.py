#!/usr/bin/env python3
"""How good is what prismfed finds for real solvers, beside irace and Optuna? docs/experiments.md says how this is done."""
import argparse
import concurrent.futures
import dataclasses
import math
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays as it is

import space as spaces
from instances import FAMILIES, Draws
from setting import Known, Setting
from tuners import Irace, Optuna, Prismfed

SOLVERS = ("clasp", "minisat")
SAMPLES = 2000


@dataclasses.dataclass
class Plan:
    solvers: tuple = SOLVERS
    training: int = 20
    held_out: int = 50
    budget: int = 800
    sizes: dict = dataclasses.field(default_factory=dict)  # of formulas, where they are not those of instances.py


SLICE = Plan(solvers=("minisat",), training=3, held_out=4, budget=24,
             sizes={"3-SAT": {"variables": 50}, "colouring": {"vertices": 30, "edges": 120}, "factoring": {"bits": 6}})


def arguments():
    parser = argparse.ArgumentParser(prog="experiment solvers", description=__doc__)
    parser.add_argument("--seeds", type=int, default=None, metavar="N", help="how many seeds; 10 by default")
    parser.add_argument("--budget", type=int, default=None, metavar="N", help="runs of the solver that each tuner has")
    parser.add_argument("--threads", type=int, default=1, metavar="T", help="searches beside each other; changes no result")
    parser.add_argument("--known", metavar="FILE", help="keep what was computed in FILE, and compute nothing that is there")
    parser.add_argument("--slice", action="store_true", help="the same with much less work, without peers")
    parser.add_argument("--build", default="build", metavar="DIR", help="where federated_sim and prismfed are")
    given = parser.parse_args()
    given.plan = SLICE if given.slice else Plan()
    if given.budget is not None:
        given.plan = dataclasses.replace(given.plan, budget=given.budget)
    if given.seeds is None:
        given.seeds = 1 if given.slice else 10
    if given.seeds < 1 or given.threads < 1 or given.plan.budget < given.plan.training:
        parser.error(f"a seed, a thread and a budget of {given.plan.training} runs at least")
    return given


class Campaign:
    def __init__(self, given, folder):
        self.given, self.plan, self.known = given, given.plan, Known(given.known)
        self.settings = [Setting(solver, family, self.plan, Path(folder))
                         for solver in self.plan.solvers if shutil.which(solver) for family in FAMILIES]
        peers = [] if given.slice else [Irace(given.build), Optuna()]
        self.skipped = [f"{solver}: skipped: needs the package {solver}" for solver in self.plan.solvers
                        if not shutil.which(solver)]
        self.skipped += [f"{peer.name}: skipped: needs {peer.missing()}" for peer in peers if peer.missing()]
        self.tuners = [Prismfed(given.build)] + [peer for peer in peers if not peer.missing()]

    def found(self, setting, tuner, seed):
        question = ["tune", setting.identity(), self.plan.budget, self.plan.training, tuner.name, tuner.version(), seed]
        return self.known.ask(question, lambda: tuner.tune(setting, seed))

    def logs(self, setting, words, seed):
        return self.known.ask(["cost", setting.identity(), self.plan.held_out, words, seed],
                              lambda: setting.logs(words, seed))

    def outcome(self, job):
        """For each tuner the mean logarithm of its cost over the default's, on the held-out formulas."""
        setting, seed = job
        usual = statistics.fmean(self.logs(setting, spaces.words(setting.space, spaces.default(setting.space)), seed))
        return {tuner.name: statistics.fmean(self.logs(setting, self.found(setting, tuner, seed)["words"], seed)) - usual
                for tuner in self.tuners}

    def run(self):
        jobs = [(setting, seed) for seed in range(1, self.given.seeds + 1) for setting in self.settings]
        with concurrent.futures.ThreadPoolExecutor(self.given.threads) as pool:
            outcomes = list(pool.map(self.outcome, jobs))
        out = {setting.name: [] for setting in self.settings}
        for (setting, _), outcome in zip(jobs, outcomes):
            out[setting.name].append(outcome)
        return out


def interval(settings):
    """Where the mean of 95 % of the samples lies, each drawn from each setting's seeds with replacement."""
    draws, means = Draws("bootstrap"), []
    for _ in range(SAMPLES):
        means.append(statistics.fmean(statistics.fmean(logs[draws.below(len(logs))] for _ in logs) for logs in settings))
    means.sort()
    return math.exp(means[SAMPLES // 40]), math.exp(means[SAMPLES - 1 - SAMPLES // 40])


def table(outcomes, title, columns, logs_of):
    print(f"\n| {title} |" + "".join(f" {column} | 95 % |" for column in columns))
    print("|---|" + "---|---|" * len(columns))
    lines = [(name, [rows]) for name, rows in outcomes.items()] + [("all of these", list(outcomes.values()))]
    for name, settings in lines:
        cells = []
        for column in columns:
            logs = [[logs_of(row, column) for row in rows] for rows in settings]
            low, high = interval(logs)
            cells.append(f" {math.exp(statistics.fmean(map(statistics.fmean, logs))):.3f} | {low:.3f} to {high:.3f} |")
        print(f"| {name} |" + "".join(cells))


def worse(outcomes, tuners):
    """In how many searches the default was better."""
    print("\n| worse than the default by more than 2 % |" + "".join(f" {name} |" for name in tuners))
    print("|---|" + "---|" * len(tuners))
    for name, rows in outcomes.items():
        print(f"| {name} |" + "".join(f" {sum(row[t] > math.log(1.02) for row in rows)} of {len(rows)} |" for t in tuners))


def main():
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(given, folder)
        plan, names = given.plan, [tuner.name for tuner in campaign.tuners]
        print(f"{given.seeds} seed{'s' * (given.seeds > 1)}; {plan.training} formulas to train on; {plan.budget} runs for each "
              f"tuner; {plan.held_out} held-out formulas")
        for line in campaign.skipped:
            print(line)
        if not campaign.settings:
            return
        outcomes = campaign.run()
    table(outcomes, "cost, default configuration = 1", names, lambda row, name: row[name])
    if len(names) > 1:
        table(outcomes, "cost of prismfed's configuration", [f"/ {name}" for name in names[1:]],
              lambda row, column: row["prismfed"] - row[column[2:]])
    worse(outcomes, names)


if __name__ == "__main__":
    sys.exit(main())
