"""Ratings or clicks, loaded: split, numbered, with names for people."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, RunError
from hornbook.ratings.features import Features
from hornbook.ratings.interactions import History, Interactions
from hornbook.ratings.matching import Matcher
from hornbook.ratings.models.contract import Shape
from hornbook.records import JSONObject
from hornbook.rendering import many
from hornbook.storage import HashedFiles, parse_json
from hornbook.tasks import Data

if TYPE_CHECKING:
    from hornbook.reports import Table

__all__ = ["FILES", "PRIVATE", "Kind", "RatingsData"]

Kind = Literal["ratings", "clicks"]
SPLITS = ("train", "dev", "test")
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
            raise DataError(
                "This run is without its data: who has rated what is not known any longer.",
                hint="Ask the run as it was before its data were removed.",
            )
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
            held = io.BytesIO()
            np.savez(held, allow_pickle=False, **rows.arrays())
            files.write(f"data/{name}.npz", held.getvalue())
        files.write("data/users.json", as_bytes(list(self.users)))
        held_items: dict[str, Any] = {
            "ids": self.items, "titles": self.titles, "raters": self.raters.tolist()
        }  # fmt: skip
        if self.features is not None:
            held_items["features"] = {"names": self.features.names, "of": self.features.of}
        files.write("data/items.json", as_bytes(held_items))


def distinct(numbers: Any) -> int:
    """How many different numbers there are."""
    return len(np.unique(numbers))


def as_bytes(value: Any) -> bytes:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False, indent=0).encode("utf-8", "surrogatepass")


def open_ratings(files: HashedFiles, name: str, source: str, details: JSONObject) -> RatingsData:
    """The data that `RatingsData.keep` wrote.

    Raises:
        RunError: if they are not what was written.
    """
    try:
        scale = [float(one) for one in a_list(details, "scale") if isinstance(one, int | float)]
        if len(scale) != 2 or not -math.inf < scale[0] <= scale[1] < math.inf:
            raise ValueError(f"data.details.scale must be two finite numbers; it is {scale}")
        held = parse_json(files.read("data/items.json"))
        items, titles = texts(held["ids"]), texts(held["titles"])
        if len(titles) not in (0, len(items)):
            raise ValueError(f"there are {len(items):,} items and {len(titles):,} titles")
        users: tuple[str, ...] = ()
        splits: dict[str, Interactions] = {}
        counted: tuple[int, int] | None = number(details, "users"), number(details, "rows")
        if files.has("data/users.json"):
            users, counted = texts(parse_json(files.read("data/users.json"))), None
            for split in texts(a_list(details, "splits")):
                splits[split] = opened(files.read(f"data/{split}.npz"), len(users), len(items))
            if "train" not in splits or not len(splits["train"]):
                raise ValueError("there are no rows of train")
        return RatingsData(
            name,
            source,
            "clicks" if details["kind"] == "clicks" else "ratings",
            splits,
            users,
            items,
            titles=titles,
            features=read_features(held.get("features"), len(items)),
            scale=(scale[0], scale[1]),
            remarks=texts(a_list(details, "remarks")),
            counted=counted,
            raters=read_raters(held["raters"], len(items)),
        )
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        raise RunError(f"The data of the run are damaged: {error}.") from error


def read_raters(value: Any, items: int) -> list[int]:
    """How many users have rated each of so many items.

    Raises:
        ValueError: if it is not what was written.
    """
    if not isinstance(value, list) or len(value) != items:
        raise ValueError(f"raters must be a list of {items:,} numbers")
    if not all(type(one) is int and 0 <= one < 2**31 for one in value):
        raise ValueError("the number of raters of an item is out of range")
    return value


def read_features(value: Any, items: int) -> Features | None:
    """What is known of so many items.

    Raises:
        ValueError: if it is not what was written.
    """
    if value is None:
        return None
    names, of = texts(value["names"]), value["of"]
    if not isinstance(of, list) or len(of) != items:
        raise ValueError(f"features must be a list of {items:,}, one for each item")
    for row in of:
        if not isinstance(row, list) or any(
            type(number) is not int or not 0 <= number < len(names) for number in row
        ):
            raise ValueError("the number of a feature is out of range")
    return Features(names, tuple(map(tuple, of)))


def a_list(details: JSONObject, name: str) -> list[Any]:
    """A list of the record.

    Raises:
        ValueError: if there is none of this name.
    """
    value = details.get(name)
    if not isinstance(value, list):
        raise ValueError(f"data.details.{name} must be a list; it is {value!r}")
    return value


def number(details: JSONObject, name: str) -> int:
    """A whole number of the record.

    Raises:
        ValueError: if there is none of this name.
    """
    value = details.get(name)
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"data.details.{name} must be a number from 0; it is {value!r}")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("a list of texts was expected")
    return tuple(value)


def opened(data: bytes, users: int, items: int) -> Interactions:
    """Rows from a file of theirs.

    Raises:
        ValueError: if they are not rows of so many users and items.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, AttributeError) as error:  # the latter: it is one array, no table
        raise ValueError("rows are not a table of columns") from error
    for name, kind in (("users", "i"), ("items", "i"), ("values", "f"), ("times", "i")):
        if name in held and held[name].dtype.kind != kind:
            raise ValueError(f"{name} are of type {held[name].dtype}")
    for name, most in (("users", users), ("items", items)):
        numbers = held[name]
        if numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < most:
            raise ValueError(f"the number of one of the {name} is out of range")
    rows = Interactions(
        held["users"].astype(np.int32),
        held["items"].astype(np.int32),
        held["values"].astype(np.float32),
        held["times"].astype(np.int64) if "times" in held else None,
    )
    if not np.isfinite(rows.values).all():
        raise ValueError("a value is not finite")
    columns = rows.arrays().values()
    if any(column.shape != rows.users.shape for column in columns) or rows.users.ndim != 1:
        raise ValueError("its columns are not of one length")
    return rows
