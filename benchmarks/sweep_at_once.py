"""What a sweep gains by training trials together, and what asking for several at once costs it.

    python -m benchmarks.sweep_at_once [NAMES] [--seeds 40] [--trials 20 40] [--steps 2000]

First, without any training, the sampler alone: a made-up loss in four settings with luck in it, a
search for each number of trials asked for at once and each seed, and the best true loss among the
first so many trials. Then, where NAMES are given, whole sweeps of small nets, one by one and
together, in turns, with the seconds of a processor and those on the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState

import hornbook
from hornbook.experiments.sweep.sampler import Sampler
from hornbook.experiments.sweep.space import Setting, Space
from hornbook.experiments.sweep.storage import Patience, quietly
from hornbook.experiments.sweep.trials import Trials
from hornbook.ranges import Choices, Range

AT_ONCE = (1, 4, 8, 16)
LUCK = 0.01  # standard deviation of a measured loss: that of seeds, about
SPACE = Space(
    (
        Setting("n_embd", "settings", Range(4, 64, log=True), whole=True),
        Setting("n_hidden", "settings", Choices((64, 128, 256, 512)), whole=True),
        Setting("dropout", "settings", Range(0.0, 0.3), whole=False),
        Setting("learning_rate", "training", Range(2.5e-3, 4e-2, log=True), whole=False),
    )
)
SWEPT: dict[str, Any] = {
    "model": "mlp",
    "over": {"n_embd": "4..32:log", "dropout": "0..0.2", "learning_rate": "2.5e-3..4e-2:log"},
    "settings": {"block_size": 3, "n_hidden": (200,), "activation": "tanh"},
    "pruning": "none",
}


def true_loss(n_embd: int, n_hidden: int, dropout: float, learning_rate: float) -> float:
    """A loss with its least, 2, at 24 numbers, 256 units, dropout 0.05 and a rate that hangs on
    the width.
    """
    rate = np.log2(learning_rate / 0.01) + 0.5 * np.log2(n_hidden / 256)
    return float(
        2
        + 0.02 * np.log2(n_embd / 24) ** 2
        + 0.03 * np.log2(n_hidden / 256) ** 2
        + 3 * (dropout - 0.05) ** 2
        + 0.05 * rate**2
        + 0.02 * abs(rate) * abs(np.log2(n_embd / 24))
    )


def searched(at_once: int, seed: int, most: int) -> list[float]:
    """The best true loss after each number of trials."""
    sampler = Sampler(SPACE, {}, seed)
    study = optuna.create_study(sampler=sampler)
    patience = Patience("memory", lambda text: None, threading.Event(), remote=False)
    trials = Trials(
        study, SPACE, sampler, "here", patience, shared=False, trained=True, usual={}, sign=1.0
    )
    trials.most = most
    luck, found = np.random.default_rng(seed), list[float]()
    while these := trials.several(at_once):
        for one in these:
            found.append(true_loss(**one.values))
            value = found[-1] + float(luck.normal(0, LUCK))
            trials.tell(one, TrialState.COMPLETE, value, {})
    return list(np.minimum.accumulate(found))


def show_sampler(seeds: int, counts: list[int]) -> None:
    """A line for each number of trials asked for at once."""
    heads = "".join(f"{f'{count} trials':>20}" for count in counts)
    print(f"best true loss above the least, 1/1000, over {seeds} seeds\n{'at once':>8}{heads}")
    for at_once in AT_ONCE:
        courses = [searched(at_once, seed, max(counts)) for seed in range(seeds)]
        cells = []
        for count in counts:
            above = [1000 * (course[count - 1] - 2) for course in courses]
            error = statistics.stdev(above) / len(above) ** 0.5
            cells.append(f"{statistics.mean(above):.1f} ± {error:.1f}")
        print(f"{at_once:>8}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def show_sweeps(names: str, trials: int, steps: int, rounds: int) -> None:
    """Sweeps one by one and together: what each took, and what it found."""
    ways: dict[str, dict[str, Any]] = {
        "one by one": {"together": False},
        "together, 4 at once": {"at_once": 4},
    }
    training = {"steps": steps, "batch_size": 32, "evaluate_on": 5_000}
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    found: dict[str, list[float | None]] = {}
    with tempfile.TemporaryDirectory() as folder:
        # The kernels are compiled before.
        how = {**SWEPT, "training": {**training, "steps": 20}, "trials": 2}
        hornbook.sweep(names, out=Path(folder) / "first", **how)
        for at in range(rounds):
            for way, options in ways.items():
                wall, own = time.perf_counter(), os.times()
                made = hornbook.sweep(
                    names, out=Path(folder) / f"{way}-{at}", trials=trials, training=training,
                    **SWEPT, **options,
                )  # fmt: skip
                now = os.times()
                processor = now.user + now.system - own.user - own.system
                taken[way].append((processor, time.perf_counter() - wall))
                found[way] = [one.dev for one in made.trials]
    print(f"\n{trials} trials of {steps:,} steps, median of {rounds} rounds")
    for way, times in taken.items():
        processor, wall = (statistics.median(one) for one in zip(*times, strict=True))
        best = min(one for one in found[way] if one is not None)
        print(f"{way:>20}: {processor:6.1f} s of a processor, {wall:6.1f} s, best {best:.4f}")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="?")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--trials", type=int, nargs="+", default=[20, 40])
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with quietly(), contextlib.suppress(BrokenPipeError):
        if options.seeds:
            show_sampler(options.seeds, options.trials)
        if options.names is not None:
            show_sweeps(options.names, options.trials[0], options.steps, options.rounds)


if __name__ == "__main__":
    main()
