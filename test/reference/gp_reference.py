"""Gaussian-process numbers to compare ours with: posterior and marginal likelihood of scikit-learn, logs of SciPy.

python test/reference/gp_reference.py > ansatz/src/methods/sampling/surrogate/gp.fixture.json
"""

import json

import numpy as np
from scipy.special import erfcx, log_ndtr
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

rng = np.random.default_rng(4)
x = rng.uniform(size=(25, 3))
y = np.sin(5 * x[:, 0]) + x[:, 1] ** 2 - 0.5 * x[:, 2] + 0.05 * rng.standard_normal(25)
y = (y - y.mean()) / y.std()
at = rng.uniform(size=(12, 3))
lengths, signal, noise = [0.4, 0.9, 2.0], 1.7, 0.02
# ConstantKernel(1.0) is the prior variance of the unknown mean.
latent = ConstantKernel(signal) * Matern(lengths, nu=2.5) + ConstantKernel(1.0)
gp = GaussianProcessRegressor(latent + WhiteKernel(noise * signal), optimizer=None, alpha=0).fit(x, y)
mean, sd = gp.predict(at, return_std=True)
# predict's spread includes the noise.
sd = np.sqrt(sd**2 - noise * signal)
z = np.array([-300.0, -80.0, -30.0, -9.0, -3.0, -1.5, -0.5, 0.0, 0.7, 2.0, 6.0])
print(
    json.dumps(
        {
            "x": x.tolist(),
            "y": y.tolist(),
            "at": at.tolist(),
            "lengths": lengths,
            "signal": signal,
            "noise": noise,
            "mean": mean.tolist(),
            "sd": sd.tolist(),
            "logLikelihood": float(gp.log_marginal_likelihood_value_),
            "normal": [{"z": float(v), "logCdf": float(log_ndtr(v))} for v in z],
            "mills": [{"x": float(v), "value": float(np.sqrt(np.pi / 2) * erfcx(v / np.sqrt(2)))} for v in [0.0, 0.3, 1.0, 2.4, 2.6, 8.0, 100.0]],
        }
    )
)
