"""The first pass over a large text: how long it is, which characters it has, a sample of train."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hornbook.errors import DataError
from hornbook.text.large.draws import Draw
from hornbook.text.large.reading import PIECE, FileMark, LargeText, Reading, examples_of
from hornbook.tokenizers.characters import POINTS, mark

__all__ = ["SAMPLE", "Survey", "survey"]

SAMPLE = 2**24  # characters of train that tokens are learned from, at most


@dataclass(frozen=True)
class Survey:
    """What the first pass found."""

    files: tuple[FileMark, ...]
    characters: int
    alphabet: str
    "Every character, sorted; of lines without what parts the examples."
    sample: tuple[str, ...]
    "Examples or stretches of train, evenly spread."


def survey(text: LargeText, draw: Draw, train: int, told: Reading | None = None) -> Survey:
    """Read all of a text once.

    Args:
        text: in pieces.
        draw: which split an example is of.
        train: share of train, in percent: the beginning, of one long text.
        told: of the bytes that were read.

    Raises:
        DataError, EncodingError: as `LargeText.pieces`; or if there is no text in it.
    """
    seen = np.zeros(POINTS, dtype=bool)
    count, stretches = 0, list[tuple[int, str]]()
    # Of each piece so much, that of all together it is about SAMPLE.
    each = max(1_000, int(SAMPLE * PIECE / max(text.size, SAMPLE) * 100 / max(1, train)))
    lines = text.layout.mode == "lines"
    for piece in text.pieces(told):
        if lines and text.layout.separator == "blank":
            mark(seen, "".join(examples_of(piece, text.layout)))
        else:
            mark(seen, piece)
        taken = piece if len(piece) <= each else piece[:each]
        if lines and len(taken) < len(piece):
            taken = taken[: taken.rfind("\n") + 1]
        stretches.append((count, taken))
        count += len(piece)
    if lines and text.layout.separator == "line":
        seen[ord("\n")] = False
    alphabet = "".join(map(chr, np.flatnonzero(seen).tolist()))
    if not alphabet.strip():
        raise DataError(f"{text.source.where} is empty.", hint="Use a file that contains text.")
    end = count * train // 100
    sample = tuple(of_train(text, stretches, draw) if lines else before(stretches, end))
    return Survey(tuple(text.marks), count, alphabet, sample)


def before(stretches: list[tuple[int, str]], end: int) -> Iterator[str]:
    """What of some stretches of a text stands before a place."""
    for at, stretch in stretches:
        if at < end:
            yield stretch[: end - at]


def of_train(text: LargeText, stretches: list[tuple[int, str]], draw: Draw) -> Iterator[str]:
    """The examples of some stretches that are of train."""
    for _, stretch in stretches:
        examples = examples_of(stretch, text.layout)
        for example, split in zip(examples, draw.splits(examples), strict=True):
            if split == 0:
                yield example
