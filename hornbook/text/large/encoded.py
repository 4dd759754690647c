"""One piece of a large text as ids, and the bytes by which processes hand them on."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hornbook.text.corpus import SPLITS
from hornbook.text.large.draws import Draw
from hornbook.text.large.reading import examples_of, lines_of
from hornbook.text.layout import Layout, Mode, Separator
from hornbook.tokenizers.contract import Tokenizer
from hornbook.tokenizers.ids import Ids, ended

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
        if self.mode == "lines":
            return self.of_lines("".join([part.text for part in parts]))
        found: list[list[str]] = [[] for _ in SPLITS]
        context = [""] * len(SPLITS)
        for part in parts:
            found[part.split].append(part.text)
            context[part.split] = part.before
        return [self.of_texts(*both) for both in zip(found, context, strict=True)]

    def of_lines(self, piece: str) -> list[EncodedPart]:
        """What examples add to train, dev and test; each is drawn into one of these.

        All are encoded at once, and told apart as ids: what is done for each alone takes longer
        than to encode it.
        """
        tokenizer, draw = self.tokenizer, Draw(self.seed, self.shares)
        if self.separator == "line":
            text = lines_of(piece)
            ids, places = tokenizer.encode_ended(text), draw.of_lines(text)
        else:
            examples = examples_of(piece, Layout(self.mode, self.separator, ""))
            read = [tokenizer.as_read(example) for example in examples]
            ids = ended(*tokenizer.encode_many(read), tokenizer.boundary)
            places = draw.splits(examples)
        lengths = np.diff(np.flatnonzero(ids == tokenizer.boundary), prepend=-1)
        split_of_each = np.repeat(places.astype(np.uint8), lengths)
        found = []
        for split in range(len(SPLITS)):
            chosen = lengths[places == split]
            ends, longest = np.cumsum(chosen) - 1, int(chosen.max(initial=1)) - 1
            found.append(self.part(ids[split_of_each == split], ends, longest))
        return found

    def of_texts(self, texts: Sequence[str], before: str) -> EncodedPart:
        """What stretches of a text add to the split that they are of, and what stands before it."""
        tokenizer = self.tokenizer
        context = tokenizer.encode_many([tokenizer.as_read(before)])[0] if before else None
        ids, lengths = tokenizer.encode_many([tokenizer.as_read(text) for text in texts])
        return self.part(ids, np.empty(0, np.int64), int(lengths.max(initial=0)), context)

    def part(
        self, ids: Ids, ends: npt.NDArray[np.int64], longest: int, context: Ids | None = None
    ) -> EncodedPart:
        """What some ids add, with their counts; the context is not counted."""
        tokenizer = self.tokenizer
        return EncodedPart(
            ids if context is None else np.concatenate([context, ids]),  # type: ignore[arg-type]
            ends.astype(np.uint32),
            tokenizer.count_characters(ids),
            tokenizer.count_bytes(ids),
            tokenizer.count_unknown(ids),
            longest,
            0 if context is None else len(context),
        )
