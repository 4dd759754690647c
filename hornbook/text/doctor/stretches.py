"""Which passages of one text occur in another, by their hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from hornbook.text.code_points import Points, points_of

__all__ = ["STRETCH", "known_stretches", "repeated_stretches"]

STRETCH = 50  # characters; a passage this long is not repeated by accident
SAMPLED = 200_000  # most passages that are looked up
CHUNK = 1 << 18  # characters processed at a time
BITS = 22  # of a hash, that index the flags

Hashes = npt.NDArray[np.uint64]


def repeated_stretches(
    text: str, train: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """`known_stretches` of two texts in memory."""
    return known_stretches([text], len(text), [train], len(train))


def known_stretches(
    text: Iterable[str], size: int, train: Iterable[str], trained: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Which passages of a text also occur in train.

    Args:
        text: in pieces.
        size: characters in it.
        train: in pieces.
        trained: characters in it.

    Returns:
        Where the passages that were looked up begin, evenly spaced if there are more than
        SAMPLED, and whether each occurs in train, both of shape (passages,).
    """
    if size < STRETCH or trained < STRETCH:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    count = size - STRETCH + 1
    starts = np.linspace(0, count - 1, min(count, SAMPLED)).astype(np.int64)
    hashes, at = np.empty(len(starts), dtype=np.uint64), 0
    for found in all_hashes(text):
        first, last = np.searchsorted(starts, [at, at + len(found)])
        hashes[first:last] = found[starts[first:last] - at]
        at += len(found)
    wanted = np.unique(hashes)
    # A table of 2^22 flags, one look-up for each passage of train, leaves few to be searched for.
    shift = np.uint64(64 - BITS)
    flags = np.zeros(1 << BITS, dtype=np.bool_)
    flags[wanted >> shift] = True
    known = np.zeros(len(wanted), dtype=np.bool_)
    for found in all_hashes(train):
        likely = found[flags[found >> shift]]
        at_most = np.minimum(np.searchsorted(wanted, likely), len(wanted) - 1)
        known[at_most[wanted[at_most] == likely]] = True
    return starts, known[np.searchsorted(wanted, hashes)]


def all_hashes(pieces: Iterable[str]) -> Iterator[Hashes]:
    """The hashes of the passages at every position of a text, in order, some at a time."""
    held: Points = np.empty(0, dtype=np.uint8)
    for piece in pieces:
        points = points_of(piece)
        for at in range(0, len(points), CHUNK):
            some = np.concatenate([held, points[at : at + CHUNK]])
            if len(some) >= STRETCH:
                yield stretch_hashes(some)
            held = some[len(some) - min(len(some), STRETCH - 1) :]


def stretch_hashes(points: Points) -> Hashes:
    """A 64-bit polynomial hash of each passage, shape (len(points) - STRETCH + 1,).

    With h(n) the hashes of the passages of n characters at each position, modulo 2^64:
    h(m + n)[i] = h(m)[i] * base^n + h(n)[i + m]. So n is doubled, and one added for each further
    binary digit of STRETCH that is 1: 50 takes seven passes.
    """
    base = 0x9E3779B97F4A7C15  # odd, and of no simple pattern: 2^64 over the golden ratio
    hashes, length = points.astype(np.uint64), 1
    for digit in f"{STRETCH:b}"[1:]:
        factor = np.uint64(pow(base, length, 1 << 64))
        hashes = hashes[:-length] * factor + hashes[length:]
        length *= 2
        if digit == "1":
            hashes = hashes[:-1] * np.uint64(base) + points[length:]
            length += 1
    # The last factor mixes every bit into the high ones, which index the flags.
    return hashes * np.uint64(base)
