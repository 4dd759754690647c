"""What is needed of sparse matrices, with NumPy alone: a `History` is one, row by row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import Floats, History, Integers, grouped

__all__ = [
    "blocks",
    "dense",
    "dense_columns",
    "entries",
    "nothing",
    "padded",
    "row_by_row",
    "transposed",
]

Positions = npt.NDArray[np.int64]


def transposed(history: History, n: int) -> History:
    """The transpose of a matrix of n columns: the users of each item for the items of each user."""
    rows = np.repeat(np.arange(len(history), dtype=np.int32), history.counts)
    return grouped(history.others, rows, history.values, n)


def entries(history: History, rows: npt.NDArray[np.integer]) -> tuple[Positions, Positions]:
    """Where the entries of some rows stand, row after row, and how many each has.

    Args:
        history: the matrix.
        rows: shape (R,).

    Returns:
        Positions in `others` and `values`, shape (N,), and counts, shape (R,).
    """
    counts = history.counts[rows]
    begins = np.cumsum(counts) - counts
    positions = np.arange(int(counts.sum())) + np.repeat(history.starts[rows] - begins, counts)
    return positions, counts


def nothing(rows: int) -> History:
    """A matrix of so many empty rows."""
    return History(np.zeros(rows + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))


def row_by_row(rows: Integers) -> Iterator[tuple[int, Positions]]:
    """Each number that occurs, and where it does."""
    order = np.argsort(rows, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(rows[order])) + 1):
        if len(places):
            yield int(rows[places[0]]), places


def dense(history: History, rows: npt.NDArray[np.integer], n: int) -> Floats:
    """Rows with a 1 where the matrix has an entry, shape (len(rows), n)."""
    positions, counts = entries(history, rows)
    made = np.zeros((len(rows), n), np.float32)
    made[np.repeat(np.arange(len(rows)), counts), history.others[positions]] = 1
    return made


def dense_columns(columns: History, part: slice, n: int) -> Floats:
    """Some columns of a matrix of n rows with a 1 where it has an entry, shape (n, columns).

    Args:
        columns: the transpose of the matrix.
        part: which columns.
        n: rows.
    """
    chosen = np.arange(part.start, part.stop)
    return dense(columns, chosen, n).T


def blocks(n: int, size: int) -> Iterator[slice]:
    """0 to n in parts of at most `size`."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def padded(history: History, numbers: int) -> Iterator[tuple[Positions, Positions, Floats]]:
    """Rows of like length together, in rectangles of about so many entries.

    Args:
        history: the matrix; rows without entries are left out.
        numbers: entries at a time, unless one row has more.

    Yields:
        Rows, shape (R,); positions of their entries, shape (R, L), where a row is shorter some
        entry of its own again; and 1 where an entry stands, 0 beyond a row's end, shape (R, L).
    """
    order = np.argsort(history.counts, kind="stable")
    order = order[history.counts[order] > 0]
    at = 0
    while at < len(order):
        # As many rows as fit at the length of the longest, which is the last.
        size = max(1, numbers // int(history.counts[order[at]]))
        while size > 1 and size * int(history.counts[order[min(at + size, len(order)) - 1]]) > (
            2 * numbers
        ):
            size //= 2
        rows = order[at : at + size]
        counts = history.counts[rows]
        steps = np.arange(int(counts.max()))
        inside = steps < counts[:, None]
        positions = history.starts[rows][:, None] + np.where(inside, steps, 0)
        yield rows, positions, inside.astype(np.float32)
        at += size
