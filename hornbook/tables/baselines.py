"""What stands beside every net: guessing, and trees."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from hornbook.extras import has, needing
from hornbook.tables.data import TableData
from hornbook.tables.evaluation import scores_of
from hornbook.tables.mapper import Mapped
from hornbook.tables.models.contract import Predictor
from hornbook.tasks import Baseline, GroupedBaseline
from hornbook.tasks.scores import ClassScores, Scores, paired_interval

__all__ = ["Beside", "as_columns", "baselines", "beside", "grouped_baselines", "guess", "trees"]

HELD_OUT = ("dev", "test")
FOREST, BOOSTING = 3e6, 4e7
"Cells of train up to which a forest and boosted trees are a comparison: some 10 s on two cores."
BINS = 254  # codes of a category that boosting can take as such

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Beside:
    """A baseline with its predictions."""

    name: str
    predicted: Mapping[str, Floats]
    "By split, as `Predictor.predict` gives them."
    seconds: float


KNOWN: WeakKeyDictionary[TableData, list[Beside]] = WeakKeyDictionary()
"Several nets may be trained on the same data."


def baselines(data: TableData, model: Predictor) -> Iterator[Baseline]:
    """What guessing and trees reach on dev and test, and how far they are from a model.

    Raises:
        MissingPackageError: after the guess, without scikit-learn.
    """
    held = [split for split in HELD_OUT if split in data.sizes]
    own = {
        split: scores_of(data.target, model.predict(data.splits[split].inputs), data.splits[split])
        for split in held
    }
    for one in beside(data):
        scores = {
            split: scores_of(data.target, one.predicted[split], data.splits[split])
            for split in held
        }
        yield Baseline(
            one.name,
            {split: found.figure for split, found in scores.items()},
            round(one.seconds, 3),
            apart={split: ends(found, own[split]) for split, found in scores.items()},
            further={
                split: {"accuracy": float(found.right.mean())}
                for split, found in scores.items()
                if isinstance(found, ClassScores)
            },
        )


def grouped_baselines(data: TableData) -> Iterator[GroupedBaseline]:
    """What guessing and trees reach on dev and test, by row or by group of rows.

    Raises:
        MissingPackageError: after the guess, without scikit-learn.
    """
    for one in beside(data):
        splits = {
            split: scores_of(data.target, predicted, data.splits[split]).grouped()
            for split, predicted in one.predicted.items()
        }
        yield GroupedBaseline(one.name, one.seconds, splits)


def ends(one: Scores, other: Scores) -> tuple[float, float] | None:
    """The interval of how far one is above the other; None where one group tells nothing of it."""
    interval = paired_interval(one, other)
    return None if interval is None else (interval.low, interval.high)


def beside(data: TableData) -> Iterator[Beside]:
    """The guess, then trees as far as they are quick; each is fitted once for the data."""
    known = KNOWN.setdefault(data, [])
    if not known:
        known.append(guess(data))
    yield known[0]
    cells = data.shape.rows * (len(data.shape.codes) + data.shape.continuous)
    wanted = [name for name, most in LIMITS.items() if cells <= most]
    if "LightGBM" in wanted and not has("lightgbm"):
        wanted.remove("LightGBM")
    for name in wanted:
        if name not in [one.name for one in known]:
            known.append(trees(data, name))
        yield next(one for one in known if one.name == name)


def guess(data: TableData) -> Beside:
    """The mean of train, or how often each class is there."""
    began, target = time.perf_counter(), data.target
    rows = data.train
    if target.kind == "class":
        shares = np.bincount(rows.target, minlength=len(target.labels)) / len(rows)
        predicted = {
            split: np.tile(shares, (len(data.splits[split]), 1)) for split in held_out(data)
        }
        return Beside("shares of the classes", predicted, time.perf_counter() - began)
    # The mean of what is learned is 0 in standardised units.
    predicted = {split: np.zeros(len(data.splits[split])) for split in held_out(data)}
    name = "geometric mean of train" if target.kind == "logarithm" else "mean of train"
    return Beside(name, predicted, time.perf_counter() - began)


def held_out(data: TableData) -> list[str]:
    """The splits that baselines are measured on."""
    return [split for split in HELD_OUT if split in data.splits]


def trees(data: TableData, name: str) -> Beside:
    """Trees of scikit-learn or LightGBM, with settings that suit most tables.

    Raises:
        MissingPackageError: if the package is not installed.
    """
    began = time.perf_counter()
    with needing("sklearn", "Comparing with trees"):
        model, categorical = made(data, name)
    target = data.target
    wanted = target.encode(data.train.target)
    weights = np.array(target.weights)[data.train.target] if target.weights else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names of features, of which there are none
        given = as_columns(data.train.inputs)
        extra = {"categorical_feature": categorical} if name == "LightGBM" else {}
        model.fit(given, wanted, sample_weight=weights, **extra)
        predicted = {
            split: predictions(model, data.splits[split].inputs, target.outputs)
            for split in held_out(data)
        }
    return Beside(name, predicted, time.perf_counter() - began)


LIMITS = {"random forest": FOREST, "boosted trees": BOOSTING, "LightGBM": BOOSTING}


def made(data: TableData, name: str) -> tuple[Any, list[int]]:
    """A model that is to be fitted, and which columns it is told are categories."""
    classes = data.kind == "class"
    categorical = [place for place, n in enumerate(data.shape.codes) if n <= BINS]
    if name == "random forest":
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestClassifier if classes else RandomForestRegressor
        return kind(n_estimators=100, min_samples_leaf=3, max_features=0.5, n_jobs=-1,
                    random_state=0), []  # fmt: skip
    if name == "boosted trees":
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        booster = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        return booster(random_state=0, categorical_features=categorical or None), []
    import lightgbm

    light = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    return light(random_state=0, verbose=-1), categorical


def as_columns(inputs: Mapped) -> npt.NDArray[np.float32]:
    """Rows as trees read them: codes, then numbers; shape (n, both)."""
    return np.concatenate((inputs.codes.astype(np.float32), inputs.numbers), 1)


def predictions(model: Any, inputs: Mapped, outputs: int) -> Floats:
    """As `Predictor.predict` gives them; of a class that train has not the probability is 0."""
    given = as_columns(inputs)
    if outputs == 1:
        return np.asarray(model.predict(given), np.float64)
    found = np.zeros((len(given), outputs))
    found[:, np.asarray(model.classes_, np.int64)] = model.predict_proba(given)
    return found
