"""Ask and tell from Python: `ansatz optimize` as a child process, one JSON line to it, one line back.

    python3 optimize.py                      starts `ansatz optimize`
    python3 optimize.py npx ansatz optimize  or whatever command reaches it

Standard library only. Copy the class `Ansatz` into your own project.
"""

import json
import math
import subprocess
import sys

STEPS = 27  # steps of a full training
BUDGET = 20 * STEPS  # steps there are for all of them

SPACE = [
    {"name": "lr", "type": "float", "low": 1e-5, "high": 1, "log": True},
    {"name": "width", "type": "int", "low": 16, "high": 1024, "log": True},
    {"name": "optimizer", "type": "cat", "choices": ["sgd", "adam"]},
    {"name": "momentum", "type": "float", "low": 0, "high": 0.99, "when": {"name": "optimizer", "in": ["sgd"]}},
]


class Ansatz:
    """A search in a process of its own. Use it in a `with` block."""

    def __init__(self, command, **create):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self.request("create", **create)

    def request(self, cmd, **fields):
        self.process.stdin.write(json.dumps({"cmd": cmd, **fields}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the optimizer is gone (exit code {self.process.wait()})")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(f"{answer['error']}: {answer['fix']}")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()  # the end of its input is the end of the conversation
        self.process.wait()
        self.process.stdout.close()


class Training:
    """Stands for a model in memory, or for a checkpoint: it can stand still and go on later."""

    def __init__(self, params):
        self.params = params
        self.step = 0

    def train(self):
        """One more step; the loss after it, lower is better."""
        self.step += 1
        rate = math.log10(self.params["lr"])
        width = math.log2(self.params["width"] / 256)
        slow = 0.2 + (self.params["momentum"] - 0.9) ** 2 if self.params["optimizer"] == "sgd" else 0.1
        return 0.4 + 0.1 * (rate + 2.5 + 0.3 * width) ** 2 + 0.05 * abs(width) + slow + 2 * self.step**-0.7


def main():
    command = sys.argv[1:] or ["ansatz", "optimize"]
    trainings = {}
    left = BUDGET
    with Ansatz(command, space=SPACE, direction="minimize", seed=1, max_resource=STEPS, budget_steps=BUDGET) as search:
        while left > 0:
            asked = search.request("ask")
            if asked["id"] is None:
                break  # with several workers: wait until another one has reported
            # A trial that was paused comes back under its id: its training goes on where it stopped.
            training = trainings.setdefault(asked["id"], Training(asked["params"]))
            while left > 0:
                loss = training.train()
                left -= 1
                advice = search.request("report", id=asked["id"], step=training.step, value=loss)
                if training.step == STEPS or advice.get("prune"):
                    state = "complete" if training.step == STEPS else "pruned"
                    search.request("tell", id=asked["id"], value=loss, state=state)
                    break
                if advice.get("pause"):
                    break  # keep it: it may come back
        best = search.request("best")

    full = sum(training.step == STEPS for training in trainings.values())
    print(f"{BUDGET - left} steps: {len(trainings)} trials begun, {full} trained to the end")
    print(f"best: trial {best['id']}, loss {best['value']:.3f}, {json.dumps(best['params'])}")


if __name__ == "__main__":
    main()
