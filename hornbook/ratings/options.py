"""How a file of ratings or clicks is read and split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from hornbook.ratings.columns import Role
from hornbook.settings import Bounds, Settings
from hornbook.tasks.shares import shares_of

__all__ = ["RatingsOptions", "SplitBy"]

SplitBy = Literal["auto", "random", "time", "last", "last-out"]


@dataclass(frozen=True)
class RatingsOptions(Settings):
    """How a file of ratings or clicks is read and split."""

    files: ClassVar[frozenset[str]] = frozenset({"titles"})
    user: str | None = None
    "Column of the users: its name, or its number from 1. By default found by its name."
    item: str | None = None
    "Column of the items."
    rating: str | None = None
    "Column of the ratings; of clicks, how many there were."
    time: str | None = None
    "Column of the times: numbers, or ISO dates."
    titles: str | None = None
    "File with the titles of the items."
    encoding: str = "auto"
    "Text encoding. auto: UTF-8, or what a byte order mark says."
    at_least: float | None = None
    "Read as clicks only rows with at least this rating, or this count."
    bad_rows: Literal["refuse", "skip"] = "refuse"
    """Rows that cannot be read: a rating that is not a number, an empty user or item, too many
    cells. skip: leave them out, and say how many there were."""
    split: str = "auto"
    "Sizes of train/dev/test in percent, such as 80/10/10 or 80/20. auto: 80/10/10."
    split_by: SplitBy = "auto"
    """Which rows are held out. random: any. time: the newest of all. last: the newest of each user.
    last-out: the newest row of each user for test, the one before for dev. auto: last if there
    are times, else random."""
    split_seed: Annotated[int, Bounds(0, 2**32 - 1)] = 42
    "Seed for shuffling the rows before a random split."

    @property
    def told(self) -> Mapping[Role, str | None]:
        """The columns that were asked for, by role."""
        return {"user": self.user, "item": self.item, "rating": self.rating, "time": self.time}

    @property
    def shares(self) -> tuple[int, int, int]:
        """The shares of train, dev and test, in percent.

        Raises:
            SettingsError: if `split` is not two or three whole numbers that add up to 100.
        """
        return (80, 10, 10) if self.split == "auto" else shares_of(self.split)
