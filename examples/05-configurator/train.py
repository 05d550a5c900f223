"""Two interleaved spirals told apart by a small network in NumPy; settings as in nanoGPT.

Settings are the globals above the exec() below. `--name=value` replaces one, a config file replaces several.
"""

import numpy as np

# data
points = 400
noise = 0.3
# model
n_hidden = 24
n_layer = 2
init_scale = 1.0
bias = True
# optimisation
learning_rate = 3e-3
weight_decay = 0.0
batch_size = 64
beta1 = 0.9
beta2 = 0.99
max_iters = 1500
warmup_iters = 0
decay_lr = False  # down to nothing along half a cosine
eval_interval = 100
seed = 1337
config_keys = [k for k, v in globals().items() if not k.startswith("_") and isinstance(v, (int, float, bool, str))]
exec(open("configurator.py").read())  # replaces settings from the command line or a config file
config = {k: globals()[k] for k in config_keys}


def spirals(rng, n):
    """Points on two spirals of one and a half turns, and which of the two each is on."""
    label = np.arange(n) % 2
    t = np.sqrt(rng.random(n)) * 3 * np.pi
    angle = t + np.pi * label
    x = np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1) / (3 * np.pi)
    return x + noise / 3 * rng.standard_normal(x.shape), label.astype(float)


# The data are part of the question: the seed decides the start and the batches only.
data = np.random.default_rng(0)
x_train, y_train = spirals(data, points)
x_val, y_val = spirals(data, 1000)

rng = np.random.default_rng(seed)
sizes = [2] + [n_hidden] * n_layer + [1]
params = []
for fan_in, fan_out in zip(sizes, sizes[1:]):
    params += [rng.standard_normal((fan_in, fan_out)) * init_scale / np.sqrt(fan_in), np.zeros(fan_out)]
first = [np.zeros_like(p) for p in params]
second = [np.zeros_like(p) for p in params]


def forward(x):
    """Activations of every layer; the last holds the logits."""
    layers = [x]
    for i in range(0, len(params), 2):
        z = layers[-1] @ params[i] + params[i + 1]
        layers.append(np.tanh(z) if i < len(params) - 2 else z)
    return layers


def loss_of(logits, y):
    return np.mean(np.logaddexp(0, logits) - y * logits)


def gradients(layers, y):
    out = [None] * len(params)
    delta = (1 / (1 + np.exp(-layers[-1])) - y[:, None]) / len(y)
    for i in range(len(params) - 2, -1, -2):
        below = layers[i // 2]
        out[i], out[i + 1] = below.T @ delta, delta.sum(axis=0) * bias
        if i > 0:
            delta = (delta @ params[i].T) * (1 - below**2)
    return out


def lr_at(step):
    if step <= warmup_iters:
        return learning_rate * step / max(1, warmup_iters)
    if not decay_lr:
        return learning_rate
    return learning_rate * 0.5 * (1 + np.cos(np.pi * (step - warmup_iters) / (max_iters - warmup_iters)))


for step in range(max_iters + 1):
    if step % eval_interval == 0:
        train_loss = loss_of(forward(x_train)[-1][:, 0], y_train)
        val_logits = forward(x_val)[-1][:, 0]
        val_acc = np.mean((val_logits > 0) == (y_val > 0.5))
        print(f"step {step}: train loss {train_loss:.4f}, val loss {loss_of(val_logits, y_val):.4f}, val acc {val_acc:.3f}")
    picked = rng.integers(len(x_train), size=batch_size)
    for i, g in enumerate(gradients(forward(x_train[picked]), y_train[picked])):
        first[i] = beta1 * first[i] + (1 - beta1) * g
        second[i] = beta2 * second[i] + (1 - beta2) * g * g
        way = first[i] / (1 - beta1 ** (step + 1)) / (np.sqrt(second[i] / (1 - beta2 ** (step + 1))) + 1e-8)
        params[i] -= lr_at(step + 1) * (way + weight_decay * params[i])
