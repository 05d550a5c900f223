"""Writes fixtures/scipy.json of ansatz/src/methods/scaling from SciPy (pip install scipy==1.15.3).

The Chinchilla law on the 240 runs with the lowest losses: the objective of Hoffmann et al. 2022, eq. 3, by L-BFGS-B from
a coarse grid of starts, then refined by Nelder-Mead and BFGS in turn. The laws E + b x^-c and E + b (x + s)^-c on the
eight smallest models of mlfoundations/scaling (MIT, c4_original, d=96): the least sum of squares of ln y. Run from the repository root:
python test/reference/scaling.py && npx oxfmt ansatz
"""

import csv
import json
from itertools import product
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import least_squares, minimize
from scipy.special import betaln, logsumexp

FOLDER = Path(__file__).resolve().parents[2] / "ansatz/src/methods/scaling/fixtures"
DELTA = 1e-3

rows = [list(map(float, row)) for row in list(csv.reader((FOLDER / "chinchilla_epoch.csv").open()))[1:]]
rows = sorted(rows, key=lambda row: row[3])[:-5]
ln_n, ln_d, _, ln_loss = np.log(np.array(rows)).T


def objective(x):
    a, b, e, alpha, beta = x
    predicted = logsumexp([a - alpha * ln_n, b - beta * ln_d, np.full(len(ln_n), e)], axis=0)
    size = np.abs(predicted - ln_loss)
    return np.where(size <= DELTA, size**2 / 2, DELTA * (size - DELTA / 2)).sum()


starts = product([5, 10], [5, 10], [0, 0.5], [0.3, 0.5], [0.3, 0.5])
best = min((minimize(objective, start, method="L-BFGS-B") for start in starts), key=lambda found: found.fun)
for _ in range(10):
    for method, options in (
        ("Nelder-Mead", {"xatol": 1e-12, "fatol": 1e-16, "maxiter": 20000, "maxfev": 40000}),
        ("BFGS", {"gtol": 1e-12}),
    ):
        found = minimize(objective, best.x, method=method, options=options)
        best = min(best, found, key=lambda one: one.fun)
a, b, e, alpha, beta = best.x


def coverage(p, q, k):
    """Mean of 1 - (1 - x)^k over x from Beta(p, q)."""
    return float(1 - np.exp(betaln(p, q + k) - betaln(p, q)))


curve = [
    (52846560, 5.98890912),
    (105693120, 5.579847276),
    (211386240, 5.254016889),
    (422772480, 5.032739326),
    (845544960, 4.805677926),
    (1691089920, 4.640291028),
    (3382179840, 4.544760272),
    (6764359680, 4.456387113),
]
ln_x, ln_y = np.log(np.array(curve)).T
z = ln_x - ln_x.mean()


def least(law, starts):
    """The least sum of squares over some starts."""
    found = [least_squares(lambda p: law(p) - ln_y, start, xtol=1e-14, ftol=1e-14, gtol=1e-14) for start in starts]
    return 2 * min(one.cost for one in found)


def offset(p):
    return np.logaddexp(p[0], p[1] - p[2] * z)


def shifted(p):
    return np.logaddexp(p[0], p[1] - p[2] * np.logaddexp(z, p[3]))


m2 = least(offset, [(level, 0, c) for level in (0, 1, 1.4) for c in (0.2, 0.5)])
m3 = least(shifted, [(1, 0, c, s) for c in (0.2, 0.5) for s in (-8, -4, -2)])

fixture = {
    "source": f"scipy {scipy.__version__}, test/reference/scaling.py",
    "chinchilla": {
        "objective": best.fun,
        "E": np.exp(e),
        "A": np.exp(a),
        "B": np.exp(b),
        "alpha": alpha,
        "beta": beta,
    },
    "curve": {"points": curve, "m2": m2, "shifted": m3},
    "betaBinomial": [[p, q, k, coverage(p, q, k)] for p, q, k in [(0.5, 2, 1), (0.2, 5, 100), (0.05, 3, 10000)]],
}
(FOLDER / "scipy.json").write_text(json.dumps(fixture) + "\n")
