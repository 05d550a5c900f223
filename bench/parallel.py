"""Single-fidelity search with several evaluations in flight, beside harness.py (which has one).

python parallel.py HARNESS_FOLDER PEERS.json OUT.jsonl SUITES SEEDS EVALUATIONS WORKERS
Evaluations end in random order, as on a cluster. One JSON line per run, with the harness's field names; runs already
in OUT.jsonl are skipped.
"""

import json
import math
import os
import sys

folder, peers_file, out, suites, seeds, n, workers = sys.argv[1:8]
sys.path.insert(0, folder)
import harness  # noqa: E402
import numpy as np  # noqa: E402
import problems  # noqa: E402


def run(peer, name, evaluations, seed, workers):
    problem = problems.get(name).seed(seed)
    rng = np.random.default_rng(500 + seed)
    ask = harness.connect(peer)
    ask(cmd="create", **dict(peer.get("create", {}), space=problem.space, direction=problem.direction, seed=seed, min_resource=1, max_resource=1, workers=workers, budget_trials=evaluations))
    best_seen, best_true, floor = math.inf, math.inf, problem.loss(problem.best)
    noisy = getattr(problem, "noise", 0) > 0 or name.startswith(("fcnet", "mlp"))
    regret, recommended, flying, told = {}, {}, [], 0
    while told < evaluations:
        while len(flying) < workers and told + len(flying) < evaluations:
            flying.append(ask(cmd="ask"))
        request = flying.pop(int(rng.integers(len(flying))))
        value = problem.observe(request["params"], rng)
        if problem.loss(value) < best_seen:
            best_seen, best_true = problem.loss(value), problem.loss(problem.true(request["params"]))
        ask(cmd="tell", id=request["id"], value=value, state="complete")
        told += 1
        if told in (50, 100):
            regret[told] = best_true - floor
            if noisy:
                best = ask(cmd="best")
                recommended[told] = (problem.loss(problem.true(best["params"])) if best.get("params") else best_true) - floor
    return {"kind": "single", "problem": name, "peer": peer["name"], "seed": seed, "regret": regret, "recommended": recommended or None, "cpu_s": round(ask.close(), 3)}


peers = json.load(open(peers_file))
for peer in peers:
    peer["cmd"] = peer["cmd"].replace("{python}", sys.executable).replace("{here}", folder)
have = set()
if os.path.exists(out):
    have = {(r["problem"], r["peer"], r["seed"]) for r in map(json.loads, open(out))}
with open(out, "a") as file:
    for seed in range(int(seeds)):
        for suite in suites.split(","):
            for name, most in harness.SUITES[suite]:
                for peer in peers:
                    if (name, peer["name"], seed) not in have:
                        file.write(json.dumps(run(peer, name, min(most, int(n)), seed, int(workers))) + "\n")
                        file.flush()
