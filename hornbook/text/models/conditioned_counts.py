"""Counts with conditions: beside those of all examples, those of the examples of each value.

    p  = P(w | h)                                    of all examples
    p <- (1 - s) p + s P(w | h, the value given)     for each condition in turn

A value that is not given changes nothing, so that a model without any is that of all examples. How
large a share s a value's own counts get is learned, for values that are about equally frequent
together, since counts of few examples know less: each half of train is counted, and the other half
says which share suits it best.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.text.models.contract import Arrays, Ids
from hornbook.text.models.pooling import best_weights
from hornbook.text.stream import ABSENT, Stream

if TYPE_CHECKING:
    from hornbook.text.models.ngram import NGram

__all__ = ["ConditionedCounts", "tokens_and_values"]

Doubles = npt.NDArray[np.float64]

FEW = 50  # predictions: of fewer no share is learned
AT_ONCE = 2**17  # predictions at a time
PLACE = re.compile(r"value\.(\d{1,9})\.(\d{1,9})\.(.+)")
LEAST = 1e-300  # a probability that has a logarithm


class ConditionedCounts:
    """The counts of the examples of each value, and their shares in what is predicted.

    Args:
        sizes: how many values each condition has, 0 for not given among them.
        make: an n-gram model without conditions, nothing counted.
    """

    def __init__(self, sizes: tuple[int, ...], make: Callable[[], NGram]) -> None:
        self.sizes, self.make = sizes, make
        self.parts: list[dict[int, NGram]] = [{} for _ in sizes]
        self.shares: list[Doubles] = [np.zeros(size) for size in sizes]

    def fit(self, stream: Stream) -> None:
        """Count the examples of each value, and learn the shares.

        Args:
            stream: of train, with what is given.

        Raises:
            DataError: if that would take more memory than there is.
        """
        assert stream.given is not None  # who calls has conditions
        halves = np.arange(len(stream.given.numbers)) % 2 == 0
        both = [self.tried(stream, half) for half in (halves, ~halves)]
        whole, values, frequent = (np.concatenate(found) for found in zip(*both, strict=True))
        counts = [
            np.bincount(own, minlength=size)
            for own, size in zip(stream.given.numbers.T, self.sizes, strict=True)
        ]
        for k in range(len(self.sizes)):
            self.shares[k], whole = learned(whole, values[:, k], frequent[:, k], counts[k])
        self.parts = self.counted(stream)

    def counted(self, stream: Stream) -> list[dict[int, NGram]]:
        """A model of the examples of each value in a stream, by its number."""
        assert stream.given is not None
        found = []
        for own, size in zip(stream.given.numbers.T, self.sizes, strict=True):
            wanted = (value for value in range(1, size) if (own == value).any())
            found.append({v: self.make().fit(stream.of_examples(own == v)) for v in wanted})
        return found

    def tried(self, stream: Stream, half: npt.NDArray[np.bool_]) -> tuple[Doubles, Doubles, Ids]:
        """What counts of some examples say of the others.

        Args:
            stream: of train.
            half: which examples are counted, shape (examples,).

        Returns:
            Of each prediction of the others: its probability by all counts, shape (N,), and by
            those of the value of each condition, shape (N, K), and how many examples the latter
            are of, 0 where the value is not given or was not counted.
        """
        known, other = stream.of_examples(half), stream.of_examples(~half)
        assert known.given is not None
        assert other.given is not None
        model, parts = self.make().fit(known), self.counted(known)
        width = max(1, model.settings.order - 1)
        wholes, by_values, counts = [], [], []
        for at in range(other.first, len(other.ids), AT_ONCE):
            places = np.arange(at, min(at + AT_ONCE, len(other.ids)))
            contexts, targets = other.windows(places, width, filled=False)
            tokens, values = tokens_and_values(contexts, other.given.vocabulary.size, self.sizes)
            whole = model.target_probabilities(tokens, targets)
            mine, count = np.tile(whole[:, None], len(self.sizes)), np.zeros_like(values)
            for k, own in enumerate(parts):
                for value, part in own.items():
                    rows = np.flatnonzero(values[:, k] == value)
                    mine[rows, k] = part.target_probabilities(tokens[rows], targets[rows])
                    count[rows, k] = (known.given.numbers[:, k] == value).sum()
            wholes.append(whole)
            by_values.append(mine)
            counts.append(count)
        return np.concatenate(wholes), np.concatenate(by_values), np.concatenate(counts)

    def mixed(self, whole: Doubles, values: Ids, told: Callable[[NGram, Ids], Doubles]) -> Doubles:
        """Probabilities where values are given.

        Args:
            whole: by the counts of all examples, shape (N,) or (N, V).
            values: that are given, shape (N, K).
            told: what a model says of some of the rows, shape (R,) or (R, V).
        """
        p = whole.copy()
        for k, parts in enumerate(self.parts):
            for value in np.unique(values[:, k]):
                share = self.shares[k][value]
                if share and value in parts:
                    rows = np.flatnonzero(values[:, k] == value)
                    p[rows] += share * (told(parts[value], rows) - p[rows])
        return p

    @property
    def n_parameters(self) -> int:
        """Counts that are not zero, and shares."""
        parts = [part for own in self.parts for part in own.values()]
        return sum(part.n_parameters for part in parts) + sum(len(s) - 1 for s in self.shares)

    def arrays(self) -> Arrays:
        """The shares, and the arrays of each value's counts."""
        found: Arrays = {f"shares.{k}": shares for k, shares in enumerate(self.shares)}
        for k, parts in enumerate(self.parts):
            for value, part in parts.items():
                found |= {f"value.{k}.{value}.{n}": array for n, array in part.arrays().items()}
        return found

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if it is not of these conditions.
        """
        arrays, grouped = dict(arrays), dict[tuple[int, int], Arrays]()
        for k, size in enumerate(self.sizes):
            shares = arrays.pop(f"shares.{k}", np.empty(0))
            if shares.shape != (size,) or not ((shares >= 0) & (shares <= 1)).all():
                raise damaged()
            self.shares[k] = np.asarray(shares, dtype=np.float64)
        for name, array in arrays.items():
            place = PLACE.fullmatch(name)
            if place is None:
                raise damaged()
            grouped.setdefault((int(place[1]), int(place[2])), {})[place[3]] = array
        wanted = {(k, v) for k, size in enumerate(self.sizes) for v in range(1, size)}
        if grouped.keys() != wanted:
            raise damaged()
        for (k, number), own in grouped.items():
            part = self.make()
            part.load_arrays(own)
            self.parts[k][number] = part


def damaged() -> RunError:
    """The error that arrays are not those of some conditions."""
    return RunError(
        "The n-gram counts of the conditions are damaged, or belong to another run.",
        hint="Train the model again.",
    )


def learned(
    whole: Doubles, by_value: Doubles, frequent: Ids, counts: Ids
) -> tuple[Doubles, Doubles]:
    """The shares of a condition's values, and the predictions with them.

    Args:
        whole: probabilities so far, shape (N,).
        by_value: by the counts of the value given, shape (N,).
        frequent: of how many examples these are, shape (N,); 0 where they are of none.
        counts: of how many examples the counts will be that the shares are for, by value.
    """
    kinds = magnitude(frequent)
    found, p = {}, whole.copy()
    for kind in np.unique(kinds[kinds >= 0]):
        rows = np.flatnonzero(kinds == kind)
        if len(rows) >= FEW:
            both = np.maximum(np.stack([whole[rows], by_value[rows]]), LEAST)
            found[int(kind)] = share = best_weights(-np.log(both))[1]
            p[rows] += share * (by_value[rows] - p[rows])
    shares = np.zeros(len(counts))
    for value, wanted in enumerate(magnitude(counts).tolist()):
        if value and found:
            shares[value] = found[min(found, key=lambda kind: abs(kind - wanted))]
    return shares, p


def magnitude(counts: Ids) -> Ids:
    """Numbers of examples in classes: 1 to 3, 4 to 15, 16 to 63 and so on; -1 of none."""
    return np.where(counts > 0, np.log2(np.maximum(counts, 1)).astype(np.int64) // 2, -1)


def tokens_and_values(contexts: Ids, size: int, sizes: tuple[int, ...]) -> tuple[Ids, Ids]:
    """What contexts are made of.

    Args:
        contexts: shape (N, T), T at least 1, the newest last; that one is never ABSENT.
        size: of the vocabulary.
        sizes: how many values each of K conditions has.

    Returns:
        Tokens, shape (N, T), and the numbers of the values that are given, shape (N, K).
    """
    given = contexts[:, -1] // size
    values = np.empty((len(contexts), len(sizes)), dtype=np.int64)
    for k, count in enumerate(sizes):
        values[:, k] = given % count
        given = given // count
    return np.where(contexts == ABSENT, ABSENT, contexts % size), values
