"""How long it takes to a dev loss of 1.993 on names, where the lecture's WaveNet ends.

    python -m benchmarks.time_to_loss [--names FILE] [--steps 2200] [--seeds 3] [--loss 1.993]

The lecture's loop makes 200,000 steps for that, by its own log; here some of them are timed, with
the number of threads that suits it best, and the rest is reckoned. hornbook trains its default net
for names from the start to the end, once a seed, in a process of its own: told are the seconds of
training, calibration and evaluations included, until all of dev was as low as that, and those of
the whole command, imports, kernels and n-grams included. The text is the bundled one or the
lecture's file; a tenth of the names is dev in either case.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import hornbook
from benchmarks.fine_tuning import told, until
from benchmarks.peers import lecture_wavenet
from benchmarks.timing import use_threads
from hornbook.compute.load import cores_allowed
from hornbook.runs import Run
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer

LECTURE = 200_000  # steps of batches of 32, by the lecture's own log
TIMED = 1_500  # of them


def lecture_seconds(path: Path) -> tuple[float, int]:
    """Those of a step of the lecture's loop, and by how many threads."""
    words = tuple(x for x in path.read_text(encoding="utf-8").split("\n") if x)
    stream = encode_lines(words, CharTokenizer.fit(words, boundary=True))
    contexts, targets = stream.windows(np.arange(stream.first, len(stream.ids)), 8)
    step, _ = lecture_wavenet(*map(torch.from_numpy, (contexts, targets)), batch_size=32)
    found: list[tuple[float, int]] = []
    for threads in sorted({1, cores_allowed()}):
        use_threads(threads)
        for count in (TIMED // 30, TIMED):
            began = time.perf_counter()
            for _ in range(count):
                step()
            each = (time.perf_counter() - began) / count
            if found and each > 2 * found[0][0]:  # threads that wait for others' work
                break
        found.append((each, threads))
    return min(found)


def trained(path: Path, out: Path, steps: int, seed: int) -> tuple[Run, float]:
    """A run, evaluated twenty times, and the seconds of the whole command."""
    began = time.perf_counter()
    subprocess.run(
        [
            sys.executable, "-m", "hornbook", "train", str(path), "--out", str(out), "--steps",
            str(steps), "--seed", str(seed), "--gradients", "compiled", "--evaluate-every",
            str(max(1, steps // 20)), "--json",
        ],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return hornbook.Run(out), time.perf_counter() - began


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    bundled = Path(__file__).parents[1] / "hornbook" / "sources" / "bundled" / "names.txt"
    parser.add_argument("--names", type=Path, default=bundled)
    parser.add_argument("--steps", type=int, default=2_200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--loss", type=float, default=1.993)
    given = parser.parse_args()
    each, threads = lecture_seconds(given.names)
    whole = LECTURE * each
    print(f"the lecture's loop: {1e6 * each:.0f} µs a step, threads {threads}: {whole:.0f} s")
    reached, ends, commands = [], [], []
    with tempfile.TemporaryDirectory() as name:
        trained(given.names, Path(name) / "first", 100, 0)  # loads, or compiles, what is needed
        for seed in range(1, given.seeds + 1):
            run, seconds = trained(given.names, Path(name) / str(seed), given.steps, seed)
            reached.append(until(run, given.loss))
            ends.append(run.summary.losses["dev"])
            commands.append(seconds)
    print(f"hornbook, {given.steps:,} steps: dev {told(ends)}; {given.loss} after")
    print(f"    {told(reached, 2)} s of training, {whole / statistics.mean(reached):.0f} times")
    print(
        f"    {told(commands, 2)} s of the command, {whole / statistics.mean(commands):.0f} times"
    )


if __name__ == "__main__":
    main()
