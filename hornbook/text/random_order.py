"""A random order of many numbers, which need not be held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.text.stream import Ids

__all__ = ["RandomOrder"]

HELD = 2**24  # numbers, at most, whose order is held: 64 MB
ROUNDS = 6
FACTORS = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9], dtype=np.uint64)  # of SplitMix64

Numbers = npt.NDArray[np.uint64]


class RandomOrder:
    """The numbers below n in a random order, a function of n and the seed.

    Up to 2²⁴ of them it is the permutation that NumPy's generator draws, in 4 bytes a number. Of
    more, the number at each place is computed when it is asked for: a Feistel network permutes the
    numbers below a power of four, and what it maps to n or above is mapped again, until it is below
    n (Black and Rogaway 2002, "Ciphers with Arbitrary Finite Domains", cycle walking).

    Args:
        n: how many.
        seed: whole numbers of at least 0.
    """

    def __init__(self, n: int, seed: Sequence[int]) -> None:
        self.n = n
        rng = np.random.default_rng(seed)
        self.held: npt.NDArray[np.unsignedinteger[Any]] | None = None
        if n <= HELD:
            # As `rng.permutation`, in half of its memory.
            self.held = np.arange(n, dtype=np.uint32)
            rng.shuffle(self.held)
            return
        self.half = np.uint64(-(-(n - 1).bit_length() // 2))  # bits of each half of a number
        self.mask = np.uint64((1 << int(self.half)) - 1)
        self.keys = rng.integers(0, 2**64, (ROUNDS, 1), dtype=np.uint64)

    def __getitem__(self, places: slice) -> Ids:
        """The numbers at some places, shape (N,)."""
        if self.held is not None:
            return self.held[places].astype(np.int64)
        numbers = np.arange(*places.indices(self.n), dtype=np.uint64)
        wrong = np.arange(len(numbers))
        while len(wrong):
            numbers[wrong] = self.permuted(numbers[wrong])
            wrong = wrong[numbers[wrong] >= self.n]
        return numbers.astype(np.int64)

    def permuted(self, numbers: Numbers) -> Numbers:
        """Other numbers below the power of four, each from one only."""
        left, right = numbers >> self.half, numbers & self.mask
        for key in self.keys:
            mixed = (right + key) * FACTORS[:1]  # modulo 2⁶⁴
            mixed = (mixed ^ (mixed >> np.uint64(29))) * FACTORS[1:]
            left, right = right, left ^ (mixed >> np.uint64(32)) & self.mask
        return (left << self.half) | right
