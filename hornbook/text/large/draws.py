"""Which split an example is of, told by its bytes and a seed: nothing else need be known.

The bytes are weighed by numbers of the seed, one for each place, and added up modulo 2⁶⁴; the upper
half of the sum, mixed, is where the example lies between 0 and 1 (multilinear hashing: Lemire and
Kaser 2014, "Strongly universal string hashing is fast"). So equal examples are of one split, and
none of dev or test is in train as well; the sizes of the splits are their shares but for chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["Draw"]

PLACES = 2**16  # beyond these the weights come again
AT_ONCE = 2**16  # bytes: what they need on the way stays in the processor's cache
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
        every = [example.encode("utf-8", "surrogatepass") for example in examples]
        lengths = np.fromiter(map(len, every), dtype=np.int64, count=len(every))
        ends = np.cumsum(lengths)
        return self.within(np.frombuffer(b"".join(every), dtype=np.uint8), ends - lengths, ends)

    def of_lines(self, text: str) -> npt.NDArray[np.int64]:
        """The same of lines, none of them empty, in a text that has a line feed after each."""
        flat = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
        ends = np.flatnonzero(flat == ord("\n"))
        starts = np.zeros_like(ends)
        starts[1:] = ends[:-1] + 1
        return self.within(flat, starts, ends)

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
        firsts = np.searchsorted(starts, np.arange(starts[0], ends[-1], AT_ONCE))
        bounds = np.unique(np.append(firsts, len(starts))).tolist()
        sums = [self.sums(flat, starts[at:to], ends[at:to]) for at, to in pairwise(bounds)]
        found = np.concatenate(sums)
        found ^= found >> np.uint64(29)
        found *= MIX
        place = (found ^ (found >> np.uint64(32))) >> np.uint64(32)
        return np.searchsorted(self.ends, place, side="right")

    def sums(
        self, flat: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.uint64]:  # fmt: skip
        """The weighed sums of a few examples, and of their lengths; arguments as of `within`."""
        first, lengths = starts - starts[0], ends - starts
        spans = np.diff(starts, append=ends[-1])
        terms = flat[starts[0] : ends[-1]].astype(np.uint64)
        terms += np.uint64(1)
        inside = np.arange(len(terms))
        inside -= np.repeat(first, spans)
        terms *= self.weights[inside if lengths.max() <= PLACES else inside % PLACES]
        # What stands between two examples, one byte as a rule, is of neither.
        between = spans - lengths
        if between.max() == 1:
            terms[(first + lengths)[between == 1]] = 0
        elif between.any():
            terms[inside >= np.repeat(lengths, spans)] = 0
        found: npt.NDArray[np.uint64] = np.add.reduceat(terms, first)
        found += lengths.astype(np.uint64) * self.length  # modulo 2⁶⁴
        return found
