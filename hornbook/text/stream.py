"""A split as one array of ids, and the two ways that models read it.

A `window` model sees the last n tokens and predicts one; a `sequence` model sees a row of tokens
and predicts the next at every position. Both are views of the same stream:

    lines   . e m m a . a v a .      boundaries separate the examples; each token but the first is
              ^ ^ ^ ^ ^ ^ ^ ^        predicted, the boundaries too
    text    context | t h e t e x t  what stands before the split is context only
                      ^ ^ ^ ^ ^ ^ ^
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.text.conditions import Given
from hornbook.text.corpus import Splits
from hornbook.tokenizers.contract import Tokenizer

__all__ = [
    "ABSENT",
    "CONTEXT",
    "IGNORED",
    "Ids",
    "Stream",
    "cut_rows",
    "encode_lines",
    "encode_split",
    "encode_text",
    "up_to",
]

Ids = npt.NDArray[np.int64]

IGNORED = -1  # the target of a padded position
ABSENT = -1  # in a context: there is nothing so far back
SEEN = 32  # tokens of a context in which its boundary is seen sooner than looked up among all
CONTEXT = 4_096  # characters of the text before a split that are kept as its context


@dataclass(frozen=True)
class Stream:
    """The ids of a split; every position from `first` on is predicted once."""

    ids: npt.NDArray[np.integer[Any]]
    "Shape (S,), in the smallest unsigned type that holds every id."
    first: int
    boundary: int | None
    "Id of the boundary token before, between and after examples; None for one long text."
    start: int
    "The id that fills a context before the first token."
    given: Given | None = field(default=None, kw_only=True)
    "What is given with each example; None if nothing is."

    def __len__(self) -> int:
        """Number of predictions."""
        return len(self.ids) - self.first

    @cached_property
    def bounds(self) -> Ids:
        """Positions of the boundaries, shape (examples + 1,); empty for a text."""
        if self.boundary is None:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.ids == self.boundary)

    def begins(self, positions: Ids) -> Ids:
        """For some positions the oldest one that the context of each may reach back to.

        Looked up each time: for all positions of a large file the answer would take eight times
        the memory of its ids.

        Args:
            positions: shape (N,).

        Returns:
            Shape (N,).
        """
        if self.boundary is None:
            return np.zeros(len(positions), dtype=np.int64)
        before = np.searchsorted(self.bounds, positions, side="left") - 1
        return self.bounds[np.maximum(before, 0)]

    def told(self, positions: Ids) -> Ids:
        """What is given with the examples that some positions are in, as it is added to their ids.

        Args:
            positions: shape (N,), none of them the first of the stream.

        Returns:
            Shape (N,); zeros if nothing is given.
        """
        if self.given is None:
            return np.zeros(len(positions), dtype=np.int64)
        return self.given.added[self.example_of(positions)]

    def example_of(self, positions: Ids) -> Ids:
        """The number of the example that each position is in, shape (N,); none is the first."""
        return np.searchsorted(self.bounds, positions, side="left") - 1

    def of_examples(self, wanted: npt.NDArray[np.bool_]) -> Stream:
        """Some of the examples as a stream of their own.

        Args:
            wanted: whether each is among them, shape (examples,).
        """
        inside = np.ones(len(self.ids), dtype=bool)  # the boundary before all of them
        inside[1:] = np.repeat(wanted, np.diff(self.bounds))
        given = self.given and replace(self.given, numbers=self.given.numbers[wanted])
        return replace(self, ids=self.ids[inside], given=given)

    def without_conditions(self) -> Stream:
        """The same with nothing given."""
        return self if self.given is None else replace(self, given=None)

    def windows(self, positions: Ids, block_size: int, *, filled: bool = True) -> tuple[Ids, Ids]:
        """The last `block_size` tokens before some positions, and the tokens there.

        Contexts do not reach across a boundary.

        Args:
            positions: places in the stream, shape (N,), each at least `first`.
            block_size: length T of a context.
            filled: whether what is missing is filled with `start`; else it is ABSENT.

        Returns:
            Contexts of shape (N, T), the newest token last, and targets of shape (N,).
        """
        places = positions[:, None] + np.arange(-block_size, 0)  # (N, T)
        if self.boundary is not None and block_size <= SEEN:
            ids = self.ids[np.maximum(places, 0)]
            inside = up_to(self.boundary, ids)
        else:
            inside = places >= self.begins(positions)[:, None]
            ids = self.ids[np.where(inside, places, 0)]
        # Widened before an ABSENT comes in, which the small unsigned types cannot hold.
        ids = ids.astype(np.int64)
        if self.given is not None:
            ids += self.told(positions)[:, None]
        contexts = np.where(inside, ids, self.start if filled else ABSENT)
        return contexts, self.ids[positions].astype(np.int64)

    def all_windows(
        self, block_size: int, rows: int, *, limit: int = 0, filled: bool = True
    ) -> Iterator[tuple[Ids, Ids]]:
        """Every prediction of the stream in order, `rows` windows at a time.

        Args:
            block_size: length of a context.
            rows: windows at a time.
            filled: as for `windows`.
            limit: leave out windows, evenly, until this many are left (0: all).
        """
        count = min(limit or len(self), len(self))
        for at in range(0, count, rows):
            places = np.arange(at, min(at + rows, count))
            # Of all of them the product could be more than 64 bits hold.
            spread = places if count == len(self) else places * len(self) // count
            yield self.windows(self.first + spread, block_size, filled=filled)

    def pieces(self, block_size: int, lead: int = 0) -> tuple[Ids, Ids]:
        """The stream cut into rows, each within one example, so that each target is in one row.

        The first row of an example has `block_size` targets. A later one has `lead` fewer: that
        many tokens before them are read again, to be their context. So has the first row of a text
        that goes on from what stands before the split: no row is longer than `block_size`.

        Args:
            block_size: the longest row, its lead included.
            lead: tokens read again, fewer than `block_size`.

        Returns:
            The position of each row's first target and how many it has, both of shape (R,).

        Raises:
            ValueError: if the lead would leave no room for a target.
        """
        if not 0 <= lead < block_size:
            raise ValueError(f"lead must be from 0 to {block_size - 1}; it is {lead}")
        if self.boundary is not None:
            at, lengths = self.bounds[:-1] + 1, np.diff(self.bounds)
            first = block_size
        else:
            at, lengths = np.array([self.first]), np.array([len(self)])
            first = block_size - min(lead, self.first)
        return cut_rows(at, lengths, first, block_size - lead)

    def begins_of_rows(self, at: Ids, lead: int) -> Ids:
        """Where rows begin, whose first targets are at some positions, shape (B,); see `rows`."""
        if not lead:
            return at
        oldest = self.begins(at) + 1 if self.boundary is not None else np.zeros_like(at)
        return np.maximum(at - lead, oldest)

    def rows(self, at: Ids, lengths: Ids, lead: int = 0, width: int = 0) -> tuple[Ids, Ids]:
        """Rows as a rectangle: inputs padded with `start`, targets with IGNORED.

        Args:
            at: position of each row's first target, shape (B,).
            lengths: targets in each row, shape (B,).
            lead: tokens before the first target to read as its context, as far as there are so
                many in the same example; they are in the inputs, but not among the targets.
            width: T is this at least.

        Returns:
            Inputs and targets, both of shape (B, T) for the longest row's T; `targets[b, t]` is
            the token after `inputs[b, t]`, or IGNORED.
        """
        begin = self.begins_of_rows(at, lead)
        lengths = lengths + at - begin
        steps = np.arange(lengths.max(initial=width))
        real = steps < lengths[:, None]  # (B, T)
        places = np.where(real, begin[:, None] + steps, self.first)
        before = places - 1
        inputs = np.where(real & (before >= 0), self.ids[before], self.start).astype(np.int64)
        if self.given is not None:
            inputs += self.told(at)[:, None] * real
        if lead:
            real &= places >= at[:, None]
        # Widened before the -1 comes in, which the small unsigned types cannot hold.
        return inputs, np.where(real, self.ids[places].astype(np.int64), IGNORED)

    def all_rows(
        self, block_size: int, predictions: int, *, lead: int = 0, limit: int = 0
    ) -> Iterator[tuple[Ids, Ids]]:
        """Every prediction of the stream once, in rows sorted by length so that little is padding.

        Args:
            block_size: the longest row.
            predictions: about how many positions to give at a time.
            lead: tokens read again before the targets of a row that does not begin its example.
            limit: leave out rows, evenly, until about this many predictions are left (0: all).
        """
        at, lengths = self.pieces(block_size, lead)
        if 0 < limit < len(self):
            kept = np.linspace(0, len(at) - 1, max(1, len(at) * limit // len(self)))
            at, lengths = at[kept.astype(np.int64)], lengths[kept.astype(np.int64)]
        yield from self.sorted_rows(at, lengths, predictions, lead)

    def sorted_rows(
        self, at: Ids, lengths: Ids, predictions: int, lead: int
    ) -> Iterator[tuple[Ids, Ids]]:
        """Rows, the longest first, about so many predictions at a time; arguments as of `rows`."""
        # A row that begins its example has no lead: to count one for it would make the pieces of
        # short examples tiny.
        oldest = self.begins(at) + 1 if self.boundary is not None else np.zeros_like(at)
        widths = lengths + np.minimum(lead, at - oldest)
        order = np.argsort(widths, kind="stable")[::-1]
        done = 0
        while done < len(order):
            count = max(1, predictions // int(widths[order[done]]))
            chosen = order[done : done + count]
            yield self.rows(at[chosen], lengths[chosen], lead)
            done += count


def cut_rows(at: Ids, lengths: Ids, first: int, later: int) -> tuple[Ids, Ids]:
    """Examples cut into rows.

    Args:
        at: position of the first target of each example, shape (N,).
        lengths: targets of each, shape (N,).
        first: most targets of the first row of an example.
        later: of each that follows.

    Returns:
        The position of each row's first target and how many it has, both of shape (R,).
    """
    rows = 1 + np.maximum(0, -((first - lengths) // later))  # how many each is cut into
    rows *= lengths > 0
    number = np.arange(rows.sum()) - np.repeat(np.cumsum(rows) - rows, rows)
    offset = np.where(number == 0, 0, first + (number - 1) * later)
    left = np.repeat(lengths, rows) - offset
    return np.repeat(at, rows) + offset, np.minimum(left, np.where(number, later, first))


def encode_lines(
    lines: tuple[str, ...], tokenizer: Tokenizer, given: Given | None = None
) -> Stream:
    """The stream of some examples, a boundary before, between and after them.

    Args:
        lines: the examples.
        tokenizer: of them.
        given: with each of them.

    Raises:
        UnknownTokenError: naming the first line with a token that is not in the vocabulary.
        ValueError: if the tokenizer has no boundary.
    """
    if tokenizer.boundary is None:
        raise ValueError("lines need a tokenizer with a boundary token")
    found, lengths = tokenizer.encode_many(lines)
    ids = np.full(len(found) + len(lines) + 1, tokenizer.boundary, dtype=found.dtype)
    inside = np.ones(len(ids), dtype=bool)
    inside[0] = False
    inside[np.cumsum(lengths + 1)] = False
    ids[inside] = found
    return Stream(ids, 1, tokenizer.boundary, tokenizer.start, given=given)


def encode_text(text: str, tokenizer: Tokenizer, before: str = "") -> Stream:
    """The stream of a text, with the end of what stands before it as its context.

    Raises:
        UnknownTokenError: if there is a token that is not in the vocabulary.
    """
    ids, lengths = tokenizer.encode_many((before[-CONTEXT:], text))
    return Stream(ids, int(lengths[0]), None, tokenizer.start)


def encode_split(splits: Splits, split: str, tokenizer: Tokenizer) -> Stream:
    """The stream of one split.

    Raises:
        UnknownTokenError: if the split holds a token that the tokenizer does not know.
    """
    if splits.mode == "lines":
        return encode_lines(splits[split], tokenizer)
    return encode_text("".join(splits[split]), tokenizer, splits.before(split))


def up_to(boundary: int, ids: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
    """Whether nothing after a token of a context is a boundary, shape (N, T): it is in the example.

    Args:
        boundary: the id.
        ids: contexts, the newest token last, shape (N, T); a first boundary stands before all.
    """
    inside = np.ones(ids.shape, dtype=np.bool_)
    for at in range(ids.shape[1] - 1, 0, -1):
        np.logical_and(inside[:, at], ids[:, at] != boundary, out=inside[:, at - 1])
    return inside
