"""Writes ansatz/src/methods/sampling/cma.fixture.json from the Python package `cma` (pip install cma==4.5.0 numpy).

Default strategy parameters for several dimensions and population sizes, and the distribution before and after single
generations of given samples. Run from the repository root: python test/reference/cma_reference.py
"""

import json
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import cma  # noqa: E402
import numpy as np  # noqa: E402

OUT = Path(__file__).resolve().parents[2] / "ansatz/src/methods/sampling/cma.fixture.json"


def strategy_of(n, popsize):
    es = make(n, popsize)
    sp = es.sp
    shared = es.sm.parameters(mueff=sp.weights.mueff, lam=sp.weights.lambda_)
    return {
        "n": n,
        "lambda": sp.popsize,
        "weights": list(sp.weights),
        "mueff": sp.weights.mueff,
        "cc": sp.cc,
        "cs": es.adapt_sigma.cs,
        "c1": shared["c1"],
        "cmu": shared["cmu"],
        "damps": es.adapt_sigma.damps,
    }


def make(n, popsize=None, mean=0.0, sigma=0.5):
    options = {"verbose": -9, "seed": 1, "updatecovwait": 0, "CMA_elitist": False, "CMA_mirrors": 0}
    if popsize:
        options["popsize"] = popsize
    es = cma.CMAEvolutionStrategy(n * [mean], sigma, options)
    es.adapt_sigma.initialize(es)
    return es


def state_of(es):
    es.sm.update_now(-1)
    return {
        "mean": es.mean.tolist(),
        "sigma": float(es.sigma),
        "C": np.asarray(es.sm.C).ravel().tolist(),
        "ps": np.asarray(es.adapt_sigma.ps).tolist(),
        "pc": np.asarray(es.pc).tolist(),
    }


def generations_of(n, popsize, count, drift=0.0):
    """Samples of a skewed bowl, best first; the last ones are far off so that the package clips them. With
    a drift all samples go one way, so that the path of C is stalled (h_sigma = 0)."""
    rng = np.random.default_rng(n)
    es = make(n, popsize)
    before = state_of(es)  # the package starts from standard deviations that are not quite 1
    scales = 10 ** np.linspace(0, 2, n)
    result = []
    for g in range(count):
        es.ask()  # the package counts generations by its own asks
        X = [np.round(es.mean + es.sigma * (4 if g == count - 1 else 1) * (drift + rng.standard_normal(n)), 4) for _ in range(es.popsize)]
        X.sort(key=lambda x: float(np.sum(scales * (x - 1) ** 2)))
        es.tell(X, list(range(len(X))))
        result.append({"samples": [x.tolist() for x in X], "after": state_of(es)})
    return {"n": n, "lambda": es.popsize, "before": before, "generations": result}


def rounded(value):
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


content = {
    "source": f"cma {cma.__version__}, test/reference/cma_reference.py",
    "strategies": [strategy_of(n, p) for n, p in [(1, None), (2, None), (5, None), (10, None), (40, None), (2, 5), (3, 16), (10, 40), (8, 100)]],
    "updates": [generations_of(2, 6, 4), generations_of(5, 8, 5), generations_of(3, 7, 3, drift=2.0)],
}
OUT.write_text(json.dumps(rounded(content), separators=(",", ":")) + "\n")
