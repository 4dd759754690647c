"""Ratings or clicks, loaded: split, numbered, with names for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.ratings.features import Features
from hornbook.ratings.interactions import History, Interactions
from hornbook.ratings.matching import Matcher
from hornbook.ratings.models.contract import Shape
from hornbook.records import JSONObject
from hornbook.rendering import many
from hornbook.storage import HashedFiles
from hornbook.tasks import Data
from hornbook.tasks.data import without_data
from hornbook.tasks.kept import arrays_bytes, json_bytes
from hornbook.tasks.splits import SPLITS

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = ["FILES", "PRIVATE", "Kind", "RatingsData"]

Kind = Literal["ratings", "clicks"]
PRIVATE = frozenset({"data/users.json"} | {f"data/{name}.npz" for name in SPLITS})
FILES = PRIVATE | {"data/items.json"}


class RatingsData(Data):
    """Splits of rows, and who and what their numbers stand for.

    Args:
        name: what to call it.
        source: where it came from, for people.
        kind: what the values are.
        splits: by name, `train` first; those without rows are left out.
        users: the id of each user as the file has it, by number.
        items: the id of each item.
        titles: the title of each item for people; empty texts, or nothing, where there is none.
        features: what is known of the items, such as genres; None if nothing is.
        scale: lowest and highest rating.
        remarks: how it was read and split, in lines for people.
        counted: how many users and rows of train there were, where the rows are not kept.
        raters: how many users have rated each item in train, where the rows are not kept.
    """

    def __init__(
        self,
        name: str,
        source: str,
        kind: Kind,
        splits: Mapping[str, Interactions],
        users: Sequence[str],
        items: Sequence[str],
        *,
        titles: Sequence[str] = (),
        features: Features | None = None,
        scale: tuple[float, float] = (0.0, 1.0),
        remarks: Sequence[str] = (),
        counted: tuple[int, int] | None = None,
        raters: Sequence[int] | None = None,
    ) -> None:
        self.name, self.source, self._kind = name, source, kind
        self.splits = {split: rows for split, rows in splits.items() if len(rows)}
        self.users, self.items, self.titles = tuple(users), tuple(items), tuple(titles)
        self.features = features
        self.scale, self.remarks, self.counted = scale, tuple(remarks), counted
        self.kept_raters = raters

    def __repr__(self) -> str:
        return f"<RatingsData {self.name} from {self.source}: {'; '.join(self.about)}>"

    @property
    def kind(self) -> Kind:
        """`ratings` or `clicks`."""
        return self._kind

    @property
    def kept(self) -> bool:
        """Whether the rows can still be read: a run may be without them."""
        return bool(self.splits)

    @cached_property
    def shape(self) -> Shape:
        """How many users, items and rows of train there are, the scale, and what items are."""
        users, rows = self.counted or (len(self.users), len(self.splits["train"]))
        features = self.features if self.features and self.features.names else None
        return Shape(users, len(self.items), rows, *self.scale, features)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Rows of each split."""
        return {name: len(rows) for name, rows in self.splits.items()}

    @property
    def train(self) -> Interactions:
        """The rows of train.

        Raises:
            DataError: if they are not kept.
        """
        if not self.kept:
            raise without_data("who has rated what is not known any longer")
        return self.splits["train"]

    @cached_property
    def history(self) -> History:
        """What each user has rated in train."""
        return self.train.by_user(len(self.users))

    @cached_property
    def raters(self) -> npt.NDArray[np.int64]:
        """How many users have rated each item in train, shape (items,); known without the rows."""
        if self.kept or self.kept_raters is None:
            return np.bincount(self.train.items, minlength=len(self.items))
        return np.array(self.kept_raters, np.int64)

    @cached_property
    def user_numbers(self) -> Mapping[str, int]:
        """The number of each user by id."""
        return {user: number for number, user in enumerate(self.users)}

    def user_number(self, user: str) -> int | None:
        """The number of a user, by id; None if the data do not know one."""
        return self.user_numbers.get(user.strip())

    @cached_property
    def matcher(self) -> Matcher:
        """Looks up titles and ids of items."""
        return Matcher(self.titles, self.items, self.raters.tolist())

    def item_number(self, words: str) -> int:
        """The number of the item that a title, a part of one, or an id means.

        Raises:
            DataError: if none or several are meant.
        """
        return self.matcher.match(words)

    def title(self, item: int) -> str:
        """What to call an item: its title, or else its id."""
        return (self.titles[item] if self.titles else "") or self.items[item]

    @property
    def about(self) -> Sequence[str]:
        """What was read and how."""
        users, items = len(self.users), len(self.items)
        rows = sum(self.sizes.values())
        sizes = " / ".join(f"{size:,}" for size in self.sizes.values())
        return (
            f"{many(rows, self.kind[:-1])} of {many(items, 'item')} by {many(users, 'user')}; "
            f"{' / '.join(self.sizes)}: {sizes}",
            *self.remarks,
        )

    @property
    def extent(self) -> str:
        """How many there are in all."""
        return (
            f"{many(sum(self.sizes.values()), self.kind[:-1])} of {many(len(self.items), 'item')} "
            f"by {many(len(self.users), 'user')}"
        )

    @property
    def table(self) -> Table:
        """Rows, users and items of each split."""
        from hornbook.reports import Table

        rows = tuple(
            (name, *(f"{n:,}" for n in (len(part), distinct(part.users), distinct(part.items))))
            for name, part in self.splits.items()
        )
        return Table(("split", self.kind, "users", "items"), rows)

    @property
    def details(self) -> JSONObject:
        """Kind, splits and scale."""
        return {
            "kind": self.kind,
            "splits": list(self.splits),
            "scale": list(self.scale),
            "users": self.shape.users,
            "rows": self.shape.rows,
            "remarks": list(self.remarks),
        }

    def keep(self, files: HashedFiles) -> None:
        """A file for each split, one of the users' ids and one of the items' ids and titles."""
        for name, rows in self.splits.items():
            files.write(f"data/{name}.npz", arrays_bytes(rows.arrays()))
        files.write("data/users.json", json_bytes(list(self.users)))
        held_items: dict[str, Any] = {
            "ids": self.items, "titles": self.titles, "raters": self.raters.tolist()
        }  # fmt: skip
        if self.features is not None:
            held_items["features"] = {"names": self.features.names, "of": self.features.of}
        files.write("data/items.json", json_bytes(held_items))


def distinct(numbers: Any) -> int:
    """How many different numbers there are."""
    return len(np.unique(numbers))
