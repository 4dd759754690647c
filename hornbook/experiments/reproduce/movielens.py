"""The lesson on collaborative filtering: three nets on MovieLens small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hornbook.experiments.reproduce.bench import Bench
from hornbook.experiments.reproduce.data import MOVIELENS, find_file
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    NotRunError,
    Reproduction,
    about,
)
from hornbook.ratings.models.dot import Dot
from hornbook.runs import Run

__all__ = ["LESSON_SPLIT", "MOVIELENS_LESSON"]

LESSON_SPLIT: Mapping[str, Any] = {"split": "80/20", "split_by": "random", "split_seed": 42}
"The lesson's: NumPy's old generator, seed 42, a fifth held out."
EDITION = (671, 9_066)  # users, films
EPOCH = 1_250  # batches of 64 in the 80,004 rows that are trained on
FALLING: Mapping[str, Any] = {
    "schedule": "step", "batch_size": 64, "weight_decay": 0.0, "steps": 6 * EPOCH,
}  # fmt: skip
"Six epochs, the last three at a tenth of the rate."
SGD: Mapping[str, Any] = {**FALLING, "optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1}
# The notebook that says 0.781 has Adam at 0.001 in all epochs, in a cell that was edited and run
# after the two trainings whose figures stand below it (its execution counts: 54 after 51 and 53).
# The version of the day before has 0.01 and then 0.001, and only so do the losses fall as they do:
# benchmarks.lesson_loop.
ADAM: Mapping[str, Any] = {
    **FALLING, "optimizer": "adamw", "learning_rate": 0.01, "beta2": 0.999,
}  # fmt: skip
# The lesson adds wd · w to every gradient; that is a ridge of wd · 80,004 / 2 beside the sum of
# squared errors.
DOT: Mapping[str, Any] = {"l2": 0.0, "ridge": 0.4, "uniform_start": 0.05, "sparse": "never"}
BIASED: Mapping[str, Any] = {
    "l2": 0.0, "l2_bias": 0.0, "ridge": 8.0, "margin": 0.0, "features": False, "from_mean": False,
    "sparse": "never",
}  # fmt: skip
NET: Mapping[str, Any] = {
    "l2": 0.0, "ridge": 0.4, "margin": 1 / 9, "beside": False, "dropout_rows": 0.05,
    "dropout": 0.5, "n_hidden": 10, "from_mean": False, "sparse": "never",
}  # fmt: skip


def measured(
    family: str, settings: Mapping[str, Any], training: Mapping[str, Any]
) -> Callable[[Bench], dict[str, float]]:
    """Six epochs, the second three at a tenth of the rate."""

    def measure(bench: Bench) -> dict[str, float]:
        path = find_file(MOVIELENS, bench.data, "ratings.csv")
        data = bench.load(path, "ratings", **LESSON_SPLIT)
        run = bench.train(f"movielens-{family}", data, family, settings, training)
        error = error_on_dev(run)
        if (data.data.shape.users, data.data.shape.items) != EDITION:
            raise NotRunError(
                f"{path} is another edition: {data.data.shape.users:,} users, not {EDITION[0]}.",
                hint=MOVIELENS.get,
                measured={"MSE": error},
            )
        return {"MSE": error}

    return measure


def error_on_dev(run: Run) -> float:
    """The mean squared error, of a plain dot product as it comes: the lesson does not keep it to
    the scale of the ratings, and hornbook does, which is better by 0.005."""
    rows, model = run.data.splits["dev"], run.model
    if isinstance(model, Dot):
        with model.in_use():
            found = model.sums(rows.users, rows.items)
    else:
        found = model.predict(rows.users, rows.items)
    return float(np.mean((found - rows.values) ** 2))


def line(
    family: str, title: str, said: float, tolerance: float, why: str, how: str,
    settings: Mapping[str, Any], training: Mapping[str, Any],
) -> Reproduction:  # fmt: skip
    """One of the lesson's nets."""
    return Reproduction(
        f"movielens-{family}", "movielens", title,
        f"`{family}` of 50 factors, batches of 64, {how}, the lesson's fifth held out",
        measured(family, settings, training),
        (LectureFigure("MSE", f"{said:.3f}", about(said, tolerance, why), source="lesson"),),
        minutes=(0.5, 0.5),
    )  # fmt: skip


SEEDS = (
    "three standard deviations of three seeds of the lesson's loop on the lesson's own rows, {}, "
    "and half a unit of its last digit (benchmarks.lesson_loop; over six draws of the rows {})"
)
MOVIELENS_LESSON = (
    line("dot", "EmbeddingDot", 1.130, 0.0055, SEEDS.format("1.1305 ± 0.0016", "1.130 ± 0.018"),
         "SGD with momentum 0.9 at 0.1 and 0.01, three epochs each, weight decay 0.00001, products "
         "not kept to the scale", DOT, SGD),
    line("dot-bias", "EmbeddingDotBias", 0.801, 0.0023,
         SEEDS.format("0.8003 ± 0.0006", "0.802 ± 0.003"),
         "SGD with momentum 0.9 at 0.1 and 0.01, three epochs each, weight decay 0.0002", BIASED,
         SGD),
    line("embedding-net", "The embedding net", 0.781, 0.0047,
         SEEDS.format("0.7814 ± 0.0014", "0.785 ± 0.006"),
         "Adam at 0.01 and 0.001, three epochs each, weight decay 0.00001", NET, ADAM),
)  # fmt: skip
