"""What models, data and pictures ask of a tokenizer, whatever its tokens are.

Nothing outside this package asks what kind a tokenizer is, and nothing counts on a boundary: it may
be absent, and it may be any id.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON, JSONObject

__all__ = ["Decoder", "Ids", "Tokenizer", "Vocabulary"]

Ids = npt.NDArray[np.integer[Any]]

PIECE = 2**20  # ids counted at a time


@dataclass(frozen=True)
class Vocabulary:
    """What a model needs to know of a tokenizer.

    Raises:
        ValueError: if there is a boundary, and contexts begin with something else.
    """

    size: int
    "Number V of ids."
    boundary: int | None
    "Id of the boundary token before, between and after examples; None if there is none."
    start: int
    "The id that fills a context before the first token: the boundary token, if there is one."

    def __post_init__(self) -> None:
        if self.boundary not in (None, self.start):
            raise ValueError(
                f"start must be the boundary token {self.boundary}; it is {self.start}"
            )

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """The smallest unsigned type that holds every id."""
        return np.uint8 if self.size <= 2**8 else np.uint16 if self.size <= 2**16 else np.uint32


class Decoder(ABC):
    """Turns ids into text as they come, one sequence for each decoder.

    A token may be half a character: what is not certain yet is held back until it is.
    """

    @abstractmethod
    def push(self, token: int) -> str:
        """Read one more id; the text that is certain now and was not before, perhaps none."""

    @abstractmethod
    def end(self) -> str:
        """What was held back, when no more ids come."""


class Tokenizer(ABC):
    """Between text and ids, which run from 0 to `vocab_size - 1`.

    Attributes:
        kind: the name of this kind of tokenizer in a file.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def vocabulary(self) -> Vocabulary:
        """What a model needs to know of this tokenizer."""

    @property
    @abstractmethod
    def spelled(self) -> Sequence[str]:
        """What tells each id from the others, and is the same in another tokenizer of this kind.

        As a rule the text that it stands for; of a boundary nothing.
        """

    @property
    def vocab_size(self) -> int:
        """Number of ids, the boundary among them."""
        return self.vocabulary.size

    @property
    def boundary(self) -> int | None:
        """The id that stands between examples; None where there is none."""
        return self.vocabulary.boundary

    @property
    def start(self) -> int:
        """The id that fills a context before anything was read."""
        return self.vocabulary.start

    @abstractmethod
    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The ids of a text, shape (tokens,); never a boundary.

        Raises:
            UnknownTokenError: if the text cannot be written in this vocabulary.
        """

    def encode_into(self, out: Ids, text: str) -> None:
        """Write the ids of a text into an array of as many, of any type that holds them.

        Raises:
            UnknownTokenError: as `encode`.
        """
        out[...] = self.encode(text)

    def encode_many(self, texts: Sequence[str]) -> tuple[Ids, npt.NDArray[np.int64]]:
        """The ids of some texts, each encoded by itself.

        Returns:
            The ids of all of them one after the other, in the vocabulary's `dtype`, and how many
            each text has, shape (texts,).

        Raises:
            UnknownTokenError: as `encode`, of the first text that cannot be written.
        """
        found = [self.encode(text).astype(self.vocabulary.dtype) for text in texts]
        lengths = np.array([len(ids) for ids in found], dtype=np.int64)
        return np.concatenate([np.empty(0, self.vocabulary.dtype), *found]), lengths

    @abstractmethod
    def decode(self, ids: Sequence[int] | Ids) -> str:
        """The text of ids; a boundary is no character and leaves nothing."""

    @abstractmethod
    def decoder(self) -> Decoder:
        """A decoder for ids that come one at a time; in all it gives what `decode` gives."""

    @abstractmethod
    def label(self, token: int) -> str:
        """One id for people, each with a label of its own."""

    @property
    @abstractmethod
    def characters_each(self) -> npt.NDArray[np.int64]:
        """How many characters (code points) begin in each id, shape (V,); in a boundary, one."""

    @property
    @abstractmethod
    def bytes_each(self) -> npt.NDArray[np.int64]:
        """How many bytes of UTF-8 each id is, shape (V,); a boundary is one."""

    def count_characters(self, ids: Ids) -> int:
        """How many characters ids stand for: what a loss per character is divided by.

        A boundary counts as one, for it stands for the end of a line in the file.
        """
        return total(self.characters_each, ids)

    def count_bytes(self, ids: Ids) -> int:
        """How many bytes of UTF-8 ids stand for; a boundary counts as one, as in `characters`."""
        return total(self.bytes_each, ids)

    @abstractmethod
    def as_dict(self) -> dict[str, JSON]:
        """The tokenizer as JSON values, its `kind` among them."""

    @classmethod
    @abstractmethod
    def from_dict(cls, value: JSONObject) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one of this kind.
        """


def total(each: npt.NDArray[np.int64], ids: Ids) -> int:
    """The sum of `each[ids]`, of ids of any shape, without an array as large as they are."""
    flat = ids.reshape(-1)
    return sum(int(each[flat[at : at + PIECE]].sum()) for at in range(0, len(flat), PIECE))
