"""What is gathered of a text piece by piece, when the doctor reads it for the first time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.text.code_points import POINTS, Points, points_of
from hornbook.text.corpus import SPLITS
from hornbook.text.doctor.given import Batch, Given
from hornbook.text.doctor.lengths import LengthCounts
from hornbook.text.doctor.repeats import Repeats
from hornbook.text.doctor.spelling import Spelling
from hornbook.text.line_figures import LineFigures

__all__ = ["READ", "Gathered", "add_points", "count_points", "examples_at", "gather"]

READ = 2_000_000  # characters of the beginning that are kept

Counts = npt.NDArray[np.int64]


class Drawn:
    """What is of each split, where a hash of an example tells its split."""

    def __init__(self) -> None:
        self.examples = np.zeros(len(SPLITS), dtype=np.int64)
        self.characters = np.zeros(len(SPLITS), dtype=np.int64)
        self.points = np.zeros((len(SPLITS), POINTS), dtype=np.int64)

    def add(self, batch: Batch, places: npt.NDArray[np.int64]) -> None:
        """Take note of some examples and their splits."""
        lengths = batch.ends - batch.begins
        self.examples += np.bincount(places, minlength=len(SPLITS))
        self.characters += np.bincount(places, lengths, len(SPLITS)).astype(np.int64)
        for place in range(1, len(SPLITS)):
            add_points(self.points[place], points_in(batch, places == place))


class Gathered:
    """What the first reading finds."""

    def __init__(self, given: Given, *, exact: bool) -> None:
        self.given = given
        self.characters = 0
        self.points = np.zeros(POINTS, dtype=np.int64)
        self.lines = LineFigures()
        self.spelling = Spelling()
        self.lengths = LengthCounts()
        self.repeats = Repeats(exact=exact)
        self.line_repeats = self.repeats if given.by_lines else Repeats(exact=exact)
        self.sizes: list[npt.NDArray[np.unsignedinteger[Any]]] = []
        self.drawn = Drawn() if given.draw is not None and given.listed else None
        self.head = ""

    def read_piece(self, piece: str) -> None:
        """Take note of a piece of the text."""
        points, goes_on = points_of(piece), self.lines.unended
        if len(self.head) < READ:
            self.head += piece[: READ - len(self.head)]
        self.spelling.add(piece, points, self.lines.newlines)
        self.lines.add(piece, points)
        self.characters += len(piece)
        batch = self.given.lines(piece, points, more=goes_on)
        if self.given.by_lines:
            add_points(self.points, points)
            self.read_batch(batch)
        else:
            self.line_repeats.add_batch(batch)

    def read_batch(self, batch: Batch) -> None:
        """Take note of some examples."""
        if not len(batch.begins):
            return
        self.lengths.add(batch)
        self.repeats.add_batch(batch)
        if self.drawn is not None:  # examples of a large text are whole
            self.drawn.add(batch, self.split_of(batch))
        elif self.given.listed:
            self.add_sizes(batch.ends - batch.begins, more=batch.more)

    def add_sizes(self, lengths: npt.NDArray[np.int64], *, more: bool) -> None:
        """Take note of the length of every example."""
        if more:
            before = self.sizes.pop().astype(np.uint64)
            before[-1] += np.uint64(lengths[0])
            self.sizes.append(before)
            lengths = lengths[1:]
        if len(lengths):
            self.sizes.append(lengths.astype(np.min_scalar_type(int(lengths.max()))))

    def split_of(self, batch: Batch) -> npt.NDArray[np.int64]:
        """Which split each example is drawn into."""
        draw = self.given.draw
        assert draw is not None
        if batch.points.dtype == np.uint8:  # ASCII is UTF-8
            return draw.within(batch.points.astype(np.uint8, copy=False), batch.begins, batch.ends)
        bounds = zip(batch.begins.tolist(), batch.ends.tolist(), strict=True)
        return draw.splits([batch.text[begin:end] for begin, end in bounds])


def gather(given: Given, *, exact: bool) -> Gathered:
    """Read all of a text once.

    Args:
        given: the text.
        exact: whether every example must be told from the others, however many they are.

    Raises:
        DataError, EncodingError: as a large text has them.
    """
    found = Gathered(given, exact=exact)
    for piece in given.pieces():
        found.read_piece(piece)
    found.lines.finish()
    found.line_repeats.close()
    if given.by_lines:
        if given.listed:
            found.points[ord("\n")] = 0  # it stands between examples: that is not a character
        return found
    for batch in given.batches():
        add_points(found.points, batch.points)
        found.read_batch(batch)
    return found


def points_in(batch: Batch, chosen: npt.NDArray[np.bool_]) -> Points:
    """The code points of some of the examples of a batch."""
    begins, ends = batch.begins[chosen], batch.ends[chosen]
    if not len(begins):
        return batch.points[:0]
    # 1 where a chosen example begins, -1 after it: summed up, 1 within them.
    steps = np.zeros(len(batch.points) + 1, dtype=np.int8)
    np.add.at(steps, begins, 1)
    np.add.at(steps, ends, -1)
    return batch.points[np.cumsum(steps[:-1], dtype=np.int8).view(np.bool_)]


def add_points(counts: Counts, points: Points) -> None:
    """Count code points."""
    found = np.bincount(points)
    counts[: len(found)] += found


def count_points(given: Given, held: Callable[[int, int], npt.NDArray[np.uint8]]) -> list[Counts]:
    """How often each code point occurs in dev and in test, by reading once more.

    Args:
        given: a list of examples.
        held: of the examples from one number to another, 1 for those of dev, 2 for those of test.
    """
    counts = [np.zeros(POINTS, dtype=np.int64) for _ in SPLITS[1:]]
    number = 0
    for batch in all_batches(given):
        number -= batch.more
        labels = held(number, number + len(batch.begins))
        number += len(batch.begins)
        for label, found in enumerate(counts, 1):
            add_points(found, points_in(batch, labels == label))
    return counts


def examples_at(given: Given, numbers: Sequence[int]) -> dict[int, str]:
    """The examples of some numbers, by reading once more."""
    found, first, left = dict[int, str](), 0, sorted(numbers)
    for batch in all_batches(given) if left else ():
        first -= batch.more
        while left and left[0] < first + len(batch.begins):
            at = left[0] - first
            found[left.pop(0)] = batch.text[batch.begins[at] : batch.ends[at]]
        first += len(batch.begins)
        if not left:
            break
    return found


def all_batches(given: Given) -> Iterator[Batch]:
    """All examples; of a text its lines."""
    if given.by_lines:
        return given.batches_of_lines()
    return given.batches()
