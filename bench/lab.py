"""Optuna's default sampler on grids of real trainings, from a given start; prints the points in the order they were tried."""

import gzip
import json
import sys

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
task = json.load(sys.stdin)
tables = {}
tried = {}
for job in task["jobs"]:
    name, seed = job["table"], job["seed"]
    if name not in tables:
        tables[name] = json.load(gzip.open(f"{task['data']}/dev/{name}.json.gz", "rt"))
    table = tables[name]
    space = table["space"]
    keys = []

    def objective(trial):
        key = ""
        for p in space:
            if p["type"] == "cat":
                key += str(p["choices"].index(trial.suggest_categorical(p["name"], p["choices"])))
            else:
                key += str(trial.suggest_int(p["name"], p["low"], p["high"]))
        keys.append(key)
        values = [v for v in table["values"].get(key, []) if v is not None]
        if len(values) < 2:
            raise optuna.TrialPruned
        return values[seed % len(values)]

    study = optuna.create_study(direction=table["direction"], sampler=optuna.samplers.TPESampler(seed=seed))
    start = {p["name"]: p["choices"][int(k)] if p["type"] == "cat" else int(k) for p, k in zip(space, job["start"])}
    study.enqueue_trial(start)
    study.optimize(objective, n_trials=task["runs"])
    tried[f"{name} {seed}"] = keys
json.dump(tried, sys.stdout)
