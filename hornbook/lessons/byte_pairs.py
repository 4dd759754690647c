"""Byte pairs from nothing: how GPT-2's tokens are found.

After Sennrich et al. 2016 (arXiv 1508.07909) and, for bytes, Radford et al. 2019. A text is bytes
at first, 256 different tokens. Then, again and again, the two tokens that stand side by side most
often become one new token, until there are as many as asked for:

    low low lower    l·o·w  l·o·w  l·o·w·e·r     l·o three times: one token
                     lo·w   lo·w   lo·w·e·r      lo·w three times: one token
                     low    low    low·e·r

To write a text in these tokens, the same merges are done to its bytes, in the same order. No text
is unknown, for every text has bytes; and frequent words are one token.

This is the readable one. It counts all pairs again for each merge, a hundredth of a second in a
hundred kilobytes; the library that trains real ones only counts what a merge has changed. Both find
the same merges (tests/test_byte_pairs.py).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = [
    "BYTES",
    "NUMBERS",
    "Merge",
    "Pair",
    "decode",
    "encode",
    "learn",
    "merged",
    "pairs",
    "words_of",
]

Pair = tuple[int, int]

# GPT-2 numbers the bytes that can be printed first: ! is 0, A is 32, the blank is 220.
PRINTED = [*range(33, 127), *range(161, 173), *range(174, 256)]
BYTES: Sequence[int] = (*PRINTED, *(byte for byte in range(256) if byte not in PRINTED))
NUMBERS: Mapping[int, int] = {byte: number for number, byte in enumerate(BYTES)}

# A word with the blank before it, a number, signs, white space: nothing is merged across their
# edges, or "dog", "dog." and "dog!" would be tokens of their own.
WORD = re.compile(r" ?[^\W\d_]+| ?\d+| ?(?:[^\w\s]|_)+|\s+(?!\S)|\s+")


@dataclass(frozen=True)
class Merge:
    """Two tokens that became one."""

    pair: Pair
    "The two."
    made: int
    "The new one: 256, 257, ..."
    times: int
    "How often they stood together when they were merged."
    spelled: bytes
    "What the new token stands for."


def words_of(text: str) -> list[str]:
    """A text, cut into words, numbers, signs and white space."""
    return WORD.findall(text)


def ids_of(word: str) -> list[int]:
    """The bytes of a word as tokens."""
    return [NUMBERS[byte] for byte in word.encode()]


def pairs(ids: Sequence[int]) -> Counter[Pair]:
    """How often each two tokens stand side by side."""
    return Counter(pairwise(ids))


def merged(ids: Sequence[int], pair: Pair, made: int) -> list[int]:
    """Tokens in which each pair has become one, from the left: of a·a·a the first two."""
    found, at = [], 0
    while at < len(ids):
        if tuple(ids[at : at + 2]) == pair:
            found.append(made)
            at += 2
        else:
            found.append(ids[at])
            at += 1
    return found


def learn(words: Sequence[str], merges: int) -> Iterator[Merge]:
    """Find the most frequent pair, merge it, and again; one merge at a time.

    Args:
        words: of a text, as often as they occur in it.
        merges: how many, at most: it ends where no pair is left. Of pairs that are equally
            frequent the one with the smaller numbers is taken.
    """
    spelled = [bytes([byte]) for byte in BYTES]
    counts = Counter(words)
    parts = {word: ids_of(word) for word in counts}
    for made in range(256, 256 + merges):
        together: defaultdict[Pair, int] = defaultdict(int)
        for word, times in counts.items():
            for pair in pairwise(parts[word]):
                together[pair] += times
        if not together:
            return
        best = min(together, key=lambda pair: (-together[pair], pair))
        for word, ids in parts.items():
            if best in pairwise(ids):
                parts[word] = merged(ids, best, made)
        spelled.append(spelled[best[0]] + spelled[best[1]])
        yield Merge(best, made, together[best], spelled[made])


def encode(text: str, merges: Sequence[Merge]) -> list[int]:
    """The tokens of a text: in each word the merge that was learned first, wherever it fits."""
    order = {merge.pair: merge.made for merge in merges}  # the lower, the earlier
    found = []
    for word in words_of(text):
        ids = ids_of(word)
        while known := [pair for pair in pairs(ids) if pair in order]:
            first = min(known, key=lambda pair: order[pair])
            ids = merged(ids, first, order[first])
        found += ids
    return found


def decode(ids: Sequence[int], merges: Sequence[Merge]) -> str:
    """The text of tokens; bytes that are half a character become the sign of what is unreadable."""
    spelled = [*(bytes([byte]) for byte in BYTES), *(merge.spelled for merge in merges)]
    return b"".join(spelled[number] for number in ids).decode(errors="replace")
