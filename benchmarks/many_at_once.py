"""Many small nets at once beside the same trainings one by one, at an earlier commit and today.

    git clone . /tmp/old && git -C /tmp/old checkout 3c9682e
    python -m benchmarks.many_at_once /tmp/old [--nets 16] [--steps 500] [--rounds 9] [--threads 2]
        [--whole 0]

The lectures' MLP (3 letters, 10 numbers each, 200 tanh units), without and with BatchNorm, batches
of 32, AdamW: seeds times learning rates. In each round each way trains every net further by as many
steps: the earlier commit in a process of its own, one net after the other on one thread, which is
its fastest; today's trainer likewise; and all at once by compiled steps, on one thread and on
several. Beside the time on the clock stands the processor's, which tells less of what else the
machine does. That all ways get the same losses is printed too. With `--whole N` there follow runs
of N steps, each in its directory, with the evaluations and checkpoints of any run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.gradients import lines
from benchmarks.machine import instructions
from benchmarks.many_at_once_peer import trainers
from benchmarks.timing import use_threads
from hornbook.compute.memory import keep_freed_memory
from hornbook.experiments.together import RunPlan, make_together
from hornbook.runs import Run
from hornbook.runs.prepare import prepare
from hornbook.training.many_steps import ManySteps

NET = {"block_size": 3, "n_embd": 10, "n_hidden": (200,), "activation": "tanh"}
RATES = (0.003, 0.005, 0.01, 0.02)
PEER = Path(__file__).with_name("many_at_once_peer.py")


class Turn(NamedTuple):
    """What a way took for its turn, in seconds, and the mean loss of each net in it."""

    wall: float
    processor: float
    losses: list[float]


def plans(count: int, steps: int) -> list[dict[str, Any]]:
    """Seeds times rates."""
    return [
        {
            "seed": i // len(RATES), "learning_rate": RATES[i % len(RATES)], "batch_size": 32,
            "steps": steps, "gradients": "hand", "threads": 1, "precision": "float32",
        }
        for i in range(count)
    ]  # fmt: skip


class Peer:
    """The earlier commit, in its checkout."""

    def __init__(self, old: Path, settings: Mapping[str, Any], trainings: Sequence[Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PEER)], cwd=old, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(old)},
        )  # fmt: skip
        self.tell({"lines": lines(), "settings": settings, "trainings": trainings})

    def tell(self, what: Any) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def turn(self, asked: Any) -> Turn:
        """So many steps of each net; or whole runs, of a folder and trainings."""
        assert self.process.stdout is not None
        self.tell(asked)
        return Turn(*json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def one_by_one(made: Sequence[Any]) -> Callable[[int], Turn]:
    """Today's trainer, one net after the other."""
    return lambda steps: timed(
        lambda: [sum(one.update() for _ in range(steps)) / steps for one in made]
    )


def at_once(made: Sequence[Any], pool: ThreadPoolExecutor) -> Callable[[int], Turn]:
    """Compiled steps of all nets, on the threads of a pool."""
    for one in made:
        one.random = torch.Generator()
    compiled = [ManySteps(one) for one in made]

    def turn(steps: int) -> list[float]:
        before = [one.loss_sum for one in made]
        list(pool.map(lambda one: one.advance(steps), compiled))
        return [(one.loss_sum - old) / steps for one, old in zip(made, before, strict=True)]

    return lambda steps: timed(lambda: turn(steps))


def timed(work: Callable[[], list[float]]) -> Turn:
    """A turn of this process."""
    wall, processor = time.perf_counter(), time.process_time()
    losses = work()
    return Turn(time.perf_counter() - wall, time.process_time() - processor, losses)


def furthest(one: Turn, other: Turn) -> float:
    """The largest relative difference of a loss."""
    return max(abs(a - b) / b for a, b in zip(one.losses, other.losses, strict=True))


def compare(old: Path, norm: str, options: argparse.Namespace) -> None:
    """Time one net, and print."""
    settings = {**NET, "norm": norm}
    trainings = plans(options.nets, 10**6)
    peer = Peer(old, settings, trainings)
    pools = {count: ThreadPoolExecutor(count) for count in sorted({1, options.threads})}
    ways = {
        "one by one, at the earlier commit": peer.turn,
        "one by one, today": one_by_one(trainers(lines(), settings, trainings)),
    } | {
        f"at once, {count} thread{'s' if count > 1 else ''}": at_once(
            trainers(lines(), settings, trainings), pool
        )
        for count, pool in pools.items()
    }
    first = {name: way(20) for name, way in ways.items()}  # compiles, and warms up
    names = list(ways)
    rounds = [
        {name: way(options.steps) for name, way in ways.items()} for _ in range(options.rounds)
    ]
    if options.whole:
        whole = whole_runs(peer, settings, plans(options.nets, options.whole), options.threads)
    peer.close()
    print(f"\n{options.nets} nets, norm={norm}: microseconds for a step of a net (medians)")
    for name in names:
        each = 1e6 / options.steps / options.nets
        wall = statistics.median(one[name].wall for one in rounds) * each
        spent = statistics.median(one[name].processor for one in rounds) * each
        of = [
            statistics.median(one[names[0]].wall / one[name].wall for one in rounds),
            statistics.median(one[names[0]].processor / one[name].processor for one in rounds),
        ]
        apart = furthest(first[name], first[names[0]])
        print(
            f"{name:34} {wall:8.1f} on the clock {of[0]:6.2f} times   "
            f"{spent:8.1f} of a processor {of[1]:6.2f} times   losses apart by {apart:.0e}"
        )
    if options.whole:
        theirs, ours = whole
        print(
            f"whole runs of {options.whole:,} steps: {theirs.wall:.1f} s one by one at the earlier "
            f"commit, {ours.wall:.1f} together, {theirs.wall / ours.wall:.2f} times; of processors "
            f"{theirs.processor:.1f} and {ours.processor:.1f} s, "
            f"{theirs.processor / ours.processor:.2f} times; dev losses apart by "
            f"{furthest(ours, theirs):.0e}"
        )


def whole_runs(
    peer: Peer, settings: Mapping[str, Any], trainings: Sequence[Mapping[str, Any]], threads: int
) -> list[Turn]:
    """Whole runs, by the peer and together."""
    with tempfile.TemporaryDirectory() as old, tempfile.TemporaryDirectory() as new:
        for folder in (old, new):
            Path(folder, "names.txt").write_text("\n".join(lines()) + "\n", encoding="utf-8")
        theirs = peer.turn([old, trainings])

        def together() -> list[float]:
            prepared = prepare(Path(new, "names.txt"), None, {"mode": "lines"})
            trials = [RunPlan(Path(new, f"{i}"), settings, one) for i, one in enumerate(trainings)]
            made = make_together(prepared, "mlp", trials, threads=threads)
            return [one.summary.losses["dev"] for one in made if isinstance(one, Run)]

        return [theirs, timed(together)]


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("old", type=Path, help="a checkout of commit 3c9682e")
    parser.add_argument("--nets", type=int, default=16)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--whole", type=int, default=0, help="steps of whole runs (0: none)")
    options = parser.parse_args()
    keep_freed_memory()
    use_threads(1)
    print(instructions())
    for norm in ("none", "batch"):
        compare(options.old.resolve(), norm, options)


if __name__ == "__main__":
    main()
