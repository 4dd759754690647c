"""An update of a large table of which a batch touches few rows: what it costs in time and memory.

    python -m benchmarks.tables [--rows 1000000] [--width 32] [--touched 256]

A step is forward, backward and update by Adam: of the table as a dense parameter, of the table as a
table (`Embedding(..., sparse=True)`), by hand and by autograd, and of torch.nn.Embedding with
torch.optim.SparseAdam. Memory is that of the process beyond what it was before the parameter, its
gradient and its moments were made.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.timing import in_turns
from hornbook.nn import Embedding
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

WAYS = ("dense, by hand", "table, by hand", "table, by autograd", "torch's SparseAdam")


class Picked(torch.nn.Module):
    """An embedding whose picked rows should be short."""

    def __init__(self, rows: int, width: int, *, sparse: bool) -> None:
        super().__init__()
        self.table = Embedding(rows, width, sparse=sparse)

    def loss_vjp(self, batch: Tensor) -> tuple[Tensor, Callable[[], None]]:
        """The mean square of the rows of ids (N,)."""
        y, backward = self.table.vjp(batch)

        def back() -> None:
            backward(y * (2 / y.numel()))

        return y.square().mean(), back

    def loss(self, batch: Tensor) -> Tensor:
        """The same."""
        return self.loss_vjp(batch)[0]


class Draws:
    """Random ids, made beforehand, again and again."""

    cursor, per_epoch = 0, 1

    def __init__(self, rows: int, touched: int) -> None:
        self.made = torch.randint(0, rows, (64, touched))

    def __next__(self) -> Tensor:
        self.cursor += 1
        return self.made[self.cursor % len(self.made)]


def step_of(way: str, rows: int, width: int, touched: int) -> Callable[[], object]:
    """A step of one of the ways."""
    batches = Draws(rows, touched)
    if way == "torch's SparseAdam":
        table = torch.nn.Embedding(rows, width, sparse=True)
        optimizer = torch.optim.SparseAdam(table.parameters(), lr=0.003)

        def step() -> None:
            optimizer.zero_grad()
            table(next(batches)).square().mean().backward()
            optimizer.step()  # type: ignore[no-untyped-call]

        return step
    settings: Any = {"steps": 10**9, "gradients": "autograd" if "autograd" in way else "hand"}
    objective = Picked(rows, width, sparse=way.startswith("table"))
    return Trainer(objective, batches, TrainingSettings(**settings), Evaluation).update


def resident() -> float:
    """MiB of memory that this process has (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def memory_of(way: str, given: argparse.Namespace) -> float:
    """MiB that a way needs, in a process of its own."""
    size = [f"--rows={given.rows}", f"--width={given.width}", f"--touched={given.touched}"]
    command = [sys.executable, "-m", "benchmarks.tables", "--memory", way, *size]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--touched", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", choices=WAYS, help="print the memory of one way, and end")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    size = given.rows, given.width, given.touched
    if given.memory:
        step_of(given.memory, 100, given.width, 10)()  # loads what is loaded once
        before = resident()
        step = step_of(given.memory, *size)
        for _ in range(20):
            step()
        print(resident() - before)
        return
    found = {
        way: in_turns({way: step_of(way, *size)}, calls=3 if "dense" in way else 100)[way]
        for way in WAYS
    }
    parameter = given.rows * given.width * 4 / 2**20
    print(f"{given.touched:,} of {given.rows:,} rows of {given.width}: {parameter:.0f} MiB")
    print("| way | a step | memory |\n|---|--:|--:|")
    for way, seconds in found.items():
        print(f"| {way} | {seconds * 1e3:.2f} ms | {memory_of(way, given):.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()
