"""How long the command line takes to say what it can do, and that it imports no torch for it; and
from a command to the first step of its training.

    python -m benchmarks.startup [--beside CHECKOUT] [-- --threads 1 --gradients compiled]

The first step is told in seconds of a processor, everything included that comes before it, beside
those that importing torch alone takes: on a quiet machine they are as many by the clock. The first
training of a kind is calibrated, later ones remember. With `--beside` another checkout takes turns
with this one, for a machine that others use; what stands behind `--` is handed to `hornbook train`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HERE, ROUNDS = Path(__file__).parents[1], 10
COMMANDS = {
    "hornbook --help": ["--help"],
    "hornbook models": ["models"],
    "hornbook sample --help": ["sample", "--help"],
    "hornbook train --model ngram --help": ["train", "--model", "ngram", "--help"],
    "hornbook train --help": ["train", "--help"],
}

TORCH = "import time, torch; print(time.process_time())"
TRAINING = """\
import gc, sys, time
from importlib import import_module

searches = [0.0, 0.0]
def searching(phase, told):
    if phase == "start":
        searches[1] = time.perf_counter()
    else:
        searches[0] += time.perf_counter() - searches[1]
gc.callbacks.append(searching)

main = import_module("hornbook.cli.main")
main.let_waiting_threads_sleep()
main.import_torch_in_one_go()
told = sys.stdout

class AfterTrainer:
    # The loop is patched when the command has imported it by itself.
    def find_spec(self, name, path, target=None):
        trainer = sys.modules.get("hornbook.training.trainer")
        if trainer is not None and hasattr(trainer, "Trainer"):
            sys.meta_path.remove(self)
            def first(self):
                print(time.process_time(), searches[0], file=told)
                told.flush()
                raise SystemExit
            trainer.Trainer.arrive = first
            trainer.Trainer.steps_to_arrive = lambda self: 1  # no more in a turn of compiled ones
        return None

sys.meta_path.insert(0, AfterTrainer())
main.main(sys.argv[1:])
"""


def first_steps(checkouts: Sequence[Path], words: Sequence[str]) -> list[list[tuple[float, float]]]:
    """Processor seconds to the first step of a training, and of them those of searches for garbage.

    Args:
        checkouts: whose code is run, in turns.
        words: of `hornbook train`, behind the data.

    Returns:
        For each checkout those of the first training of its kind, and of ten others.
    """
    found: list[list[tuple[float, float]]] = [[] for _ in checkouts]
    with tempfile.TemporaryDirectory() as folder:
        for i in range(1 + ROUNDS):
            for k, checkout in enumerate(checkouts):
                cache = {**os.environ, "HORNBOOK_CACHE": str(Path(folder, f"cache{k}"))}
                out = str(Path(folder, f"run{k}-{i}"))
                told = subprocess.run(
                    [sys.executable, "-c", TRAINING, "train", "names", *words, "--out", out],
                    capture_output=True, text=True, env=cache, cwd=checkout, check=True,
                )  # fmt: skip
                seconds, searches = told.stdout.split()[-2:]
                found[k].append((float(seconds), float(searches)))
    return found


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--beside", type=Path, action="append", default=[], metavar="CHECKOUT")
    options, words = parser.parse_known_args()
    words = [word for word in words if word != "--"]
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
    checkouts = [HERE, *options.beside]
    for checkout, (first, *later) in zip(checkouts, first_steps(checkouts, words), strict=True):
        seconds, searches = zip(*later, strict=True)
        print(
            f"{checkout.name}: hornbook train names {' '.join(words)}".rstrip()
            + f", to its first step: best {min(seconds):.2f}, median "
            f"{statistics.median(seconds):.2f}, of them {statistics.median(searches):.3f} in "
            f"searches for garbage; the first of its kind, which may be calibrated: {first[0]:.2f}"
        )


if __name__ == "__main__":
    main()
