"""Between text and ids: one id for what a reader sees as one character.

A grapheme cluster (Unicode Standard Annex 29) may be several code points: a letter and its accents,
an emoji of a family, a syllable of Devanagari. Unlike `characters`, no sample can tear one apart.
The vocabulary is that of all splits, in the order of code points; where there is a boundary, it is
id 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import UnknownTokenError
from hornbook.extras import needing
from hornbook.records import JSON, JSONObject
from hornbook.rendering import around
from hornbook.tokenizers.contract import Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.decoders import utf8
from hornbook.tokenizers.labels import BOUNDARY, labels_of
from hornbook.tokenizers.listed import as_listed, read_listed
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["GraphemeTokenizer", "graphemes_of"]

NEAR = 5  # known graphemes that are named for one that is not


@dataclass(frozen=True)
class GraphemeTokenizer(Tokenizer):
    """A tokenizer of grapheme clusters."""

    kind = "graphemes"
    libraries = ("regex",)
    unit = "grapheme"

    graphemes: tuple[str, ...]
    has_boundary: bool

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Self:
        """The tokenizer of every grapheme in all splits.

        Raises:
            MissingPackageError: if `regex` is not installed.
            UnknownTokenError: as `utf8`.
        """
        seen: set[str] = set()
        for text in texts.every:
            utf8(text)
            seen.update(graphemes_of(text))
        return cls(tuple(sorted(seen)), texts.boundary)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """A text's contexts begin with a line feed, as those of characters."""
        size = len(self.spelled)
        if self.has_boundary:
            return Vocabulary(size, 0, 0)
        return Vocabulary(size, None, self.table.get("\n", 0))

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """What each id stands for in a text; a boundary for nothing."""
        return ("", *self.graphemes) if self.has_boundary else self.graphemes

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of each grapheme."""
        return tuple(grapheme.encode() for grapheme in self.spelled)

    @cached_property
    def table(self) -> dict[str, int]:
        """From grapheme to id."""
        return {spelled: token for token, spelled in enumerate(self.spelled) if spelled}

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The ids of a text, shape (graphemes,).

        Raises:
            UnknownTokenError: with the first unknown grapheme, its position and known ones that
                begin alike.
        """
        found = graphemes_of(text)
        try:
            return np.array([self.table[one] for one in found], dtype=np.int64)
        except KeyError:
            raise self.unknown_in(text, found) from None

    def unknown_in(self, text: str, found: Sequence[str]) -> UnknownTokenError:
        """The error for a text with a grapheme that is not in the vocabulary."""
        at = next(at for at, one in enumerate(found) if one not in self.table)
        place = len("".join(found[:at]))
        alike = [one for one in self.graphemes if one[0] == found[at][0]][:NEAR]
        hint = "Remove it from the text, or train on data that has it."
        if alike:
            hint = f"Known ones that begin alike: {' '.join(map(repr, alike))}."
        return UnknownTokenError(
            f"The grapheme {found[at]!r} (character {place + 1:,} of {around(text, place)!r}) is "
            "not in this run's vocabulary.",
            hint=hint,
        )

    def label(self, token: int) -> str:
        """The grapheme, with signs for what leaves no ink, or the boundary's."""
        return self.labels[token]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All of them."""
        return labels_of(self.pieces, {0: BOUNDARY} if self.has_boundary else {})

    def cuts(self, text: str) -> tuple[list[int], list[int]]:
        """How a text is cut, known graphemes or not."""
        return [], [len(utf8(one)) for one in graphemes_of(text)]

    def as_dict(self) -> dict[str, JSON]:
        """The tokenizer as JSON values."""
        return as_listed(self.kind, "graphemes", self.graphemes, boundary=self.has_boundary)

    @classmethod
    def from_dict(cls, value: JSONObject) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one.
        """
        record = read_listed(Described, value, "graphemes", ordered=True)
        return cls(record.graphemes, record.boundary)


@dataclass(frozen=True)
class Described:
    """A tokenizer of graphemes in a file."""

    kind: Literal["graphemes"]
    boundary: bool
    graphemes: tuple[str, ...]


def graphemes_of(text: str) -> list[str]:
    """The grapheme clusters of a text, in its order.

        >>> graphemes_of("cafe\u0301")
        ['c', 'a', 'f', 'é']

    Raises:
        MissingPackageError: if `regex` is not installed.
    """
    with needing("regex", "Cutting text into graphemes"):
        import regex
    found: list[str] = regex.findall(r"\X", text)
    return found
