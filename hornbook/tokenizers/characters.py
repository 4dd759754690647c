"""Between text and ids: one id for each character (Unicode code point) of the vocabulary.

In `lines` mode id 0 is the boundary token: it comes before the first and after the last character
of every line. It is not a character, so nothing in the data can collide with it. In `text` mode
there is no boundary token, and ids are the sorted characters, as in the lectures.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError, UnknownTokenError
from hornbook.records import JSON, JSONObject, read_record
from hornbook.rendering import around, describe
from hornbook.tokenizers.contract import Ids, Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.decoders import Decoder
from hornbook.tokenizers.listed import as_listed
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["POINTS", "CharTokenizer", "mark"]

PIECE = 2**18  # characters
FEW = 20  # ranges of characters that are shown
MANY = 2**16  # texts that are looked at together
POINTS = 0x110000


@dataclass(frozen=True)
class CharTokenizer(Tokenizer):
    """A character tokenizer.

    Ids are first the boundary, where there is one, then `characters` in their order.
    """

    kind = "characters"
    unit = "character"

    characters: tuple[str, ...]
    has_boundary: bool

    @classmethod
    def fit(cls, texts: Iterable[str], *, boundary: bool) -> Self:
        """The tokenizer of every character in the texts, in the order of code points."""
        seen, every = np.zeros(POINTS, dtype=bool), iter(texts)
        while some := list(islice(every, MANY)):
            mark(seen, "".join(some))
        return cls(tuple(map(chr, np.flatnonzero(seen).tolist())), boundary)

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Self:
        """The tokenizer of every character in all splits."""
        return cls.fit(texts.every, boundary=texts.boundary)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What a model needs to know of this tokenizer; a text's contexts begin with a line feed.

        A text without line feeds has contexts that begin with its first character, id 0.
        """
        size = len(self.spelled)
        if self.has_boundary:
            return Vocabulary(size, 0, 0)
        return Vocabulary(size, None, self.characters.index("\n") if "\n" in self.characters else 0)

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """What each id stands for in a text; a boundary for nothing."""
        return ("", *self.characters) if self.has_boundary else self.characters

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of each character."""
        return tuple(character.encode("utf-8", "surrogatepass") for character in self.spelled)

    @cached_property
    def points(self) -> npt.NDArray[np.int64]:
        """The code point of each id; of a boundary that of the line feed that it stands for."""
        return np.array([ord(character or "\n") for character in self.spelled], dtype=np.int64)

    @cached_property
    def table(self) -> npt.NDArray[np.int64]:
        """From code point to id, -1 for an unknown character."""
        table = np.full(self.points.max(initial=0) + 1, -1, dtype=np.int64)
        known = slice(int(self.has_boundary), None)
        table[self.points[known]] = np.arange(self.vocab_size)[known]
        return table

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The ids of a text, shape (len(text),).

        Raises:
            UnknownTokenError: with the first unknown character, its position and the closest.
        """
        ids = np.empty(len(text), dtype=np.int64)
        self.encode_into(ids, text)
        return ids

    def encode_into(self, out: Ids, text: str) -> None:
        """Write the ids of a text into an array (len(text),) of any type that holds them.

        Raises:
            UnknownTokenError: as `encode`.
        """
        # Piece by piece, for on the way each character takes 25 bytes.
        for at in range(0, len(text), PIECE):
            piece = text[at : at + PIECE]
            points = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
            inside = points < len(self.table)
            ids = np.where(inside, self.table[np.where(inside, points, 0)], -1)
            if ids.min() < 0:
                raise self.unknown_in(text, at + int(np.argmax(ids < 0)))
            out[at : at + len(piece)] = ids

    def unknown_in(self, text: str, place: int) -> UnknownTokenError:
        """The error for a character that is not in the vocabulary."""
        character = text[place]
        nearest = " ".join(describe(near) for near in self.nearest(character))
        hint = f"The closest characters in it: {nearest}."
        if len(spans := ranges(self.characters)) <= FEW:
            hint += f" All of them: {' '.join(spans)}."
        return UnknownTokenError(
            f"The character {describe(character)} (position {place + 1:,} of "
            f"{around(text, place)!r}) is not in this run's vocabulary.",
            hint=hint,
        )

    def encode_many(self, texts: Sequence[str]) -> tuple[Ids, npt.NDArray[np.int64]]:
        """The ids of some texts and how many each has, all at once: no character sees another."""
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        ids: Ids = np.empty(int(lengths.sum()), dtype=self.vocabulary.dtype)
        try:
            self.encode_into(ids, "".join(texts))
        except UnknownTokenError:
            for text in texts:
                self.encode(text)  # to name the text that the character stands in
            raise
        return ids, lengths

    def encode_ended(self, text: str) -> Ids:
        """The ids of lines and a boundary after each, all at once."""
        if self.boundary is None or not self.characters:
            return super().encode_ended(text)
        ids: Ids = np.empty(len(text), dtype=self.vocabulary.dtype)
        try:
            self.encode_into(ids, text.replace("\n", self.characters[0]))
        except UnknownTokenError:
            return super().encode_ended(text)  # which names the line that the character stands in
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        ids[points == ord("\n")] = self.boundary
        return ids

    def decode(self, ids: Sequence[int] | Ids, *, begins: bool = True) -> str:
        """The text of ids; a boundary is not a character and leaves nothing."""
        spelled = self.spelled
        return "".join([spelled[i] for i in ids])

    def decoder(self, *, begins: bool = True) -> CharDecoder:
        """A decoder that holds nothing back: every id is a whole character."""
        return CharDecoder(self.spelled)

    def label(self, token: int) -> str:
        """A label for an id: the character, its name if it is invisible, or the boundary's sign.

        The boundary is shown as the lectures' full stop, or as the first of a few other signs that
        the vocabulary does not have.
        """
        if token == self.boundary:
            return next(
                sign for sign in (".", "·", "¶", "∎", "<end>") if sign not in self.characters
            )
        return describe(self.spelled[token], quote=False)

    @cached_property
    def characters_each(self) -> npt.NDArray[np.int64]:
        """One, whatever the id."""
        return np.ones(self.vocab_size, dtype=np.int64)

    @cached_property
    def bytes_each(self) -> npt.NDArray[np.int64]:
        """One to four bytes, by the code point."""
        return 1 + np.searchsorted((0x80, 0x800, 0x10000), self.points, side="right")

    def nearest(self, character: str, n: int = 5) -> list[str]:
        """The known characters closest to an unknown one: the same letter, or one with a similar
        name; if there are none, those that are near in Unicode."""
        folded = fold(character)
        same = [known for known in self.characters if fold(known) == folded]
        names = {unicodedata.name(known, ""): known for known in self.characters}
        alike = difflib.get_close_matches(unicodedata.name(character, ""), names, n, cutoff=0.5)
        found = same or [names[name] for name in alike]
        by_point = sorted(self.characters, key=lambda known: abs(ord(known) - ord(character)))
        return (found or by_point)[:n]

    def as_dict(self) -> dict[str, JSON]:
        """The tokenizer as JSON values."""
        return as_listed(self.kind, "characters", self.characters, boundary=self.has_boundary)

    @classmethod
    def from_dict(cls, value: JSONObject) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one.
        """
        if isinstance(value, dict) and "symbols" in value:  # what older runs call them
            value = {"characters" if key == "symbols" else key: at for key, at in value.items()}
        characters = (record := read_record(Described, value, "The tokenizer")).characters
        if characters != tuple(sorted(set(characters))) or any(
            len(character) != 1 for character in characters
        ):
            raise RunError(
                "The tokenizer file is damaged: characters: must be single characters in order.",
                hint="Train again.",
            )
        return cls(characters, record.boundary)


@dataclass(frozen=True)
class Described:
    """A character tokenizer in a file."""

    kind: Literal["characters"]
    boundary: bool
    characters: tuple[str, ...]


@dataclass(frozen=True)
class CharDecoder(Decoder):
    """Ids to characters, one by one."""

    spelled: tuple[str, ...]

    def push(self, token: int) -> str:
        """The character of an id; of a boundary nothing."""
        return self.spelled[token]

    def end(self) -> str:
        """Nothing: nothing was held back."""
        return ""


def ranges(characters: Sequence[str]) -> list[str]:
    """Characters as they are shown, three and more that follow each other in Unicode as one."""
    spans: list[list[str]] = []
    for character in sorted(characters):
        if spans and ord(character) == ord(spans[-1][-1]) + 1:
            spans[-1].append(character)
        else:
            spans.append([character])
    found = []
    for span in spans:
        ends = [describe(span[0]), describe(span[-1])]
        found += [" to ".join(ends)] if len(span) > 2 else [describe(one) for one in span]
    return found


def fold(character: str) -> str:
    """A character without its case, accents and width: `É` and `ｅ` both become `e`."""
    return unicodedata.normalize("NFKD", character).casefold()[:1]


def mark(seen: npt.NDArray[np.bool_], text: str) -> None:
    """Note the code points of a text: `seen`, shape (POINTS,), becomes true at each."""
    code, dtype = ("ascii", "u1") if text.isascii() else ("utf-32-le", "<u4")
    for at in range(0, len(text), PIECE):
        seen[np.frombuffer(text[at : at + PIECE].encode(code, "surrogatepass"), dtype)] = True
