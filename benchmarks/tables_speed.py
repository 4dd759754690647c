"""Rows a second of nets on tables beside fastai's and PyTorch's, and ten million rows of a CSV.

    python -m venv peers && peers/bin/pip install fastai
    python -m benchmarks.tables_speed [--peer-python peers/bin/python] [--rows 80000] [--batch 512]
    python -m benchmarks.tables_speed --large 10000000

The first trains the lesson's net at the shape of the Rossmann stores: `mixed-input` by our trainer,
the same layers in torch.nn with torch.optim.AdamW on the same batches, and TabularLearner of fastai
(its own loader, the same layers), all in turns; `tabm` at its usual settings stands beside them.
Rows a second of the processor, which other programs on the machine change little.

The second writes so many rows to a CSV, reads it in pieces as any other, trains `mixed-input` for
some steps, and tells time and the most memory that it took.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hornbook.compute.memory import keep_freed_memory
from hornbook.sources.source import Source
from hornbook.tables.loading import load_table
from hornbook.tables.mapper import Mapped
from hornbook.tables.models.contract import Shape
from hornbook.tables.models.families import FAMILIES
from hornbook.tables.models.mixed_input import MixedInputSettings
from hornbook.tables.models.table_net import embedding_sizes
from hornbook.tables.options import TableOptions
from hornbook.tables.task import TableTask
from hornbook.training import TrainingSettings
from hornbook.training.batches import ArrayBatches
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

PEERS = Path(__file__).with_name("table_peers.py")
CODES = (102, 9, 14, 54, 33, 9, 4, 6, 4, 21, 19, 8, 8, 10, 10, 5, 5, 6, 5, 18, 4, 9, 5, 14, 27, 28)
NUMBERS = 14
Step = Callable[[], tuple[float, int]]
"Trains for a while; gives seconds of the processor, and rows."


class Theirs(torch.nn.Module):
    """MixedInputModel of fast.ai's lesson, in torch.nn."""

    def __init__(self, shape: Shape, settings: MixedInputSettings) -> None:
        super().__init__()
        sizes = embedding_sizes(shape.codes, settings.embedding_rule)
        self.tables = torch.nn.ModuleList(torch.nn.Embedding(n, length) for n, length in sizes)
        self.dropout = torch.nn.Dropout(settings.embedding_dropout)
        self.norm = torch.nn.BatchNorm1d(shape.continuous)
        width, layers = sum(length for _, length in sizes) + shape.continuous, []
        for units in settings.n_hidden:
            layers += [torch.nn.Linear(width, units), torch.nn.ReLU()]
            layers += [torch.nn.BatchNorm1d(units), torch.nn.Dropout(settings.dropout)]
            width = units
        self.layers = torch.nn.Sequential(*layers, torch.nn.Linear(width, 1))
        beyond = 0.2 * (shape.high - shape.low)
        self.low, self.high = shape.low - beyond, shape.high + beyond

    def forward(self, codes: Tensor, numbers: Tensor) -> Tensor:
        """Predictions of rows."""
        embedded = [table(ids) for table, ids in zip(self.tables, codes.unbind(1), strict=True)]
        x = torch.cat((self.dropout(torch.cat(embedded, 1)), self.norm(numbers)), 1)
        y: Tensor = self.layers(x).squeeze(1)
        return torch.sigmoid(y) * (self.high - self.low) + self.low


def theirs(shape: Shape, batches: ArrayBatches, steps: int) -> Step:
    """PyTorch's side."""
    net = Theirs(shape, MixedInputSettings())
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.003)

    def train() -> tuple[float, int]:
        began = time.process_time()
        for _ in range(steps):
            codes, numbers, target = (torch.from_numpy(x) for x in next(batches))
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(codes, numbers), target).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return time.process_time() - began, steps * batches.batch_size

    return train


def ours(name: str, shape: Shape, batches: ArrayBatches, rows: Mapped, steps: int) -> Step:
    """Our trainer's side."""
    family = FAMILIES[name]
    how = TrainingSettings(
        steps=10**9, schedule="constant", learning_rate=0.003, gradients="hand",
        precision="float32",
    )  # fmt: skip
    made = family.load()
    net = made(made.Settings(), shape, torch.Generator().manual_seed(0))
    net.acquaint(rows)
    trainer = Trainer(net, batches, how, Evaluation)
    net.train()

    def train() -> tuple[float, int]:
        began = time.process_time()
        for _ in range(steps):
            trainer.update()
        return time.process_time() - began, steps * batches.batch_size

    return train


