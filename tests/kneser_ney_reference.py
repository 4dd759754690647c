"""Modified Kneser-Ney straight from its definition, slowly: dicts and recursion, no arrays.

S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language modeling",
Computer Speech and Language 13 (1999), section 4.1.6 and equations (26) and (17), under the
conventions that hornbook/models/ngram.py states:

- an example is boundary, tokens, boundary; its first boundary is context and never predicted; no
  n-gram reaches into another example. A text is one sequence, all of it predicted;
- the lowest order is interpolated with the uniform distribution over the whole vocabulary;
- below the highest order an n-gram counts once for each different token that stood before it, and
  once for every time that it began its sequence, where nothing can stand before it;
- with pruning, an n-gram that occurs at most as often as its order's threshold adds nothing but its
  count to the mass that its context sets free; discounts are those of all n-grams;
- an order's discounts are (0.5, 1, 1.5) where a count of counts n1 to n4 is zero or a discount
  would not free any mass, else Chen and Goodman's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

__all__ = ["KneserNey"]

Gram = tuple[int, ...]
Discounts = tuple[float, float, float]

FALLBACK = (0.5, 1.0, 1.5)


class KneserNey:
    """P(token | context) by the book.

    Args:
        sequences: examples, each with its boundary (0) at both ends, or a single text.
        order: n of the longest n-grams.
        vocab_size: tokens in the vocabulary, the boundary among them.
        boundary: whether sequences are examples.
        discounts: those of each order from 1 on, instead of the estimated ones.
        prune: thresholds of each order from 1 on; the last holds for all that follow.
    """

    def __init__(
        self,
        sequences: Iterable[Sequence[int]],
        order: int,
        vocab_size: int,
        *,
        boundary: bool,
        discounts: Sequence[Discounts] | None = None,
        prune: Sequence[int] | None = None,
    ) -> None:
        self.order, self.vocab_size, self.boundary = order, vocab_size, boundary
        seen = [Counter[Gram]() for _ in range(order + 1)]  # by length
        began = [Counter[Gram]() for _ in range(order + 1)]
        for sequence in sequences:
            for end in range(int(boundary) + 1, len(sequence) + 1):
                for length in range(1, min(order, end) + 1):
                    gram = tuple(sequence[end - length : end])
                    seen[length][gram] += 1
                    began[length][gram] += length == end
        counts = [Counter[Gram]() for _ in range(order)] + [seen[order]]
        for length in range(1, order):
            counts[length] = +began[length]
            for longer in seen[length + 1]:
                counts[length][longer[1:]] += 1
        self.discounts = [
            discounts[length - 1] if discounts else estimate(counts[length].values())
            for length in range(1, order + 1)
        ]
        # What followed each context, of any length, and how often it counts.
        self.followers: dict[Gram, dict[int, int]] = defaultdict(dict)
        for grams in counts:
            for gram, count in grams.items():
                self.followers[gram[:-1]][gram[-1]] = count
        self.times = sum(seen[1:], Counter[Gram]())
        self.gone = {
            gram
            for length in range(1, order + 1)
            for gram, times in seen[length].items()
            if prune and times <= prune[min(length, len(prune)) - 1]
        }

    def probability(self, token: int, context: Sequence[int]) -> float:
        """P(token | the last order - 1 tokens of the context, back to a boundary at most)."""
        known = tuple(context)[max(0, len(context) - self.order + 1) :]
        if self.boundary and 0 in known:
            known = known[len(known) - 1 - known[::-1].index(0) :]
        return self.interpolated(token, known)

    def interpolated(self, token: int, context: Gram) -> float:
        """The recursion: (c - D(c)) / total + freed mass * P(token | shorter context)."""
        shorter = self.interpolated(token, context[1:]) if context else 1 / self.vocab_size
        followers = self.followers.get(context)
        if followers is None:
            return shorter
        total = sum(followers.values())
        freed = sum(
            count if (*context, follower) in self.gone else self.discount(count, context)
            for follower, count in followers.items()
        )
        count = 0 if (*context, token) in self.gone else followers.get(token, 0)
        return (count - self.discount(count, context)) / total + freed / total * shorter

    def discount(self, count: int, context: Gram) -> float:
        """D(c) of the order of the n-grams that extend a context by one token."""
        return self.discounts[len(context)][min(count, 3) - 1] if count else 0.0


def estimate(counts: Iterable[int]) -> Discounts:
    """D1, D2 and D3+ from the counts of counts."""
    number = Counter(counts)
    n1, n2, n3, n4 = (number[n] for n in (1, 2, 3, 4))
    if 0 in (n1, n2, n3, n4):
        return FALLBACK
    # D_n = n - (n + 1) Y n_(n+1) / n_n with Y = n1 / (n1 + 2 n2) is above zero if and only if the
    # following holds, which whole numbers tell without rounding.
    for n in (1, 2, 3):
        if n * number[n] * (n1 + 2 * n2) <= (n + 1) * n1 * number[n + 1]:
            return FALLBACK
    y = n1 / (n1 + 2 * n2)
    return 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
