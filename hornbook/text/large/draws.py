"""Which split an example is of, told by its bytes and a seed: nothing else need be known.

The bytes are weighed by numbers of the seed, one for each place, and added up modulo 2⁶⁴; the upper
half of the sum, mixed, is where the example lies between 0 and 1 (multilinear hashing: Lemire and
Kaser 2014, "Strongly universal string hashing is fast"). So equal examples are of one split, and
none of dev or test is in train as well; the sizes of the splits are their shares but for chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Draw"]

PLACES = 2**16  # beyond these the weights come again
AT_ONCE = 2**20  # bytes
MIX = np.uint64(0x9E3779B97F4A7C15)


class Draw:
    """Draws a split for each example.

    Args:
        seed: of the draw.
        shares: of train, dev and test, in percent.
    """

    def __init__(self, seed: int, shares: Sequence[int]) -> None:
        weights = np.random.default_rng([seed, 0x5EED]).integers(
            0, 2**64, PLACES + 1, dtype=np.uint64
        )
        self.weights, self.length = weights[:-1], weights[-1]
        train, dev, _ = shares
        self.ends = np.array([train, train + dev], dtype=np.uint64) * np.uint64(2**32)
        self.ends //= np.uint64(100)

    def splits(self, examples: Sequence[str]) -> npt.NDArray[np.int64]:
        """Of each example the place of its split in train, dev, test; shape (examples,)."""
        found = [np.empty(0, dtype=np.int64)]
        every = [example.encode("utf-8", "surrogatepass") for example in examples]
        begin, size = 0, 0
        for end, one in enumerate(every, 1):
            size += len(one)
            if size >= AT_ONCE or end == len(every):
                found.append(self.of_bytes(every[begin:end]))
                begin, size = end, 0
        return np.concatenate(found)

    def of_bytes(self, every: Sequence[bytes]) -> npt.NDArray[np.int64]:
        """The same of a few, as UTF-8; none is empty."""
        lengths = np.fromiter(map(len, every), dtype=np.int64, count=len(every))
        ends = np.cumsum(lengths)
        return self.within(np.frombuffer(b"".join(every), dtype=np.uint8), ends - lengths, ends)

    def within(
        self, flat: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int64]:  # fmt: skip
        """The same of examples that stand in one array.

        Args:
            flat: bytes of UTF-8.
            starts: where each example begins, in their order, shape (examples,).
            ends: where each ends, beyond its start and at most where the next begins.
        """
        if not len(starts):
            return np.empty(0, dtype=np.int64)
        lengths, flat = ends - starts, flat[starts[0] : ends[-1]]
        spans = np.diff(starts, append=ends[-1])
        inside = np.arange(len(flat)) - np.repeat(starts - starts[0], spans)
        terms = (flat.astype(np.uint64) + np.uint64(1)) * self.weights[inside % PLACES]
        if not np.array_equal(spans, lengths):
            terms[inside >= np.repeat(lengths, spans)] = 0  # what stands between two examples
        sums = np.add.reduceat(terms, starts - starts[0])
        sums += lengths.astype(np.uint64) * self.length  # modulo 2⁶⁴
        mixed = (sums ^ (sums >> np.uint64(29))) * MIX
        place = (mixed ^ (mixed >> np.uint64(32))) >> np.uint64(32)
        found: npt.NDArray[np.int64] = np.searchsorted(self.ends, place, side="right")
        return found
