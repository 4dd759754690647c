"""Items in the order of their scores, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.actions import Action
from hornbook.records import JSONObject
from hornbook.rendering import figure, many, visible
from hornbook.reports import Table
from hornbook.tasks import Answer, Beside, Row

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData
    from hornbook.ratings.models.contract import Taste

__all__ = ["Ranked", "RankedItems", "best_of", "nothing_left", "reasons"]

REASONS = 2  # things that the user has rated, beside each recommendation


@dataclass(frozen=True)
class Ranked:
    """An item at its place."""

    item: str
    "Its id, as in the data."
    title: str
    score: float
    "The predicted rating, kept to the scale, or what it is ranked by."
    because: tuple[str, ...] = ()
    "Titles of what the user has rated that speaks for it most."

    def as_dict(self) -> JSONObject:
        """All of it by name."""
        return {
            "item": self.item,
            "title": self.title,
            "score": self.score,
            "because": list(self.because),
        }


def best_of(
    data: RatingsData,
    scores: npt.NDArray[np.float64],
    n: int,
    left_out: npt.NDArray[np.bool_],
    taste: Taste | None = None,
    highest: float = np.inf,
) -> list[Ranked]:
    """The items with the highest scores.

    Args:
        data: that the items are of.
        scores: of each item, shape (items,).
        n: how many.
        left_out: which items do not count, shape (items,).
        taste: of the user, to give reasons.
        highest: of the scale; what lies beyond it is in the order that it has there.
    """
    order = np.lexsort((np.arange(len(scores)), -np.where(left_out, -np.inf, scores)))
    order = order[: min(n, len(scores) - int(left_out.sum()))]
    return [
        Ranked(
            data.items[item],
            data.title(item),
            min(float(scores[item]), highest) + 0.0,  # -0 is 0
            reasons(data, taste, item) if taste is not None else (),
        )
        for item in map(int, order)
    ]


def nothing_left(data: RatingsData, rated_by: int, otherwise: str) -> str:
    """Why no item is left.

    Args:
        data: that the items are of.
        rated_by: how many users must have rated one.
        otherwise: what is so where that is not the reason.
    """
    if not rated_by:
        return f"Nothing is left to list. {otherwise}"
    return (
        f"Nothing is left to list of the {many(int((data.raters >= rated_by).sum()), 'item')} that "
        f"at least {many(rated_by, 'user')} have rated; the most that have rated one is "
        f"{int(data.raters.max()):,}."
    )


def reasons(data: RatingsData, taste: Taste, item: int) -> tuple[str, ...]:
    """The titles of what speaks for an item most."""
    pulls = sorted(taste.pulls(item), key=lambda pull: -pull.value)[:REASONS]
    return tuple(data.title(pull.item) for pull in pulls if pull.value > 0)


class RankedItems(Answer):
    """Items in their order, as one table.

    Args:
        ranked: the items.
        remarks: what a person is told after them.
        rates: whether scores are ratings.
    """

    def __init__(
        self,
        ranked: Sequence[Ranked],
        remarks: Sequence[str | Action] = (),
        *,
        rates: bool,
    ) -> None:
        self.ranked, self.said, self.rates = ranked, remarks, rates

    def __iter__(self) -> Iterator[Row]:
        head = "rating" if self.rates else "score"
        return (
            RankedRow(one, self.ranked if at == 0 else (), head)
            for at, one in enumerate(self.ranked)
        )

    def remarks(self) -> Sequence[str | Action]:
        """What was given."""
        return self.said


@dataclass(frozen=True)
class RankedRow(Row):
    """One of the items; the first one shows the table of all."""

    one: Ranked
    table: Sequence[Ranked]
    head: str

    def shown(self) -> Iterator[str | Table | Beside]:
        """The table, from its first row."""
        if not self.table:
            return
        because = any(one.because for one in self.table)
        rows = [
            (
                visible(one.title),
                figure(one.score, 2 if self.head == "rating" else 3),
                *((visible("; ".join(one.because)),) if because else ()),
            )
            for one in self.table
        ]
        yield Table(("item", self.head, *(("because of",) if because else ())), tuple(rows))

    def as_dict(self) -> JSONObject:
        """The item."""
        return self.one.as_dict()
