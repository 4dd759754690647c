"""One piece of a large text as ids, and the bytes by which processes hand them on."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hornbook.text.corpus import SPLITS
from hornbook.text.large.draws import Draw
from hornbook.text.large.reading import examples_of
from hornbook.text.layout import Layout, Mode, Separator
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["EncodedPart", "Job", "Part"]

HEAD = struct.Struct("<7Q")


class Part(NamedTuple):
    """A stretch of text."""

    split: int
    "The place of its split in SPLITS; of lines, which are drawn, -1."
    text: str
    before: str = ""
    "What stands before the split, where it begins here: the context of its first predictions."


@dataclass(frozen=True)
class EncodedPart:
    """What a piece adds to one split."""

    ids: npt.NDArray[np.unsignedinteger[Any]]
    "Shape (tokens,), in the vocabulary's `dtype`; of lines with a boundary after each example."
    ends: npt.NDArray[np.uint32]
    "Where in them those boundaries are, shape (examples,); empty of a text."
    characters: int
    bytes: int
    unknown: int
    longest: int
    "Tokens of the longest example."
    context: int = 0
    "How many of the ids, at the beginning, are of what stands before the split."

    def packed(self) -> bytearray:
        """All of it as bytes."""
        counts = (self.characters, self.bytes, self.unknown, self.longest, self.context)
        head = HEAD.pack(len(self.ids), len(self.ends), *counts)
        return bytearray().join([head, self.ids.tobytes(), self.ends.tobytes()])

    @classmethod
    def unpacked(
        cls, data: memoryview, dtype: type[np.unsignedinteger[Any]]
    ) -> tuple[EncodedPart, memoryview]:
        """What was packed, and the bytes after it."""
        ids, ends, *counts = HEAD.unpack_from(data)
        size = ids * np.dtype(dtype).itemsize
        found = np.frombuffer(data, dtype, ids, HEAD.size)
        places = np.frombuffer(data, np.uint32, ends, HEAD.size + size)
        return cls(found, places, *counts), data[HEAD.size + size + 4 * ends :]


@dataclass(frozen=True)
class Job:
    """How the pieces of a text become ids."""

    tokenizer: Tokenizer
    mode: Mode
    separator: Separator
    seed: int
    shares: tuple[int, int, int]

    def encoded(self, parts: Sequence[Part]) -> list[EncodedPart]:
        """What some parts add to train, dev and test.

        Raises:
            UnknownTokenError: if a token is not in the vocabulary.
        """
        found: list[list[str]] = [[] for _ in SPLITS]
        context = [""] * len(SPLITS)
        for part in parts:
            if part.split >= 0:
                found[part.split].append(part.text)
                context[part.split] = part.before
                continue
            examples = examples_of(part.text, Layout(self.mode, self.separator, ""))
            places = Draw(self.seed, self.shares).splits(examples)
            for at, chosen in enumerate(found):
                chosen += compress(examples, (places == at).tolist())
        return [self.of_split(*both) for both in zip(found, context, strict=True)]

    def of_split(self, texts: Sequence[str], before: str = "") -> EncodedPart:
        """What some texts add to the split that they are of, and what stands before it."""
        tokenizer = self.tokenizer
        context = tokenizer.encode_many([tokenizer.as_read(before)])[0] if before else None
        ids, lengths = tokenizer.encode_many([tokenizer.as_read(text) for text in texts])
        ends = np.empty(0, dtype=np.int64)
        if self.mode == "lines":
            assert tokenizer.boundary is not None  # of lines there is one
            ends = np.cumsum(lengths + 1) - 1
            whole = np.full(len(ids) + len(texts), tokenizer.boundary, dtype=ids.dtype)
            inside = np.ones(len(whole), dtype=bool)
            inside[ends] = False
            whole[inside] = ids
            ids = whole
        return EncodedPart(
            ids if context is None else np.concatenate([context, ids]),  # type: ignore[arg-type]
            ends.astype(np.uint32),
            tokenizer.count_characters(ids),
            tokenizer.count_bytes(ids),
            tokenizer.count_unknown(ids),
            int(lengths.max(initial=0)),
            0 if context is None else len(context),
        )
