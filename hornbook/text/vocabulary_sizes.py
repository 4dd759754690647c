"""What byte pairs of several sizes would make of a text: how short it gets, and how rare they are.

The tokens of a smaller vocabulary are the first of a larger one, so one is learned, the largest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hornbook.text.corpus import Splits
from hornbook.text.losses import share
from hornbook.tokenizers.byte_pair_encoders import encoder_of
from hornbook.tokenizers.byte_pair_learning import learn_byte_pairs
from hornbook.tokenizers.splitting import PATTERNS

__all__ = ["SIZES", "VocabularySize", "beginning", "vocabulary_sizes"]

SIZES = (256, 512, 1024, 4096, 16384)
RARE = 10  # a token that occurs less often is rare
LEARNED = 8_000_000  # characters that are read, where nothing else is asked


@dataclass(frozen=True)
class VocabularySize:
    """Byte pairs of one size."""

    size: int
    "Number of ids: 256 are the bytes alone."
    split: str
    "That was encoded: dev, where there is one."
    tokens_per_byte: float
    rare: float
    "Share of the vocabulary that train has fewer than ten times."


def vocabulary_sizes(
    splits: Splits, sizes: tuple[int, ...] = SIZES, pattern: str = "gpt4", most: int = LEARNED
) -> Iterator[VocabularySize]:
    """What byte pairs of each size would make of a text, as far as it has so many pairs.

    Args:
        splits: of the text; learned from train, or its beginning.
        sizes: in their order.
        pattern: a name of PATTERNS.
        most: characters of train that are learned from, and of dev that are encoded.

    Raises:
        MissingPackageError: if `tokenizers` is not installed.
        UnknownTokenError: as `utf8`.
    """
    train = beginning(splits.train, most)
    split = "dev" if splits.dev else "train"
    held = beginning(splits[split], most)
    tokens = learn_byte_pairs(train, max(sizes), PATTERNS[pattern])
    size_of_held = sum(len(text.encode()) for text in held)
    for size in sizes:
        if size > len(tokens):
            return
        encode = encoder_of(tokens[:size], PATTERNS[pattern])
        counts = np.zeros(size, dtype=np.int64)
        for text in train:
            counts += np.bincount(encode(text), minlength=size)
        found = sum(len(encode(text)) for text in held)
        rare = float((counts < RARE).mean())
        yield VocabularySize(size, split, share(found, size_of_held), rare)


def beginning(texts: tuple[str, ...], most: int) -> list[str]:
    """The first texts, as many characters as are learned from."""
    found, left = [], most
    for text in texts:
        found.append(text[:left])
        left -= len(text)
        if left <= 0:
            break
    return found
