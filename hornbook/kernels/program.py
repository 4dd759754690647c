"""A net as a list of operations that kernels can do; no Numba here.

An operation is a row of whole numbers, in the columns that `Column` names, and of a few others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "ATTENTION", "BLOCK", "OF_ALL_ROWS", "Column", "Cut", "Kind", "Operation", "Program", "Trees",
    "attention_room", "bytes_before", "bytes_drawn",
]  # fmt: skip

BLOCK = 32  # queries that attention takes at a time: a divisor of those that draw bytes together
Whole = npt.NDArray[np.int64]
NONE = -1  # in the place of a parameter that is not there


class Kind(IntEnum):
    """What an operation does."""

    EMBEDDING = 0
    PRODUCT = 1
    "x Wᵀ + b, the weight kept as (in, out), which is fast where the output is the wider."
    DOTS = 2
    "The same, the weight kept as (out, in), as the layer has it."
    BATCH_NORM = 3
    "What BatchNorm ends with."
    LAYER_NORM = 4
    TANH = 5
    RELU = 6
    DROPOUT = 7
    DROPOUT_TURNED = 8
    "The same of positions in the order of time, whose random bytes are in that of the rows."
    LAST = 9
    "Of positions in the order of time those of the last step, which stand at the end."
    RNN_TANH = 10
    RNN_RELU = 11
    GRU = 12
    LSTM = 13
    POSITIONS = 14
    "A row of a table for each position is added."
    BRANCH = 15
    "Nothing on the way there; back, what an ADD was given reaches its second input."
    ADD = 16
    "A second input is added."
    RMS_NORM = 17
    ANGLES = 18
    "The cosine and sine of each position's angles, for TURN."
    TURN = 19
    "Heads of queries and keys are normalised, or rotated by their positions, or both."
    ATTENTION = 20
    "Causal: from queries, keys and values side by side."
    GELU = 21
    TANH_GELU = 22
    SQUARED_RELU = 23
    SWIGLU = 24
    SOFT_CAP = 25
    JOIN = 26
    "The children of each node side by side, of trees that stand in rows."
    TAPS = 27
    "What a dilated convolution looks at, side by side."
    GATE = 28
    "tanh(f) σ(g) for f and g side by side."
    SKIP = 29
    "What a gated block adds to the residual stream and to what is skipped to the output."
    AVERAGE = 30
    "The mean of a row up to each position."
    BATCH_SUMS = 31
    "What BatchNorm begins with: the sums of rows."
    BATCH_SQUARES = 32
    "What BatchNorm does next: centres rows and sums their squares; back, the gradient of the rows."
    TABLE = 33
    "What ids add to a product at each place of a window: embeddings times the weight, (in, out)."
    LOOK_UP = 34
    "The sum of a window's rows of these."


ATTENTION = int(Kind.ATTENTION)
# What needs the sums of all rows of a batch, which threads may share: on the way there all shares
# are done with what is before them, and on the way back, before the first, with what is behind.
OF_ALL_ROWS = (Kind.BATCH_SQUARES, Kind.BATCH_NORM)
GATES = {Kind.RNN_TANH: 1, Kind.RNN_RELU: 1, Kind.GRU: 3, Kind.LSTM: 4}


class Column(IntEnum):
    """What the whole numbers of an operation are."""

    KIND = 0
    ROWS = 1
    "Of the input; below 0: as many as are counted in a batch, -1 its positions, -2 what is next."
    IN = 2
    "Features of a row of the input."
    OUT = 3
    X = 4
    "Where the input begins among the values; of TABLE how many rows each has room for."
    Y = 5
    "Where the output begins: where the input does, if it takes its place."
    WEIGHT = 6
    "Where the weight begins among the parameters."
    BIAS = 7
    STATE_WEIGHT = 8
    """Where a recurrent layer's weight of the state begins, or TABLE's embeddings; how far back
    ATTENTION sees, if not all."""
    STATE_BIAS = 9
    "Its bias; how many queries of ATTENTION draw their random bytes together."
    KEPT = 10
    "Where the values begin that it keeps for itself."
    RUNNING = 11
    "Where its running statistics begin; of TABLE how many different ids there may be."
    OWN = 12
    """Its own: what BatchNorm's degrees of freedom are fewer than its rows; the least random byte
    that Dropout keeps; the column of the state where a recurrent layer's begins; heads of
    attention; 1 for a product that writes its gradients; the level of a tree's nodes; steps from
    one tap to the next; 1 for the first block whose skips are added."""
    OTHER = 13
    """Where a second input begins, or the angles of TURN; the least random byte that ATTENTION
    keeps, or 0; the ids that a tree spans; 1 where TAPS adds its gradient to what is there; where
    BatchNorm's output begins; the places of a window that TABLE has a table for each; where the
    rows stand that a recurrent layer looks up, whose IN is 0."""
    DRAWN = 14
    "Random bytes that it needs for a row of its input, in training; see `bytes_drawn`."


class Cut(IntEnum):
    """What is told of each batch, or of a thread's part of it: where its ids, targets and random
    bytes are among all. The latter are those of the whole batch.

    Behind these stand the counts of rows that operations may have: positions, then the nodes of
    each level of trees.
    """

    IDS = 0
    TO_IDS = 1
    TARGETS = 2
    TO_TARGETS = 3
    DRAWN = 4
    TO_DRAWN = 5
    BATCH = 6
    "Its rows or windows."
    FOLLOWS = 7
    "1: it begins from the state that the last one ended in; 0: from zeros."
    BEFORE = 8
    "Rows of the batch that other threads have, before these."
    ALL = 9
    "Rows of the batch that all threads have."
    COUNTED = 10
    "Targets that count, of all threads."


def bytes_drawn(whole: Any, n: int, batch: int) -> int:
    """Random bytes of an operation, in training; each draw is of a multiple of 8.

    Kernels call this, too.

    Args:
        whole: by `Column`.
        n: rows of its input.
        batch: rows of the batch.
    """
    each: int = whole[14]
    if whole[0] != ATTENTION or each == 0:
        return -(-n * each // 8) * 8
    # Each lot of queries draws for all heads of all rows, and for the keys that one of them sees.
    window, lot, heads = whole[8], whole[9], whole[12]
    time, total = n // batch, 0
    for begin in range(0, time, lot):
        end = min(begin + lot, time)
        low = max(0, begin + 1 - window) if window > 0 else 0
        total += -(-batch * heads * (end - begin) * (end - low) // 8) * 8
    return total


def attention_room(positions: int, longest: int, heads: int, size: int) -> int:
    """Values that attention keeps, or needs while it works, there and back.

    Args:
        positions: of the batch.
        longest: positions of a row, at most.
        heads, size: of the queries, and features of each.
    """
    return 2 * positions * heads + longest * (2 * size + BLOCK) + 4 * BLOCK * size


def bytes_before(whole: Any, n: int, batch: int, before: int) -> int:
    """Random bytes of an operation that are other threads', before its own.

    Attention draws in another order, and finds them itself. Kernels call this, too.

    Args:
        whole, n, batch: as of `bytes_drawn`, of what this thread has.
        before: rows of the batch before these.
    """
    each: int = whole[14]
    return 0 if whole[0] == ATTENTION or before == 0 else before * (n // batch) * each


@dataclass(frozen=True)
class Operation:
    """One of a net's."""

    whole: tuple[int, ...]
    "By `Column`."
    numbers: tuple[float, float] = (0.0, 0.0)
    """Its own: ε of a normalisation, momentum of BatchNorm; what Dropout multiplies by; the base of
    ANGLES; a bound and its inverse."""


