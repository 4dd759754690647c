"""The ladder of ratings on fast.ai's split of MovieLens small, as the docs have it.

    python -m benchmarks.lesson_ratings ml-latest-small

Every family with its defaults, through `hornbook.train`, on one thread: 80 % of the rows for
training and 20 % to measure, drawn as the lesson draws them (NumPy's old generator, seed 42). Nets
have three initialisations: mean and standard deviation. The weights after the last step count, so
nothing is chosen on the rows that are reported. Seconds are the processor's, of training alone.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import hornbook
from hornbook.ratings.evaluation import errors_on
from hornbook.ratings.models.families import RATINGS
from hornbook.runs.prepare import prepare

SEEDS = (1, 2, 3)
SPLIT = {"split": "80/20", "split_by": "random", "split_seed": 42}
LESSON = {"dot": 1.130, "dot-bias": 0.801, "embedding-net": 0.781}
"Mean squared errors that the lesson reaches."


def main() -> None:
    """Train every family, and print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="with ratings.csv and movies.csv")
    parser.add_argument("--only", nargs="*", default=list(RATINGS), help="families")
    options = parser.parse_args()
    data = prepare(
        str(options.folder / "ratings.csv"),
        "ratings",
        {**SPLIT, "titles": str(options.folder / "movies.csv")},
    )
    print("| family | parameters | MSE | RMSE | the lesson's MSE | seconds |")
    print("|---|--:|--:|--:|--:|--:|")
    for name in options.only:
        trained = RATINGS[name].trained
        errors, seconds, parameters = [], [], 0
        for seed in SEEDS if trained else SEEDS[:1]:
            with tempfile.TemporaryDirectory() as folder:
                # Dev is not looked at before the last step: those weights are the ones kept.
                usual = RATINGS[name].training_for("ratings", data.data.sizes["train"])
                how = {"seed": seed, "threads": 1, "evaluate_every": usual.steps, "patience": 0}
                began = time.process_time()
                run = hornbook.train(
                    data,
                    model=name,
                    out=Path(folder) / "run",
                    training=how if trained else None,
                    baseline=False,
                )
                seconds.append(time.process_time() - began)
                errors.append(errors_on(run.model, run.data, "dev").mse)
                parameters = run.model.n_parameters
        mean = statistics.fmean(errors)
        spread = f" ± {statistics.stdev(errors):.4f}" if trained else ""
        known = f"{LESSON[name]:.3f}" if name in LESSON else ""
        print(
            f"| `{name}` | {parameters:,} | {mean:.4f}{spread} | {mean**0.5:.4f} | {known} | "
            f"{statistics.fmean(seconds):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
