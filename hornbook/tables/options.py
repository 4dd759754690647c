"""How a table is read and split, and what is predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from hornbook.errors import as_typed
from hornbook.settings import Bounds, Settings
from hornbook.tasks.shares import shares_of

__all__ = ["More", "Predicts", "SplitBy", "TableOptions"]

SplitBy = Literal["auto", "random", "time", "group"]
Predicts = Literal["auto", "number", "class"]
More = Literal["categorical", "numerical", "dates", "ignore", "missing"]


@dataclass(frozen=True)
class TableOptions(Settings):
    """How a table is read and split, and what is predicted."""

    target: str | None = None
    "Column to predict: its name, or its number from 1 in a table without a header."
    predicts: Predicts = "auto"
    """What is predicted. auto: a class where the column holds texts or two different values, else a
    number."""
    log_target: bool = False
    "Predict the logarithm of the target: what counts then is how many percent a prediction is off."
    categorical: tuple[str, ...] = ()
    "Columns to read as categories."
    numerical: tuple[str, ...] = ()
    "Columns to read as numbers."
    dates: tuple[str, ...] = ()
    "Columns to read as dates."
    ignore: tuple[str, ...] = ()
    "Columns to leave out."
    only: str = ""
    "Read only rows that have a value in a column, such as Open=1."
    missing: tuple[str, ...] = ()
    "Further texts that mean that a value is missing, beside the usual ones (NA, null, ?)."
    min_count: Annotated[int, Bounds(1, 10**9)] = 2
    "A category with fewer rows in train is read as an unseen one."
    class_weights: Literal["none", "balanced"] = "none"
    "Weights of classes in the loss. balanced: rare ones count as much as frequent ones."
    encoding: str = "auto"
    "Text encoding. auto: UTF-8, or what a byte order mark says."
    bad_rows: Literal["refuse", "skip"] = "refuse"
    """Rows that cannot be read: a number that is none, a missing target, too many cells. skip:
    leave them out, and say how many there were."""
    split: str = "auto"
    "Sizes of train/dev/test in percent, such as 80/10/10 or 80/20. auto: 80/10/10."
    split_by: SplitBy = "auto"
    """Which rows are held out. random: any. time: the newest. group: all rows of some groups. auto:
    time if there is a column of dates, else random."""
    time: str | None = None
    "Column that says when a row was: dates, or numbers. By default a column of dates."
    dev_from: str = ""
    "With split_by time: the first time of dev, instead of a share."
    test_from: str = ""
    "With split_by time: the first time of test."
    group: str | None = None
    """Column of groups, such as stores or patients: intervals are over them, and with split_by
    group no group is in two splits."""
    split_seed: Annotated[int, Bounds(0, 2**32 - 1)] = 42
    "Seed for shuffling before a random split, or one by groups."

    @property
    def shares(self) -> tuple[int, int, int]:
        """The shares of train, dev and test, in percent.

        Raises:
            SettingsError: if `split` is not two or three whole numbers that add up to 100.
        """
        return (80, 10, 10) if self.split == "auto" else shares_of(self.split)

    def with_more(self, option: More, *values: str) -> str:
        """An option to be proposed: with some values beside those that it has now."""
        return f"{option}={as_typed(*dict.fromkeys([*getattr(self, option), *values]))}"
