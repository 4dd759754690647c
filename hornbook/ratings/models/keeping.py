"""What fitted models keep: arrays by name, checked when they are read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.ratings.interactions import History

__all__ = ["Arrays", "Keeping", "damaged", "history_arrays", "history_from", "parted", "taken"]

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


def parted(arrays: Arrays, names: Collection[str]) -> tuple[Arrays, Arrays]:
    """Arrays of some names, and the others."""
    mine = {name: array for name, array in arrays.items() if name in names}
    return mine, {name: array for name, array in arrays.items() if name not in names}


class Keeping:
    """A model whose arrays are some of its attributes; a number is kept as an array of one.

    Whoever keeps more than these adds it to both methods, and reads its own part first, so that
    nothing is taken of arrays that do not fit.
    """

    kept: ClassVar[tuple[str, ...]]
    "Names of the attributes, which are those of the arrays. A new model has them in their shapes."

    def arrays(self) -> Arrays:
        """All that the model has learned and must know to predict, by name."""
        return {name: np.atleast_1d(getattr(self, name)) for name in self.kept}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        held = Keeping.arrays(self)
        found = taken(arrays, {name: array.shape for name, array in held.items()})
        for name, array in found.items():
            number = np.ndim(getattr(self, name)) == 0
            setattr(self, name, float(array[0]) if number else array)


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
        RunError: if it is not a history of so many rows and others.
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
