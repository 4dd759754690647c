"""The lecture's own loop for its MLP, in plain PyTorch: what its figure hangs on.

    python -m benchmarks.lecture_loop names.txt [--seeds 1 2 3] [--steps 200000]
        [--biases 1.0 0.0] [--draws independent shuffled]

Part 2 of the lectures trains 11,897 numbers, all drawn with standard deviation 1, by SGD at 0.1 and
then 0.01. Beside it stand the same loop with biases of 0, and with batches that go through all
examples before one comes again, as hornbook's do: `hornbook reproduce mlp` differs in these two.
Nothing here is hornbook's but the split.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 3


def examples(words: list[str], stoi: dict[str, int]) -> tuple[Tensor, Tensor]:
    """Windows of three letters, and what follows."""
    xs, ys = [], []
    for word in words:
        context = [0] * BLOCK
        for letter in [*word, "."]:
            xs.append(context)
            ys.append(stoi[letter])
            context = [*context[1:], stoi[letter]]
    return torch.tensor(xs), torch.tensor(ys)


def trained(
    train: tuple[Tensor, Tensor], dev: tuple[Tensor, Tensor], seed: int, steps: int, biases: float,
    shuffled: bool,
) -> float:  # fmt: skip
    """The dev loss after the lecture's training."""
    g = torch.Generator().manual_seed(seed)
    shapes = ((27, 10), (30, 200), (200,), (200, 27), (27,))
    C, W1, b1, W2, b2 = (  # noqa: N806 - the lecture's names
        torch.randn(shape, generator=g) * (biases if len(shape) == 1 else 1.0) for shape in shapes
    )
    parameters = [C, W1, b1, W2, b2]
    for p in parameters:
        p.requires_grad_()

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        h = torch.tanh(C[x].view(len(x), -1) @ W1 + b1)
        return F.cross_entropy(h @ W2 + b2, y)

    n, order = len(train[0]), torch.empty(0, dtype=torch.long)
    for step in range(steps):
        if not shuffled:
            at = torch.randint(0, n, (32,), generator=g)
        else:
            if len(order) < 32:
                order = torch.randperm(n, generator=g)
            at, order = order[:32], order[32:]
        loss = loss_of(train[0][at], train[1][at])
        for p in parameters:
            p.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        rate = 0.1 if step < steps // 2 else 0.01
        with torch.no_grad():
            for p in parameters:
                assert p.grad is not None
                p -= rate * p.grad
    with torch.no_grad():
        return float(loss_of(*dev))


def main() -> None:
    """Train with every seed, and print the mean and the spread."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--biases", type=float, nargs="+", default=[1.0, 0.0])
    parser.add_argument("--draws", nargs="+", default=["independent", "shuffled"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    words = options.names.read_text().splitlines()
    stoi = {letter: i for i, letter in enumerate([".", *sorted(set("".join(words)))])}
    random.Random(42).shuffle(words)
    cut, end = int(0.8 * len(words)), int(0.9 * len(words))
    train, dev = examples(words[:cut], stoi), examples(words[cut:end], stoi)
    for biases, draws in itertools.product(options.biases, options.draws):
        began = time.process_time()
        found = [
            trained(train, dev, seed, options.steps, biases, draws == "shuffled")
            for seed in options.seeds
        ]
        spread = f" ± {statistics.stdev(found):.4f}" if len(found) > 1 else ""
        print(
            f"biases of {biases:g}, {draws} draws: dev {statistics.fmean(found):.4f}{spread} "
            f"({', '.join(f'{one:.4f}' for one in found)}), "
            f"{(time.process_time() - began) / len(found):.0f} s each",
            flush=True,
        )


if __name__ == "__main__":
    main()
