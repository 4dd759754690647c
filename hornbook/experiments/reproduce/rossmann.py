"""The lesson on Rossmann: a net on embeddings and numbers, and a random forest."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.experiments.reproduce.bench import Bench
from hornbook.experiments.reproduce.data import ROSSMANN, find_file
from hornbook.experiments.reproduce.figures import (
    LectureFigure,
    NotRunError,
    Reproduction,
    about,
)
from hornbook.experiments.reproduce.rossmann_table import options, write_table
from hornbook.extras import needing
from hornbook.runs.prepare import Prepared
from hornbook.tables.baselines import as_columns
from hornbook.tables.data import TableData
from hornbook.tables.evaluation import scores_of

__all__ = ["ROSSMANN_LESSON"]

WHOLE, PART = "train.csv", "train_100stores.csv"
STORES = 1_115
EPOCHS, BATCH = 6, 128
NET: Mapping[str, Any] = {
    "n_hidden": (1000, 500), "embedding_dropout": 0.04, "dropout": 0.01,
}  # fmt: skip


def joined(bench: Bench) -> tuple[Prepared, TableData, bool]:
    """The table of stores and days, and whether all stores are in it."""
    sales = find_file(ROSSMANN, bench.data, WHOLE, PART)
    table, early = (bench.folder / f"rossmann{part}.csv" for part in ("", "-early"))
    write_table(sales.parent, table, early, sales.name)
    early.unlink()
    prepared = bench.load(table, "tables", **options(until_dev=False).changed())
    assert isinstance(prepared.data, TableData)
    return prepared, prepared.data, sales.name == WHOLE


def error_of(data: TableData, predicted: npt.NDArray[np.float64]) -> float:
    """The lesson's exp_rmspe on dev, of logarithms of sales, standardised."""
    return scores_of(data.target, predicted, data.splits["dev"]).figure


def given(error: float, whole: bool, table: Path) -> dict[str, float]:
    """The figure, where it can be compared.

    Raises:
        NotRunError: where it cannot.
    """
    found = {"exp_rmspe": error}
    if not whole:
        raise NotRunError(
            f"{table.name} has 100 of the {STORES:,} stores, and its figure cannot be compared.",
            hint=ROSSMANN.get,
            measured=found,
        )
    return found


def net(bench: Bench) -> dict[str, float]:
    """MixedInputModel, six epochs."""
    prepared, data, whole = joined(bench)
    steps = EPOCHS * (data.sizes["train"] // BATCH)
    run = bench.train(
        "rossmann-net", prepared, "mixed-input", NET,
        {
            "optimizer": "adamw", "beta2": 0.999, "learning_rate": 0.001, "schedule": "constant",
            "weight_decay": 0.0, "batch_size": BATCH, "steps": steps,
        },
    )  # fmt: skip
    error = error_of(data, run.model.predict(data.splits["dev"].inputs))
    return given(error, whole, Path(WHOLE if whole else PART))


def forest(bench: Bench) -> dict[str, float]:
    """The lesson's random forest, on codes and numbers."""
    _, data, whole = joined(bench)
    with needing("sklearn", "A random forest"):
        from sklearn.ensemble import RandomForestRegressor
    trees = RandomForestRegressor(
        n_estimators=40, max_features=0.99, min_samples_leaf=2, n_jobs=1, random_state=bench.seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trees.fit(as_columns(data.train.inputs), data.target.encode(data.train.target))
        found = np.asarray(trees.predict(as_columns(data.splits["dev"].inputs)), np.float64)
    return given(error_of(data, found), whole, Path(WHOLE if whole else PART))


OTHER_WEEKS = (
    "without weather and Google's trends, and on the last six weeks instead of six in August 2014"
)
ROSSMANN_LESSON = (
    Reproduction(
        "rossmann-net", "rossmann", "Rossmann, the net on embeddings",
        "`mixed-input` of 1,000 and 500 units, dropout 0.04 and 0.01, AdamW at 0.001, batches of "
        "128, six epochs", net,
        (LectureFigure("exp_rmspe", "0.0985", about(0.0985, 0.02, OTHER_WEEKS), source="lesson"),),
        minutes=(1.5, 1.5),
    ),
    Reproduction(
        "rossmann-forest", "rossmann", "Rossmann, the random forest",
        "scikit-learn's forest of 40 trees, on codes and numbers", forest,
        (LectureFigure("exp_rmspe", "0.1156", about(0.1156, 0.02, OTHER_WEEKS), source="lesson"),),
        minutes=(1.5, 1.5), kept=False,
    ),
)  # fmt: skip
