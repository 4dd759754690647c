"""Batches of words with their neighbours, and random words beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.words.data import Passages
from hornbook.words.thinning import kept_shares

__all__ = ["WordBatch", "WordBatches", "windows"]

Numbers = npt.NDArray[np.int32]


class WordBatch(tuple[npt.NDArray[Any], ...]):
    """Words (B,), their neighbours (B, 2 window), -1 where there is none, random words (S,)."""

    __slots__ = ()

    def part(self, i: int, n: int) -> tuple[WordBatch, float]:
        """Part i of n: some of the words, all of the random ones; and their share of the words."""
        words, near, drawn = self
        size = len(words)
        rows = slice(size * i // n, size * (i + 1) // n)
        return WordBatch((words[rows], near[rows], drawn)), (rows.stop - rows.start) / max(1, size)


def windows(text: Passages, at: npt.NDArray[np.int64], window: int) -> Numbers:
    """The neighbours of some words, -1 where there is none, shape (len(at), 2 window)."""
    apart = np.concatenate([np.arange(-window, 0), np.arange(1, window + 1)])
    places = at[:, None] + apart
    inside = places.clip(0, len(text) - 1)
    there = (inside == places) & (text.places[inside] == text.places[at][:, None])
    return np.where(there, text.ids[inside], np.int32(-1))


class WordBatches:
    """An endless source of batches, in a new random order each epoch.

    In each epoch frequent words are thinned out again before windows are laid, so that these reach
    farther. Batch number n is a function of the seed and of n alone.

    Args:
        text: words of train.
        counts: how often each stands there, shape (words,).
        window: of neighbours.
        shrink: whether each window is of a random size up to that.
        shared: S, random words of a batch.
        exponent: power of their frequency.
        sample: as of `kept_shares`.
        batch_size: words in a batch, about: each epoch is divided evenly.
        seed: of everything.

    Attributes:
        cursor: number of batches drawn so far; set it to go on from there.
        per_epoch: batches in one pass over the text.
    """

    def __init__(
        self,
        text: Passages,
        counts: npt.NDArray[np.int64],
        *,
        window: int,
        shrink: bool,
        shared: int,
        exponent: float,
        sample: float,
        batch_size: int,
        seed: int,
    ) -> None:
        self.text, self.window, self.shrink, self.shared = text, window, shrink, shared
        self.seed, self.cursor = seed, 0
        self.kept = kept_shares(counts, sample).astype(np.float32)
        self.drawing = np.cumsum(counts**exponent)
        expected = float(self.kept[text.ids].sum(dtype=np.float64))
        self.per_epoch = max(1, round(expected / batch_size))
        self.epoch, self.thinned, self.order = -1, text, np.empty(0, np.int64)

    def begin(self, epoch: int) -> None:
        """Thin the text out, and shuffle what is left."""
        random = np.random.default_rng([self.seed, epoch])
        stays = random.random(len(self.text), np.float32) < self.kept[self.text.ids]
        stays[: self.per_epoch] |= not stays.any()  # never nothing
        lengths = np.bincount(self.text.places[stays], minlength=len(self.text.lengths))
        self.thinned = Passages(self.text.ids[stays], lengths.astype(np.int32))
        self.order, self.epoch = random.permutation(len(self.thinned)), epoch

    def __next__(self) -> WordBatch:
        """The next batch."""
        epoch, index = divmod(self.cursor, self.per_epoch)
        if epoch != self.epoch:
            self.begin(epoch)
        random = np.random.default_rng([self.seed, self.cursor, 1])  # the order is without the 1
        n = len(self.order)
        start = n * index // self.per_epoch
        at = self.order[start : max(start + 1, n * (index + 1) // self.per_epoch)]
        near = windows(self.thinned, at, self.window)
        if self.shrink:
            reach = random.integers(1, self.window + 1, (len(at), 1))
            apart = np.concatenate([np.arange(self.window, 0, -1), np.arange(1, self.window + 1)])
            near[apart > reach] = -1
        found = np.searchsorted(self.drawing, random.random(self.shared) * self.drawing[-1])
        drawn = found.clip(max=len(self.drawing) - 1).astype(np.int32)
        self.cursor += 1
        return WordBatch((self.thinned.ids[at], near, drawn))
