"""Batches as compiled steps take them: one after the other in flat arrays, cut where each begins.

Rows are of other lengths in each batch, so there is no array with an axis more. Where a net reads
position by position, as recurrent nets do, ids and targets are in the order of time: the first of
all rows, then the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from hornbook.kernels.program import Cut, Program

__all__ = ["LaidOut", "lay_rows", "lay_windows"]

Ids = npt.NDArray[np.int64]
MEASURED = 2048  # positions measured at a time, or one row


class WithRows(Protocol):
    """A batch."""

    @property
    def inputs(self) -> Any:
        """Ids, shape (B, T)."""
        ...

    @property
    def targets(self) -> Any:
        """Ids, shape (B,) or (B, T)."""
        ...


class Part(NamedTuple):
    """One of rows or windows that stand by themselves."""

    inputs: Any
    targets: Any


@dataclass(frozen=True)
class LaidOut:
    """Some batches."""

    ids: Ids
    "Of all, flat."
    targets: Ids
    "The same."
    cuts: Ids
    "What is told of each, (S, 8): see `Cut`."

    @property
    def positions(self) -> int:
        """Of the largest."""
        return int((self.cuts[:, Cut.TO_IDS] - self.cuts[:, Cut.IDS]).max(initial=0))

    @property
    def drawn(self) -> int:
        """Random bytes of all."""
        return int(self.cuts[:, Cut.TO_DRAWN].max(initial=0))

    def each(self, of: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """What each batch has of an array with a number for each target."""
        return np.split(of, self.cuts[1:, Cut.TARGETS])


def lay_windows(program: Program, ids: Ids, targets: Ids) -> LaidOut:
    """Windows, as many in each batch.

    Args:
        program: of the net.
        ids: shape (S, N, T).
        targets: shape (S, N).
    """
    steps, rows, time = ids.shape
    if program.by_time:
        ids = ids.transpose(0, 2, 1)
    cuts = np.zeros((steps, len(Cut)), np.int64)
    cuts[:, Cut.BATCH] = rows
    cut(cuts, np.full(steps, rows * time), np.full(steps, rows), program)
    return LaidOut(np.ascontiguousarray(ids).reshape(-1), targets.reshape(-1), cuts)


def lay_rows(program: Program, batches: Sequence[WithRows]) -> LaidOut:
    """Batches of any sizes: of rows with a target at each position, or of windows.

    Args:
        program: of the net.
        batches: that follow each other; one that `follows` begins from the state that the one
            before it ended in.
    """
    ids = [in_order(program, one.inputs) for one in batches]
    targets = [in_order(program, one.targets) for one in batches]
    cuts = np.zeros((len(batches), len(Cut)), np.int64)
    sizes, wanted = (np.array([len(one) for one in each], np.int64) for each in (ids, targets))
    cuts[:, Cut.BATCH] = [len(one.inputs) for one in batches]
    cut(cuts, sizes, wanted, program)
    cuts[:, Cut.FOLLOWS] = [getattr(one, "follows", False) for one in batches]
    nothing: Ids = np.zeros(0, np.int64)
    return LaidOut(np.concatenate([nothing, *ids]), np.concatenate([nothing, *targets]), cuts)


def in_order(program: Program, of: Ids) -> Ids:
    """Rows (B, T) as one, in the order that the net reads them in."""
    return (of.T if program.by_time else of).reshape(-1)


def in_rows(program: Program, of: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The way back, to (B, T) or (B,)."""
    return of.reshape(shape[::-1]).T if program.by_time else of.reshape(shape)


def parts_to_measure(program: Program, ids: Ids) -> list[slice] | None:
    """Which rows or windows (M, T) kernels measure at a time; None where they cannot.

    They need as many windows as the program was made for, so that the last part may begin within
    the one before it.
    """
    count, time = ids.shape
    if time > program.longest:
        return None
    if program.of_rows:
        some = max(1, MEASURED // max(1, time))
        return [slice(begin, begin + some) for begin in range(0, count, some)]
    some = program.rows
    if count < some or time * some != program.positions:
        return None
    begins = [min(begin, count - some) for begin in range(0, count, some)]
    return [slice(begin, begin + some) for begin in begins]


def cut(cuts: Ids, ids: Ids, targets: Ids, program: Program) -> None:
    """Fill in where batches begin and end that have so many ids and targets each.

    How many rows each has stands there.
    """
    drawn = np.zeros(len(ids), np.int64)
    if program.drawing:
        shapes = zip(ids.tolist(), cuts[:, Cut.BATCH].tolist(), strict=True)
        drawn[:] = [program.drawn(*shape) for shape in shapes]
    for at, counts in ((Cut.IDS, ids), (Cut.TARGETS, targets), (Cut.DRAWN, drawn)):
        cuts[:, at + 1] = np.cumsum(counts)
        cuts[:, at] = cuts[:, at + 1] - counts
