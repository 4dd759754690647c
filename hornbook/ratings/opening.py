"""Ratings or clicks that a run keeps, read with every check."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hornbook.errors import RunError
from hornbook.ratings.data import RatingsData
from hornbook.ratings.features import Features
from hornbook.ratings.interactions import Interactions
from hornbook.records import JSONObject
from hornbook.storage import HashedFiles, parse_json
from hornbook.tasks.kept import a_list, a_number, arrays_in, texts

__all__ = ["open_ratings"]


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
        counted: tuple[int, int] | None = a_number(details, "users"), a_number(details, "rows")
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


def opened(data: bytes, users: int, items: int) -> Interactions:
    """Rows from a file of theirs.

    Raises:
        ValueError: if they are not rows of so many users and items.
    """
    held = arrays_in(data, "rows are not a table of columns")
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
