"""The longest passage at each place of some texts that occurs in another text word for word.

Both are sorted together by their suffixes, with prefix doubling (Manber and Myers 1993): in round k
every suffix has a rank among all, by its first 2^k characters. A passage is longest in common with
the suffix of the other text that stands nearest in that order, before or after; how long it is, is
told by the ranks of the rounds, from the last to the first: while two suffixes have the same rank
there, they agree in 2^k characters, and the comparison goes on behind these.

The time grows as the length of all texts times the logarithm of it and of the longest of the texts
that are asked about; nothing is compared place by place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hornbook.text.code_points import points_of

__all__ = ["Passage", "longest_passages"]

Numbers = npt.NDArray[np.int64]
Passage = tuple[Numbers, Numbers]
"""Of a text: for each of its places how many characters from there on occur in the other text, and
where these begin there, both of shape (characters,)."""


def longest_passages(texts: Sequence[str], other: str) -> list[Passage]:
    """For each place of some texts, the longest passage from there on that another text has.

    Args:
        texts: that are asked about.
        other: the text in which they are looked for.

    Returns:
        Lengths and places for each text. Of several places in the other text it is any; where
        nothing agrees the length is 0, and the place means nothing.
    """
    if not other:
        return [(np.zeros(len(one), np.int64), np.zeros(len(one), np.int64)) for one in texts]
    codes, ends = joined(texts, other)
    longest = max(map(len, texts), default=0)
    rounds = ranks_by_rounds(codes, longest)
    order = np.argsort(rounds[-1], kind="stable")
    is_other = order < len(other)
    numbers = np.arange(len(order))
    # The suffix of the other text that comes last before each place in the order, and first after.
    before = np.maximum.accumulate(np.where(is_other, numbers, -1))
    after = np.minimum.accumulate(np.where(is_other, numbers, len(order))[::-1])[::-1]
    asked = np.flatnonzero(~is_other & (order < len(codes)))  # without the empty suffix
    places = order[asked]
    found = np.zeros(len(places), np.int64)
    where = np.zeros(len(places), np.int64)
    for nearest in (before[asked], after[asked]):
        there = (nearest >= 0) & (nearest < len(order))
        start = order[np.where(there, nearest, 0)]
        agreeing = np.where(there, common_lengths(rounds, places, start), 0)
        better = agreeing > found
        found[better], where[better] = agreeing[better], start[better]
    lengths = np.zeros(len(codes), np.int64)
    starts = np.zeros(len(codes), np.int64)
    lengths[places], starts[places] = found, where
    return [(lengths[a:b], starts[a:b]) for a, b in ends]


def joined(texts: Sequence[str], other: str) -> tuple[Numbers, list[tuple[int, int]]]:
    """All texts in a row, each behind a sign of its own that no text has, so that nothing agrees
    across them; and where each of those asked about begins and ends.
    """
    parts = [points_of(other).astype(np.int64)]
    ends, at = [], len(other)
    for number, text in enumerate(texts):
        parts.append(np.array([-1 - number], np.int64))
        parts.append(points_of(text).astype(np.int64))
        ends.append((at + 1, at + 1 + len(text)))
        at += 1 + len(text)
    return np.concatenate(parts), ends


def ranks_by_rounds(codes: Numbers, longest: int) -> list[Numbers]:
    """The rank of each suffix by its first 1, 2, 4, … characters, each of shape (characters + 1,).

    The rounds end when all suffixes differ, or at more characters than the longest passage has. The
    last entry is of the empty suffix, which comes before all others.

    Args:
        codes: characters.
        longest: characters of the longest passage that is asked for.
    """
    _, first = np.unique(codes, return_inverse=True)
    ranks = np.append(first.astype(np.int64) + 1, 0)
    rounds, width = [ranks], 1
    while width < longest and ranks.max() < len(codes):
        behind = np.zeros_like(ranks)
        behind[:-width] = ranks[width:]
        pairs = ranks * (len(ranks) + 1) + behind
        order = np.argsort(pairs, kind="stable")
        sorted_pairs = pairs[order]
        ranks = np.empty_like(ranks)
        ranks[order] = np.concatenate([[0], np.cumsum(sorted_pairs[1:] != sorted_pairs[:-1])])
        rounds.append(ranks)
        width *= 2
    return rounds


def common_lengths(rounds: Sequence[Numbers], some: Numbers, others: Numbers) -> Numbers:
    """How many characters two suffixes have in common, pair by pair, shape (pairs,)."""
    a, b = some.copy(), others.copy()
    end = len(rounds[0]) - 1
    total = np.zeros(len(a), np.int64)
    # The last round is asked again until it differs: it may be the widest that there is.
    widths = [1 << k for k in range(len(rounds))]
    for ranks, width in zip(reversed(rounds), reversed(widths), strict=True):
        while True:
            same = (ranks[a] == ranks[b]) & (a < end) & (b < end)
            if not same.any():
                break
            step = np.where(same, width, 0)
            total += step
            a, b = np.minimum(a + step, end), np.minimum(b + step, end)
            if width < widths[-1]:
                break
    return total
