"""What is measured of a model: errors of ratings, and how it ranks all items.

Ranking is over all items but those that a user has in train; never over a sample of candidates,
which changes who is best (Krichene and Rendle 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import History, Integers, Interactions
from hornbook.ratings.models.sparse import entries
from hornbook.statistics import Interval, ratio_interval

__all__ = ["Errors", "Ranking", "best_items", "rank", "rating_errors"]

Array = npt.NDArray[np.float64]
Scores = Callable[[Integers], npt.NDArray[np.float32]]
AT_ONCE = 2**23  # scores at a time: 32 MB of them
PAIRS_AT_ONCE = 2**20
WIDTH = 64  # items in a group of which only the highest is looked at first
CROWD = 64  # times the wanted items: from so many candidates on, they are partitioned


@dataclass(frozen=True)
class Errors:
    """Errors of predicted ratings, user by user.

    Shapes: (users,), in the order of their numbers, users without rows with zeros.
    """

    squares: Array
    "Sums of squared errors."
    absolutes: Array
    "Sums of absolute errors."
    counts: npt.NDArray[np.int64]
    "Rows."
    unseen_users: int = 0
    "Rows of users who have none in train."
    unseen_items: int = 0
    "Rows of items that have none in train."

    @property
    def mse(self) -> float:
        """Mean squared error."""
        return float(self.squares.sum() / self.counts.sum())

    @property
    def rmse(self) -> float:
        """Root of the mean squared error, in the units of the ratings."""
        return float(np.sqrt(self.mse))

    @property
    def mae(self) -> float:
        """Mean absolute error, in the units of the ratings."""
        return float(self.absolutes.sum() / self.counts.sum())

    def interval(self) -> Interval | None:
        """Of the root of the mean squared error, over users; None with one."""
        return ratio_interval(self.squares, self.counts, of=np.sqrt)


@dataclass(frozen=True)
class Ranking:
    """How high the items that users turned to stand among all.

    Shapes: (N,), of the users who turned to something.
    """

    users: Integers
    k: int
    "How many items are recommended."
    hits: npt.NDArray[np.int64]
    "Relevant items among them."
    relevant: npt.NDArray[np.int64]
    "Relevant items of the user."
    by_user: Array
    "NDCG: Σ 1 / log₂(1 + place) over hits, over the most that it could be."
    recommended: int
    "Items that were recommended to somebody."
    items: int
    "All items."

    @property
    def recalls(self) -> Array:
        """Hits over the lesser of k and the relevant items."""
        return self.hits / np.minimum(self.k, self.relevant)

    @property
    def ndcg(self) -> float:
        """Mean over users."""
        return float(self.by_user.mean())

    @property
    def recall(self) -> float:
        """Mean over users, hits over the lesser of k and the relevant items."""
        return float(self.recalls.mean())

    @property
    def plain_recall(self) -> float:
        """Mean over users, hits over the relevant items, were they more than k or not."""
        return float((self.hits / self.relevant).mean())

    @property
    def coverage(self) -> float:
        """Share of items that were recommended to somebody."""
        return self.recommended / self.items

    def interval(self) -> Interval | None:
        """Of the mean NDCG, over users; None with one."""
        return ratio_interval(self.by_user, most=1)


def rating_errors(
    predict: Callable[[Integers, Integers], Array],
    rows: Interactions,
    users: int,
    seen: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None = None,
) -> Errors:
    """The errors of predicted ratings.

    Args:
        predict: of pairs (`Recommender.predict`).
        rows: the ratings to predict.
        users: how many users there are.
        seen: whether each user and each item has rows in train, shapes (users,) and (items,).
    """
    squares, absolutes = np.zeros(users), np.zeros(users)
    for start in range(0, len(rows), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        of = rows.users[part]
        away = predict(of, rows.items[part]) - rows.values[part].astype(np.float64)
        squares += np.bincount(of, away**2, minlength=users)
        absolutes += np.bincount(of, np.abs(away), minlength=users)
    unseen = (0, 0)
    if seen is not None:
        unseen = (int((~seen[0][rows.users]).sum()), int((~seen[1][rows.items]).sum()))
    return Errors(squares, absolutes, np.bincount(rows.users, minlength=users), *unseen)


def best_items(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """The items with the k highest scores of each row, best first; of equal ones the lower number.

    Args:
        scores: shape (B, items); -inf or NaN where an item is not a candidate.
        k: how many.

    Returns:
        Shape (B, k); -1 where there are fewer candidates.
    """
    rows, items = scores.shape
    found = np.full((rows, k), -1, np.int64)
    if not items:
        return found
    n = min(k, items)
    # The n-th highest of the tops of n or more groups: n items or more are as high.
    width = max(1, min(WIDTH, items // n))
    groups = items // width
    tops = np.fmax.reduce(scores[:, : width * groups].reshape(rows, width, groups), axis=1)
    tops = np.where(np.isnan(tops), -np.inf, tops)
    least = -np.partition(-tops, n - 1, axis=1)[:, n - 1]
    least = np.maximum(least, np.finfo(np.float32).min)  # above what is not a candidate
    high = scores >= least[:, None]
    crowded = np.flatnonzero(np.count_nonzero(high, axis=1) > CROWD * n)  # where many are level
    if len(crowded):
        found[crowded, :n] = best_of_many(scores[crowded], n)
        high[crowded] = False
    row, item = np.divmod(np.flatnonzero(high), items)
    order = np.lexsort((item, -scores[row, item], row))
    row, item = row[order], item[order]
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    kept = place < n
    found[row[kept], place[kept]] = item[kept]
    return found


def best_of_many(scores: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.int64]:
    """`best_items` of at most as many as there are, whose time does not hang on the scores."""
    rows = len(scores)
    scores = np.nan_to_num(scores, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    least = -np.partition(-scores, n - 1, axis=1)[:, n - 1 : n]  # the n-th highest of each row
    above, level = scores > least, scores == least
    room = n - above.sum(1, keepdims=True)  # left for those that are level
    chosen = np.nonzero(above | (level & (np.cumsum(level, axis=1) <= room)))[1]
    item = chosen.reshape(rows, n)  # as many in each row, by their numbers
    value = np.take_along_axis(scores, item, 1)
    order = np.argsort(-value, axis=1, kind="stable")
    item, value = np.take_along_axis(item, order, 1), np.take_along_axis(value, order, 1)
    return np.where(value == -np.inf, -1, item)


def rank(
    scores: Scores,
    relevant: History,
    without: History | None,
    items: int,
    k: int = 10,
    users: Integers | None = None,
) -> Ranking:
    """Rank all items for each user who turned to some.

    Args:
        scores: of all items for some users (`Recommender.scores`).
        relevant: what each user turned to.
        without: what each user has in train, which is not a candidate; None leaves nothing out.
        items: how many there are.
        k: how many are recommended.
        users: measure these alone.

    Raises:
        ValueError: if no user turned to anything that is a candidate.
    """
    asked = np.arange(len(relevant)) if users is None else np.sort(users)
    asked = asked[relevant.counts[asked] > 0].astype(np.int32)
    gains = 1 / np.log2(np.arange(2, k + 2))
    most = np.concatenate([[0.0], np.cumsum(gains)])
    recommended = np.zeros(items, bool)
    hits, counts, figures = [], [], []
    for start in range(0, len(asked), max(1, AT_ONCE // items)):
        some = asked[start : start + max(1, AT_ONCE // items)]
        wanted = np.zeros((len(some), items), bool)
        wanted[places(relevant, some)] = True
        found = np.array(scores(some), np.float32)
        if without is not None:
            known = places(without, some)
            found[known] = -np.inf
            wanted[known] = False
        best = best_items(found, k)
        recommended[best[best >= 0]] = True
        hit = np.take_along_axis(wanted, np.maximum(best, 0), 1) & (best >= 0)
        count = np.count_nonzero(wanted, axis=1)
        hits.append(hit.sum(1))
        counts.append(count)
        figures.append((hit @ gains) / np.maximum(most[np.minimum(count, k)], 1e-12))
    if not len(asked) or not np.concatenate(counts).any():
        raise ValueError("no user turned to anything that could be recommended")
    count = np.concatenate(counts)
    has = count > 0
    return Ranking(
        asked[has],
        k,
        np.concatenate(hits)[has],
        count[has],
        np.concatenate(figures)[has],
        int(recommended.sum()),
        items,
    )


def places(
    history: History, rows: Integers
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.integer]]:
    """Where some rows have an entry: which of the rows, and of what; both of shape (N,)."""
    at, counts = entries(history, rows)
    return np.repeat(np.arange(len(rows)), counts), history.others[at]
