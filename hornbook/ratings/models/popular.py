"""What most people turned to, for everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Recommender, Shape, Taste
from hornbook.ratings.models.dot_product import NOTHING
from hornbook.ratings.models.keeping import Keeping
from hornbook.settings import Settings

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = ["Popular", "PopularSettings"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PopularSettings(Settings):
    """Settings of popularity: none."""


class Popular(Keeping, Recommender):
    """Items by how many users have them."""

    Settings = PopularSettings
    rates = False
    kept = ("counts",)

    def __init__(self, settings: PopularSettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.counts = np.zeros(shape.items, np.float32)
        self.history: History | None = None

    def fit(self, data: RatingsData) -> Self:
        """To the train split."""
        self.history = data.history
        items = data.splits["train"].items
        self.counts = np.bincount(items, minlength=self.shape.items).astype(np.float32)
        return self

    @property
    def n_parameters(self) -> int:
        """A count of each item."""
        return len(self.counts)

    def remember(self, history: History) -> None:
        """For the items of known users."""
        self.history = history

    def predict(self, users: Integers, items: Integers) -> Array:
        """How many have the items."""
        return self.counts[items].astype(np.float64)

    def scores(self, users: Integers) -> Floats:
        """The same for all."""
        return np.tile(self.counts, (len(users), 1))

    def known(self, user: int) -> PopularTaste:
        """As everyone."""
        return PopularTaste(self, *(NOTHING if self.history is None else self.history[user]))

    def guest(self, items: Integers, values: Floats) -> PopularTaste:
        """As everyone."""
        return PopularTaste(self, items, values)


class PopularTaste(Taste):
    """Everyone's."""

    def __init__(self, model: Popular, items: Integers, values: Floats) -> None:
        self.model, self.items, self.values = model, items, values

    def scores(self) -> Array:
        """How many have each item."""
        return self.model.counts.astype(np.float64)
