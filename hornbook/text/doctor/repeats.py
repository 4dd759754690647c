"""How often examples are repeated, by 64-bit hashes of them.

The chance that two different ones of 10⁸ have the same hash is about one in 4,000. Of more examples
than MOST only those are kept whose hash is below a limit, half as many each time that there are too
many: of an example all copies are kept or none, so what is counted among those kept, times 2, 4, …,
estimates what there is in all (Gibbons and Tirthapura 2001, "Estimating simple functions on the
union of data streams").
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.text.code_points import POINTS, Points
from hornbook.text.doctor.given import Batch

__all__ = ["MOST", "Repeats", "hashes_of"]

MOST = 2**24  # hashes that are kept: 128 MB
AT_ONCE = 2**20
BASE = 0x9E3779B97F4A7C15  # odd, and of no simple pattern: 2⁶⁴ over the golden ratio

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


class Weights:
    """The powers of BASE and of its inverse modulo 2⁶⁴, and a number for each code point."""

    def __init__(self) -> None:
        self.up = self.down = np.ones(1, dtype=np.uint64)
        self.points = np.empty(0, dtype=np.uint64)

    def to(self, length: int, largest: int) -> None:
        """Have at least so many powers, and numbers for code points up to the largest."""
        if length > len(self.up):
            factors = np.full(length, BASE, dtype=np.uint64)
            factors[0] = 1
            self.up = np.cumprod(factors, dtype=np.uint64)
            factors[1:] = pow(BASE, -1, 2**64)
            self.down = np.cumprod(factors, dtype=np.uint64)
        if largest >= len(self.points):
            size = 256 if largest < 256 else POINTS
            # The first ones are the same, however many are drawn.
            self.points = np.random.default_rng(0xABC).integers(0, 2**64, size, dtype=np.uint64)


WEIGHTS = Weights()


def hashes_of(points: Points, begins: Places, ends: Places) -> Hashes:
    """A hash of each of some stretches of a text: a polynomial in BASE modulo 2⁶⁴, mixed.

    Args:
        points: of the text, shape (characters,).
        begins, ends: of the stretches, shape (N,).
    """
    return mixed(sums_of(points, begins, ends))


def sums_of(points: Points, begins: Places, ends: Places) -> Hashes:
    """The polynomials. That of a stretch is that of its beginning, and BASE to the power of the
    length of this times that of the rest.

    Args:
        points: of the text, shape (characters,).
        begins, ends: of the stretches, shape (N,).
    """
    if not len(begins):
        return np.empty(0, dtype=np.uint64)
    WEIGHTS.to(len(points) + 1, 255 if points.dtype == np.uint8 else POINTS - 1)
    sums = np.empty(len(points) + 1, dtype=np.uint64)
    sums[0] = 0
    np.cumsum(WEIGHTS.points[points] * WEIGHTS.up[: len(points)], out=sums[1:])
    found: Hashes = (sums[ends] - sums[begins]) * WEIGHTS.down[begins]
    return found


def mixed(found: Hashes) -> Hashes:
    """Hashes of polynomials, whose upper bits hang on all of theirs."""
    found = (found ^ (found >> np.uint64(31))) * np.uint64(BASE)
    return found ^ (found >> np.uint64(29))


class Repeats:
    """The hashes of all examples, or of a part that stands for them.

    Args:
        exact: whether all are kept, however many they are.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self.exact, self.total, self.halved = exact, 0, 0
        self.hashes: list[Hashes] = []
        self.numbers: list[
            npt.NDArray[np.integer[Any]]
        ] = []  # of the examples that are kept, where not all are
        self.kept = 0
        # The sum and the length of an example that goes on in the next batch.
        self.opened: tuple[int, int] | None = None

    def add_batch(self, batch: Batch) -> None:
        """Take note of the examples of a batch; of the last, if it may go on, with the next."""
        sums = sums_of(batch.points, batch.begins, batch.ends)
        length = int(batch.ends[-1] - batch.begins[-1]) if len(sums) else 0
        if batch.more and self.opened is not None:
            begun, before = self.opened
            sums[0] = (begun + pow(BASE, before, 2**64) * int(sums[0])) % 2**64
            length += before if len(sums) == 1 else 0
            self.opened = None
        self.close()
        if batch.open and len(sums):
            self.opened = int(sums[-1]), length
            sums = sums[:-1]
        self.add(mixed(sums))

    def close(self) -> None:
        """Take note that an example that might have gone on did not."""
        if self.opened is not None:
            self.add(mixed(np.array([self.opened[0]], dtype=np.uint64)))
            self.opened = None

    def add(self, hashes: Hashes) -> None:
        """Take note of more examples."""
        numbers = None
        if self.halved:
            some = self.below(hashes)
            numbers, hashes = small(self.total + np.flatnonzero(some)), hashes[some]
            self.numbers.append(numbers)
        self.total += len(hashes) if numbers is None else len(some)
        self.hashes.append(hashes)
        self.kept += len(hashes)
        while self.kept > MOST and not self.exact:
            self.halve()

    def below(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of some hashes are kept."""
        found: npt.NDArray[np.bool_] = hashes >> np.uint64(64 - self.halved) == 0
        return found

    def halve(self) -> None:
        """Keep half of them."""
        if not self.halved:
            ends = np.cumsum([len(some) for some in self.hashes]).tolist()
            self.numbers = [
                small(np.arange(end - len(some), end))
                for some, end in zip(self.hashes, ends, strict=True)
            ]
        self.halved += 1
        keep = [self.below(some) for some in self.hashes]
        self.hashes = [some[kept] for some, kept in zip(self.hashes, keep, strict=True)]
        self.numbers = [some[kept] for some, kept in zip(self.numbers, keep, strict=True)]
        self.kept = sum(map(len, self.hashes))

    @cached_property
    def all(self) -> Hashes:
        """Those that are kept, in the order of the examples."""
        found, at = np.empty(self.kept, dtype=np.uint64), 0
        self.hashes.reverse()
        while self.hashes:  # freed one by one
            some = self.hashes.pop()
            found[at : at + len(some)] = some
            at += len(some)
        return found

    @property
    def scale(self) -> int:
        """Examples that each stands for."""
        return 1 << self.halved

    def number(self, places: Places) -> Places:
        """The numbers of the examples whose hashes are at some places of `all`."""
        if not self.halved:
            return places
        return np.concatenate(self.numbers)[places].astype(np.int64)

    @cached_property
    def several(self) -> tuple[Hashes, Places]:
        """The hashes that occur more than once, in rising order, and how often."""
        every = np.sort(self.all)
        same = every[1:] == every[:-1]
        # In a run of equal hashes all but the first; so each occurs once more than is seen here.
        again = every[1:][same]
        begins = np.flatnonzero(np.concatenate([[True], again[1:] != again[:-1]])[: len(again)])
        return again[begins], np.diff(begins, append=len(again)) + 1

    @cached_property
    def again(self) -> int:
        """Of the examples that are kept, those that repeat an earlier one."""
        times: list[int] = self.several[1].tolist()
        return sum(times) - len(times)

    @property
    def extra(self) -> int:
        """Examples that repeat an earlier one."""
        # Not as `again` times the scale: a few lines that are very frequent would decide it.
        return self.total - self.distinct

    @property
    def distinct(self) -> int:
        """Different examples."""
        return (len(self.all) - self.again) * self.scale

    def most(self, count: int) -> list[tuple[int, int]]:
        """The most frequent ones that occur more than once, as the number of the first and how
        often; of equals those that come first.
        """
        hashes, times = self.several
        if not len(times):
            return []
        count = min(count, len(times))
        least = int(np.partition(times, -count)[-count])
        wanted = times >= least
        hashes, times = hashes[wanted], times[wanted]
        surely, found = int(np.count_nonzero(times > least)), dict[int, int]()
        for at in range(0, len(self.all), AT_ONCE):
            some = self.all[at : at + AT_ONCE]
            which, there = matches(hashes, some)
            rows, firsts = np.unique(which[there], return_index=True)
            for row, first in zip(rows.tolist(), np.flatnonzero(there)[firsts].tolist(),
                                  strict=True):  # fmt: skip
                found.setdefault(row, at + first)
            met = np.array(list(found), dtype=np.int64)
            if np.count_nonzero(times[met] > least) == surely and len(found) >= count:
                break
        order = sorted(found.items(), key=lambda pair: (-times[pair[0]], pair[1]))[:count]
        numbers = self.number(np.array([place for _, place in order]))
        return list(zip(numbers.tolist(), times[[row for row, _ in order]].tolist(), strict=True))

    def repeating(self) -> Places:
        """The numbers of the examples that repeat an earlier one, in rising order.

        Only of all examples: `exact`.
        """
        hashes = self.several[0]
        which, there = matches(hashes, self.all)
        places = np.flatnonzero(there)
        first = np.unique(which[there], return_index=True)[1]
        return np.delete(places, first)

    def known(self, held: list[Places]) -> list[int]:
        """How many examples of each held-out split occur in train as well.

        Args:
            held: the numbers of the examples of each.
        """
        hashes, times = self.several
        labels = np.zeros(self.total, dtype=np.uint8)
        for label, numbers in enumerate(held, 1):
            labels[numbers] = label
        labels = labels[self.number(np.arange(len(self.all)))] if self.halved else labels
        which, there = matches(hashes, self.all[labels > 0])
        labels = labels[labels > 0]
        new = np.bincount(labels[~there], minlength=len(held) + 1)[1:]
        labels = labels[there]
        # What occurs more often than in all that is held out is in train too.
        inside = np.bincount(which[there], minlength=len(hashes))
        held_only = (times <= inside)[which[there]]
        new += np.bincount(labels[held_only], minlength=len(held) + 1)[1:]
        # Of what is new there are hardly two alike, so it can be estimated; see `extra`.
        return [max(0, len(some) - int(n) * self.scale) for some, n in zip(held, new, strict=True)]


def small(numbers: Places) -> npt.NDArray[np.integer[Any]]:
    """Numbers in 32 bits, where they fit."""
    return numbers.astype(np.uint32) if numbers.max(initial=0) < 2**32 else numbers


def matches(hashes: Hashes, some: Hashes) -> tuple[Places, npt.NDArray[np.bool_]]:
    """Which of sorted hashes each of some is, where it is one of them; and whether it is."""
    if not len(hashes):
        return np.zeros(len(some), dtype=np.int64), np.zeros(len(some), dtype=bool)
    which = np.minimum(np.searchsorted(hashes, some), len(hashes) - 1)
    return which, hashes[which] == some
