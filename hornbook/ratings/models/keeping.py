"""What fitted models keep: arrays by name, checked when they are read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.ratings.interactions import History

__all__ = ["Arrays", "damaged", "history_arrays", "history_from", "taken"]

Arrays = dict[str, npt.NDArray[Any]]


def damaged(what: str) -> RunError:
    """What is said of arrays that are not this model's."""
    return RunError(
        f"The model's arrays are damaged, or belong to another run: {what}.",
        hint="Train the model again.",
    )


def taken(arrays: Mapping[str, npt.NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """Arrays of the given names and shapes; -1 is any length.

    Raises:
        RunError: if names or shapes are others, or a number is not finite.
    """
    if arrays.keys() != shapes.keys():
        raise damaged(f"expected {', '.join(shapes)}; found {', '.join(arrays)}")
    for name, shape in shapes.items():
        found = arrays[name].shape
        fits = len(found) == len(shape) and all(
            want in (-1, have) for want, have in zip(shape, found, strict=True)
        )
        if not fits:
            raise damaged(f"{name} has shape {found}")
        if not np.isfinite(arrays[name]).all():
            raise damaged(f"{name} has numbers that are not finite")
    return dict(arrays)


HISTORY = {"history.starts": (-1,), "history.others": (-1,), "history.values": (-1,)}
"Names and shapes of what `history_arrays` gives."


def history_arrays(history: History) -> Arrays:
    """A history as arrays by name."""
    return {
        "history.starts": history.starts,
        "history.others": history.others,
        "history.values": history.values,
    }


def history_from(arrays: Mapping[str, npt.NDArray[Any]], rows: int, others: int) -> History:
    """What `history_arrays` gave.

    Raises:
        RunError: if it is no history of so many rows and others.
    """
    made = History(
        arrays["history.starts"].astype(np.int64),
        arrays["history.others"].astype(np.int32),
        arrays["history.values"].astype(np.float32),
    )
    starts, n = made.starts, len(made.others)
    if len(starts) != rows + 1 or starts[0] != 0 or starts[-1] != n or (np.diff(starts) < 0).any():
        raise damaged("history.starts does not fit")
    if len(made.values) != n or (n and not 0 <= made.others.min() <= made.others.max() < others):
        raise damaged("history.others does not fit")
    return made