def fastais(python: str, arrays: dict[str, Any], shape: Shape, batch: int, threads: int) -> Step:
    """fastai's side, a process of its own that trains an epoch when it is told to."""
    settings = MixedInputSettings()
    beyond = 0.2 * (shape.high - shape.low)
    told = {
        "layers": settings.n_hidden, "batch": batch, "threads": threads,
        "sizes": embedding_sizes(shape.codes, settings.embedding_rule),
        "range": (shape.low - beyond, shape.high + beyond),
    }  # fmt: skip
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(file, **arrays)
        file.flush()
        peer = subprocess.Popen(
            [python, str(PEERS), file.name, json.dumps(told)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={},
        )  # fmt: skip
        assert peer.stdin is not None
        assert peer.stdout is not None
        stdin, stdout = peer.stdin, peer.stdout
        if stdout.readline().strip() != "ready":
            raise SystemExit(f"{python} cannot train fastai's learner")

    def train() -> tuple[float, int]:
        stdin.write("\n")
        stdin.flush()
        found = json.loads(stdout.readline())
        return found["seconds"], found["rows"]

    return train


def made_up(shape: Shape, rows: int) -> dict[str, Any]:
    """Random rows of a shape."""
    random = np.random.default_rng(0)
    codes = np.stack([random.integers(0, n, rows) for n in shape.codes], 1).astype(np.int32)
    numbers = random.normal(size=(rows, shape.continuous)).astype(np.float32)
    return {"codes": codes, "numbers": numbers,
            "target": random.normal(size=rows).astype(np.float32)}  # fmt: skip


def speeds(args: argparse.Namespace) -> None:
    """All in turns."""
    shape = Shape(CODES, NUMBERS, 0, 1, args.rows, -3.0, 3.0)
    arrays = made_up(shape, args.rows)
    batches = ArrayBatches(*arrays.values(), batch_size=args.batch, seed=1)
    rows = Mapped(arrays["codes"], arrays["numbers"])
    steps = args.steps
    sides: dict[str, Step] = {
        "hornbook, mixed-input": ours("mixed-input", shape, batches, rows, steps),
        "torch, the same net": theirs(shape, batches, steps),
        "hornbook, tabm": ours("tabm", shape, batches, rows, steps),
    }
    if args.peer_python:
        sides["fastai, the same net"] = fastais(
            args.peer_python, arrays, shape, args.batch, args.threads
        )
    found: dict[str, list[float]] = {name: [] for name in sides}
    for train in sides.values():
        train()
    for _ in range(args.rounds):
        for name, train in sides.items():
            seconds, n = train()
            found[name].append(n / seconds)
    print(f"{args.rows:,} rows of {len(CODES)} categories and {NUMBERS} numbers, batch "
          f"{args.batch:,}, {args.threads} threads; rows per second of the processor")  # fmt: skip
    fast = statistics.median(found["hornbook, mixed-input"])
    for name, each in found.items():
        middle = statistics.median(each)
        print(f"{name:24} {middle:10,.0f}  ({min(each):,.0f} to {max(each):,.0f})  "
              f"ours is {fast / middle:.2f} times as fast")  # fmt: skip


def write_large(path: Path, rows: int) -> None:
    """A CSV of four categories, a date, and six numbers of which one is missing now and then."""
    random = np.random.default_rng(0)
    days = np.datetime_as_string(np.datetime64("2020-01-01") + np.arange(1000)).astype(object)
    with path.open("w") as file:
        file.write("store,kind,region,promo,day,a,b,c,d,e,f,sold\n")
        for start in range(0, rows, 100_000):
            n = min(100_000, rows - start)
            codes = [random.integers(0, most, n).astype(str) for most in (1000, 12, 30, 2)]
            numbers = random.normal(size=(n, 6)).round(3)
            sold = (numbers.sum(1) + codes[0].astype(int) / 500 + random.normal(size=n)).round(2)
            texts = numbers.astype(str)
            texts[random.random(n) < 0.02, 2] = ""
            day = days[random.integers(0, 1000, n)]
            columns = [*codes, day, *texts.T, sold.astype(str)]
            file.write("\n".join(map(",".join, zip(*columns, strict=True))) + "\n")


def large(args: argparse.Namespace) -> None:
    """Read many rows, and train for a while."""

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        # Another process writes it, so that what writing takes is not counted.
        code = (
            f"from benchmarks.tables_speed import *; write_large(Path({str(path)!r}), {args.large})"
        )
        subprocess.run([__import__("sys").executable, "-c", code], check=True)
        print(f"{args.large:,} rows, {path.stat().st_size / 1e9:.2f} GB as a CSV; memory before "
              f"{peak():.2f} GB", flush=True)  # fmt: skip
        began, worked = time.perf_counter(), time.process_time()
        data = load_table(Source(path), TableOptions(target="sold", split="98/1/1"))
        print(f"read in {time.perf_counter() - began:.0f} s ({time.process_time() - worked:.0f} of "
              f"the processor), peak {peak():.2f} GB; {data.about[0]}", flush=True)  # fmt: skip
    task, family = TableTask(), FAMILIES["mixed-input"]
    made = family.load()
    net = made(made.Settings(), data.shape, torch.Generator().manual_seed(0))
    task.acquaint(net, data)
    how = family.training_for(data.kind, len(data.train))
    trainer = Trainer(net, task.batches(net, data, how), how, Evaluation)
    net.train()
    began = time.process_time()
    for _ in range(args.steps):
        trainer.update()
    seconds = time.process_time() - began
    net.eval()
    measured = task.evaluate(net, data, "dev").measures
    print(f"{args.steps} steps of {how.batch_size:,} rows in {seconds:.1f} s of the processor; "
          f"RMSE on dev {measured['rmse']:.4f}; peak {peak():.2f} GB")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--peer-python", help="a Python that has fastai")
    for name, value in {"rows": 80_000, "batch": 512, "steps": 40, "rounds": 5,
                        "threads": 1, "large": 0}.items():  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    if args.large:
        large(args)
    else:
        speeds(args)


if __name__ == "__main__":
    main()
