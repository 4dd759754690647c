"""The roofline: what each work has to do, what the machine can do, and the share that is reached.

    python -m benchmarks.roofline [--only mlp,gru] [--threads 1] [--nanogpt DIR] [--makemore DIR]
        [--names FILE] [--shakespeare FILE] [--seconds 0.1] [--rounds 7] [--write]

Measured are the machine's peaks (see `benchmarks.machine`) and a step of each work by a peer (where
DIR is its checkout, see `benchmarks.peers`), by hornbook without compiled kernels and with them;
counted are a step's operations and bytes (see `benchmarks.counted`). No step can be shorter than
its products take at the best library's rate for their shapes, nor than its bytes take to be read
from the cache, or the memory, that has room for them: the longer of these is its limit.

With one thread seconds are a processor's, so that a busy machine says much the same; with more they
are those of the clock. `--write` puts the table and the picture into docs/speed.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, get_args

from benchmarks.counted import Counted
from benchmarks.machine import clock_of, instructions, measured_peaks
from benchmarks.roofline_report import Report, Result, told
from benchmarks.roofline_tasks import Place, Side, Task
from benchmarks.roofline_works import WORKS
from benchmarks.timing import use_threads
from hornbook.compute.load import cores_allowed, is_busy
from hornbook.compute.memory import keep_freed_memory
from hornbook.extras import has


@dataclass(frozen=True)
class Turns:
    """How a way is timed."""

    threads: int
    seconds: float
    "Of a turn, about."
    rounds: int


class There:
    """What a process does that is told to: it holds one side's ways of the present work."""

    def __init__(self, place: Place, side: Side, turns: Turns) -> None:
        self.place, self.side, self.turns = place, side, turns
        self.tasks: Mapping[str, Task] = {}
        self.calls: dict[str, int] = {}
        use_threads(turns.threads)

    def prepare(self, key: str) -> list[str]:
        """The names of the ways that there are, each of which has had its first calls."""
        self.tasks = WORKS[key].tasks(self.place, self.side)
        for name, task in self.tasks.items():
            task.call()
            began = time.perf_counter()
            task.call()
            took = max(time.perf_counter() - began, 1e-7)
            self.calls[name] = max(1, int(self.turns.seconds / took))
        return list(self.tasks)

    def turn(self, name: str) -> float:
        """Seconds of a unit of useful work."""
        task, clock = self.tasks[name], clock_of(self.turns.threads)
        began = clock()
        for _ in range(self.calls[name]):
            task.call()
        return (clock() - began) / (self.calls[name] * task.steps * task.done)

    def done(self, name: str) -> float:
        """Of useful work in a step."""
        return self.tasks[name].done

    def count(self, key: str) -> Counted:
        """What a step has to do."""
        return WORKS[key].counted(self.place)


def serve(pipe: Connection, place: Place, side: Side, turns: Turns) -> None:
    """A process for one side, so that nothing of one helps or hinders another."""
    if side == "bare":
        sys.modules["numba"] = None  # type: ignore[assignment]  # as if it were not installed
    if side != "peer":
        keep_freed_memory()
    there = There(place, side, turns)
    while (told := pipe.recv()) is not None:
        what, given = told
        pipe.send(getattr(there, what)(given))


class Sides:
    """The processes of all sides."""

    def __init__(self, place: Place, turns: Turns) -> None:
        context = multiprocessing.get_context("spawn")
        self.turns = turns
        self.pipes: dict[Side, Connection] = {}
        for side in get_args(Side):
            self.pipes[side], there = context.Pipe()
            context.Process(target=serve, args=(there, place, side, turns), daemon=True).start()

    def end(self) -> None:
        """Let them go."""
        for pipe in self.pipes.values():
            pipe.send(None)

    def ask(self, side: Side, what: str, given: str) -> Any:
        """What a side answers."""
        self.pipes[side].send((what, given))
        return self.pipes[side].recv()

    def measured(self, key: str) -> Result:
        """A work: its ways take turns."""
        ways = [(side, name) for side in self.pipes for name in self.ask(side, "prepare", key)]
        seconds: dict[tuple[Side, str], list[float]] = {way: [] for way in ways}
        for _ in range(self.turns.rounds):
            for (side, name), taken in seconds.items():
                taken.append(self.ask(side, "turn", name))
        done = self.ask("ours", "done", next(name for side, name in ways if side == "ours"))
        found = {way: done * statistics.median(taken) for way, taken in seconds.items()}
        return Result(
            WORKS[key],
            self.ask(WORKS[key].counted_by, "count", key),
            {name: took for (side, name), took in found.items() if side == "peer"},
            {name: took for (side, name), took in found.items() if side != "peer"},
        )  # fmt: skip


def main() -> None:
    """Measure, count and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(WORKS), help="works")
    parser.add_argument("--threads", type=int, default=1)
    for name in ("nanogpt", "makemore", "names", "shakespeare"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--seconds", type=float, default=0.1, help="of a turn")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="into docs/speed.md")
    given = parser.parse_args()
    keys = given.only.split(",")
    if unknown := [key for key in keys if key not in WORKS]:
        parser.error(f"there is no work {unknown[0]!r}; there are {', '.join(WORKS)}")
    if not has("numba"):
        parser.error("compiled steps need the extra `fast`: pip install 'hornbook[fast]'")
    place = Place.of(given.nanogpt, given.makemore, given.names, given.shakespeare)
    use_threads(given.threads)
    print(instructions(), flush=True)
    roofs = [measured_peaks(count) for count in sorted({1, cores_allowed(), given.threads})]
    busy = is_busy(cores_allowed())
    sides = Sides(place, Turns(given.threads, given.seconds, given.rounds))
    peaks = next(one for one in roofs if one.threads == given.threads)
    results = []
    for key in keys:
        results.append(sides.measured(key).with_limit(given.threads))
        print(told(results[-1]), flush=True)
    sides.end()
    report = Report(instructions(), roofs, peaks, results, busy)
    print("\n" + report.markdown())
    if given.write:
        report.write()


if __name__ == "__main__":
    main()
