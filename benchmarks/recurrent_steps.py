"""Whole training steps of recurrent nets: compiled, by hand, by autograd, and of torch.nn's layers.

    python -m benchmarks.recurrent_steps [--only gru,lstm] [--rounds 9] [--threads 1]

Embedding, one recurrent layer, output, cross-entropy and AdamW, on rows of random letters of equal
length, float32, no dropout; milliseconds of a processor, or, of several threads, on the clock.
Beside them what a step would take if it were its products of matrices alone, at the rates that
kernels have at their shapes.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numba
import numpy as np
import torch

from benchmarks.timing import in_turns, use_threads
from hornbook.kernels.products import add_product
from hornbook.text.batch import Batch
from hornbook.text.models import family
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training import TrainingSettings
from hornbook.training.many_steps import ManySteps
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

SYMBOLS = 65


@dataclass(frozen=True)
class Size:
    """Of a step."""

    name: str
    rows: int
    time: int
    width: int
    "Of embeddings and of the state."
    gates: int


SIZES = (Size("gru", 32, 8, 64, 3), Size("lstm", 64, 64, 256, 4))


class Batches:
    """One batch, again and again."""

    def __init__(self, size: Size) -> None:
        rng = np.random.default_rng(0)
        ids = rng.integers(SYMBOLS, size=(2, size.rows, size.time))
        self.cursor, self.per_epoch, self.batch = 0, 1, Batch(ids[0], ids[1])

    def __next__(self) -> Batch:
        self.cursor += 1
        return self.batch

    def several(self, most: int) -> Any:
        """Not asked of rows."""
        raise NotImplementedError


def trainer(size: Size, gradients: Literal["hand", "autograd"]) -> Trainer:
    """Of hornbook's net."""
    made = family(size.name).load()
    settings = made.Settings(
        block_size=size.time, n_embd=size.width, n_hidden=size.width, dropout=0.0,
        embedding_dropout=0.0,
    )  # fmt: skip
    net = made(settings, Vocabulary(SYMBOLS, None, 0), torch.Generator().manual_seed(0))
    training = TrainingSettings(steps=10**9, gradients=gradients, device="cpu")
    net.train()
    return Trainer(net, Batches(size), training, lambda: Evaluation({}))


def torchs(size: Size) -> Callable[[], None]:
    """A step of the same net of torch.nn's layers."""
    layer = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[size.name]
    embedding = torch.nn.Embedding(SYMBOLS, size.width)
    cell = layer(size.width, size.width, batch_first=True)
    head = torch.nn.Linear(size.width, SYMBOLS)
    parameters = [p for one in (embedding, cell, head) for p in one.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    batch = Batches(size).batch
    inputs, targets = torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets)

    def step() -> None:
        logits = head(cell(embedding(inputs))[0])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss.item()

    return step


@numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def products(c: Any, a: Any, b: Any, n: int, k: int, m: int, times: int) -> None:
    """The same product, several times."""
    for _ in range(times):
        add_product(c, 0, a, 0, k, 1, b, 0, n, k, m)


def rate(n: int, k: int, m: int) -> float:
    """Multiplications a second of a product (n, k) × (k, m): the best of some tries."""
    a, b, c = (np.ones(count, np.float32) for count in (n * k, k * m, n * m))
    times = max(1, 10**8 // (n * k * m))
    taken = []
    products(c, a, b, n, k, m, 1)
    for _ in range(10):
        began = time.process_time()
        products(c, a, b, n, k, m, times)
        taken.append((time.process_time() - began) / times)
    return n * k * m / min(taken)


def roofline(size: Size) -> float:
    """Seconds of a step's products alone, each at the rate that its shape has."""
    n, width, out = size.rows * size.time, size.width, size.gates * size.width
    each = [
        (size.time, (size.rows, width, out)),  # there: the state's, and the input's for each symbol
        (1, (SYMBOLS, width, out)),
        (1, (width, n, out)), (1, (width, SYMBOLS, out)),  # gradients of weights
        (size.time - 1, (size.rows, out, width)), (1, (SYMBOLS, out, width)),  # and back
        (1, (n, width, SYMBOLS)), (1, (SYMBOLS, n, width)), (1, (n, SYMBOLS, width)),
    ]  # fmt: skip
    return sum(count * n * k * m / rate(n, k, m) for count, (n, k, m) in each)


def several(step: Callable[[], object], count: int) -> None:
    """Some steps."""
    for _ in range(count):
        step()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="gru,lstm")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    use_threads(given.threads)
    clock = time.process_time if given.threads == 1 else time.perf_counter
    for size in (one for one in SIZES if one.name in given.only.split(",")):
        made = trainer(size, "hand")
        made.settings = replace(made.settings, threads=given.threads)
        compiled = ManySteps(made)
        at_once = max(4, 10**9 // compiled.program.multiplications)
        compiled.advance(1)
        steps: dict[str, Callable[[], object]] = {
            "by hand": trainer(size, "hand").update,
            "by autograd": trainer(size, "autograd").update,
            "torch.nn": torchs(size),
        }
        tasks = {name: functools.partial(several, step, at_once) for name, step in steps.items()}
        tasks["compiled"] = functools.partial(compiled.advance, at_once)
        found = in_turns(tasks, calls=1, rounds=given.rounds, clock=clock)
        print(f"{size.name}, {size.rows} rows of {size.time}, {size.width} wide, a step:")
        for name, seconds in found.items():
            print(f"    {name:24} {1e3 * seconds / at_once:9.3f} ms")
        alone = roofline(size)
        share = alone / (found["compiled"] / at_once)
        count = compiled.program.multiplications
        print(
            f"    {count:,} multiplications; at the kernels' own rates of products "
            f"{1e3 * alone:.3f} ms, {share:.0%} of a compiled step", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
