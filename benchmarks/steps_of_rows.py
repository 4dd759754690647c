"""Whole training steps on names by processor time: compiled beside by hand, and their operations.

    python -m benchmarks.steps_of_rows --names FILE [--only lecture,nets,operations] [--rounds 7]

One thread, float32. `lecture`: µs of a processor for a prediction, of the lecture's WaveNet by its
own loop (windows of 8, batches of 32, SGD), and of ours on windows and on rows of 32 names. `nets`:
milliseconds of a step with AdamW of nets that read rows. `operations`: where a compiled step of the
lecture's WaveNet on rows goes, each kind of operation there and back. Medians of the first, the
least of the others.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch

from benchmarks.peers import lecture_wavenet
from benchmarks.throughput import trained_by, useful
from benchmarks.timing import in_turns, use_threads
from hornbook.compute.memory import keep_freed_memory
from hornbook.kernels.compiled import call
from hornbook.kernels.program import Cut, Kind
from hornbook.kernels.steps import case
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training.many_steps import ManySteps
from hornbook.training.trainer import Trainer

Make = Callable[..., Trainer]
SGD: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0}
NETS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("wavenet", {"norm": "layer"}, 32), ("wavenet", {"norm": "none"}, 32), ("wavenet", {}, 72),
    ("wavenet", {}, 512), ("wavenet", {"kind": "gated"}, 32), ("wavenet", {"kind": "gated"}, 72),
    ("wavenet", {"kind": "gated"}, 512), ("bow", {}, 64),
)  # fmt: skip
REPEATED = 60  # an operation, each time that it is timed


def several(step: Callable[[], object], count: int) -> None:
    """Some steps."""
    for _ in range(count):
        step()


def tell_lecture(make: Make, words: tuple[str, ...], rounds: int) -> None:
    """The lecture's loop beside ours."""
    tokenizer = CharTokenizer.fit(words, boundary=True)
    stream = encode_lines(words, tokenizer)
    contexts, targets = stream.windows(np.arange(stream.first, len(stream.ids)), 8)
    loop, _ = lecture_wavenet(torch.from_numpy(contexts), torch.from_numpy(targets), batch_size=32)
    rows = functools.partial(make, "wavenet", shape={}, batch_size=32, **SGD)
    windows = ManySteps(make("wavenet", shape={"form": "tree"}, batch_size=32, **SGD))
    here, by_hand, predictions = ManySteps(rows()), rows(), useful(rows())[0]
    tasks: dict[str, tuple[Callable[[], object], float]] = {
        "the lecture": (functools.partial(several, loop, 40), 40 * 32),
        "by hand, rows": (functools.partial(several, by_hand.update, 10), 10 * predictions),
        "compiled, windows": (functools.partial(windows.advance, 200), 200 * 32),
        "compiled, rows": (functools.partial(here.advance, 40), 40 * predictions),
    }
    calls = {name: task for name, (task, _) in tasks.items()}
    found = in_turns(calls, calls=1, rounds=rounds, clock=time.process_time)
    each = {name: found[name] / work for name, (_, work) in tasks.items()}
    print(f"the lecture's WaveNet; {predictions:.0f} predictions in a step of 32 names:")
    for name, seconds in each.items():
        ratio = each["the lecture"] / seconds
        print(f"    {name:24} {1e6 * seconds:8.2f} µs a prediction {ratio:8.2f}", flush=True)


def tell_nets(make: Make, rounds: int) -> None:
    """By hand beside compiled."""
    for name, shape, batch_size in NETS:
        by_hand, compiled = (make(name, shape=shape, batch_size=batch_size) for _ in range(2))
        steps = ManySteps(compiled)
        steps.advance(2)
        least: dict[str, float] = {}
        for _ in range(rounds):
            tasks = {"by hand": functools.partial(several, by_hand.update, 20),
                     "compiled": functools.partial(steps.advance, 20)}  # fmt: skip
            for way, task in tasks.items():
                began = time.process_time()
                task()
                taken = (time.process_time() - began) / 20
                least[way] = min(taken, least.get(way, taken))
        title = f"{name} {shape}, {batch_size} rows".replace("{}, ", "")
        print(
            f"    {title:44} {steps.program.multiplications:.1e} multiplications, by hand "
            f"{1e3 * least['by hand']:6.2f} ms, compiled {1e3 * least['compiled']:6.2f}",
            flush=True,
        )


@numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def again(
    address: Any, of: Any, numbers: Any, p: Any, g: Any, running: Any, v: Any, d: Any, state: Any,
    ids: Any, cut: Any, drawn: Any, sums: Any, times: Any,
) -> None:  # fmt: skip
    """An operation on one batch, some times."""
    for _ in range(times):
        call(
            address,
            case(of, numbers, p, g, running, v, d, state, ids, cut, drawn, 0, True, 0, sums),
        )


def tell_operations(made: Trainer, rounds: int) -> None:
    """Each by itself on the same batch."""
    steps = ManySteps(made)
    steps.advance(5)
    laid = steps.laid_out(1)
    own, units, whole, rooms = laid.cuts[0, 0], steps.units(), steps.whole, steps.rooms
    ids, counts = laid.ids[own[Cut.IDS] : own[Cut.TO_IDS]], own[len(Cut) :]
    total = 0.0
    for o in range(len(whole)):
        n, fan_in, out = whole[o, 1:4]
        least = []
        for way in range(2):
            given = (
                units[way, whole[o, 0]], whole[o], steps.numbers[o], steps.values, steps.grads[0],
                steps.running, rooms.values[0], rooms.back[0], steps.state, ids, own,
                steps.drawn(laid.drawn), steps.sums,
            )  # fmt: skip
            again(*given, 3)
            taken = []
            for _ in range(rounds):
                began = time.process_time()
                again(*given, REPEATED)
                taken.append((time.process_time() - began) / REPEATED)
            least.append(1e6 * min(taken))
        total += sum(least)
        rows = counts[-1 - n] if n < 0 else n
        print(
            f"    {Kind(whole[o, 0]).name:12} {rows} rows of {fan_in}, {out}: there "
            f"{least[0]:7.1f} µs, back {least[1]:7.1f}"
        )
    print(f"    in all {total:.0f} µs", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--names", type=Path, required=True)
    parser.add_argument("--only", default="lecture,nets,operations")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    use_threads(1)
    keep_freed_memory()
    words = tuple(given.names.read_text(encoding="utf-8").split())
    tokenizer = CharTokenizer.fit(words, boundary=True)
    make = functools.partial(
        trained_by, stream=encode_lines(words, tokenizer), vocabulary=tokenizer.vocabulary
    )
    asked = given.only.split(",")
    if "lecture" in asked:
        tell_lecture(make, words, given.rounds)
    if "nets" in asked:
        tell_nets(make, given.rounds)
    if "operations" in asked:
        tell_operations(make("wavenet", shape={}, batch_size=32, **SGD), given.rounds)


if __name__ == "__main__":
    main()
