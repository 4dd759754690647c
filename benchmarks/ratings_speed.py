"""Ratings a second where there are twenty million: sparse tables beside PyTorch's.

    python -m benchmarks.ratings_speed [--rows 20000000] [--users 138000] [--items 27000]
        [--factors 50] [--batch 1024] [--threads 1] [--peer-python FASTAI/bin/python]

Ratings are made up, with a long tail of users and of items. Both sides train a dot product with
biases on the same batches: `dot-bias` through our trainer, and the same model of four
torch.nn.Embedding(sparse=True) with torch.optim.SparseAdam; all in turns, in one run. Dense tables
of ours, and PyTorch's with Adam, stand beside them. Seconds are those of the processor, which other
programs on the machine change little.

With --peer-python, a Python that has fastai, its collab_learner stands beside them too, in a
process of its own: the whole loop of `learn.fit`. Its tables are as large; of the rows it is given
the first two million, since it draws the batches of an epoch from a Python list of all rows.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.peer_process import Job, done_by
from hornbook.compute.memory import keep_freed_memory
from hornbook.ratings.interactions import History, Interactions
from hornbook.ratings.models.contract import Shape
from hornbook.ratings.models.dot import DotBias
from hornbook.training import TrainingSettings
from hornbook.training.batches import ArrayBatches
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

PEER = Path(__file__).with_name("fastai_peer.py")
PEER_ROWS = 2_000_000
PEER_CALLS = 10  # batches in a round


def made_up(rows: int, users: int, items: int, seed: int = 0) -> Interactions:
    """Random ratings: the n-th user and the n-th item have about n^-0.6 and n^-0.9 of them."""
    random = np.random.default_rng(seed)

    def drawn(n: int, power: float) -> Any:
        ends = np.cumsum(np.arange(1, n + 1) ** -power)
        return np.searchsorted(ends, random.random(rows) * ends[-1]).clip(max=n - 1).astype("i4")

    values = (random.integers(1, 11, rows) / 2).astype(np.float32)
    return Interactions(drawn(users, 0.6), drawn(items, 0.9), values)


class Theirs(torch.nn.Module):
    """EmbeddingDotBias of fast.ai's lesson."""

    def __init__(self, shape: Shape, factors: int, sparse: bool) -> None:
        super().__init__()
        self.u, self.ub = (torch.nn.Embedding(shape.users, n, sparse=sparse) for n in (factors, 1))
        self.i, self.ib = (torch.nn.Embedding(shape.items, n, sparse=sparse) for n in (factors, 1))
        for table in (self.u, self.i, self.ub, self.ib):
            torch.nn.init.uniform_(table.weight, -0.01, 0.01)
        self.low, self.high = shape.low, shape.high

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        """Ratings of pairs."""
        sums = (self.u(users) * self.i(items)).sum(1)
        sums = sums + self.ub(users).squeeze(1) + self.ib(items).squeeze(1)
        return torch.sigmoid(sums) * (self.high - self.low) + self.low


def theirs(shape: Shape, factors: int, batches: ArrayBatches, sparse: bool) -> Callable[[], object]:
    """A step of PyTorch's side."""
    net = Theirs(shape, factors, sparse)
    kind: Any = torch.optim.SparseAdam if sparse else torch.optim.Adam
    optimizer = kind(net.parameters(), lr=0.003)

    def step() -> None:
        users, items, values = (torch.from_numpy(x) for x in next(batches))
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(users, items), values).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def ours(
    shape: Shape, factors: int, history: History, batches: ArrayBatches, sparse: str
) -> Callable[[], object]:
    """A step of our trainer."""
    settings = DotBias.Settings.from_dict({"n_factors": factors, "sparse": sparse})
    how = TrainingSettings(steps=10**9, learning_rate=0.003, gradients="hand", precision="float32")
    net = DotBias(settings, shape, torch.Generator().manual_seed(0))
    net.remember(history)
    trainer = Trainer(net, batches, how, Evaluation)
    net.train()
    return trainer.update


def per_second(steps: dict[str, Callable[[], object]], batch: int, rounds: int) -> dict[str, Any]:
    """Ratings a processor second of each: the median of rounds in which each has its turn."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            calls = 4 if "dense" in name else 60
            began = time.process_time()
            for _ in range(calls):
                step()
            found[name].append(calls * batch / (time.process_time() - began))
    return {name: statistics.median(speeds) for name, speeds in found.items()}


def fastai(python: Path, rows: Interactions, args: argparse.Namespace) -> None:
    """Measure and print fastai's side."""
    train = rows.take(np.arange(min(len(rows), PEER_ROWS)))
    settings = {name: vars(args)[name] for name in ("factors", "batch", "threads", "rounds")}
    job = Job(
        {"model": "speed", "settings": {**settings, "calls": PEER_CALLS}},
        train.arrays(),
        rows.take(np.arange(1000)).arrays(),
    )
    (found,) = done_by(python, PEER, [job], threads=args.threads)
    print(
        f"{'fastai':20} {np.median(found['found']):12,.0f} ratings a second; drawing batches alone "
        f"{float(found['drawing']):,.0f}; {int(found['users']):,} users, {int(found['items']):,} "
        f"items, {float(found['peak']) / 2**30:.2f} GB"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    given = {"rows": 20_000_000, "users": 138_000, "items": 27_000, "factors": 50, "batch": 1024}
    for name, value in {**given, "threads": 1, "rounds": 11}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--peer-python", type=Path, help="a Python that has fastai")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    rows = made_up(args.rows, args.users, args.items)
    shape = Shape(args.users, args.items, args.rows, 0.5, 5.0)

    def batches() -> ArrayBatches:
        return ArrayBatches(rows.users, rows.items, rows.values, batch_size=args.batch, seed=1)

    source, history = batches(), rows.by_user(args.users)
    steps = {
        "hornbook, sparse": ours(shape, args.factors, history, source, "always"),
        "torch, sparse": theirs(shape, args.factors, source, sparse=True),
        "hornbook, dense": ours(shape, args.factors, history, source, "never"),
        "torch, dense": theirs(shape, args.factors, source, sparse=False),
    }
    found = per_second(steps, args.batch, args.rounds)
    print(
        f"{args.rows:,} ratings of {args.items:,} items by {args.users:,} users, "
        f"{args.factors} factors, batch {args.batch:,}, {args.threads} threads"
    )
    for name, speed in found.items():
        print(f"{name:20} {speed:12,.0f} ratings a second")
    ratio = found["hornbook, sparse"] / found["torch, sparse"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{ratio:.2f} times torch's; most memory of all four together {peak:.2f} GB")
    if args.peer_python:
        fastai(args.peer_python, rows, args)


if __name__ == "__main__":
    main()
