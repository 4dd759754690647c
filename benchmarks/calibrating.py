"""What calibration takes of a training, by the clock, of nets as they come.

    python -m benchmarks.calibrating --names NAMES --shakespeare FILE --nietzsche FILE

A training's seconds are its steps, at the time that a step takes by the way that was chosen, timed
afterwards; evaluations are not counted. Nothing is remembered from one to the next. Run it on a
quiet machine, and again with something else at work on it (`--busy`: one process more). Threads
that wait sleep, as they do where `hornbook train` is typed. Kernels are loaded before, which a
training by compiled steps needs in any case: their seconds are told apart.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.estimates import other_work
from hornbook.cli.main import let_waiting_threads_sleep
from hornbook.kernels.ahead import load
from hornbook.runs.events import Calibrated, Event
from hornbook.runs.prepare import load_data, settle_training
from hornbook.runs.session import Session
from hornbook.sources.source import Source
from hornbook.training.calibration import time_steps
from hornbook.training.compilable import some_program

NETS = (
    ("nietzsche", "gru"), ("nietzsche", "lstm"), ("shakespeare", "gpt"), ("names", "mlp"),
    ("names", "wavenet"), ("names", "gru"), ("names", "gpt"),
)  # fmt: skip
LOOK = 3.0  # seconds for the time of a step


@contextlib.contextmanager
def busy(wanted: bool) -> Iterator[None]:
    """A context with something else at work beside it, if that is wanted."""
    if not wanted:
        yield
        return
    other = multiprocessing.get_context("spawn").Process(target=other_work, daemon=True)
    other.start()
    try:
        yield
    finally:
        other.terminate()
        other.join()


def share(path: Path, family: str) -> str:
    """A row of the table."""
    told: list[Calibrated] = []

    def listen(event: Event) -> None:
        if isinstance(event, Calibrated):
            told.append(event)

    task, data, family, line = load_data(Source(str(path)), None, family, {}, lambda event: None)
    session = Session(task, data, family, line.load().Settings(), settle_training(line, data, None))
    loading = load_kernels(session)
    session.calibrate(listen)
    with session.working():
        each = time_steps(session.model, session.batches, session.training, LOOK)
    found, whole = told[0].calibration, session.training.steps * each
    tried = ", ".join(f"{words} {ms:.2f}" for words, ms in found.tried)
    return (
        f"| {family} on {path.stem} | {session.training.steps:,} | {found.seconds:.2f} | "
        f"{loading:.2f} | {whole:.0f} | {found.seconds / whole:.1%} | {1e3 * each:.2f} | {tried} |"
    )


def load_kernels(session: Session) -> float:
    """Seconds in which a net's kernels are loaded; 0 if there are none for it."""
    began = time.perf_counter()
    try:
        program = some_program(session.model, session.training, session.batches)
    except ValueError:
        return 0.0
    load(program.kinds, np.float32)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    before = dict(os.environ)
    let_waiting_threads_sleep()
    if os.environ != before:  # it counts from the start of a process
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.calibrating", *sys.argv[1:]])
    parser = argparse.ArgumentParser(description=__doc__)
    for name in dict.fromkeys(file for file, _ in NETS):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--busy", action="store_true")
    given = parser.parse_args()
    print(
        "| net | steps | calibration s | loading kernels s | training s | share | ms a step "
        "| tried, ms a step |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|---|")
    with tempfile.TemporaryDirectory() as folder, busy(given.busy):
        for file, family in NETS:
            os.environ["HORNBOOK_CACHE"] = str(Path(folder, family, file))
            if given.only in f"{family}-{file}":
                print(share(getattr(given, file), family), flush=True)


if __name__ == "__main__":
    main()
