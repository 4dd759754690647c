"""Train, dev and test of pairs: all that are of one source on one side."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from hornbook.pairs.options import PairOptions
from hornbook.rendering import many
from hornbook.tasks.splits import SPLITS, Parts, at_random, empty_split, refused_split
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["reader", "same_source", "split_pairs"]


def same_source(text: str) -> str:
    """What a source has in common with those that read the same.

    An accent is one character or a letter with a mark behind it, and white space is more or less
    wide: a source that stands in train with the other one tells its answer as well.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def split_pairs(sources: Sequence[str], options: PairOptions, where: str) -> tuple[Parts, str]:
    """Of each pair the place of its split in SPLITS, shape (N,), and what to say of it.

    A source that stands in train tells its answer: dev and test have none of them, however its
    accents and white space are written; nor in other case, where tokens are read in lowercase.

    Args:
        sources: of the pairs, as they are read.
        options: shares, and the seed.
        where: the pairs came from, for messages.

    Raises:
        DataError: if a split that was asked for would be empty.
    """
    numbers: dict[str, int] = {}
    read = map(reader(options), sources)
    of = np.array([numbers.setdefault(one, len(numbers)) for one in read], np.int64)
    by_source = at_random(len(numbers), options.shares, options.split_seed)
    sizes = np.bincount(by_source, minlength=len(SPLITS)).tolist()
    empty = empty_split(sizes, options.shares)
    if empty and options.split == "auto":
        return np.zeros(len(of), np.int8), "too little data to split: all of it is in train"
    if empty:
        raise refused_split(f"{where} has {many(len(numbers), 'different source')}", empty)
    again = len(of) - len(numbers)
    told = f"{many(again, 'pair')} of sources that stand before: on one side with them"
    return by_source[of], told if again else ""


def reader(options: TokenSettings) -> Callable[[str], str]:
    """What makes one of sources that tokens made so read the same."""
    if options.lowercase:
        return lambda text: same_source(text.lower())
    return same_source
