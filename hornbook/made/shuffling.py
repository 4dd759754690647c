"""The numbers below any size in a shuffled order, each found by itself.

A shuffle of a list needs the list; there are 95 thousand million million words of twelve letters.
Here a permutation is computed: a Feistel network, whose every round changes one half of a number
by what a hash makes of the other half, can be undone, and so meets every number once. The halves
are the digits of a number in two bases whose product is hardly more than the size (the
"generalised Feistel" of Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002); what
falls beyond the size goes through again until it does not.

Hashes are the same on every machine and in every version of Python, which no generator of random
numbers promises of all that it offers.
"""

from __future__ import annotations

import math
from hashlib import blake2b

__all__ = ["LARGEST", "drawn", "shuffled"]

ROUNDS = 4  # of two halves each
LARGEST = 2**900
"No more numbers than this are shuffled: a half is far below what a hash can draw."


def drawn(key: bytes, use: int, given: int) -> int:
    """A number below 2⁵¹² that follows from three others, and looks random."""
    return int.from_bytes(blake2b(b"%d,%d:%b" % (use, given, key)).digest(), "big")


def shuffled(index: int, size: int, key: bytes) -> int:
    """The number at place `index` of the numbers below `size`, shuffled.

    Args:
        index: from 0 to `size` - 1.
        size: from 1 to `LARGEST`.
        key: another one gives another order.
    """
    high = math.isqrt(size - 1) + 1  # high · low is at least the size
    low = -(-size // high)
    while True:
        left, right = divmod(index, low)
        for number in range(ROUNDS):
            left = (left + drawn(key, 2 * number, right)) % high
            right = (right + drawn(key, 2 * number + 1, left)) % low
        index = left * low + right
        if index < size:
            return index
