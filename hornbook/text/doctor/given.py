"""A text that is to be examined: what is known of it, and its pieces whenever they are asked for.

A text in memory is cut into pieces, a large one is read again each time; the checks know neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hornbook.sources.formats import Form
from hornbook.text.code_points import Points, line_bounds, points_of
from hornbook.text.corpus import Corpus
from hornbook.text.large.draws import Draw
from hornbook.text.large.reading import LargeText, examples_of, in_pieces
from hornbook.text.layout import Layout, Mode, Separator
from hornbook.text.line_figures import pieces_of_lines, whole_lines

__all__ = ["Batch", "Given"]

VALUES = 2**15  # values of a column that are looked at together
SLICE = 2**20  # characters


class Batch(NamedTuple):
    """Some examples."""

    text: str
    points: Points
    "The code points of `text`, shape (characters,)."
    begins: npt.NDArray[np.int64]
    "Where in it each example begins, shape (examples,)."
    ends: npt.NDArray[np.int64]
    "Where each ends."
    more: bool = False
    "Whether the first goes on the last of the batch before, which was too long to be held."
    open: bool = False
    "Whether the last may go on in the next batch."


@dataclass(frozen=True)
class Given:
    """A text to examine; the names are those of `Corpus`."""

    name: str
    source: str
    mode: Mode
    separator: Separator
    reason: str
    otherwise: str
    encoding: str
    form: Form | None
    corpus: Corpus | None
    "It, where it is in memory."
    large: LargeText | None = None
    "Where it is read in pieces."
    raw: bool = False
    "Whether it is not text, and its bytes are read as they are."
    draw: Draw | None = None
    "Which split an example of a large text is of; of one in memory they are shuffled."

    @classmethod
    def of(cls, corpus: Corpus) -> Given:
        """A corpus in memory."""
        return cls(
            corpus.name, corpus.source, corpus.mode, corpus.separator, corpus.reason,
            corpus.otherwise, corpus.encoding, corpus.form, corpus, raw=corpus.raw,
        )  # fmt: skip

    @property
    def column(self) -> bool:
        """Whether it is the values of a column."""
        return self.corpus is not None and self.corpus.values is not None

    @property
    def known(self) -> bool:
        """Whether it is known how it is to be read, as of a built-in data set."""
        return self.column or self.source.startswith("data set ")

    @property
    def line_ends(self) -> str:
        """Of its files; of a large text once it was read."""
        if self.large is not None:
            return self.large.ends.kind
        assert self.corpus is not None
        return self.corpus.line_ends

    @property
    def packed(self) -> bool:
        """Whether it came compressed; of a large text once it was read."""
        return self.large.source.packed if self.large is not None else self.in_memory.packed

    @property
    def in_memory(self) -> Corpus:
        """It, where it is known to be in memory."""
        assert self.corpus is not None
        return self.corpus

    @property
    def listed(self) -> bool:
        """Whether it is a list of examples, not one text."""
        return self.mode == "lines"

    @property
    def by_lines(self) -> bool:
        """Whether its lines are its examples; of a text they are looked at as if they were."""
        return not self.listed or (self.separator == "line" and not self.column)

    def pieces(self) -> Iterator[str]:
        """All of its text in pieces of whole lines, as `whole_lines` has them."""
        if self.large is not None:
            return iter(whole_lines(self.large.pieces()))
        return iter(pieces_of_lines(self.in_memory.text))

    def batches(self) -> Iterator[Batch]:
        """All examples that are not lines."""
        for some in self.examples():
            text = "".join(some)
            ends = np.cumsum(np.fromiter(map(len, some), dtype=np.int64, count=len(some)))
            begins = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1]])
            yield Batch(text, points_of(text), begins, ends)

    def examples(self) -> Iterator[Sequence[str]]:
        """The values of a column, or what stands between blank lines, some at a time."""
        if self.column:
            values = self.in_memory.examples
            for at in range(0, len(values), VALUES):
                yield values[at : at + VALUES]
            return
        layout = Layout(self.mode, self.separator, "")
        pieces: Iterable[str]
        if self.large is not None:
            pieces = self.large.pieces()
        else:
            text = self.in_memory.text
            slices = (text[at : at + SLICE] for at in range(0, len(text), SLICE))
            pieces = in_pieces(slices, layout, self.source)
        for piece in pieces:
            if some := examples_of(piece, layout):
                yield some

    def lines(self, piece: str, points: Points, *, more: bool) -> Batch:
        """The lines of a piece that are not empty.

        Args:
            piece: of the text.
            points: its code points.
            more: whether the piece before did not end with a line end.
        """
        begins, ends = line_bounds(points)
        there = ends > begins
        begins, ends = begins[there], ends[there]
        more = more and len(begins) > 0 and begins[0] == 0
        return Batch(piece, points, begins, ends, more, not piece.endswith("\n"))

    def batches_of_lines(self) -> Iterator[Batch]:
        """All lines that are not empty; of a text in `lines` of one each its examples."""
        more = False
        for piece in self.pieces():
            batch = self.lines(piece, points_of(piece), more=more)
            more = batch.open
            yield batch

    def between(self, begin: int, end: int) -> Iterator[str]:
        """The characters of a text between two places, in pieces."""
        if self.corpus is not None:
            for at in range(begin, end, SLICE):
                yield self.corpus.text[at : min(at + SLICE, end)]
            return
        at = 0
        for piece in self.pieces():
            if at < end and begin < at + len(piece):
                yield piece[max(begin - at, 0) : end - at]
            at += len(piece)
            if at >= end:
                return
