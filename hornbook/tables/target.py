"""What is predicted: a number, its logarithm, or a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.records import JSONObject
from hornbook.rendering import amount, clip
from hornbook.tables.kinds import form_named
from hornbook.tables.mapper_fields import a_sign, a_text, finite, texts
from hornbook.tables.number_form import NumberForm
from hornbook.tables.options import TableOptions
from hornbook.tables.seen_column import Seen
from hornbook.tables.signs import ANY_SIGN

__all__ = ["Target", "TargetKind", "target_kind", "target_of"]

TargetKind = Literal["number", "logarithm", "class"]

CLASSES = 1_000  # most classes


@dataclass(frozen=True)
class Target:
    """The column to predict, as models learn it.

    A number, or its logarithm, is standardised with the mean and the deviation of train.
    """

    name: str
    kind: TargetKind
    labels: tuple[str, ...] = ()
    "Of the classes, by number; more than one."
    mean: float = 0.0
    std: float = 1.0
    low: float = 0.0
    "The lowest in train, in the units of the table."
    high: float = 0.0
    weights: tuple[float, ...] = ()
    "Of the classes in the loss; empty if all count alike."
    form: str = ""
    "How its numbers are written, a `NumberStyle`; empty where plain."
    unit: str = ""
    "What stands behind them, as of `NumberForm`."
    sign: str = ""
    "Of percent or money, as of `NumberForm`."

    @property
    def written(self) -> NumberForm:
        """How its numbers, or the names of its classes, are written."""
        return form_named(self.form, self.unit, self.sign)

    @property
    def outputs(self) -> int:
        """How many numbers a model gives for a row."""
        return len(self.labels) or 1

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest of train, standardised; 0 of classes."""
        if self.kind == "class":
            return 0.0, 0.0
        low, high = self.encode(np.array([self.low, self.high])).tolist()
        return low, high

    def encode(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values as models learn them: standardised numbers, or classes as they are; shape (n,)."""
        if self.kind == "class":
            return values.astype(np.int64)
        moved = np.log(values) if self.kind == "logarithm" else values
        return ((moved - self.mean) / self.std).astype(np.float32)

    @property
    def spread(self) -> float:
        """How much it differs between rows, in the units of the table; 0 where that is relative."""
        return self.std if self.kind == "number" else 0.0

    def decode(self, learned: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Standardised numbers in the units of the table."""
        moved = np.asarray(learned, np.float64) * self.std + self.mean
        return np.exp(np.minimum(moved, 700.0)) if self.kind == "logarithm" else moved

    def as_dict(self) -> JSONObject:
        """The target as JSON."""
        return {**asdict(self), "labels": list(self.labels), "weights": list(self.weights)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Target:
        """What `as_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: if it is something else.
        """
        name, kind = value["name"], value["kind"]
        labels, weights = texts(value["labels"]), tuple(map(finite, value["weights"]))
        if not isinstance(name, str) or kind not in ("number", "logarithm", "class"):
            raise ValueError(f"the target is {name!r}, {kind!r}")
        if (kind == "class") != (len(labels) > 1) or len(weights) not in (0, len(labels)):
            raise ValueError(f"the target has {len(labels)} labels and {len(weights)} weights")
        mean, std, low, high = (finite(value[one]) for one in ("mean", "std", "low", "high"))
        if std <= 0 or low > high or (kind == "logarithm" and low <= 0):
            raise ValueError("the target has no spread, or no logarithm")
        if any(weight < 0 for weight in weights) or (weights and not any(weights)):
            raise ValueError("the weights of the classes are not positive")
        form = value.get("form", "")
        if form not in ("", "comma", "thousands"):
            raise ValueError(f"the target is written as {form!r}")
        unit, sign = a_text(value.get("unit", "")), a_sign(value.get("sign", ANY_SIGN))
        return cls(name, kind, labels, mean, std, low, high, weights, form, unit, sign)


def target_kind(seen: Seen, options: TableOptions) -> tuple[TargetKind, str]:
    """What is predicted, and why, for people.

    Raises:
        DataError: if the column has one value only, too many classes, or is not a number where one
            was asked for.
    """
    where = f"The target {seen.name!r}"
    if seen.known == 0:
        raise DataError(f"{where} is empty.", hint="Choose another column.", setting="target")
    if seen.distinct == 1:
        raise DataError(
            f"{where} has the same value in all rows, "
            f"{clip(seen.raw.as_labels()[1][0], 40)!r}: there is nothing to predict.",
            hint="Choose another column.",
            setting="target",
        )
    if seen.raw.declared == "date":
        raise DataError(
            f"{where} holds dates: a number or a class can be predicted.",
            hint="Choose another column, or give it as numbers, such as days since a date.",
            setting="target",
        )
    numbers = seen.n_numbers >= 0.9 * seen.known and seen.raw.declared != "category"
    if options.predicts == "class" or (
        options.predicts == "auto" and not options.log_target
        and (not numbers or seen.distinct == 2)
    ):  # fmt: skip
        if seen.distinct > CLASSES or seen.distinct > seen.known / 2:
            raise DataError(
                f"{where} has {seen.distinct:,} different values in {seen.known:,} rows: too many "
                "to be classes.",
                hint="Choose another column"
                + (", or set `predicts=number`." if numbers else ".")
                + ("" if numbers else told_of_texts(seen)),
                setting="target",
            )
        return "class", f"{seen.distinct:,} classes"
    if not numbers:
        raise DataError(
            f"{where} is not a column of numbers: it holds {clip(seen.odd_text, 40)!r}.",
            hint="Choose another column, or predict classes: `predicts=class`."
            + told_of_texts(seen),
            setting="predicts",
        )
    if options.log_target:
        return "logarithm", "logarithm of a number"
    return "number", "number"


def told_of_texts(seen: Seen) -> str:
    """What a target holds in place of numbers, and what to do, as a further line; mostly empty."""
    if seen.is_mixed:
        return f"\n{seen.mixture}."
    return f"\n{seen.name} holds {seen.unread}." if seen.unread else ""


def target_of(
    name: str, kind: TargetKind, train: npt.NDArray[Any], labels: tuple[str, ...], balanced: bool
) -> Target:
    """The target with what train says of it.

    Args:
        name: of the column.
        kind: what is predicted.
        train: numbers, or classes by number; shape (n,).
        labels: of the classes.
        balanced: whether rare classes count as much in the loss as frequent ones.

    Raises:
        DataError: if train has one value only.
    """
    if kind == "class":
        counts = np.bincount(train, minlength=len(labels))
        if (counts > 0).sum() < 2:
            raise DataError(
                f"All rows of train have the class {labels[int(counts.argmax())]!r}: there is "
                "nothing to learn.",
                hint="Split the data in another way: `split_by=random`, or another `split_seed`.",
                setting="split_by",
            )
        weights: tuple[float, ...] = ()
        if balanced:  # n / (classes · count): the mean over the rows of train is 1
            present = counts > 0
            inverse = np.where(present, len(train) / present.sum() / np.maximum(counts, 1), 0.0)
            weights = tuple(inverse.tolist())
        return Target(name, kind, labels, weights=weights)
    moved = np.log(train) if kind == "logarithm" else train
    mean, std = float(moved.mean()), float(moved.std())
    if not (std > 0 and train.min() < train.max()):  # of equal floats the deviation may be 1e-17
        raise DataError(
            f"All rows of train have the target {amount(train[0])}: there is nothing to learn.",
            hint="Split the data in another way: `split_by=random`, or another `split_seed`.",
            setting="split_by",
        )
    return Target(name, kind, (), mean, std, float(train.min()), float(train.max()))
