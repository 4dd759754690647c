"""Batches as compiled steps take them: one after the other in flat arrays, cut where each begins.

Where threads share a batch, each has some of its rows, and a batch is as many small ones.

Rows are of other lengths in each batch, so there is no array with an axis more. Where a net reads
position by position, as recurrent nets do, ids and targets are in the order of time: the first of
all rows, then the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from hornbook.kernels.program import Column, Cut, Kind, Program, Trees
from hornbook.training.thread_rooms import edges

__all__ = ["LaidOut", "lay_rows", "lay_windows", "lone_rows"]

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
    "What is told of each, (S, threads, 11 + C): see `Cut`."

    @property
    def counts(self) -> Ids:
        """Of each batch the rows that operations may have, (S, C)."""
        found: Ids = self.cuts[:, :, len(Cut) :].sum(1)
        found[:, :-1] -= self.cuts.shape[1] - 1  # of trees, all have the node before all rows
        return found

    @property
    def positions(self) -> int:
        """Of the largest part."""
        return int(self.cuts[:, :, len(Cut)].max(initial=0))

    @property
    def drawn(self) -> int:
        """Random bytes of all."""
        return int(self.cuts[:, :, Cut.TO_DRAWN].max(initial=0))

    def each(self, of: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """What each batch has of an array with a number for each target."""
        return np.split(of, self.cuts[1:, 0, Cut.TARGETS])


def lay_windows(program: Program, ids: Ids, targets: Ids, threads: int = 1) -> LaidOut:
    """Windows, as many in each batch.

    Args:
        program: of the net.
        ids: shape (S, N, T).
        targets: shape (S, N).
        threads: that share a batch.
    """
    steps, count, time = ids.shape
    ends = edges(count, threads)
    if program.by_time and threads == 1:
        ids = ids.transpose(0, 2, 1)
    elif program.by_time:
        parts = [ids[:, begin:end].transpose(0, 2, 1) for begin, end in pairwise(ends.tolist())]
        ids = np.concatenate([part.reshape(steps, -1) for part in parts], 1)
    rows = np.tile(np.diff(ends), steps)
    sizes = rows * time
    cuts = cut(program, sizes, rows, sizes[:, None], rows, rows, threads)
    return LaidOut(np.ascontiguousarray(ids).reshape(-1), targets.reshape(-1), cuts)


def lay_rows(program: Program, batches: Sequence[WithRows], threads: int = 1) -> LaidOut:
    """Batches of any sizes: of rows with a target at each position, or of windows.

    Args:
        program: of the net.
        batches: that follow each other; one that `follows` begins from the state that the one
            before it ended in.
        threads: that share a batch.
    """
    parts = [part for one in batches for part in parts_of(one, threads)]
    if program.trees is not None:
        laid = lay_trees(program, program.trees, parts, threads)
    else:
        ids = [in_order(program, one.inputs) for one in parts]
        targets = [in_order(program, one.targets) for one in parts]
        sizes, wanted = (np.array([len(one) for one in each], np.int64) for each in (ids, targets))
        counted = [int(np.count_nonzero(one >= 0)) for one in targets]
        rows = [len(one.inputs) for one in parts]
        cuts = cut(program, sizes, wanted, sizes[:, None], rows, counted, threads)
        nothing: Ids = np.zeros(0, np.int64)
        laid = LaidOut(np.concatenate([nothing, *ids]), np.concatenate([nothing, *targets]), cuts)
    laid.cuts[:, :, Cut.FOLLOWS] = np.array(
        [getattr(one, "follows", False) for one in batches], bool
    )[:, None]
    return laid


def parts_of(batch: WithRows, threads: int) -> Sequence[WithRows]:
    """A batch as the rows that each thread has of it."""
    if threads == 1:
        return [batch]
    ends = edges(len(batch.inputs), threads).tolist()
    inputs, targets = batch.inputs, batch.targets
    return [Part(inputs[begin:end], targets[begin:end]) for begin, end in pairwise(ends)]


def lone_rows(program: Program, laid: LaidOut) -> list[int]:
    """Of which batches BatchNorm is given a single row, which has no variance."""
    normal = [one.whole for one in program.operations if one.whole[Column.KIND] == Kind.BATCH_NORM]
    counted = [-1 - whole[Column.ROWS] for whole in normal if whole[Column.ROWS] < 0]
    found: list[int] = np.flatnonzero((laid.counts[:, counted] < 2).any(1)).tolist()
    return found


def lay_trees(program: Program, trees: Trees, batches: Sequence[WithRows], threads: int) -> LaidOut:
    """Batches, or parts of them, that are read as trees: what each prediction sees, and no padding.

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
    cuts = cut(program, sizes, predictions, counts, heights, predictions, threads)
    begin = cuts.reshape(-1, cuts.shape[2])[:, Cut.IDS]
    laid = np.full(sizes.sum(), trees.start)
    # Of all packed ids: where they are read, and where they go, behind what is before all rows.
    steps = np.arange(length.sum()) - np.repeat(sums_before(length), length)
    behind = begin[batch] + 1 + within(length, heights)
    laid[steps + np.repeat(behind, length)] = ids[steps + np.repeat(begins + first - lead, length)]
    told = begin[batch] + counts[batch, 0] + 2 * within(np.ones_like(length), heights)
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


def cut(
    program: Program, ids: Ids, targets: Ids, counts: Ids, rows: Sequence[int] | Ids,
    counted: Sequence[int] | Ids, threads: int,
) -> Ids:  # fmt: skip
    """Where batches begin and end that have so many ids, targets and rows each.

    Args:
        program: of the net.
        ids, targets, rows, counted: of each thread's part of each batch, (S * threads,).
        counts: the same, (S * threads, C); see `Cut`.
        threads: that share a batch.

    Returns:
        Shape (S, threads, 11 + C).
    """
    cuts = np.zeros((len(counts), len(Cut) + counts.shape[1]), np.int64)
    cuts[:, Cut.BATCH], cuts[:, len(Cut) :] = rows, counts
    for at, each in ((Cut.IDS, ids), (Cut.TARGETS, targets)):
        cuts[:, at + 1] = np.cumsum(each)
        cuts[:, at] = cuts[:, at + 1] - each
    cuts = cuts.reshape(-1, threads, cuts.shape[1])
    own = cuts[:, :, Cut.BATCH]
    cuts[:, :, Cut.BEFORE] = np.cumsum(own, 1) - own
    cuts[:, :, Cut.ALL] = own.sum(1, keepdims=True)
    of_batch = np.asarray(counted, np.int64).reshape(-1, threads).sum(1, keepdims=True)
    cuts[:, :, Cut.COUNTED] = of_batch
    if program.drawing:
        whole = zip(cuts[:, :, len(Cut) :].sum(1), cuts[:, 0, Cut.ALL].tolist(), strict=True)
        drawn = np.array([program.drawn(*each) for each in whole], np.int64)
        cuts[:, :, Cut.TO_DRAWN] = np.cumsum(drawn)[:, None]
        cuts[:, :, Cut.DRAWN] = cuts[:, :, Cut.TO_DRAWN] - drawn[:, None]
    return cuts
