"""Between text and ids: a model of SentencePiece (Llama 2, T5, Gemma, XLNet …), run by its library.

Its ids are those that the library gives. Control symbols (`<s>`, `</s>`) are in no text: who types
one gets its letters. Symbols that the model's maker defined are text, each one token.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.extras import needing
from hornbook.tokenizers.contract import Ids, Texts
from hornbook.tokenizers.decoders import utf8
from hornbook.tokenizers.libraries import (
    BLANK,
    BYTES,
    Known,
    LibraryTokenizer,
    byte_of,
    refuse_untrue,
)

__all__ = ["SentencePieceTokenizer", "read_sentence_pieces"]


@dataclass(frozen=True)
class SentencePieceTokenizer(LibraryTokenizer):
    """A model of SentencePiece."""

    kind = "sentencepiece"
    libraries = ("sentencepiece",)

    model: bytes
    "The file, whole."

    @property
    def packed(self) -> str:
        """The file in base64."""
        return base64.b64encode(self.model).decode()

    @classmethod
    def unpacked(cls, boundary: bool, breaks: bool, text: str) -> Self:
        """The tokenizer of a file in base64.

        Raises:
            ValueError: if it is none.
        """
        return cls(boundary, breaks, base64.b64decode(text, validate=True))

    @cached_property
    def processor(self) -> Any:
        """What the library calls the model.

        Raises:
            MissingPackageError: if it is not installed.
            ValueError: if the file is none, or damaged.
        """
        with needing("sentencepiece", "A model of SentencePiece"):
            from sentencepiece import SentencePieceProcessor
        if not self.model:
            raise ValueError("it is empty")
        try:
            found = SentencePieceProcessor(model_proto=self.model)
            found.encode("a")
        except (RuntimeError, ValueError, TypeError) as error:
            raise ValueError(str(error).rpartition(") ")[2]) from error
        return found

    @cached_property
    def known(self) -> Known:
        """Its pieces, with blanks for ▁."""
        sp = self.processor
        names = tuple(sp.id_to_piece(i) for i in range(sp.vocab_size()))
        specials = {i: names[i] for i in range(len(names)) if sp.is_control(i) or sp.is_unused(i)}
        bytes_ = {i for i in range(len(names)) if sp.is_byte(i)}
        unknown = sp.unk_id()
        if len(bytes_) == len(BYTES):
            specials, unknown = {**specials, unknown: names[unknown]}, None
        pieces = [
            b"" if i in specials
            else "\ufffd".encode() if i == unknown
            else byte_of(name) if i in bytes_
            else name.replace(BLANK, " ").encode()
            for i, name in enumerate(names)
        ]  # fmt: skip
        ends = [i for i in (sp.eos_id(), sp.bos_id(), sp.pad_id()) if i in specials]
        return Known(names, tuple(pieces), specials, unknown, ends)

    @property
    def about(self) -> str:
        """How many there are, and what they change."""
        told = f"; they read {self.changes}" if self.changes else ""
        return f"SentencePiece, {len(self.known.names):,} pieces{told}"

    def cut(self, text: str) -> tuple[list[int], list[bytes]]:
        """The ids, and the pieces that the library names for them."""
        ids: list[int] = self.processor.encode(text, out_type=int)
        written = [
            name.replace(BLANK, " ").encode() if token == self.unknown else self.known.pieces[token]
            for token, name in zip(ids, self.processor.encode(text, out_type=str), strict=True)
        ]
        return ids, written

    def encode_many(self, texts: Sequence[str]) -> tuple[Ids, npt.NDArray[np.int64]]:
        """The ids of some texts, each encoded by itself, and how many each has."""
        for text in texts:
            utf8(text)
        found = self.processor.encode(list(texts), out_type=int) if texts else []
        ids = [token for each in found for token in each]
        lengths = np.array(list(map(len, found)), dtype=np.int64)
        return np.array(ids, dtype=self.vocabulary.dtype), lengths


def read_sentence_pieces(name: str, data: bytes, texts: Texts) -> SentencePieceTokenizer:
    """The tokenizer of a file.

    Raises:
        DataError: if it is none, or damaged, or cuts text in a way that cannot be undone.
        MissingPackageError: if the library is not installed.
    """
    found = SentencePieceTokenizer(texts.boundary, texts.breaks, data)
    if fault := found.fault:
        raise DataError(
            f"{name} is not a whole model of SentencePiece: {fault}.",
            hint="Copy or download it again.",
            setting="tokens",
        )
    refuse_untrue(name, found, texts)
    return found
