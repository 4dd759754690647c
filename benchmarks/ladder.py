"""The ladder: every rung trained and measured, as the table of the README.

    python -m benchmarks.ladder [--names FILE] [--shakespeare FILE] [--seeds 1337 1338 1339]

Without files, the data sets `makemore-names` and `tiny-shakespeare` are fetched. Times are those of
training, evaluations included, on this machine.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import hornbook
from hornbook.models import family
from hornbook.models.bigram import BigramSettings
from hornbook.models.mlp import MLPSettings
from hornbook.models.ngram import NGramSettings
from hornbook.settings import Settings
from hornbook.training import TrainingSettings

Rung = tuple[str, str, Settings, dict[str, Any]]

LECTURE: dict[str, Any] = {"block_size": 3, "n_embd": 10, "n_hidden": (200,), "activation": "tanh"}
# The defaults suit larger nets and larger data.
GENTLE = {"weight_decay": 0.05, "peak_at": 0.35}
NAMES: list[Rung] = [
    ("pairs by counting, one added", "ngram", NGramSettings(order=2, smoothing="add"), {}),
    ("pairs by gradient: one layer", "bigram", BigramSettings(), {}),
    ("lecture's MLP, part 2", "mlp", MLPSettings(**LECTURE, norm="none"), GENTLE),
    ("+ BatchNorm, part 3", "mlp", MLPSettings(**LECTURE), {**GENTLE, "steps": 7_000}),
    (
        "five hidden layers, part 3",
        "mlp",
        MLPSettings(**{**LECTURE, "n_hidden": (100,) * 5}, output_norm=True),
        GENTLE,
    ),
    ("8 of context, part 5's flat net", "mlp", MLPSettings(**{**LECTURE, "block_size": 8}), GENTLE),
    (
        "lowest found at part 3's size",
        "mlp",
        MLPSettings(block_size=6, n_embd=10, n_hidden=(100, 43)),
        {"weight_decay": 0.1, "peak_at": 0.35, "steps": 30_000, "patience": 0},
    ),
    ("n-grams, Kneser–Ney, order 6", "ngram", NGramSettings(), {}),
    ("default of `--model mlp`", "mlp", MLPSettings(), {}),
]
TEXT: list[Rung] = [
    ("pairs by counting, one added", "ngram", NGramSettings(order=2, smoothing="add"), {}),
    ("default of `--model mlp`", "mlp", MLPSettings(), {}),
    ("n-grams, Kneser–Ney, order 7", "ngram", NGramSettings(order=7), {}),
]


def climb(source: str, rung: Rung, seeds: list[int]) -> str:
    """Train one rung with each seed, and give its row."""
    title, name, settings, changes = rung
    line = family(name)
    dev, seconds, parameters = [], [], 0
    for seed in seeds[: 1 if line.counted else None]:
        training = None
        if not line.counted:
            training = replace(TrainingSettings(**line.training), seed=seed, **changes)
        with tempfile.TemporaryDirectory() as folder:
            run = hornbook.train(
                source, model=name, settings=settings, training=training, baseline=False,
                out=Path(folder) / "run",
            )  # fmt: skip
            parameters = run.summary["parameters"]
            dev.append(run.summary["losses"]["dev"])
            seconds.append(run.summary["seconds"])
    spread = f" ± {statistics.stdev(dev):.4f}" if len(dev) > 1 else ""
    mean = statistics.mean(dev)
    return (
        f"| {title} | `{name}` | {parameters:,} | {mean:.4f}{spread} | "
        f"{statistics.median(seconds):.1f} s |"
    )


def main() -> None:
    """Climb both ladders."""
    parser = argparse.ArgumentParser(description="Every rung, trained and measured.")
    parser.add_argument("--names", default="makemore-names")
    parser.add_argument("--shakespeare", default="tiny-shakespeare")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1337, 1338, 1339])
    arguments = parser.parse_args()
    for source, symbols, rungs in (
        (arguments.names, 27, NAMES),
        (arguments.shakespeare, 65, TEXT),
    ):
        print(
            f"\n{Path(source).stem}: dev loss in nats per character, {len(arguments.seeds)} seeds"
        )
        print("| rung | family | learned numbers | dev | time |\n|---|---|--:|--:|--:|")
        print(f"| guessing among {symbols} symbols | | 0 | {math.log(symbols):.4f} | |")
        for rung in rungs:
            print(climb(source, rung, arguments.seeds), flush=True)


if __name__ == "__main__":
    main()
