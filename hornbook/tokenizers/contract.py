"""What models, data and pictures ask of a tokenizer, whatever its tokens are.

Nothing outside this package asks what kind a tokenizer is, and nothing counts on a boundary: it may
be absent, and it may be any id.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON, JSONObject
from hornbook.tokenizers.decoders import ByteDecoder, Decoder
from hornbook.tokenizers.ids import Ids, ended, total
from hornbook.tokenizers.settings import TokenSettings
from hornbook.tokenizers.vocabulary import Texts, Vocabulary

__all__ = ["Ids", "Texts", "Tokenizer", "Vocabulary"]

BEGINNING = 2**20  # characters of a text that tell whether any is known


class Tokenizer(ABC):
    """Between text and ids, which run from 0 to `vocab_size - 1`.

    A kind says how text is encoded and which bytes each id stands for (`pieces`); how ids become
    text again and how much text they are follows from these.

    Attributes:
        kind: the name of this kind of tokenizer in a file, and of the setting that asks for it.
        unit: what people call one token: `character`, `word`; `token` where it has no other name.
    """

    kind: ClassVar[str]
    unit: ClassVar[str] = "token"
    rewrites: ClassVar[bool] = False
    "Whether `as_read` may be another text: no other tokens can then be made of it."
    any_bytes: ClassVar[bool] = False
    "Whether files that are not text can be written in these tokens, too."
    libraries: ClassVar[tuple[str, ...]] = ()
    "Packages whose next version could cut a text in another way."

    @classmethod
    @abstractmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Self:
        """The tokenizer of some texts.

        Raises:
            MissingPackageError: if a package that it needs is not installed.
            UnknownTokenError: if a text cannot be written in any such vocabulary.
        """

    @property
    @abstractmethod
    def vocabulary(self) -> Vocabulary:
        """What a model needs to know of this tokenizer."""

    @property
    @abstractmethod
    def pieces(self) -> Sequence[bytes]:
        """The UTF-8 that each id stands for, which may be half a character; of a boundary none."""

    @property
    @abstractmethod
    def spelled(self) -> Sequence[str]:
        """What tells each id from the others, and is the same in another tokenizer of this kind.

        As a rule the text that it stands for; of a boundary nothing.
        """

    @property
    def lead(self) -> bytes:
        """What the first token of every text begins with, and the text does not.

        It is the blank that some tokenizers put before it, so that its first word is like others.
        """
        return b""

    @property
    def errors(self) -> str:
        """What becomes of bytes that are not UTF-8, as `bytes.decode` has it."""
        return "replace"

    @property
    def about(self) -> str:
        """What its tokens are, in a few words for people."""
        return f"{self.unit}s"

    @property
    def changes(self) -> str:
        """What `as_read` makes of a text, where that cannot be undone; empty if nothing."""
        return ""

    @property
    def reveals(self) -> str:
        """What of the text itself the tokens tell, for who shares a run; empty if next to none."""
        return ""

    @property
    def unknown(self) -> int | None:
        """The id that stands for whatever has none of its own; None where all text has ids."""
        return None

    @property
    def silent(self) -> frozenset[int]:
        """Ids that are never sampled, since no text of this data has them: an unknown word's."""
        return frozenset() if self.unknown is None else frozenset([self.unknown])

    def as_read(self, text: str) -> str:
        """The text as this tokenizer reads it, which is what its ids decode to: in lowercase, say.

        What is trained on, and what samples are compared with, is text as it is read.
        """
        return text

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

    def written(self, text: str) -> Sequence[bytes]:
        """What of a text each of its tokens stands for, in UTF-8: together the text as it is read.

        Raises:
            UnknownTokenError: as `encode`.
        """
        pieces = self.pieces
        return [pieces[token] for token in self.encode(text)]

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

    def encode_ended(self, text: str) -> Ids:
        """The ids of lines as they are read, each encoded by itself, and a boundary after each.

        Args:
            text: lines, none of them empty, with a line feed after each, the last too.

        Returns:
            Ids in the vocabulary's `dtype`; only where a line ends is one the boundary.

        Raises:
            UnknownTokenError: as `encode`, of the first line that cannot be written.
            ValueError: if there is no boundary.
        """
        lines = text.split("\n")[:-1]
        return ended(*self.encode_many([self.as_read(line) for line in lines]), self.boundary)

    def decode(self, ids: Sequence[int] | Ids, *, begins: bool = True) -> str:
        """The text of ids; a boundary is not a character and leaves nothing.

        Bytes that are not UTF-8, as a model may draw them, become U+FFFD; those of a run on files
        that are not text stay what they are, as `surrogateescape` writes them.

        Args:
            ids: some.
            begins: whether they are the beginning of a text, where a `lead` is left out.
        """
        pieces = self.pieces
        whole = b"".join([pieces[i] for i in ids])
        return (whole.removeprefix(self.lead) if begins else whole).decode("utf-8", self.errors)

    def decoder(self, *, begins: bool = True) -> Decoder:
        """A decoder for ids that come one at a time; in all it gives what `decode` gives."""
        return ByteDecoder(self.pieces, self.errors, self.lead if begins else b"")

    @abstractmethod
    def label(self, token: int) -> str:
        """One id for people, each with a label of its own."""

    @cached_property
    def characters_each(self) -> npt.NDArray[np.int64]:
        """How many characters (code points) begin in each id, shape (V,); in a boundary, one.

        In an id for what is unknown none: nothing is known of the text that it stands for, and a
        figure per character is then one of the characters that were predicted.
        """
        found = [sum(byte & 0xC0 != 0x80 for byte in piece) for piece in self.pieces]
        return self.counted(found)

    @cached_property
    def bytes_each(self) -> npt.NDArray[np.int64]:
        """How many bytes of UTF-8 each id is, shape (V,); a boundary is one, an unknown none."""
        return self.counted(list(map(len, self.pieces)))

    def counted(self, each: Sequence[int]) -> npt.NDArray[np.int64]:
        """Sizes of the pieces as they count, shape (V,).

        Each example has one boundary, and one blank that is not its own if there is a `lead`: one
        is set off against the other.
        """
        sizes = np.array(each, dtype=np.int64)
        if self.boundary is not None:
            sizes[self.boundary] = 1 - len(self.lead)
        if self.unknown is not None:
            sizes[self.unknown] = 0
        return sizes

    def count_characters(self, ids: Ids) -> int:
        """How many characters ids stand for: what a loss per character is divided by.

        A boundary counts as one, for it stands for the end of a line in the file.
        """
        return total(self.characters_each, ids)

    def count_bytes(self, ids: Ids) -> int:
        """How many bytes of UTF-8 ids stand for; a boundary counts as one, as in `characters`."""
        return total(self.bytes_each, ids)

    @property
    def uncounted(self) -> int:
        """How many characters, and bytes, too many are counted in a text without a boundary."""
        return len(self.lead) if self.boundary is None else 0

    def count_unknown(self, ids: Ids) -> int:
        """How many ids are that of what is unknown."""
        return 0 if self.unknown is None else int((ids == self.unknown).sum())

    def knows(self, text: str) -> bool:
        """Whether any of a text, or of the beginning of a long one, is known.

        Raises:
            UnknownTokenError: as `encode`.
        """
        return self.unknown is None or bool((self.encode(text[:BEGINNING]) != self.unknown).any())

    def cuts(self, text: str) -> tuple[list[int], list[int]]:
        """How a text is cut: the ids, and how many bytes of it each stands for.

        Raises:
            UnknownTokenError: as `encode`.
        """
        return self.encode(text).tolist(), list(map(len, self.written(text)))

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
