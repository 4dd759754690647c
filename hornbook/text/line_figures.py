"""Figures of the lines of a text, gathered piece by piece: how long they are, how they begin and
end, and how many stand between blank lines.

A line of white space only is blank; the others are filled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hornbook.text.code_points import Points, is_space, line_bounds, points_of

__all__ = ["LineFigures", "at_place", "numbered", "pieces_of_lines", "whole_lines"]

PIECE = 2**20  # characters looked at together
LONGEST = 2**22  # characters of a line, of which what follows is only counted
ENDS = ".!?。！？…\"'”"
SPACE = 32

Places = npt.NDArray[np.int64]


class LineFigures:
    """What the lines of a text are like.

    Attributes:
        newlines: line ends in all.
        leading, trailing: line ends before the first character that is none, and after the last.
        nonempty: lines that are not empty.
        filled: lines that are not blank.
        lengths: how many filled lines have each length.
        spaces: spaces in the filled lines.
        small: filled lines whose first letter is a lowercase one.
        ended: filled lines that end as a sentence does.
        sizes: how many blocks have each number of filled lines.
        spoken: blocks whose first line ends with a colon.
        first: the first filled line; `first_line` is the first that is not empty.
        outer, right: nonempty lines that begin or end with white space; that end with it.
        first_outer, first_right: the first of each.
    """

    def __init__(self) -> None:
        self.newlines = self.leading = self.trailing = 0
        self.nonempty = self.filled = self.spaces = self.small = self.ended = self.spoken = 0
        self.lengths: Counter[int] = Counter()
        self.sizes: Counter[int] = Counter()
        self.first = self.first_outer = self.first_right = ""
        self.outer = self.right = 0
        self.open = 0  # filled lines at the end that may go on
        self.seen = False
        self.unended = False  # the last piece did not end with a line end
        self.last = 0  # length of its last line, where that is filled
        self.first_line = ""
        # Of a line that may go on: whether it begins, ends with white space, and its beginning.
        self.going_on: tuple[bool, bool, str] | None = None

    @classmethod
    def of(cls, pieces: Iterable[str]) -> Self:
        """The figures of a text.

        Args:
            pieces: as `whole_lines` makes them.
        """
        found = cls()
        for piece in pieces:
            found.add(piece, points_of(piece))
        found.finish()
        return found

    def add(self, piece: str, points: Points) -> None:
        """Take note of a piece, given as code points too."""
        if self.unended:
            end = piece.find("\n") + 1 or len(piece)
            self.go_on(piece[:end])
            piece, points = piece[end:], points[end:]
            if not piece:
                return
        self.unended = not piece.endswith("\n")
        begins, ends = line_bounds(points)
        self.count_line_ends(piece, len(ends) - (not piece.endswith("\n")))
        there = np.flatnonzero(ends > begins)
        self.nonempty += len(there)
        begins, last = begins[there], ends[there] - 1
        if not self.first_line and len(there):
            self.first_line = piece[begins[0] : last[0] + 1]
        first, final = begins.copy(), last.copy()
        left, right = is_space(points[begins]), is_space(points[last])
        outer = np.flatnonzero(left | right)
        if len(outer):
            over = outer[outer < len(begins) - self.unended]
            self.note_outer(piece, begins, last, over, right)
            dark = np.flatnonzero(~is_space(points))
            dark = np.concatenate([dark, [len(points)]])
            first[outer] = dark[np.searchsorted(dark, begins[outer])]
            final[outer] = dark[np.searchsorted(dark, last[outer], side="right") - 1]
        if self.unended:
            self.going_on = bool(left[-1]), bool(right[-1]), piece[begins[-1] :]
        filled = first <= last
        self.spaces += piece.count(" ")
        for row in np.flatnonzero(~filled):
            self.spaces -= piece.count(" ", begins[row], last[row] + 1)
        self.add_blocks(there[filled], len(ends), points[final[filled]])
        opening, closing = points[first[filled]], points[final[filled]]
        lengths = (last - begins + 1)[filled]
        if not self.filled and len(lengths):
            at = int(begins[filled][0])
            self.first = piece[at : at + int(lengths[0])]
        self.filled += len(lengths)
        self.last = int(lengths[-1]) if len(lengths) and filled[-1] else 0
        self.lengths.update(numbered(lengths))
        self.small += sum(n for point, n in numbered(opening).items() if chr(point).islower())
        self.ended += sum(n for point, n in numbered(closing).items() if chr(point) in ENDS)

    def go_on(self, more: str) -> None:
        """Take note of what follows a line that was cut, up to its end."""
        self.unended = not more.endswith("\n")
        self.newlines += not self.unended
        if self.last:
            self.lengths -= Counter({self.last: 1})
            self.last += len(more) - (not self.unended)
            self.lengths[self.last] += 1
        self.spaces += more.count(" ")
        self.trailing = int(not self.unended)
        body = more.removesuffix("\n")
        if body and self.going_on is not None:
            self.going_on = self.going_on[0], body[-1].isspace(), self.going_on[2]
        if not self.unended:
            self.end_line()

    def end_line(self) -> None:
        """Note the white space around a line that might have gone on."""
        if self.going_on is None:
            return
        left, right, line = self.going_on
        self.going_on = None
        if left or right:
            self.first_outer = line if not self.outer else self.first_outer
            self.outer += 1
        if right:
            self.first_right = line if not self.right else self.first_right
            self.right += 1

    def count_line_ends(self, piece: str, newlines: int) -> None:
        """Count those of a piece, and those before and after all text."""
        self.newlines += newlines
        body = piece.rstrip("\n")
        if not self.seen:
            self.leading += len(piece) - len(piece.lstrip("\n")) if body else newlines
        self.trailing = len(piece) - len(body) + (0 if body else self.trailing)
        self.seen |= bool(body)

    def note_outer(
        self, piece: str, begins: Places, last: Places, outer: Places, right: npt.NDArray[np.bool_]
    ) -> None:
        """Count lines that begin or end with white space, and keep the first."""
        if not len(outer):
            return
        ending = outer[right[outer]]
        if not self.outer:
            self.first_outer = piece[begins[outer[0]] : last[outer[0]] + 1]
        if not self.right and len(ending):
            self.first_right = piece[begins[ending[0]] : last[ending[0]] + 1]
        self.outer += len(outer)
        self.right += len(ending)

    def add_blocks(self, filled: Places, lines: int, final: Points) -> None:
        """Count blocks and their lines; the last may go on in the next piece.

        Args:
            filled: numbers of the filled lines.
            lines: of the piece.
            final: the last character of each filled line that is not white space.
        """
        if not len(filled):
            self.close_block()
            return
        begins = np.flatnonzero(np.diff(filled, prepend=-2) > 1)
        sizes = np.diff(begins, append=len(filled))
        goes_on = bool(self.open) and filled[0] == 0
        if goes_on:
            sizes[0] += self.open
            self.open = 0
        self.close_block()
        colons = np.isin(final[begins[int(goes_on) :]], [ord(":"), 0xFF1A])
        self.spoken += int(np.count_nonzero(colons))
        if filled[-1] == lines - 1:
            self.open, sizes = int(sizes[-1]), sizes[:-1]
        self.sizes.update(sizes.tolist())  # in their order, which decides between equals

    def close_block(self) -> None:
        """Count the block that was open."""
        if self.open:
            self.sizes[self.open] += 1
        self.open = 0

    def finish(self) -> None:
        """Take note that there is no more."""
        self.end_line()
        self.close_block()

    @property
    def body(self) -> int:
        """Lines in all, without empty ones before and after all text; at least one."""
        return self.newlines - self.leading - self.trailing + 1 if self.seen else 1

    @property
    def blank_outer(self) -> int:
        """Lines of white space only."""
        return self.nonempty - self.filled

    @property
    def blocks(self) -> int:
        """Parts between blank lines."""
        return self.sizes.total()

    @property
    def mean(self) -> float:
        """Characters of a filled line on average."""
        total = sum(n * length for length, n in self.lengths.items())
        return total / self.filled if self.filled else 0.0

    def length_at(self, place: int) -> int:
        """The length of a filled line by its place, from 0, among all in the order of length."""
        return at_place(self.lengths, place)


def at_place(counts: Mapping[int, int], place: int) -> int:
    """The number at a place, from 0, among numbers in rising order.

    Args:
        counts: how often there is each.
        place: in all of them.

    Raises:
        IndexError: if there are fewer.
    """
    for value in sorted(counts):
        place -= counts[value]
        if place < 0:
            return value
    raise IndexError("there are fewer")


def numbered(values: npt.NDArray[np.integer[Any]]) -> dict[int, int]:
    """How often each value occurs, in rising order."""
    if len(values) and int(values.max()) < 2**16:
        counts = np.bincount(values)
        found = np.flatnonzero(counts)
        return dict(zip(found.tolist(), counts[found].tolist(), strict=True))
    each, times = np.unique(values, return_counts=True)
    return dict(zip(each.tolist(), times.tolist(), strict=True))


def pieces_of_lines(text: str) -> Iterable[str]:
    """A text in pieces of whole lines."""
    return whole_lines(text[at : at + PIECE] for at in range(0, len(text), PIECE))


def whole_lines(pieces: Iterable[str]) -> Iterable[str]:
    """The same text in pieces that end where a line does; but for the last, and where a line has
    more than LONGEST characters.
    """
    held: list[str] = []
    size = 0
    for piece in pieces:
        whole, end, begun = piece.rpartition("\n")
        if end or size > LONGEST:
            yield "".join([*held, whole, end])
            held, size = [], 0
        if begun:
            held.append(begun)
            size += len(begun)
    if held:
        yield "".join(held)