@dataclass(frozen=True)
class Trees:
    """Trees that stand in rows, each node computed once: see `hornbook.nn.packed`.

    A batch is then told by the id before all rows, the ids that are read, and of each row two
    numbers: how many ids stand before that of its first prediction, and how many it has.
    """

    fan: int
    "Children of a node."
    levels: int
    start: int
    "The id before a row."

    @property
    def span(self) -> int:
        """Ids of a tree."""
        span: int = self.fan**self.levels
        return span

    def nodes(self, lead: Whole, length: Whole, level: int) -> Whole:
        """Nodes of a level in each row, without the one before all rows, which all but the last
        have.

        Args:
            lead, length: of each row, the two numbers.
            level: 0 for the ids.
        """
        found: Whole = length - np.maximum(lead - (self.span - self.fan**level), 0)
        return found


@dataclass(frozen=True)
class Program:
    """A net for batches of one shape, with its parameters at their places in the flat vector."""

    operations: tuple[Operation, ...]
    "From ids to logits."
    logits: int
    "Where these begin among the values."
    classes: int
    "How many there are of a row."
    values: int
    "How many values there are in all."
    transposed: tuple[tuple[int, int, int], ...]
    "Weights that kernels keep transposed: where they begin in the vector, and their (out, in)."
    running: tuple[Any, ...]
    "Tensors of running statistics, one after the other, as they stand in the kernels' array."

    rows: int
    "Rows or windows of a batch."
    positions: int
    "Ids of a batch."
    of_rows: bool = False
    """Whether batches are rows with a target at each position: `rows` and `positions` are then what
    there is room for, each by itself, and the places of values are those of such a batch."""
    by_time: bool = False
    "Whether positions are in the order of time: the first of all rows, then the second."
    state: int = 0
    "Numbers of a row's state that go on to the next batch."
    longest: int = 0
    "Positions of a row, at most."
    trees: Trees | None = None
    "What rows are read as; None: each position by itself or after those before it."

    @property
    def kinds(self) -> frozenset[int]:
        """Those of its operations."""
        return frozenset(one.whole[Column.KIND] for one in self.operations)

    @property
    def multiplications(self) -> int:
        """Of a step's matrix products: one there, two back."""
        return 3 * sum(map(self.products, self.operations))

    def products(self, one: Operation) -> int:
        """Multiplications in one operation's products on the way there."""
        kind, fan_in, out = (one.whole[at] for at in (Column.KIND, Column.IN, Column.OUT))
        rows = self.count(one.whole[Column.ROWS])
        if kind in GATES:
            return rows * (fan_in + out) * out * GATES[Kind(kind)]
        if kind == Kind.TABLE:
            return one.whole[Column.X] * fan_in * out
        if kind == Kind.ATTENTION:
            return 2 * rows * self.longest * out
        return rows * fan_in * out if kind in (Kind.PRODUCT, Kind.DOTS) else 0

    def count(self, rows: int, counts: Whole | None = None) -> int:
        """Rows of an operation in a batch with some counts, or in one that fills the room."""
        return rows if rows >= 0 else self.positions if counts is None else int(counts[-1 - rows])

    @cached_property
    def drawing(self) -> tuple[tuple[int, ...], ...]:
        """The whole numbers of the operations that draw random bytes."""
        drawn = [one.whole for one in self.operations if one.whole[Column.DRAWN]]
        return tuple(drawn)

    @property
    def shareable(self) -> bool:
        """Whether threads may share its batches.

        Random bytes of trees are in the order of all rows' nodes, of which each thread has some.
        """
        return self.trees is None or not self.drawing

    def drawn(self, counts: Whole, rows: int) -> int:
        """Random bytes of a step of some rows with such counts."""
        found = [self.count(whole[Column.ROWS], counts) for whole in self.drawing]
        pairs = zip(self.drawing, found, strict=True)
        return sum(bytes_drawn(whole, n, rows) for whole, n in pairs)

    def tables(self, kind: npt.DTypeLike) -> tuple[Whole, npt.NDArray[Any]]:
        """The operations as arrays: whole numbers (O, C), and the others (O, 2) in a precision."""
        whole = np.array([one.whole for one in self.operations], dtype=np.int64)
        return whole, np.array([one.numbers for one in self.operations], dtype=kind)
