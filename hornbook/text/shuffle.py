"""The order in which `random.Random(seed).shuffle` puts things, for millions of them.

The lectures split their names by that shuffle, and so do we, name for name. In Python it draws and
swaps one number after the other; here NumPy's Mersenne Twister, set to the same state, draws them
many at a time, and only the swaps are left. A shuffle fills its places from the last one down: who
wants only the places from some number on, such as those of dev and test, stops there.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

__all__ = ["shuffled"]

AT_ONCE = 2**16  # words drawn at a time
WORD = 32  # bits of a word


def shuffled(n: int, seed: int, least: int = 0) -> npt.NDArray[np.int64]:
    """What stands at each place after `random.Random(seed).shuffle(list(range(n)))`.

    Args:
        n: how many numbers, below 2³².
        seed: of Python's generator.
        least: the first place that is asked for.

    Returns:
        The numbers at the places from `least` on, shape (n - least,).
    """
    numbers = array("I" if array("I").itemsize >= 4 else "L", range(n))
    last = n - 1
    for drawn in draws(n, max(1, least), seed):
        for other in drawn.tolist():
            numbers[last], numbers[other] = numbers[other], numbers[last]
            last -= 1
    return np.frombuffer(numbers, dtype=f"u{numbers.itemsize}")[least:].astype(np.int64)


def draws(n: int, least: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """The numbers that Python draws, from 0 to i inclusive for each i from n - 1 down to `least`.

    For an i it takes as many bits of a word as i + 1 has, and takes the next word as long as they
    make more than i.
    """
    state = random.Random(seed).getstate()[1]
    twister = np.random.MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(state[:-1], dtype=np.uint32), "pos": state[-1]},
    }
    limit = n  # what is drawn next must be below it
    words = np.empty(0, dtype=np.int64)
    while limit > least:
        if not len(words):
            words = twister.random_raw(AT_ONCE).astype(np.int64)
        bits = limit.bit_length()
        # Of these limits, and no smaller one, as many bits are taken.
        wanted = limit - max(least, (1 << (bits - 1)) - 1)
        some = words >> (WORD - bits)
        kept = some < limit
        while True:  # the first word of which this was wrong is right after each round
            limits = limit - (np.cumsum(kept) - kept)
            now = some < limits
            if np.array_equal(now, kept):
                break
            kept = now
        taken = np.flatnonzero(kept)[:wanted]
        yield some[taken]
        limit -= len(taken)
        words = words[taken[-1] + 1 :] if len(taken) == wanted else words[:0]
