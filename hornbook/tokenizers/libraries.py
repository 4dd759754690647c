"""Tokenizers that another library runs: what it tells of its ids, in the one contract.

Such a library changes a text before it cuts it (in lowercase, without accents, with one blank for
several), and may put a blank before it. `as_read` is the text that the ids stand for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, RunError, UnknownTokenError
from hornbook.records import JSON, JSONObject, read_record
from hornbook.tokenizers.contract import Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.decoders import utf8
from hornbook.tokenizers.labels import BOUNDARY, labels_of
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["BLANK", "BYTES", "Known", "LibraryTokenizer", "byte_of", "refuse_untrue"]

BLANK = "▁"  # U+2581, which SentencePiece and its kin write for a blank
BYTES = frozenset(f"<0x{byte:02X}>" for byte in range(256))
"Names of tokens that are single bytes of what has no token of its own."
CHANGES = (
    ("A", "capital letters as small ones"),
    ("é", "letters without their accents"),
    ("ﬁ", "ﬁ, Ａ and ² as plain letters"),
    ("a\nb", "line breaks as blanks"),
    ("a  b", "several blanks as one"),
    (" a", "no blank at the beginning"),
    ("a,b", "blanks around signs"),
    ("a▁b", "▁ as a blank"),
)
"What tells a change, and the change."
PROBES = (
    "Hello World, it's 3 o'clock.", "a b", "a,b", "it's", "3.14", "née", "行", "a\nb", " a", "",
    "<s> </s> [CLS] <unk>",
)  # fmt: skip
"Short texts, for of one with unknown parts little can be told."
READ = 2_000  # characters of the data that are read back


@dataclass(frozen=True)
class Known:
    """What a library tells of its ids."""

    names: tuple[str, ...]
    "Its name of each id, no two alike."
    pieces: tuple[bytes, ...]
    "The text of each; of special ones none."
    specials: Mapping[int, str]
    "Those that no text has, with the names that people know them by."
    unknown: int | None
    "That for what has no token; None if single bytes stand for it."
    ends: Sequence[int] = field(default=())
    "Those that may be the boundary, the best first."


@dataclass(frozen=True)
class LibraryTokenizer(Tokenizer):
    """A tokenizer that a library runs."""

    rewrites: ClassVar[bool] = True

    has_boundary: bool
    breaks: bool
    "Whether a sample may have a line feed in it."

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Self:
        """None is learned here: it comes from a file."""
        raise NotImplementedError

    @property
    @abstractmethod
    def known(self) -> Known:
        """What the library tells of its ids.

        Raises:
            MissingPackageError: if it is not installed.
            ValueError, KeyError, TypeError, AttributeError, RecursionError: if the file is damaged.
        """

    @property
    @abstractmethod
    def packed(self) -> str:
        """Its file as text."""

    @classmethod
    @abstractmethod
    def unpacked(cls, boundary: bool, breaks: bool, text: str) -> Self:
        """The tokenizer of a file that `packed` gave.

        Raises:
            ValueError: if it is none.
        """

    @property
    def fault(self) -> str:
        """Why it cannot be used; empty if it can.

        Raises:
            MissingPackageError: if its library is not installed.
        """
        try:
            _ = self.known
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return (repr(error) if isinstance(error, KeyError) else str(error)).rstrip(".")
        return ""

    def as_dict(self) -> dict[str, JSON]:
        """The tokenizer as JSON values, with its file."""
        return {
            "kind": self.kind,
            "boundary": self.has_boundary,
            "breaks": self.breaks,
            "model": self.packed,
        }

    @classmethod
    def from_dict(cls, value: JSONObject) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one.
            MissingPackageError: if the library is not installed.
        """
        record = read_record(Described, value, "The tokenizer")
        try:
            found = cls.unpacked(record.boundary, record.breaks, record.model)
            fault = found.fault
        except ValueError as error:
            fault = str(error).rstrip(".")
        if fault:
            raise RunError(f"The tokenizer file is damaged: model: {fault}.", hint="Train again.")
        return found

    @abstractmethod
    def cut(self, text: str) -> tuple[list[int], list[bytes]]:
        """The ids of a text, and what of it as it is read each stands for, with the lead."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The boundary is the library's own end of a text, or else one id more."""
        size, ends = len(self.known.names), self.known.ends
        if self.has_boundary:
            end = ends[0] if ends else size
            return Vocabulary(max(size, end + 1), end, end)
        first = [*ends, *self.known.specials, 0][0]
        return Vocabulary(size, None, first)

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of each id."""
        return (*self.known.pieces, *[b""] * (self.vocab_size - len(self.known.pieces)))

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """The library's names."""
        names = [*self.known.names, *[""] * (self.vocab_size - len(self.known.names))]
        if self.boundary is not None:
            names[self.boundary] = ""
        return tuple(names)

    @cached_property
    def changes(self) -> str:
        """As far as short texts tell."""
        return ", ".join(told for text, told in CHANGES if self.as_read(text) != text)

    @property
    def reveals(self) -> str:
        """Words of the text."""
        return "the tokens, if they were learned from the training text, are words and parts of it"

    @property
    def unknown(self) -> int | None:
        """The library's, if bytes do not stand for what is unknown."""
        return self.known.unknown

    @cached_property
    def lead(self) -> bytes:
        """A blank, if the library puts one before a text."""
        _, written = self.cut("a")
        return b" " if b"".join(written).startswith(b" ") else b""

    @cached_property
    def silent(self) -> frozenset[int]:
        """Special ids but the boundary, the unknown, and line feeds where no line has one."""
        found = set(self.known.specials) - {self.boundary}
        if self.unknown is not None:
            found.add(self.unknown)
        if not self.breaks:
            found.update(i for i, piece in enumerate(self.pieces) if b"\n" in piece)
        return frozenset(found)

    def checked(self, text: str) -> tuple[list[int], list[bytes]]:
        """As `cut`, of any text.

        Raises:
            UnknownTokenError: as `utf8`; or if the library reads a special token in it.
        """
        utf8(text)
        ids, written = self.cut(text)
        special = next((i for i in ids if i in self.known.specials), None)
        if special is not None:
            raise UnknownTokenError(
                f"The text has {self.known.specials[special]!r} in it, which its tokenizer reads "
                "as a special token.",
                hint="Write it otherwise: no text has such a token.",
            )
        return ids, written

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The ids of a text, shape (tokens,); names of special tokens are text like any other.

        Raises:
            UnknownTokenError: as `checked`.
        """
        return np.array(self.checked(text)[0], dtype=np.int64)

    def written(self, text: str) -> list[bytes]:
        """What each token stands for, that of unknown ones too."""
        _, found = self.checked(text)
        return [found[0].removeprefix(self.lead), *found[1:]] if found else []

    def as_read(self, text: str) -> str:
        """The text as the library has changed it."""
        return b"".join(self.written(text)).decode("utf-8", "replace")

    def label(self, token: int) -> str:
        """The text with signs for what leaves no ink; of halves of characters their bytes."""
        return self.labels[token]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All of them."""
        special = dict(self.known.specials)
        if self.unknown is not None:
            special[self.unknown] = "<unknown>"
        if self.boundary is not None:
            special[self.boundary] = BOUNDARY
        return labels_of(self.pieces, special)


