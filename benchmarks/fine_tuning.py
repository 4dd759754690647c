"""Fine-tuning beside training from scratch, on 300 examples of another kind.

    python -m benchmarks.fine_tuning [--seeds 3] [--steps 600]

A net is trained on the bundled names. Then, for each seed, 300 English words are drawn from the
bundled plays, and 900 others to measure on (dev): the net is fine-tuned on the 300, and the same
net is trained on them from scratch. Either side takes the learning rate that suits it best of
three. What is printed: the least dev loss, the time of the whole training, and the time until dev
was as low as it ever became from scratch. The counts are hornbook's baseline on the same words.
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import hornbook

MODEL = {"n_embd": 32, "n_hidden": 128}
RATES = (0.001, 0.003, 0.008)
TRAIN, DEV = 300, 900
PLAYS = Path(hornbook.__file__).parent / "sources" / "bundled" / "shakespeare.txt"
EXACT = {"threads": 1, "precision": "float32", "gradients": "hand"}


def words() -> list[str]:
    """Words of the plays that are not names: in lower case, of 4 to 12 letters, seen thrice."""
    found = Counter(re.findall(r"(?<![A-Za-z'])[a-z]{4,12}(?![a-z'])", PLAYS.read_text("utf-8")))
    return sorted(word for word, times in found.items() if times >= 3)


def draw(folder: Path, seed: int) -> tuple[Path, str]:
    """A file of words drawn by a seed, and the split that gives TRAIN and DEV of them."""
    drawn = np.random.default_rng(seed).permutation(words())[: TRAIN + DEV]
    path = folder / f"words-{seed}.txt"
    path.write_text("\n".join(drawn.tolist()) + "\n", encoding="utf-8")
    return path, f"{100 * TRAIN // (TRAIN + DEV)}/{100 * DEV // (TRAIN + DEV)}"


def trained(data: Any, out: Path, steps: int, rate: float, seed: int, **more: Any) -> hornbook.Run:
    """A run, twenty times evaluated on all of dev."""
    training = {**EXACT, "steps": steps, "learning_rate": rate, "seed": seed, "patience": 0}
    return hornbook.train(data, out=out, training=training, overwrite=True, **more)


def until(run: hornbook.Run, loss: float) -> float:
    """Seconds of training until dev was as low as a loss; infinite if it never was."""
    records = run.directory.read_metrics()
    return next((one.seconds for one in records if one.losses["dev"] <= loss), float("inf"))


def told(values: list[float], digits: int = 4) -> str:
    """Mean and standard deviation; how many are infinite, if any is."""
    if never := sum(not math.isfinite(value) for value in values):
        return f"never in {never} of {len(values)}"
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {spread:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Fine-tuning beside training from scratch.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--pretraining", type=int, default=3_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), given.seeds, given.steps, given.pretraining)


def compare(folder: Path, seeds: int, steps: int, pretraining: int) -> None:
    """Train everything, and print a row for each side and rate."""
    first = trained(
        "names", folder / "names", pretraining, 0.008, 1, model="gru", settings=MODEL,
        baseline=False,
    )  # fmt: skip
    print(f"names: {first!r}, {first.summary.seconds:.1f} s")
    runs: dict[tuple[str, float], list[hornbook.Run]] = {}
    for seed in range(1, seeds + 1):
        data, split = draw(folder, seed)
        for rate in RATES:
            for side in ("from scratch", "fine-tuned"):
                how: dict[str, Any] = {"model": "gru", "settings": MODEL}
                if side == "fine-tuned":
                    how = {"init_from": first.path}
                out = folder / f"{side}-{seed}-{rate}"
                run = trained(data, out, steps, rate, seed, split=split, split_seed=seed, **how)
                runs.setdefault((side, rate), []).append(run)
    means = {
        key: statistics.mean(run.summary.losses["dev"] for run in made)
        for key, made in runs.items()
    }
    best = {
        side: min((key for key in runs if key[0] == side), key=means.__getitem__)
        for side in ("from scratch", "fine-tuned")
    }
    goals = [run.summary.losses["dev"] for run in runs[best["from scratch"]]]
    print("start         rate    dev               seconds       until as low as from scratch")
    for key, made in sorted(runs.items()):
        dev = told([run.summary.losses["dev"] for run in made])
        seconds = told([run.summary.seconds for run in made], 1)
        reached = told([until(run, goal) for run, goal in zip(made, goals, strict=True)], 1)
        mark = " *" if key in best.values() else ""
        print(f"{key[0]:<13} {key[1]:<7g} {dev:<17} {seconds:<13} {reached}{mark}")
    counts = [run.summary.baselines[0].reached["dev"] for run in runs["from scratch", RATES[0]]]
    print(f"counting, Kneser-Ney   {told(counts)}")


if __name__ == "__main__":
    main()
