"""Estimators in files of their own: weights as safetensors, everything else as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError, SettingsError
from hornbook.records import as_json, read_record
from hornbook.settings import plain
from hornbook.tensor_files import Owner, read_tensors, write_tensors

__all__ = ["ESTIMATOR", "load_estimator", "save_estimator"]

Numeric = Literal[
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
    "bool", "str", "object",
]  # fmt: skip


ESTIMATOR = Owner(
    "No file has this name: give the path of a file that an estimator's `save` wrote.",
    "Give a file that an estimator's `save` wrote.",
    "Give a file that an estimator's `save` wrote: an intact copy, or fit and save it again.",
)
"What is told of a file of an estimator, or of a pickled one."


@dataclass(frozen=True)
class Classes:
    """What an estimator predicts, by number."""

    dtype: Numeric
    values: tuple[Any, ...]


@dataclass(frozen=True)
class EstimatorRecord:
    """An estimator but for its net."""

    name: str
    params: Mapping[str, Any]
    n_features_in: int
    feature_names_in: tuple[str, ...] | None
    classes: Classes | None


def save_estimator(estimator: Any, path: Path) -> None:
    """Write a fitted estimator.

    Raises:
        SettingsError: if a parameter is not a JSON value.
        RunError: if the file cannot be written.
    """
    params = {name: as_plain(name, one) for name, one in estimator.get_params(deep=False).items()}
    names, classes = (getattr(estimator, one, None) for one in ("feature_names_in_", "classes_"))
    record = EstimatorRecord(
        type(estimator).__name__,
        params,
        estimator.n_features_in_,
        None if names is None else tuple(map(str, names)),
        None if classes is None else classes_of(classes),
    )
    arrays, learned = estimator.learned_.parts()
    write_tensors(path, arrays, {"estimator": as_json(record), "learned": learned})


def load_estimator(kind: type[Any], path: Path) -> Any:
    """What `save_estimator` wrote.

    Raises:
        RunError: if it is something else, or damaged.
    """
    arrays, metadata = read_tensors(path, ESTIMATOR)
    where = str(path)
    if metadata.keys() != {"estimator", "learned"}:
        raise RunError(f"{where} is not an estimator.", hint=ESTIMATOR.if_foreign)
    kept = read_record(EstimatorRecord, metadata["estimator"], where)
    if kept.name != kind.__name__:
        raise RunError(
            f"{where} is a {kept.name}, not a {kind.__name__}.", hint=f"Use {kept.name}.load."
        )
    try:
        made = kind(**{name: as_tuples(value) for name, value in kept.params.items()})
    except TypeError as error:
        raise RunError(f"{where} is damaged: {error}.") from error
    learned = kind.held.from_parts(arrays, metadata["learned"], where)
    made.hold(learned).n_features_in_ = kept.n_features_in
    if kept.feature_names_in is not None:
        made.feature_names_in_ = np.array(kept.feature_names_in, object)
    if kept.classes is not None:
        made.classes_ = array_of(kept.classes, where)
    n_names = len(kept.feature_names_in or learned.mapper.columns)
    n_classes = len(kept.classes.values) if kept.classes else learned.n_classes
    n_columns = len(learned.mapper.columns)
    if {kept.n_features_in, n_names} != {n_columns} or n_classes != learned.n_classes:
        raise RunError(f"{where} is damaged: its columns or classes do not fit the net.")
    return made


def as_plain(name: str, value: Any) -> Any:
    """A parameter as JSON.

    Raises:
        SettingsError: if it is not a JSON value.
    """
    made = as_json(plain(value))
    try:
        json.dumps(made, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"`{name}` is a {type(value).__name__}, which cannot be written into a file.",
            hint="Give a number or a text" + (", or pickle the estimator." if made else "."),
            setting=name,
        ) from error
    return made


def as_tuples(value: Any) -> Any:
    """JSON's lists as tuples, which is what defaults are."""
    if isinstance(value, Mapping):
        return {name: as_tuples(one) for name, one in value.items()}
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def classes_of(classes: npt.NDArray[Any]) -> Classes:
    """Classes as a record."""
    kind = "str" if classes.dtype.kind == "U" else classes.dtype.name
    return Classes(kind, tuple(classes.tolist()))  # type: ignore[arg-type]


def array_of(classes: Classes, where: str) -> npt.NDArray[Any]:
    """The classes of a record.

    Raises:
        RunError: if they are not of their type.
    """
    allowed: tuple[type, ...] = (str,) if classes.dtype == "str" else (
        (str, bool, int, float) if classes.dtype == "object" else (bool, int, float)
    )  # fmt: skip
    try:
        if not all(isinstance(one, allowed) for one in classes.values):
            raise ValueError("a class is of another type")
        return np.array(classes.values, classes.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise RunError(f"{where} is damaged: {error}.") from error