@dataclass(frozen=True)
class Described:
    """A tokenizer that a library runs, in a file."""

    kind: Literal["sentencepiece", "tokenizers"]
    boundary: bool
    breaks: bool
    model: str


def byte_of(name: str) -> bytes:
    """The byte that a token of BYTES is."""
    return bytes([int(name[3:5], 16)])


def refuse_untrue(name: str, tokenizer: Tokenizer, texts: Texts) -> None:
    """Refuse a tokenizer whose ids are not the text that they are said to be.

    Raises:
        DataError: if a text as it is read has other ids than before, or its ids are another text.
    """
    heads = [text[:READ] for text in texts.train[:4]]
    for text in (*PROBES, *heads):
        try:
            ids, read = tokenizer.encode(text), tokenizer.as_read(text)
        except UnknownTokenError as error:
            if text not in heads:
                continue
            raise DataError(
                f"{name} has no token for what is unknown: {error.message}",
                hint="Take another tokenizer, or `tokens=characters`.",
                setting="tokens",
            ) from error
        known = tokenizer.unknown is None or not (ids == tokenizer.unknown).any()
        if known and (
            tokenizer.decode(ids) != read or tokenizer.encode(read).tolist() != ids.tolist()
        ):
            raise DataError(
                f"{name} cuts text in a way that cannot be undone here: {text[:60]!r} becomes "
                f"{tokenizer.decode(ids)[:60]!r}.",
                hint="Take another tokenizer, or `tokens=bpe`, which learns one of this data.",
                setting="tokens",
            )
