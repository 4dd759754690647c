"""Counts of n-grams: what the plain models of labels know of a text.

Each text is its tokens between two boundaries; its features are the runs of 1 to N tokens that
train has often enough. Those of k tokens are numbered by those of k - 1 that they begin with:

    key of "emm" = number of "em" · tokens + id of "m"

so that a key fits into 64 bits whatever N is, and a text is looked up by sorted arrays alone. An
n-gram stands no more often than its beginning, so whatever is kept has its beginning kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.pairs.models.contract import Arrays
from hornbook.pairs.rows import Ids

__all__ = ["Counts", "NgramFeatures"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """A sparse matrix of texts by features, row by row (CSR).

    Shapes: starts (texts + 1,), ids and values (entries,); the ids of a row ascend.
    """

    starts: Ids
    ids: Ids
    values: Floats
    features: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def rows(self) -> Ids:
        """The text of each entry, shape (entries,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def times(self, weights: Floats) -> Floats:
        """X W, shape (texts, K), of weights (features, K)."""
        found = np.zeros((len(self), weights.shape[1]))
        for column, weight in enumerate(weights.T):
            each = self.values * np.ascontiguousarray(weight)[self.ids]
            found[:, column] = np.bincount(self.rows, each, minlength=len(self))
        return found

    def transposed_times(self, right: Floats) -> Floats:
        """Xᵀ D, shape (features, K), of D (texts, K)."""
        found, rows = np.zeros((self.features, right.shape[1])), self.rows
        for column, value in enumerate(right.T):
            each = self.values * np.ascontiguousarray(value)[rows]
            found[:, column] = np.bincount(self.ids, each, minlength=self.features)
        return found

    def take(self, some: Ids) -> Counts:
        """Some of the texts."""
        sizes = np.diff(self.starts)[some]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        at = np.repeat(self.starts[some] - starts[:-1], sizes) + np.arange(starts[-1])
        return Counts(starts, self.ids[at], self.values[at], self.features)


class NgramFeatures:
    """Which n-grams are features, and the counts of them in texts.

    Args:
        tokens: in the vocabulary.
        longest: N, tokens of the longest n-gram.

    Attributes:
        keys: of each length from 1 the sorted keys of its features.
    """

    def __init__(self, tokens: int, longest: int) -> None:
        self.tokens, self.longest = tokens, longest
        self.keys = [np.zeros(0, np.int64) for _ in range(longest)]

    @property
    def size(self) -> int:
        """How many features there are."""
        return sum(map(len, self.keys))

    def fit(self, sources: Sequence[Ids], least: int) -> Counts:
        """Take the n-grams that occur at least so often in some texts, and count them there.

        Args:
            sources: ids of each, with its boundary behind it.
            least: occurrences of an n-gram.
        """
        flat, rows = joined(sources)
        prefix = np.zeros(len(flat), np.int64)
        for n in range(self.longest):
            keys, at = self.next_keys(flat, rows, prefix, n)
            known, counts = np.unique(keys[at], return_counts=True)
            self.keys[n] = known[counts >= least]
            prefix = self.numbers(keys, at, n)
        return self.count(sources)

    def next_keys(self, flat: Ids, rows: Ids, prefix: Ids, n: int) -> tuple[Ids, Ids]:
        """The key of the n-gram that begins at each place, and the places where there is one.

        Args:
            flat: tokens of all texts.
            rows: the text of each.
            prefix: the number of the n-gram one shorter that begins there; -1: none.
            n: tokens after the first.
        """
        keys = np.full(len(flat), -1, np.int64)
        last = len(flat) - n
        fits = (rows[n:] == rows[:last]) & (prefix[:last] >= 0)
        keys[:last][fits] = prefix[:last][fits] * self.tokens + flat[n:][fits]
        return keys, np.flatnonzero(keys >= 0)

    def numbers(self, keys: Ids, at: Ids, n: int) -> Ids:
        """The number of each n-gram among those of its length; -1 where it is not a feature."""
        found, known = np.full(len(keys), -1, np.int64), self.keys[n]
        if len(known):
            place = np.minimum(np.searchsorted(known, keys[at]), len(known) - 1)
            same = known[place] == keys[at]
            found[at[same]] = place[same]
        return found

    def count(self, sources: Sequence[Ids]) -> Counts:
        """How often each feature occurs in each text."""
        flat, rows = joined(sources)
        prefix, before, cells = np.zeros(len(flat), np.int64), 0, []
        for n in range(self.longest):
            keys, at = self.next_keys(flat, rows, prefix, n)
            prefix = self.numbers(keys, at, n)
            there = np.flatnonzero(prefix >= 0)
            cells.append(rows[there] * self.size + before + prefix[there])
            before += len(self.keys[n])
        found, counts = np.unique(np.concatenate(cells), return_counts=True)
        row, ids = np.divmod(found, max(1, self.size))
        starts = np.searchsorted(row, np.arange(len(sources) + 1))
        return Counts(starts.astype(np.int64), ids, counts.astype(np.float64), self.size)

    def arrays(self) -> Arrays:
        """The keys."""
        return {f"ngrams.{n + 1}": keys for n, keys in enumerate(self.keys)}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if they are not the keys of such features.
        """
        before = 1
        for n in range(self.longest):
            keys = sound(arrays, f"ngrams.{n + 1}", (-1,))
            if keys.dtype != np.int64 or (np.diff(keys) <= 0).any() or (
                len(keys) and not 0 <= keys[0] <= keys[-1] < before * self.tokens
            ):  # fmt: skip
                raise damaged(f"ngrams.{n + 1}")
            self.keys[n], before = keys, len(keys)


def joined(sources: Sequence[Ids]) -> tuple[Ids, Ids]:
    """All texts one behind the other, each between two boundaries, and the text of each token."""
    parts = [part for one in sources for part in (one[-1:], one)]
    sizes = [len(one) + 1 for one in sources]
    flat = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    return flat, np.repeat(np.arange(len(sources)), sizes)


def sound(arrays: Arrays, name: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """An array of a run's weights, of finite numbers.

    Args:
        arrays: by name.
        name: of the one that is wanted.
        shape: that it must have; -1: any size.

    Raises:
        RunError: if it is another, or there is none.
    """
    found = arrays.get(name)
    if (
        found is None
        or found.ndim != len(shape)
        or any(want not in (-1, size) for want, size in zip(shape, found.shape, strict=True))
        or not np.isfinite(found).all()
    ):
        raise damaged(name)
    return found


def damaged(name: str) -> RunError:
    """The error that an array is not as its model left it."""
    return RunError(
        f"The weights do not match this run's settings: {name}.",
        hint="The file belongs to another run or is damaged.",
    )
