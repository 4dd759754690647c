"""What the data of a run keep in it: arrays and JSON, written and read in one way by all tasks.

What is read may be damaged or foreign: every fault is a ValueError, KeyError or TypeError that says
what was wrong, for the task to put into its own words.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.records import JSONObject
from hornbook.tasks.splits import SPLITS

__all__ = ["a_list", "a_number", "arrays_bytes", "arrays_in", "json_bytes", "kept_remarks",
           "kept_splits", "texts"]  # fmt: skip


def arrays_bytes(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Arrays by name as the bytes of a file."""
    held = io.BytesIO()
    np.savez(held, allow_pickle=False, **arrays)
    return held.getvalue()


def arrays_in(data: bytes, what: str) -> dict[str, npt.NDArray[Any]]:
    """What `arrays_bytes` was given.

    Args:
        data: bytes of the file.
        what: what is wrong if it is not such a file.

    Raises:
        ValueError: if it is none.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, AttributeError) as error:  # the latter: it is one array, no table
        raise ValueError(what) from error


def json_bytes(value: Any) -> bytes:
    """A value as the bytes of a JSON file."""
    return json.dumps(value, ensure_ascii=False, indent=0).encode("utf-8", "surrogatepass")


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("a list of texts was expected")
    return tuple(value)


def a_list(details: JSONObject, name: str) -> list[Any]:
    """A list of the record.

    Raises:
        ValueError: if there is none of this name.
    """
    value = details.get(name)
    if not isinstance(value, list):
        raise ValueError(f"data.details.{name} must be a list; it is {value!r}")
    return value


def a_number(details: JSONObject, name: str) -> int:
    """A whole number of the record.

    Raises:
        ValueError: if there is none of this name.
    """
    value = details.get(name)
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"data.details.{name} must be a number from 0; it is {value!r}")
    return value


def kept_splits(details: JSONObject) -> tuple[str, ...]:
    """The names of the splits, train among them.

    Raises:
        ValueError: if they are others.
    """
    names = texts(a_list(details, "splits"))
    if not set(names) <= set(SPLITS) or "train" not in names:
        raise ValueError("data.details.splits must contain train")
    return names


def kept_remarks(details: JSONObject) -> tuple[str, ...]:
    """How the data were read and split.

    Raises:
        ValueError: if they are not texts.
    """
    return texts(a_list(details, "remarks"))
