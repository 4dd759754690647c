"""A tokenizer of another kind, for tests: letters, with a boundary at any id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON, JSONObject
from hornbook.tokenizers.contract import Ids, Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.decoders import Decoder
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["Placed"]


class Letters(Decoder):
    def __init__(self, spelled: Sequence[str]) -> None:
        self.spelled = spelled

    def push(self, token: int) -> str:
        return self.spelled[token]

    def end(self) -> str:
        return ""


@dataclass(frozen=True)
class Placed(Tokenizer):
    """Letters in their order, and the boundary among them: it keeps the contract and no more."""

    kind = "placed"

    letters: str
    place: int

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Any:
        raise NotImplementedError

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(len(self.letters) + 1, self.place, self.place)

    @property
    def spelled(self) -> list[str]:
        return [*self.letters[: self.place], "", *self.letters[self.place :]]

    @property
    def pieces(self) -> list[bytes]:
        return [letter.encode() for letter in self.spelled]

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        return np.array([self.spelled.index(letter) for letter in text], dtype=np.int64)

    def decode(self, ids: Sequence[int] | Ids, *, begins: bool = True) -> str:
        return "".join(self.spelled[i] for i in ids)

    def decoder(self, *, begins: bool = True) -> Decoder:
        return Letters(self.spelled)

    def label(self, token: int) -> str:
        return self.spelled[token] or "|"

    @property
    def characters_each(self) -> npt.NDArray[np.int64]:
        return np.ones(self.vocab_size, dtype=np.int64)

    @property
    def bytes_each(self) -> npt.NDArray[np.int64]:
        return np.array([max(1, len(letter.encode())) for letter in self.spelled])

    def as_dict(self) -> dict[str, JSON]:
        return {"kind": self.kind, "letters": self.letters, "place": self.place}

    @classmethod
    def from_dict(cls, value: JSONObject) -> Any:
        raise NotImplementedError
