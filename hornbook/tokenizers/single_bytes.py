"""Between text and ids: the bytes of its UTF-8, each an id of its own.

Ids 0 to 255 are the bytes; where there is a boundary, it is 256. Nothing is unknown. Unlike
`characters` the vocabulary says nothing of the text; a character of another script takes two to
four tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON, JSONObject, read_record
from hornbook.tokenizers.contract import Ids, Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.decoders import utf8
from hornbook.tokenizers.labels import BOUNDARY, labels_of
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["ByteTokenizer", "bytes_of"]

BYTES = tuple(bytes([byte]) for byte in range(256))
LINE_FEED = 10
CONTROLS = frozenset((*range(32), 127)) - frozenset(b"\t\n")


@dataclass(frozen=True)
class ByteTokenizer(Tokenizer):
    """A tokenizer of bytes."""

    kind = "bytes"
    unit = "byte"
    any_bytes = True

    has_boundary: bool
    breaks: bool
    "Whether a sample may have a line feed in it."
    raw: bool = False
    "Whether they are those of files that are not text: samples are then bytes as they are, too."

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Self:
        """Nothing is learned but whether there is a boundary, and whether it ends every line."""
        return cls(texts.boundary, texts.breaks, texts.raw)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """256 ids, or with a boundary 257; a text's contexts begin with a line feed."""
        return Vocabulary(257, 256, 256) if self.has_boundary else Vocabulary(256, None, LINE_FEED)

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes, one each."""
        return (*BYTES, b"") if self.has_boundary else BYTES

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """The character with the number of the byte: halves of characters have no text."""
        return tuple(piece.decode("latin-1") for piece in self.pieces)

    @property
    def silent(self) -> frozenset[int]:
        """The line feed, where the boundary stands for every one of them."""
        return frozenset() if self.breaks else frozenset([LINE_FEED])

    @property
    def errors(self) -> str:
        """Of files that are not text, samples are none either: their bytes stay what they are."""
        return "surrogateescape" if self.raw else "replace"

    @property
    def about(self) -> str:
        """That they are not text, if so."""
        return "bytes, not all of them text" if self.raw else "bytes"

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The bytes of a text, shape (bytes,).

        Raises:
            UnknownTokenError: as `utf8`.
        """
        return np.frombuffer(bytes_of(text), dtype=np.uint8).astype(np.int64)

    def encode_many(self, texts: Sequence[str]) -> tuple[Ids, npt.NDArray[np.int64]]:
        """The bytes of some texts and how many each has, all at once."""
        every = [bytes_of(text) for text in texts]
        ids = np.frombuffer(b"".join(every), dtype=np.uint8)
        return ids.astype(self.vocabulary.dtype), np.array(list(map(len, every)), dtype=np.int64)

    def label(self, token: int) -> str:
        """The character of ASCII, or the byte's number in hexadecimal."""
        return self.labels[token]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All of them; control characters are no more to a byte than its number."""
        special = {byte: f"<{byte:02X}>" for byte in CONTROLS}
        return labels_of(self.pieces, special | ({256: BOUNDARY} if self.has_boundary else {}))

    def as_dict(self) -> dict[str, JSON]:
        """The tokenizer as JSON values."""
        told: dict[str, JSON] = {
            "kind": self.kind,
            "boundary": self.has_boundary,
            "breaks": self.breaks,
        }
        return {**told, "raw": True} if self.raw else told

    @classmethod
    def from_dict(cls, value: JSONObject) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one.
        """
        record = read_record(Described, value, "The tokenizer")
        return cls(record.boundary, record.breaks, record.raw)


@dataclass(frozen=True)
class Described:
    """A tokenizer of bytes in a file."""

    kind: Literal["bytes"]
    boundary: bool
    breaks: bool
    raw: bool = False


def bytes_of(text: str) -> bytes:
    """The bytes of a text, in which those that are not UTF-8 are as `surrogateescape` writes them.

    Raises:
        UnknownTokenError: as `utf8`, of other halves of surrogate pairs.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return utf8(text)
