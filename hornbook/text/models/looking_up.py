"""Where tokens stand among the sorted ones of a node: by a table, or by binary searches."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.kernels import machine_code
from hornbook.kernels.entries import search
from hornbook.kernels.machine_code import cannot_compile
from hornbook.text.models.contract import Ids

__all__ = ["locate", "looked_up", "places_of"]

Integers = npt.NDArray[np.integer[Any]]

# Rows that were searched before in the time that Numba takes to be loaded and to compile, and of a
# call that is worth it.
PAID, MANY = 2**22, 2**10


def places_of(tokens: Integers) -> Integers:
    """Where each token is among some, -1 where it is not, shape (largest + 1,).

    The empty context has as many tokens as the vocabulary: searching them would take the longest.
    """
    places = np.full(int(tokens.max()) + 1, -1)
    places[tokens] = np.arange(len(tokens))
    return places


def looked_up(places: Integers, tokens: Ids) -> Ids:
    """The places of some tokens, -1 for those beyond the table."""
    found: Ids = np.where(tokens < len(places), places[np.minimum(tokens, len(places) - 1)], -1)
    return found


class Searched:
    """How many rows this process has searched."""

    rows: int = 0


def locate(values: Integers, offsets: Integers, nodes: Ids, wanted: Ids) -> Ids:
    """Where each wanted value is among the sorted ones of its node, -1 where it is not.

    With Numba, and once so much was searched that to load it is no more, by a kernel.

    Args:
        values: ascending within a node, shape (M,).
        offsets: where those of each node begin, and the end of the last, shape (nodes + 1,).
        nodes: in which to look, shape (N,).
        wanted: shape (N,).
    """
    wanted = wanted.astype(values.dtype)  # of another type, every value read would be made wider
    Searched.rows += len(nodes)
    if Searched.rows > PAID and len(nodes) >= MANY and compiled(values.dtype, offsets.dtype):
        found = np.empty(len(nodes), np.int64)
        search(np.asarray(values), np.asarray(offsets), nodes, wanted, found)
        return found
    return located(values, offsets, nodes, wanted)


@cache
def compiled(values: np.dtype[Any], offsets: np.dtype[Any]) -> bool:
    """Whether there is a kernel for some types of values and offsets, or can be."""
    if not values.isnative or not offsets.isnative:
        return False
    return machine_code.are_kept([search.code(values, offsets)]) or not cannot_compile()


def located(values: Integers, offsets: Integers, nodes: Ids, wanted: Ids) -> Ids:
    """The same by a binary search in each row at once.

    As many rounds as the longest search needs, each over the rows that are not done.
    """
    low = offsets[nodes].astype(np.int64)
    high = offsets[nodes + 1].astype(np.int64)
    end = high.copy()
    rows = np.flatnonzero(low < high)
    while len(rows):
        middle = (low[rows] + high[rows]) >> 1
        less = values[middle] < wanted[rows]
        low[rows[less]] = middle[less] + 1
        high[rows[~less]] = middle[~less]
        rows = rows[low[rows] < high[rows]]
    there = low < end
    there[there] = values[low[there]] == wanted[there]
    return np.where(there, low, -1)
