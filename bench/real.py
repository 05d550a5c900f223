"""Optuna at the work of the lab: the same script, knobs and ranges, a budget of device-seconds, one process at a time.

Reads a task as JSON from stdin and writes what happened as JSON; bench/real.ts starts it.
"""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

task = json.load(sys.stdin)
folder = Path(task["folder"])
script = folder / "train.py"
original = script.read_text()


def command(point, seed):
    """The script with its settings: flags, or constants written into it."""
    text, flags = original, []
    for name, value in [*point.items(), (None, seed)]:
        via = task["seed"] if name is None else task["knobs"][name]["via"]
        if via.startswith("--"):
            flags += [via, str(value)]
        else:
            constant = via.split()[-1]
            text = re.sub(rf"(?m)^{constant} = [^#\n]*", lambda _: f"{constant} = {value!r} ", text)
    script.write_text(text)
    return [sys.executable, "-u", "train.py", *flags]


def run(point, seed, seconds, heard):
    """Output and seconds of one run; `heard(step, value)` says whether to end it early. None: ended early."""
    began = time.monotonic()
    process = subprocess.Popen(
        command(point, seed), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    output, seen, whole = b"", 0, True
    while True:
        left = began + seconds - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            whole = False
            break
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            break
        output += piece
        # A number may still be on its way: only what something follows is whole.
        found = re.findall(task["report"], output.decode(errors="replace"))
        new, seen = found[seen:], len(found)
        if any([heard(seen - len(new) + i + 1, float(value)) for i, value in enumerate(new)]):
            whole = False
            break
    if not whole:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    values = re.findall(task["metric"], output.decode(errors="replace")) if whole and process.returncode == 0 else []
    return (float(values[-1]) if values else None), time.monotonic() - began


def optimize():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruners = {
        "median": optuna.pruners.MedianPruner,
        "hyperband": lambda: optuna.pruners.HyperbandPruner(min_resource=1, max_resource=task["resource"]),
    }
    study = optuna.create_study(
        direction=task["direction"],
        sampler=optuna.samplers.TPESampler(seed=task["random"]),
        pruner=pruners[task["pruner"]](),
    )
    study.enqueue_trial({name: knob["default"] for name, knob in task["knobs"].items()})
    used, ended = 0.0, []
    while used < task["budget"]:
        trial = study.ask()
        point = {}
        for name, knob in task["knobs"].items():
            if "choices" in knob:
                point[name] = trial.suggest_categorical(name, knob["choices"])
            else:
                suggest = trial.suggest_int if knob.get("type") == "int" else trial.suggest_float
                point[name] = suggest(name, knob["from"], knob["to"], log=knob.get("scale") == "log")
        if not all(eval(rule, {}, dict(point)) for rule in task["constraints"]):
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)  # costs nothing
            continue

        pruned = False

        def heard(step, value):
            nonlocal pruned
            trial.report(value, step)
            pruned = trial.should_prune()
            return pruned

        value, seconds = run(point, task["fixed"], min(task["limit"], task["budget"] - used), heard)
        used += seconds
        if value is not None:
            study.tell(trial, value)
        else:
            state = optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.FAIL
            study.tell(trial, state=state)
        ended.append({"used": used, "value": value, "point": point})
    return ended


if "evaluate" in task:
    result = [run(task["evaluate"], seed, task["limit"], lambda *_: False)[0] for seed in task["seeds"]]
else:
    result = optimize()
json.dump(result, sys.stdout)
