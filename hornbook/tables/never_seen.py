"""Columns of which a split has values that train never has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.records import JSONObject
from hornbook.rendering import clip
from hornbook.reports.finding import Finding
from hornbook.tables.features import PLAIN
from hornbook.tables.frame import Categories, Typed
from hornbook.tables.options import TableOptions
from hornbook.tasks.splits import SPLITS

__all__ = ["NeverSeen", "never_seen"]

MOST = 0.5  # share of the rows of a split


@dataclass(frozen=True)
class NeverSeen:
    """A column of categories whose values in most rows of a split train never has."""

    name: str
    split: str
    share: float
    "Of the rows of the split."
    example: str
    numbers: bool
    "Whether all values are numbers."

    @property
    def what(self) -> str:
        """What was found."""
        share = "all" if self.share == 1 else f"{100 * self.share:.0f}% of the"
        return (
            f"{share} rows of {self.split} have values in {clip(self.name, 40)!r} that train never "
            f"has, such as {clip(self.example, 40)!r}"
        )

    def hint(self, options: TableOptions) -> str:
        """What to do."""
        numerical, ignore = (options.with_more(o, self.name) for o in ("numerical", "ignore"))
        return (
            f"read it as a number (`{numerical}`), " * self.numbers
            + f"split in another way (`split_by`), or leave it out (`{ignore}`)"
        )

    def finding(self, options: TableOptions) -> Finding:
        """It as a finding, for the doctor and of a run that was read with some options."""
        hint = self.hint(options)
        return Finding(
            "never-in-train",
            "warning",
            f"Train never has the values of {clip(self.name)!r}",
            f"{self.what}. What a model says of them is a guess.",
            f"{hint[0].upper()}{hint[1:]}.",
        )

    def as_dict(self) -> JSONObject:
        """It as JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Any) -> NeverSeen:
        """What `as_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: if it is something else.
        """
        if not isinstance(value, dict) or value.keys() != {one.name for one in fields(cls)}:
            raise ValueError(f"values that train never has were expected, not {value!r}")
        found = cls(**value)
        texts = (found.name, found.split, found.example)
        if not all(isinstance(one, str) for one in texts) or found.split not in SPLITS:
            raise ValueError("values that train never has are of no column, or of no split")
        if not isinstance(found.share, float | int) or not MOST < found.share <= 1:
            raise ValueError(f"a share above {MOST} was expected, not {found.share!r}")
        if not isinstance(found.numbers, bool):
            raise ValueError("values that train never has are numbers, or are not")
        return found


def never_seen(columns: Mapping[str, Typed], parts: npt.NDArray[np.int8]) -> list[NeverSeen]:
    """The columns of which dev or test have values that train never has, in most rows.

    Args:
        columns: to learn from, by name.
        parts: the split of each row, by its place in SPLITS; shape (n,).
    """
    found = []
    for name, column in columns.items():
        if not isinstance(column, Categories):
            continue
        n = len(column.labels)
        known = np.bincount(column.codes[(parts == 0) & (column.codes >= 0)], minlength=n) > 0
        new = ~np.append(known, True)[column.codes]
        for place, split in enumerate(SPLITS):
            here = parts == place
            if place and here.any() and (share := float(new[here].mean())) > MOST:
                row = int(np.flatnonzero(new & here)[0])
                values = [PLAIN.value_of(label) for label in column.labels]
                found.append(
                    NeverSeen(
                        name, split, share, column.labels[int(column.codes[row])],
                        numbers=not np.isnan(values).any(),
                    )
                )  # fmt: skip
                break
    return found
