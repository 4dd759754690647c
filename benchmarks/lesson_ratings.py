"""The ladder of ratings on fast.ai's split of MovieLens small, as the docs have it.

    python -m benchmarks.lesson_ratings ml-latest-small [--peer-python FASTAI/bin/python]

Every family with its defaults, through `hornbook.train`, on one thread: 80 % of the rows for
training and 20 % to measure, drawn as the lesson draws them (NumPy's old generator, seed 42). Nets
have three initialisations: mean and standard deviation. The weights after the last step count, so
nothing is chosen on the rows that are reported. Seconds are the processor's, of training with
everything around it.

With --peer-python, a Python that has fastai, its collab_learner stands below them, trained as the
lesson does on the same rows: EmbeddingDotBias, 50 factors, fit_one_cycle(5, 5e-3, wd=0.1).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import hornbook
from benchmarks.peer_process import Job, done_by
from hornbook.ratings.data import RatingsData
from hornbook.ratings.evaluation import errors_on
from hornbook.ratings.models.families import RATINGS
from hornbook.runs.prepare import prepare

SEEDS = (1, 2, 3)
SPLIT = {"split": "80/20", "split_by": "random", "split_seed": 42}
LESSON = {"dot": 1.130, "dot-bias": 0.801, "embedding-net": 0.781}
"Mean squared errors that the lesson reaches."
PEER = Path(__file__).with_name("fastai_peer.py")
AS_LESSON = {"factors": 50, "batch": 64, "epochs": 5, "rate": 5e-3, "wd": 0.1}


def fastai(python: Path, data: RatingsData) -> None:
    """Print a row for fastai's own training."""
    train, held = data.splits["train"].arrays(), data.splits["dev"].arrays()
    jobs = [
        Job({"model": "lesson", "settings": {**AS_LESSON, "seed": seed}}, train, held)
        for seed in SEEDS
    ]
    found = done_by(python, PEER, jobs)
    errors = [float(np.mean((one["found"] - held["values"]) ** 2)) for one in found]
    seconds = statistics.fmean(float(one["seconds"]) for one in found)
    mean, spread = statistics.fmean(errors), statistics.stdev(errors)
    print(
        f"| (fastai's `collab_learner`) | {int(found[0]['parameters']):,} | {mean:.4f} ± "
        f"{spread:.4f} | {mean**0.5:.4f} | {LESSON['dot-bias']:.3f} | {seconds:.1f} |"
    )


def main() -> None:
    """Train every family, and print a row for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="with ratings.csv and movies.csv")
    parser.add_argument("--only", nargs="*", default=list(RATINGS), help="families")
    parser.add_argument("--peer-python", type=Path, help="a Python that has fastai")
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
    if options.peer_python:
        assert isinstance(data.data, RatingsData)
        fastai(options.peer_python, data.data)


if __name__ == "__main__":
    main()
