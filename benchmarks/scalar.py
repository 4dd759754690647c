"""Rung zero beside micrograd: one training step of the two-moons net, side by side, in one run.

    git clone https://github.com/karpathy/micrograd
    python -m benchmarks.scalar --micrograd DIR [--rounds 15]

The work is micrograd's demo: MLP(2, [16, 16, 1]), max-margin loss with L2, 100 points; one forward
pass, backward and update of all 337 parameters. All begin at the same weights and take the same
steps, turn by turn, so that they are at the same place whenever they are timed; at the end their
losses must agree. Nothing of micrograd is in this repository: it is imported from DIR.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.timing import in_turns
from hornbook.scalar import MLP, Tape, Value, l2_penalty, max_margin, two_moons

SIZES, L2, RATE = (16, 16, 1), 1e-4, 0.1
AGREE = 1e-9


class Contender:
    """A net with its own way to take a step; `losses` has the loss before each."""

    def __init__(self, name: str, parameters: Sequence[Any], loss: Callable[[], float]) -> None:
        self.name, self.parameters, self.loss = name, parameters, loss
        self.losses: list[float] = []

    def __call__(self) -> None:
        """A step."""
        self.losses.append(self.loss())


def micrograd(
    checkout: Path, points: Sequence[Sequence[float]], targets: Sequence[float]
) -> Contender:
    """As its demo does it.

    Raises:
        SystemExit: if it is not there.
    """
    if not (checkout / "micrograd" / "engine.py").is_file():
        raise SystemExit(f"There is no micrograd/engine.py in {checkout}: give a checkout's path.")
    sys.path.insert(0, str(checkout))
    engine: Any = importlib.import_module("micrograd.engine")
    random.seed(0)  # its weights
    model = importlib.import_module("micrograd.nn").MLP(2, list(SIZES))
    parameters = model.parameters()

    def step() -> float:
        scores = [model(list(map(engine.Value, point))) for point in points]
        losses = [(1 + -t * score).relu() for t, score in zip(targets, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + L2 * sum(p * p for p in parameters)
        model.zero_grad()
        total.backward()
        for p in parameters:
            p.data -= RATE * p.grad
        return float(total.data)

    return Contender("micrograd", parameters, step)


def values(points: Sequence[Sequence[float]], targets: Sequence[float]) -> Contender:
    """With our values, as the docs show it: a neuron's sum is one value."""
    model = MLP(2, SIZES)
    parameters = model.parameters()

    def step() -> float:
        loss = max_margin([model.answers(x)[0] for x in points], targets)
        loss = loss + l2_penalty(parameters, L2)
        model.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
        return loss.data

    return Contender("Value", parameters, step)


def binary_values(points: Sequence[Sequence[float]], targets: Sequence[float]) -> Contender:
    """With our values, but every product and every sum a value of its own, as in micrograd."""
    model = MLP(2, SIZES)
    parameters = model.parameters()

    def score(point: Sequence[float]) -> Value:
        x = [Value(number) for number in point]
        for layer in model.layers:
            sums = [
                sum((w * xi for w, xi in zip(neuron.weights, x, strict=True)), neuron.bias)
                for neuron in layer.neurons
            ]
            x = sums if layer is model.layers[-1] else [total.relu() for total in sums]
        return x[0]

    def step() -> float:
        hinges = [(1 + -t * score(x)).relu() for x, t in zip(points, targets, strict=True)]
        loss = sum(hinges, Value(0.0)) * (1.0 / len(hinges))
        loss = loss + L2 * sum((p * p for p in parameters), Value(0.0))
        model.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
        return loss.data

    return Contender("Value, only + and *", parameters, step)


def tape(points: Sequence[Sequence[float]], targets: Sequence[float]) -> Contender:
    """With the expression of one point on a tape."""
    model = MLP(2, SIZES)
    made, parameters = frozen(model), model.parameters()
    rows = [(*x, t) for x, t in zip(points, targets, strict=True)]
    return Contender("tape", parameters, lambda: made.step(rows, RATE))


def frozen(model: MLP) -> Tape:
    """The tape of a point's loss."""
    x, target = [Value(0.0), Value(0.0)], Value(1.0)
    parameters = model.parameters()
    loss = max_margin(model.answers(x), [target]) + l2_penalty(parameters, L2)
    return Tape(loss, inputs=[*x, target], parameters=parameters)


def main() -> None:
    """Time, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--micrograd", type=Path, required=True)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    points, targets = two_moons(arguments.points, noise=0.1, seed=0)
    theirs = micrograd(arguments.micrograd, points, targets)
    contenders = [
        theirs,
        binary_values(points, targets),
        values(points, targets),
        tape(points, targets),
    ]
    for contender in contenders[1:]:
        for p, other in zip(contender.parameters, theirs.parameters, strict=True):
            p.data = float(other.data)
    # micrograd's graphs are cycles, which wait for the collector: nobody is to tidy up another's.
    found = in_turns(
        {c.name: c for c in contenders}, calls=1, rounds=arguments.rounds, before=gc.collect
    )
    steps = len(theirs.losses)
    print(f"a step of MLP(2, {list(SIZES)}) on {len(points)} points, medians of {steps - 3} rounds")
    print(f"{'':22}{'ms':>10}{'times micrograd':>18}{f'loss of step {steps}':>24}")
    for c in contenders:
        ratio = found["micrograd"] / found[c.name]
        print(f"{c.name:22}{found[c.name] * 1e3:10.2f}{ratio:18.1f}{c.losses[-1]:24.15f}")
    apart = max(
        abs(mine - other)
        for c in contenders[1:]
        for mine, other in zip(c.losses, theirs.losses, strict=True)
    )
    print(f"largest difference from micrograd in the loss of any step: {apart:.1e}")
    model, spent = MLP(2, SIZES), []
    for _ in range(5):
        began = time.perf_counter()
        frozen(model)
        spent.append(time.perf_counter() - began)
    print(f"making the tape: {statistics.median(spent) * 1e3:.0f} ms")
    if apart > AGREE:
        raise SystemExit(f"They do not agree to {AGREE:g}.")


if __name__ == "__main__":
    main()
