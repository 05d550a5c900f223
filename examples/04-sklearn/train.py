"""Handwritten digits with scikit-learn: a small network, trained an epoch at a time, that reports after each."""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import MinMaxScaler, StandardScaler

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--learning-rate", type=float, default=0.001)
parser.add_argument("--alpha", type=float, default=0.0001, help="weight of the L2 penalty")
parser.add_argument("--hidden", type=int, default=32, help="units of the hidden layer")
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--solver", choices=["sgd", "adam"], default="adam")
parser.add_argument("--activation", choices=["relu", "tanh", "logistic"], default="relu")
parser.add_argument("--scaler", choices=["standard", "minmax"], default="minmax")
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

images, labels = load_digits(return_X_y=True)
# The split is part of the question and stays; the seed decides the start and the order of the training.
x_train, x_val, y_train, y_val = train_test_split(images, labels, test_size=0.3, random_state=7, stratify=labels)
scaler = StandardScaler() if args.scaler == "standard" else MinMaxScaler()
x_train, x_val = scaler.fit_transform(x_train), scaler.transform(x_val)

model = MLPClassifier(
    hidden_layer_sizes=(args.hidden,),
    activation=args.activation,
    solver=args.solver,
    alpha=args.alpha,
    batch_size=args.batch_size,
    learning_rate_init=args.learning_rate,
    random_state=args.seed,
)
classes = np.unique(labels)
for epoch in range(1, args.epochs + 1):
    model.partial_fit(x_train, y_train, classes=classes)
    probabilities = model.predict_proba(x_val)
    accuracy = accuracy_score(y_val, probabilities.argmax(axis=1))
    loss = log_loss(y_val, probabilities)
    print(f"Epoch {epoch:3d}: train loss {model.loss_:.4f}, val log loss {loss:.4f}, val accuracy {accuracy:.4f}")
