"""A tokenizer of another kind, for tests: tokens of several characters and of half a one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON, JSONObject
from hornbook.tokenizers.contract import Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["Chunks"]

PIECES = (
    b"an", b"", b"anna", b"e ", b"never seen", "é".encode(), "👩\u200d".encode(),
    *(bytes([byte]) for byte in range(256)), b"be",
)  # fmt: skip
TABLE = {piece: token for token, piece in enumerate(PIECES)}
LONGEST = max(map(len, PIECES))


@dataclass(frozen=True)
class Chunks(Tokenizer):
    """The longest piece that a text goes on with, again and again; the boundary is id 1."""

    kind = "chunks"

    bounded: bool

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Any:
        return cls(texts.boundary)

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(len(PIECES), 1 if self.bounded else None, 1)

    @property
    def pieces(self) -> Sequence[bytes]:
        return PIECES

    @property
    def silent(self) -> frozenset[int]:
        return frozenset([PIECES.index(b"\n")] if self.bounded else [1])

    @property
    def spelled(self) -> Sequence[str]:
        return [piece.decode("latin-1") for piece in PIECES]

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        left, found = text.encode(), []
        while left:
            size = next(n for n in range(LONGEST, 0, -1) if left[:n] in TABLE)
            found.append(TABLE[left[:size]])
            left = left[size:]
        return np.array(found, dtype=np.int64)

    def label(self, token: int) -> str:
        return f"{token}:{PIECES[token]!r}"

    def as_dict(self) -> dict[str, JSON]:
        return {"kind": self.kind, "boundary": self.bounded}

    @classmethod
    def from_dict(cls, value: JSONObject) -> Any:
        return cls(bool(value["boundary"]))
