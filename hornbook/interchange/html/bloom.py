"""A Bloom filter of the training examples (Bloom 1970), so that copies are marked.

The bits of a text are at (a + i · b) mod n for i = 0, 1, …, with a and b from the 32-bit FNV-1a
hashes of its UTF-8, from two beginnings and each stirred at the end as MurmurHash3 does it (two
hashes do for all: Kirsch and Mitzenmacher 2006). That n is a prime, b at least 1 and n not small
keeps the bits of a text apart; else a few examples would have many more errors than are told.
`page/bloom.js` has the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Bloom"]

WRONG = 1e-4  # texts that are taken for examples and are none
BEGINNINGS = (0x811C9DC5, 0x9747B28C)
MASK = 0xFFFFFFFF
FEWEST = 4_093  # bits: half a kilobyte


@dataclass(frozen=True)
class Bloom:
    """Which texts are examples, but for a known share of errors.

    What it does not hold is none; what it holds is one, or one of the few that are taken for one.
    """

    bits: int
    hashes: int
    array: npt.NDArray[np.uint8]
    "The bits, eight in a byte, the lowest first."

    @classmethod
    def of(cls, texts: Sequence[str], wrong: float = WRONG) -> Bloom:
        """The filter of some texts.

        Args:
            texts: the examples.
            wrong: share of other texts that may be taken for one.
        """
        count = max(1, len(set(texts)))
        best = math.ceil(-count * math.log(wrong) / math.log(2) ** 2)
        hashes = max(1, round(best / count * math.log(2)))
        bits = prime_from(max(FEWEST, best))
        array = np.zeros(-(-bits // 8), dtype=np.uint8)
        made = cls(bits, hashes, array)
        for text in set(texts):
            for at in made.places(text):
                array[at >> 3] |= np.uint8(1 << (at & 7))
        return made

    def places(self, text: str) -> list[int]:
        """The bits of a text."""
        data = text.encode("utf-8", "replace")
        a, b = stirred(data, BEGINNINGS[0]), 1 + stirred(data, BEGINNINGS[1]) % (self.bits - 1)
        return [(a + i * b) % self.bits for i in range(self.hashes)]

    def __contains__(self, text: str) -> bool:
        return all(self.array[at >> 3] >> (at & 7) & 1 for at in self.places(text))

    @property
    def wrong(self) -> float:
        """Share of other texts that are taken for examples: that of the bits set, to the power."""
        full = np.unpackbits(self.array).sum() / self.bits
        return float(full**self.hashes)


def prime_from(number: int) -> int:
    """The first odd prime that is at least a number."""
    number |= 1
    while any(number % divisor == 0 for divisor in range(3, math.isqrt(number) + 1, 2)):
        number += 2
    return number


def stirred(data: bytes, begin: int) -> int:
    """A 32-bit hash of some bytes."""
    h = begin
    for byte in data:
        h = (h ^ byte) * 0x01000193 & MASK
    h = (h ^ h >> 16) * 0x85EBCA6B & MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & MASK
    return h ^ h >> 16
