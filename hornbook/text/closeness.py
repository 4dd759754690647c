"""How close samples are to the examples of train, and whether that is closer than chance allows.

Train and the held-out examples (dev and test) are one shuffled list that was cut. To a model that
has learned what the examples have in common, and none of them by heart, they are the same: of its
samples, the nearest example of all stands in train as often as examples do, in p of all. Of samples
from memory it always does. So if s of the samples have their nearest example in train, a share of

    f = (s - p) / (1 - p)

of them comes from memory. (That a sample is in train says nothing by itself: common examples are
found by whoever knows what is common, and where the data have each example once, no held-out one is
ever in train.) The comparison of distances to train and to held-out examples is that of Meehan,
Chaudhuri and Dasgupta (2020), "A non-parametric test to detect data-copying in generative models".

Distances are edits (Levenshtein 1966), by rapidfuzz.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.statistics import Interval, t_quantile, wilson

__all__ = ["Close", "Held", "Nearest", "compared_at_most", "mean_apart", "memorised_share",
           "nearest_examples"]  # fmt: skip

COST = 5e10  # pairs of characters that are compared at most: some seconds
CHUNK = 2**24  # distances held at a time

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """The nearest examples to a text."""

    text: str
    count: int
    "How many of the samples are this text."
    edits: int
    "To the nearest example of train."
    example: str
    "That example; the first of several."
    held_edits: int | None
    "To the nearest held-out example; None if nothing was held out."
    held_example: str | None
    "That example."
    in_train: float
    "Which share of the nearest examples of all stands in train: 1 or 0, but for ties."

    @property
    def relative(self) -> float:
        """Edits as a share of the longer of both texts."""
        return self.edits / max(len(self.text), len(self.example), 1)


@dataclass(frozen=True)
class Close:
    """How close some texts are to the examples of train."""

    n: int
    copies: float
    "Share that is an example of train, character for character."
    near: float
    "Share that is not, and one edit from an example of train."
    edits: float
    "Mean edits to the nearest example of train."
    relative: float
    "The same, each as a share of the longer of both texts."

    @classmethod
    def of(cls, found: Sequence[Nearest]) -> Close:
        """The figures of some texts, each as often as it came."""
        weights = np.array([one.count for one in found], np.float64)
        edits = np.array([one.edits for one in found])

        def mean(values: npt.ArrayLike) -> float:
            return float(np.average(np.asarray(values, np.float64), weights=weights))

        return cls(
            int(weights.sum()), mean(edits == 0), mean(edits == 1), mean(edits),
            mean([one.relative for one in found]),
        )  # fmt: skip


@dataclass(frozen=True)
class Held:
    """How much of the samples comes from memory, told by what was held out."""

    in_train: float
    "Share of the samples whose nearest example of all stands in train."
    expected: float
    "The share of all examples that stand in train."
    memorised: float
    "Share of the samples that comes from memory, as the two tell: f above, and 0 at least."
    interval: Interval
    "Of that share."
    groups: float
    "How many samples it is worth: those with one nearest example hang together."


def compared_at_most(texts: Sequence[str], examples: Sequence[str]) -> int:
    """How many of some texts can be held against all examples in a few seconds, at least 20."""
    mean = sum(map(len, texts)) / max(len(texts), 1)
    size = sum(map(len, examples))
    return max(20, int(COST / max(mean * size, 1)))


def nearest_examples(
    texts: Sequence[str], train: Sequence[str], held: Sequence[str] = ()
) -> list[Nearest]:
    """The nearest examples to each of some texts.

    Args:
        texts: that are asked about; what comes several times is looked at once.
        train: examples, at least one.
        held: examples that were held out.

    Returns:
        One for each different text, in their order.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    counts = Counter(texts)
    asked, examples = list(counts), [*train, *held]
    longest = max(map(len, [*asked, *examples]), default=0)
    kind = np.uint8 if longest < 256 else np.uint16 if longest < 65_536 else np.uint32
    found = []
    for some in chunks(asked, max(1, CHUNK // len(examples))):
        table = process.cdist(some, examples, scorer=Levenshtein.distance, dtype=kind)
        for text, row in zip(some, table, strict=True):
            edits = int(row[: len(train)].min())
            example = train[int(row[: len(train)].argmin())]
            held_edits, other, in_train = None, None, 1.0
            if held:
                held_edits = int(row[len(train) :].min())
                other = held[int(row[len(train) :].argmin())]
                least = min(edits, held_edits)
                ours = np.count_nonzero(row[: len(train)] == least)
                in_train = ours / np.count_nonzero(row == least)
            found.append(
                Nearest(text, counts[text], edits, example, held_edits, other, float(in_train))
            )
    return found


def chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Some texts at a time."""
    return (texts[at : at + size] for at in range(0, len(texts), size))


def memorised_share(found: Sequence[Nearest], trained: int, held: int) -> Held | None:
    """How much of some samples comes from memory; None if nothing was held out.

    Samples with the same nearest example say together only where that one stands, so they count as
    less than as many (Kish 1965: (Σ w)² / Σ w² of groups with the sizes w). The interval is
    Wilson's (1927) for that number.

    Args:
        found: of each different sample.
        trained: examples of train.
        held: examples that were held out.
    """
    if not held:
        return None
    groups: Counter[str] = Counter()
    for one in found:
        groups[one.example if one.in_train or one.held_example is None else one.held_example] += (
            one.count
        )
    sizes = np.array(list(groups.values()), np.float64)
    worth = float(sizes.sum() ** 2 / np.square(sizes).sum())
    total = sum(one.count for one in found)
    share = sum(one.count * one.in_train for one in found) / total
    expected = trained / (trained + held)
    low, high = wilson(worth, share)

    def from_memory(in_train: float) -> float:
        return min(1.0, max(0.0, (in_train - expected) / (1 - expected)))

    interval = Interval(from_memory(low), from_memory(high))
    return Held(share, expected, from_memory(share), interval, worth)


def mean_apart(some: npt.ArrayLike, others: npt.ArrayLike) -> Interval | None:
    """The interval of how much higher the mean of some figures is than that of others (Welch 1947).

    Args:
        some: figures, shape (n,).
        others: that have nothing to do with them, shape (m,).

    Returns:
        None if there are fewer than two of either.
    """
    a, b = np.asarray(some, np.float64), np.asarray(others, np.float64)
    if len(a) < 2 or len(b) < 2:
        return None
    parts = [float(x.var(ddof=1)) / len(x) for x in (a, b)]
    apart, variance = float(a.mean() - b.mean()), sum(parts)
    if variance == 0:
        return Interval(apart, apart)
    freedom = variance**2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    reach = t_quantile(0.95, max(1, int(freedom))) * math.sqrt(variance)
    return Interval(apart - reach, apart + reach)
