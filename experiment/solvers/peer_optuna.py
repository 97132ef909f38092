"""Optuna's TPE: each trial runs on one instance after another until Wilcoxon's pruner gives it up. Arguments: SPACE FOLDER
SEED BUDGET. Prints the best configuration of those that were not given up, as JSON."""
import json
import math
import random
import subprocess
import sys
import warnings

import optuna

import space as spaces

path, folder, seed, budget = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
space = spaces.read(path)
with open(f"{folder}/instances.txt") as file:
    instances = file.read().split()
draws = random.Random(seed)
runs_left = budget


def suggest(trial):
    values = {}
    for gene in space["genes"]:
        if not spaces.is_active(gene, values):
            continue
        name, log = gene["name"], gene.get("log", False)
        if gene["type"] == "continuous":
            values[name] = trial.suggest_float(name, gene["low"], gene["high"], log=log)
        elif gene["type"] == "discrete":
            values[name] = trial.suggest_int(name, gene["low"], gene["high"], log=log)
        else:
            values[name] = trial.suggest_categorical(name, gene["choices"])
    return values


def objective(trial):
    global runs_left
    words, logs = spaces.words(space, suggest(trial)), []
    for step in draws.sample(range(len(instances)), len(instances)):
        runner = ["./target-runner", str(trial.number), str(step), str(draws.randrange(1 << 31)), instances[step]]
        cost = subprocess.run(runner + words, cwd=folder, stdout=subprocess.PIPE, check=True, text=True).stdout
        runs_left -= 1
        logs.append(math.log(int(cost) + 1))
        trial.report(logs[-1], step)
        if trial.should_prune():
            raise optuna.TrialPruned()
    return sum(logs) / len(logs)


warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed),
                            pruner=optuna.pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2))
study.enqueue_trial(spaces.default(space))
while runs_left >= len(instances):
    study.optimize(objective, n_trials=1)
json.dump(study.best_params, sys.stdout)
