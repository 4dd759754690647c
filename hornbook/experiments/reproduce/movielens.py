"""The lesson on collaborative filtering: three nets on MovieLens small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hornbook.experiments.reproduce.bench import Bench
from hornbook.experiments.reproduce.data import MOVIELENS, find_file
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    NotRunError,
    Reproduction,
    about,
)
from hornbook.ratings.evaluation import errors_on

__all__ = ["LESSON_SPLIT", "MOVIELENS_LESSON"]

LESSON_SPLIT: Mapping[str, Any] = {"split": "80/20", "split_by": "random", "split_seed": 42}
"The lesson's: NumPy's old generator, seed 42, a fifth held out."
EDITION = (671, 9_066)  # users, films
EPOCH = 1_250  # batches of 64 in the 80,003 rows that are trained on
SGD: Mapping[str, Any] = {
    "optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1, "schedule": "step",
    "batch_size": 64, "weight_decay": 0.0, "steps": 6 * EPOCH,
}  # fmt: skip
ADAM: Mapping[str, Any] = {
    "optimizer": "adamw", "learning_rate": 0.001, "schedule": "constant", "beta2": 0.999,
    "batch_size": 64, "weight_decay": 0.0, "steps": 6 * EPOCH,
}  # fmt: skip
# The lesson adds wd · w to every gradient; that is a ridge of wd · 80,003 / 2 beside the sum of
# squared errors.
DOT: Mapping[str, Any] = {"l2": 0.0, "uniform_start": 0.05, "sparse": "never"}
BIASED: Mapping[str, Any] = {
    "l2": 0.0, "l2_bias": 0.0, "ridge": 8.0, "margin": 0.0, "features": False, "sparse": "never",
}  # fmt: skip
NET: Mapping[str, Any] = {
    "l2": 0.0, "ridge": 0.4, "margin": 1 / 9, "beside": False, "dropout_rows": 0.05,
    "dropout": 0.5, "n_hidden": 10, "sparse": "never",
}  # fmt: skip


def measured(
    family: str, settings: Mapping[str, Any], training: Mapping[str, Any]
) -> Callable[[Bench], dict[str, float]]:
    """Six epochs, the second three at another rate where the lesson lowers it."""

    def measure(bench: Bench) -> dict[str, float]:
        path = find_file(MOVIELENS, bench.data, "ratings.csv")
        data = bench.load(path, "ratings", **LESSON_SPLIT)
        run = bench.train(f"movielens-{family}", data, family, settings, training)
        error = errors_on(run.model, run.data, "dev").mse
        if (data.data.shape.users, data.data.shape.items) != EDITION:
            raise NotRunError(
                f"{path} is another edition: {data.data.shape.users:,} users, not {EDITION[0]}.",
                hint=MOVIELENS.get,
                measured={"MSE": error},
            )
        return {"MSE": error}

    return measure


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


DRIFT = "what the lesson's last three epochs change it by; three seeds here differ by 0.005 or less"
MOVIELENS_LESSON = (
    line("dot", "EmbeddingDot", 1.130, 0.02, DRIFT,
         "SGD with momentum 0.9 at 0.1 and 0.01, three epochs each, no weight decay", DOT, SGD),
    line("dot-bias", "EmbeddingDotBias", 0.801, 0.002, DRIFT,
         "SGD with momentum 0.9 at 0.1 and 0.01, three epochs each, weight decay 0.0002", BIASED,
         SGD),
    line("embedding-net", "The embedding net", 0.781, 0.006, DRIFT,
         "AdamW at 0.001, six epochs, weight decay 0.00001 on the vectors", NET, ADAM),
)  # fmt: skip
