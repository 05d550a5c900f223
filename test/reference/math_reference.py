"""Writes the fixtures of ansatz/src/methods/math from SciPy (pip install scipy==1.15.3).

sobol.fixture.json: unscrambled points of stats.qmc.Sobol; quantile.fixture.json: distribution functions and quantiles of
the normal, Student's t and F. Run from the repository root: python test/reference/math_reference.py && npx oxfmt ansatz
"""

import json
from pathlib import Path

import scipy
from scipy import stats

OUT = Path(__file__).resolve().parents[2] / "ansatz/src/methods/math"
PS = [1e-6, 0.001, 0.025, 0.1, 0.5, 0.8, 0.95, 0.975, 0.9875, 0.999]
SOURCE = f"scipy {scipy.__version__}, test/reference/math_reference.py"


def write(name, content):
    (OUT / name).write_text(json.dumps(content) + "\n")


points = stats.qmc.Sobol(d=100, scramble=False).random_base2(10)
few = {str(i): points[i].tolist() for i in (5, 13, 63, 1000)}
write("sobol.fixture.json", {"source": SOURCE, "points": few})

normal = stats.norm
write(
    "quantile.fixture.json",
    {
        "source": SOURCE,
        "normalQuantile": [[p, float(normal.ppf(p))] for p in PS],
        "normalCdf": [[x, float(normal.cdf(x))] for x in (-6, -3, -1, -0.1, 0, 0.5, 2, 4)],
        "studentQuantile": [[p, df, float(stats.t.ppf(p, df))] for df in (1, 2, 3.5, 5, 11, 40, 300) for p in PS[1:]],
        "studentCdf": [[x, df, float(stats.t.cdf(x, df))] for df in (1, 2, 4, 11, 100) for x in (-4, -1, 0, 0.3, 1.5, 6)],
        "fQuantile": [[p, a, b, float(stats.f.ppf(p, a, b))] for a, b in ((1, 2), (2, 10), (5, 3), (12, 30)) for p in (0.05, 0.5, 0.95, 0.99)],
    },
)
