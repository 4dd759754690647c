"""Between text and ids: byte pairs, as GPT-2 and what came after it.

A text is split by a pattern, and each part is its bytes. As long as two neighbours together are a
token, those that make the token of the lowest id become one (Sennrich et al. 2016, on bytes as
Radford et al. 2019). So the ids alone say how text is encoded, and nothing is unknown:

    ids 0 … 255      the bytes
    ids 256 …        what was joined, in the order in which it was learned
    then             special tokens, which no text has: the boundary is the first of them

Text is encoded by tiktoken where it is installed, else by tokenizers; both give the same ids.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError, UnknownTokenError
from hornbook.records import JSON, JSONObject, read_record
from hornbook.tokenizers.byte_pair_encoders import Encoder, encoder_of
from hornbook.tokenizers.byte_pair_learning import learn_byte_pairs
from hornbook.tokenizers.contract import Ids, Texts, Tokenizer, Vocabulary
from hornbook.tokenizers.decoders import utf8
from hornbook.tokenizers.labels import BOUNDARY, labels_of
from hornbook.tokenizers.settings import TokenSettings
from hornbook.tokenizers.splitting import PATTERNS

__all__ = ["BytePairTokenizer", "fault_of_tokens"]

END = "<|endoftext|>"


@dataclass(frozen=True)
class BytePairTokenizer(Tokenizer):
    """A tokenizer of byte pairs."""

    kind = "bpe"
    libraries = ("tiktoken", "tokenizers")

    tokens: tuple[bytes, ...]
    "The bytes of each id that is text; two that make one of these are joined, lowest id first."
    pattern: str
    "A name of PATTERNS, or a regular expression: what splits a text before anything is joined."
    specials: tuple[str, ...]
    "Names of the ids that follow, which no text has."
    has_boundary: bool
    "Whether the first of them is the boundary."
    breaks: bool
    "Whether a sample may have a line feed in it."

    @classmethod
    def learned(cls, texts: Texts, settings: TokenSettings) -> Self:
        """Byte pairs of train, `vocab_size` ids in all; fewer if there is no pair left to join.

        Raises:
            MissingPackageError: if `tokenizers` is not installed.
            UnknownTokenError: as `utf8`.
        """
        specials = (END,) if texts.boundary else ()
        size = settings.vocab_size - len(specials)
        pattern = "gpt4" if settings.pattern == "auto" else settings.pattern
        tokens = learn_byte_pairs(texts.train, size, PATTERNS[pattern])
        return cls(tokens, pattern, specials, texts.boundary, texts.breaks)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """A text's contexts begin with the first special token, or else with a line feed."""
        size = len(self.tokens) + len(self.specials)
        start = len(self.tokens) if self.specials else self.tokens.index(b"\n")
        return Vocabulary(size, start if self.has_boundary else None, start)

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of each id; of a special token none."""
        return (*self.tokens, *[b""] * len(self.specials))

    @cached_property
    def spelled(self) -> tuple[str, ...]:
        """The bytes, each as the character with its number: halves of characters have no text."""
        specials = [f"<{name}>\0" for name in self.specials]
        if self.has_boundary:
            specials[0] = ""
        return (*(token.decode("latin-1") for token in self.tokens), *specials)

    @property
    def about(self) -> str:
        """How many were joined."""
        return f"{len(self.tokens) - 256:,} byte pairs joined"

    @cached_property
    def silent(self) -> frozenset[int]:
        """Special tokens but the boundary, and what has a line feed in it where no line has one."""
        specials = range(len(self.tokens) + self.has_boundary, self.vocab_size)
        lines = () if self.breaks else (i for i, one in enumerate(self.tokens) if b"\n" in one)
        return frozenset([*specials, *lines])

    @cached_property
    def encoder(self) -> Encoder:
        """What encodes text.

        Raises:
            MissingPackageError: if neither tiktoken nor tokenizers is installed.
        """
        return encoder_of(self.tokens, PATTERNS.get(self.pattern, self.pattern))

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """The ids of a text, shape (tokens,); the name of a special token is text like any other.

        Raises:
            MissingPackageError: if neither tiktoken nor tokenizers is installed.
            UnknownTokenError: as `utf8`.
        """
        utf8(text)
        return self.encoder(text).astype(np.int64)

    def encode_many(self, texts: Sequence[str]) -> tuple[Ids, npt.NDArray[np.int64]]:
        """The ids of some texts, each encoded by itself, and how many each has."""
        try:
            utf8("".join(texts))
        except UnknownTokenError:
            for text in texts:
                utf8(text)  # to name the text that the half of a pair stands in
            raise
        ids, lengths = self.encoder.many(texts)
        return ids.astype(self.vocabulary.dtype), lengths

    def encode_ended(self, text: str) -> Ids:
        """The ids of lines, each encoded by itself, and a boundary after each; all at once."""
        try:
            utf8(text)
        except UnknownTokenError:
            return super().encode_ended(text)  # which names the line that the half stands in
        if self.boundary is None:
            return super().encode_ended(text)  # which refuses it
        return self.encoder.ended(text, self.boundary).astype(self.vocabulary.dtype)

    def label(self, token: int) -> str:
        """The text with signs for what leaves no ink; of halves of characters their bytes."""
        return self.labels[token]

    @property
    def reveals(self) -> str:
        """Words of the text."""
        return "the tokens, if they were learned from the training text, are words and parts of it"

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All of them."""
        first = len(self.tokens)
        special = {first + at: name for at, name in enumerate(self.specials)}
        if self.has_boundary:
            special[first] = BOUNDARY
        return labels_of(self.pieces, special)

    def as_dict(self) -> dict[str, JSON]:
        """The tokenizer as JSON values, its tokens in base64 as in tiktoken's files."""
        return {
            "kind": self.kind,
            "boundary": self.has_boundary,
            "breaks": self.breaks,
            "pattern": self.pattern,
            "specials": list(self.specials),
            "tokens": [base64.b64encode(token).decode() for token in self.tokens],
        }

    @classmethod
    def from_dict(cls, value: JSONObject) -> Self:
        """The tokenizer that `as_dict` described.

        Raises:
            RunError: if the value does not describe one.
        """
        record = read_record(Described, value, "The tokenizer")
        try:
            tokens = tuple(base64.b64decode(token, validate=True) for token in record.tokens)
            fault = fault_of_tokens(tokens)
        except (binascii.Error, ValueError) as error:
            fault = f"must be in base64: {error}"
        if record.boundary and not record.specials:
            fault = "there is a boundary, and no special token for it"
        if fault:
            raise RunError(f"The tokenizer file is damaged: tokens: {fault}.", hint="Train again.")
        return cls(tokens, record.pattern, record.specials, record.boundary, record.breaks)


@dataclass(frozen=True)
class Described:
    """A tokenizer of byte pairs in a file."""

    kind: Literal["bpe"]
    boundary: bool
    breaks: bool
    pattern: str
    specials: tuple[str, ...]
    tokens: tuple[str, ...]


def fault_of_tokens(tokens: Sequence[bytes]) -> str:
    """Why some byte strings cannot be the tokens of byte pairs; empty if they can."""
    known = set(tokens)
    if len(known) < len(tokens):
        return "some occur twice"
    if missing := [byte for byte in range(256) if bytes([byte]) not in known]:
        return f"{len(missing)} of the 256 bytes are missing, the first is {missing[0]:#04x}"
    return "one is empty" if b"" in known else ""
