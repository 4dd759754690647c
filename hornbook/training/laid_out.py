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

from hornbook.kernels.program import Cut, Program, Trees

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
    "What is told of each, (S, 8 + C): see `Cut`."

    @property
    def counts(self) -> Ids:
        """Of each batch the rows that operations may have, (S, C)."""
        return self.cuts[:, len(Cut) :]

    @property
    def positions(self) -> int:
        """Of the largest."""
        return int(self.counts[:, 0].max(initial=0))

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
    sizes = np.full(steps, rows * time)
    cuts = cut(program, sizes, np.full(steps, rows), sizes[:, None], np.full(steps, rows))
    return LaidOut(np.ascontiguousarray(ids).reshape(-1), targets.reshape(-1), cuts)


def lay_rows(program: Program, batches: Sequence[WithRows]) -> LaidOut:
    """Batches of any sizes: of rows with a target at each position, or of windows.

    Args:
        program: of the net.
        batches: that follow each other; one that `follows` begins from the state that the one
            before it ended in.
    """
    if program.trees is not None:
        return lay_trees(program, program.trees, batches)
    ids = [in_order(program, one.inputs) for one in batches]
    targets = [in_order(program, one.targets) for one in batches]
    sizes, wanted = (np.array([len(one) for one in each], np.int64) for each in (ids, targets))
    cuts = cut(program, sizes, wanted, sizes[:, None], [len(one.inputs) for one in batches])
    cuts[:, Cut.FOLLOWS] = [getattr(one, "follows", False) for one in batches]
    nothing: Ids = np.zeros(0, np.int64)
    return LaidOut(np.concatenate([nothing, *ids]), np.concatenate([nothing, *targets]), cuts)


def lay_trees(program: Program, trees: Trees, batches: Sequence[WithRows]) -> LaidOut:
    """Batches of rows that are read as trees: what each prediction sees, and no padding.

    It is what `hornbook.nn.packed.PackedTrees` tells of each batch, for all at once.
    """
    nothing: Ids = np.zeros(0, np.int64)
    ids, targets = (
        np.concatenate([nothing, *(each.reshape(-1) for each in arrays)])
        for arrays in ([one.inputs for one in batches], [one.targets for one in batches])
    )
    heights, widths = np.array([one.inputs.shape for one in batches], np.int64).reshape(-1, 2).T
    begins = sums_before(np.repeat(widths, heights))  # of each row
    batch = np.repeat(np.arange(len(batches)), heights)
    wanted = np.flatnonzero(targets >= 0)
    edges = np.searchsorted(wanted, np.append(begins, len(targets)))
    own = edges[1:] - edges[:-1]  # predictions of each row
    first = np.append(wanted, 0)[edges[:-1]] - begins
    lead = np.where(own > 0, np.minimum(first, trees.span - 1), 0)
    length = own + lead

    def of_batches(each: Ids) -> Ids:
        found: Ids = np.bincount(batch, each, len(batches)).astype(np.int64)
        return found

    levels = range(trees.levels + 1)
    counts = np.stack([of_batches(trees.nodes(lead, length, level)) for level in levels], 1)
    predictions = counts[:, -1].copy()
    counts += np.arange(trees.levels + 1) < trees.levels  # the node before all rows
    sizes = counts[:, 0] + 2 * heights
    cuts = cut(program, sizes, predictions, counts, heights)
    laid = np.full(sizes.sum(), trees.start)
    # Of all packed ids: where they are read, and where they go, behind what is before all rows.
    steps = np.arange(length.sum()) - np.repeat(sums_before(length), length)
    behind = cuts[batch, Cut.IDS] + 1 + within(length, heights)
    laid[steps + np.repeat(behind, length)] = ids[steps + np.repeat(begins + first - lead, length)]
    told = cuts[batch, Cut.IDS] + counts[batch, 0] + 2 * within(np.ones_like(length), heights)
    laid[told], laid[told + 1] = lead, length
    return LaidOut(laid, targets[wanted], cuts)


def sums_before(counts: Ids) -> Ids:
    """Of each the sum of those before it."""
    found: Ids = np.cumsum(counts) - counts
    return found


def within(counts: Ids, heights: Ids) -> Ids:
    """The same within batches, each of so many."""
    sums = sums_before(counts)
    found: Ids = sums - np.repeat(np.append(sums, 0)[sums_before(heights)], heights)
    return found


def in_order(program: Program, of: Ids) -> Ids:
    """Rows (B, T) as one, in the order that the net reads them in."""
    return (of.T if program.by_time else of).reshape(-1)


def in_rows(program: Program, of: npt.NDArray[Any], targets: Ids) -> npt.NDArray[Any]:
    """The way back, to where the targets are, (B, T) or (B,)."""
    if program.trees is not None:
        found = np.zeros(targets.shape)
        found[targets >= 0] = of
        return found
    shape = targets.shape
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


def cut(program: Program, ids: Ids, targets: Ids, counts: Ids, rows: Sequence[int] | Ids) -> Ids:
    """Where batches begin and end that have so many ids, targets and rows each.

    Args:
        program: of the net.
        ids, targets, rows: of each batch, (S,).
        counts: see `Cut`, (S, C).
    """
    cuts = np.zeros((len(counts), len(Cut) + counts.shape[1]), np.int64)
    cuts[:, Cut.BATCH], cuts[:, len(Cut) :] = rows, counts
    drawn = np.zeros(len(cuts), np.int64)
    if program.drawing:
        drawn[:] = [program.drawn(*each) for each in zip(counts, rows, strict=True)]
    for at, each in ((Cut.IDS, ids), (Cut.TARGETS, targets), (Cut.DRAWN, drawn)):
        cuts[:, at + 1] = np.cumsum(each)
        cuts[:, at] = cuts[:, at + 1] - each
    return cuts
