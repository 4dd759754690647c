"""What a model of users and items offers; evaluation, questions and pictures know no family.

A user is known by number, or is a guest: someone with a few ratings whom training has not seen. A
model makes of either a `Taste`, which predicts, ranks and explains.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hornbook.ratings.features import Features
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.settings import Settings

__all__ = ["Pull", "Recommender", "Shape", "Taste", "Term", "tells"]


@dataclass(frozen=True)
class Shape:
    """What a model must know to be built."""

    users: int
    items: int
    rows: int
    "Of the train split."
    low: float = 0.0
    "Lowest rating of the scale; 0 for clicks."
    high: float = 1.0
    "Highest rating of the scale; 1 for clicks."
    features: Features | None = None
    "What is known of the items beside ratings; None if nothing is."


@dataclass(frozen=True)
class Term:
    """A part of the sum that a prediction is."""

    name: str
    "For people: `mean of all`, `bias of the item`."
    value: float


@dataclass(frozen=True)
class Pull:
    """How much of a prediction comes from one thing that the user has rated."""

    item: int
    value: float


class Taste(ABC):
    """One user, as a model sees them.

    Attributes:
        items: what the model knows the user to have rated or clicked, shape (K,).
        values: the ratings, shape (K,).
    """

    items: Integers
    values: Floats

    @abstractmethod
    def scores(self) -> npt.NDArray[np.float64]:
        """Of each item: the rating, or what it is ranked by; shape (items,).

        A rating may lie beyond the scale: kept to it, the best would tie.
        """

    def terms(self, item: int) -> Sequence[Term]:
        """The parts of the sum that `scores()[item]` is, before it is kept to the scale."""
        return ()

    def pulls(self, item: int) -> Sequence[Pull]:
        """What each thing that the user has rated adds to it, if the model can tell.

        They need not add up to the prediction: what all users share is not part of them.
        """
        return ()


class Recommender(ABC):
    """A model of users and items.

    Attributes:
        Settings: its settings.
        rates: whether `scores` are ratings; otherwise they only rank.
    """

    Settings: ClassVar[type[Settings]]
    rates: ClassVar[bool] = True

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """Numbers that were fitted."""

    @abstractmethod
    def predict(self, users: Integers, items: Integers) -> npt.NDArray[np.float64]:
        """The scores of pairs, shape (N,), from users and items of shape (N,); ratings within the
        scale.
        """

    @abstractmethod
    def scores(self, users: Integers) -> npt.NDArray[np.float32]:
        """The scores of all items for some users, shape (len(users), items), as `Taste.scores`."""

    def remember(self, history: History) -> None:  # noqa: B027 - most need nothing more
        """Take what the users have rated in train, where that is at hand.

        A model that predicts without it needs it to know a user's items and their pulls. Without
        it, `known` gives tastes with no items.
        """

    @classmethod
    def still_private(cls, shape: Shape) -> str:
        """What of the data the `arrays` of a model of this shape hold, as a clause; or nothing."""
        return ""

    @abstractmethod
    def known(self, user: int) -> Taste:
        """A user that training has seen."""

    @abstractmethod
    def guest(self, items: Integers, values: Floats) -> Taste:
        """Someone new, folded in without training: from a few ratings, perhaps none."""

    def alike(self, item: int) -> npt.NDArray[np.float64]:
        """How much every item is like one, shape (items,); the most alike are highest.

        Raises:
            SettingsError: if the model has nothing to tell items apart by.
        """
        from hornbook.errors import SettingsError

        raise SettingsError(
            "This model does not know which items are alike.",
            hint="Train a family with item vectors or neighbours, such as `model=knn` or "
            "`model=ease`.",
        )

    @property
    def item_vectors(self) -> npt.NDArray[np.float32] | None:
        """A vector for each item, for pictures, shape (items, K); None or all 0 if it has none."""
        return None

    @property
    def item_biases(self) -> npt.NDArray[np.float32] | None:
        """How much better or worse than others an item is rated, shape (items,); None, or all 0, if
        the model has no such numbers.
        """
        return None

    @abstractmethod
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All that it has learned and must know to predict, by name."""

    @abstractmethod
    def load_arrays(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """


def tells(numbers: npt.NDArray[Any] | None) -> bool:
    """Whether numbers of items say anything of them: where all are 0, the model has none."""
    return numbers is not None and bool(numbers.any())
