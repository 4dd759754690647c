"""Train, dev and test of pairs: all that are of one source on one side."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from hornbook.pairs.options import PairOptions
from hornbook.pairs.rows import Ids
from hornbook.rendering import many
from hornbook.tasks.splits import SPLITS, Parts, at_random, empty_split, refused_split

__all__ = ["numbered", "reader", "same_source", "split_pairs"]


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
    of = numbered(map(reader(options.lowercase), sources))
    different = int(of.max(initial=-1)) + 1
    by_source = at_random(different, options.shares, options.split_seed)
    sizes = np.bincount(by_source, minlength=len(SPLITS)).tolist()
    empty = empty_split(sizes, options.shares)
    if empty and options.split == "auto":
        return np.zeros(len(of), np.int8), "too little data to split: all of it is in train"
    if empty:
        raise refused_split(f"{where} has {many(different, 'different source')}", empty)
    again = len(of) - different
    told = f"{many(again, 'pair')} with a source that came before: in the same split as the first"
    return by_source[of], told if again else ""


def numbered(texts: Iterable[str]) -> Ids:
    """The number of each text, from 0, by where it comes first; shape (N,)."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in texts], np.int64)


def reader(lowercase: bool) -> Callable[[str], str]:
    """What makes one of sources that read the same.

    Args:
        lowercase: whether their tokens are made of them in lowercase.
    """
    if lowercase:
        return lambda text: same_source(text.lower())
    return same_source
