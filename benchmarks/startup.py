"""How long the command line takes to say what it can do, and that it imports no torch for it; and
from a command to the first step of its training.

python -m benchmarks.startup

The first step is told in seconds of a processor, everything included that comes before it, beside
those that importing torch alone takes: on a quiet machine they are as many by the clock. The first
training of a kind is calibrated, later ones remember.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = {
    "hornbook --help": ["--help"],
    "hornbook models": ["models"],
    "hornbook sample --help": ["sample", "--help"],
    "hornbook train --model ngram --help": ["train", "--model", "ngram", "--help"],
    "hornbook train --help": ["train", "--help"],
}

TORCH = "import time, torch; print(time.process_time())"
TRAINING = """\
import sys, time
from importlib.abc import MetaPathFinder
from importlib import import_module

main = import_module("hornbook.cli.main")
main.let_waiting_threads_sleep()
main.import_torch_in_one_go()
told = sys.stdout

class AfterTrainer(MetaPathFinder):
    # The loop is patched when the command has imported it by itself.
    def find_spec(self, name, path, target=None):
        trainer = sys.modules.get("hornbook.training.trainer")
        if trainer is not None and hasattr(trainer, "Trainer"):
            sys.meta_path.remove(self)
            def first(self):
                print(time.process_time(), file=told)
                told.flush()
                raise SystemExit
            trainer.Trainer.arrive = first
        return None

sys.meta_path.insert(0, AfterTrainer())
main.main(sys.argv[1:])
"""


def first_steps(*arguments: str) -> tuple[float, list[float]]:
    """Processor seconds to the first step of a training: of the first of its kind, and of others.

    Args:
        arguments: of `hornbook train`.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HORNBOOK_CACHE": str(Path(folder, "cache"))}
        found = []
        for i in range(6):
            words = ["train", *arguments, "--out", str(Path(folder, f"run{i}"))]
            told = subprocess.run(
                [sys.executable, "-c", TRAINING, *words],
                capture_output=True, text=True, env=environment, check=True,
            )  # fmt: skip
            found.append(float(told.stdout.split()[-1]))
    return found[0], found[1:]


def main() -> None:
    """Time and print."""
    for name, arguments in COMMANDS.items():
        times = []
        for _ in range(11):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "hornbook", *arguments], capture_output=True)
            times.append(time.perf_counter() - began)
        listed = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "hornbook", *arguments],
            capture_output=True,
            text=True,
        ).stderr
        torch = any(line.split("|")[-1].strip() == "torch" for line in listed.splitlines())
        print(
            f"{name:36} {statistics.median(times):.3f} s"
            f"   torch {'imported' if torch else 'not imported'}"
        )
    torch_alone = [
        float(subprocess.run([sys.executable, "-c", TORCH], capture_output=True).stdout)
        for _ in range(5)
    ]
    print(f"\nprocessor seconds: import torch {statistics.median(torch_alone):.2f}")
    first, later = first_steps("names")
    print(
        f"hornbook train names, to its first step: {statistics.median(later):.2f}; "
        f"the first of its kind, which is calibrated: {first:.2f}"
    )


if __name__ == "__main__":
    main()
