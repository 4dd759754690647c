"""What every model of tables offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hornbook.tables.mapper import Mapped

__all__ = ["HasVectors", "Predictor", "Shape"]


@dataclass(frozen=True)
class Shape:
    """What a model must know of a table to be built."""

    codes: tuple[int, ...]
    "How many codes each category has, that of unseen and that of missing ones among them."
    numbers: int
    "Standardised numbers."
    flags: int
    "Flags of missing numbers, which stand behind the numbers."
    outputs: int
    "1 where a number is predicted, else the number of classes."
    rows: int
    "Of train."
    low: float = 0.0
    "The lowest target of train, standardised; 0 of classes, as is `high`."
    high: float = 0.0

    orders: tuple[tuple[float, ...], ...] = ()
    """Of each category the number of each code, as `CategoryFeature.order`; empty where it has
    none, or where none has any."""

    @property
    def continuous(self) -> int:
        """Numbers and flags."""
        return self.numbers + self.flags

    @property
    def ordered(self) -> tuple[int, ...]:
        """The places of the categories whose codes are numbers too."""
        return tuple(place for place, order in enumerate(self.orders) if order)

    @property
    def read_as_numbers(self) -> int:
        """Numbers, flags, and the numbers that codes are."""
        return self.continuous + len(self.ordered)


class Predictor(Protocol):
    """A model of a table, as evaluation, predictions and pictures use it."""

    @property
    def n_parameters(self) -> int:
        """How many numbers it has learned."""
        ...

    def predict(self, inputs: Mapped) -> npt.NDArray[np.float64]:
        """Predictions of some rows.

        Returns:
            Standardised numbers, shape (n,); or probabilities of the classes, shape (n, outputs).
        """
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What it has learned, by name."""
        ...


@runtime_checkable
class HasVectors(Protocol):
    """A model that may have learned vectors of categories."""

    def category_vectors(self, place: int) -> npt.NDArray[np.float32] | None:
        """The vectors of the codes of one category, shape (codes, length); None if it has none."""
        ...
