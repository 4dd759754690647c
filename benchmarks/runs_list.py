"""How long a list of thousands of runs takes: `python -m benchmarks.runs_list`.

One small run is trained, and its records are copied into as many folders; nothing else of a run is
read for a list.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import tyro

import hornbook
from hornbook.cli.main import main as command
from hornbook.runs.notes import annotate

RECORDS = ("run.json", "summary.json", "metrics.jsonl", "notes.json")


@dataclass(frozen=True)
class Arguments:
    """What to measure."""

    runs: int = 3_000
    "Runs in the folder."
    times: int = 5
    "How often each list is made; the quickest counts."


def quickest(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Processor and wall seconds of the quickest of several times."""
    found = []
    for _ in range(times):
        spent, began = time.process_time(), time.perf_counter()
        work()
        found.append((time.process_time() - spent, time.perf_counter() - began))
    return min(found)


def main() -> None:
    """Make the folder, list it, print the seconds."""
    asked = tyro.cli(Arguments)
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder) / "one", Path(folder) / "many"
        training = {"steps": 100, "evaluate_every": 5}
        hornbook.train("names", model="bigram", out=one, training=training, baseline=False)
        annotate(one, add=["tagged"], note="a note")
        for number in range(asked.runs):
            home = many / f"run-{number:05d}"
            home.mkdir(parents=True)
            for name in RECORDS:
                shutil.copy(one / name, home / name)
            (home / "model.safetensors").touch()

        def typed(*words: str) -> Callable[[], object]:
            def work() -> object:
                with redirect_stdout(io.StringIO()):
                    return command(["runs", str(many), *words])

            return work

        works: dict[str, Callable[[], object]] = {
            "hornbook.list_runs": lambda: hornbook.list_runs(many),
            "with conditions and an order": lambda: hornbook.list_runs(
                many, where=["dev<3", "family=bigram", "tag=tagged"], sort="-learning_rate"
            ),
            "hornbook runs": typed(),
            "hornbook runs --csv": typed("--csv"),
            "hornbook runs --json": typed("--json"),
        }
        print(f"{asked.runs:,} runs: processor seconds, wall seconds")
        for name, work in works.items():
            spent, passed = quickest(work, asked.times)
            print(f"{name:<30}{spent:8.2f}{passed:8.2f}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
