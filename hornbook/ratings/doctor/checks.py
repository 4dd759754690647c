"""Checks of ratings or clicks: CHECKS, the table of every check, and those of rows and splits.

A check takes the examined data and yields what it finds. Those of values and times are in values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from hornbook.errors import HornbookError
from hornbook.ratings.doctor.examined import Examined, percent
from hornbook.ratings.doctor.values import bursts, off_scale, one_value, times_wrong, zeros
from hornbook.ratings.titles import Titles
from hornbook.rendering import clip, many
from hornbook.reports.finding import Finding

__all__ = ["CHECKS", "gini", "leaked_share"]

LONG_TAIL = 0.1  # share of the rows that the top 1 % of the items have
FLOOD = 1_000  # times the rows of the median user
FEW = 1_000  # rows: fewer measure little


def splits_refused(examined: Examined) -> Iterator[Finding]:
    """The splits cannot be made, or there is none to measure on."""
    if isinstance(examined.cut, HornbookError):
        yield Finding("no-splits", "problem", "The splits cannot be made", examined.cut.message,
                      examined.cut.hint)  # fmt: skip
        return
    if len(examined.rows) < FEW:
        yield Finding(
            "too-little",
            "warning",
            "There is very little data",
            f"There are {many(len(examined.rows), 'row')}. Means of items are hard to beat with so "
            "few, and what is measured on dev is uncertain.",
            "Get more data, and compare every model with `model="
            + ("biases`." if examined.kind == "ratings" else "popular`."),
        )
    if "dev" not in examined.splits:
        yield Finding(
            "no-dev-split",
            "note",
            "There is no dev split",
            "Without one you cannot tell whether a model predicts or only memorises.",
            "Hold out some of the rows, for example with `split=80/20`, or get more data.",
        )


def duplicates(examined: Examined) -> Iterator[Finding]:
    """The same user and item more than once."""
    found = examined.repeated
    if not len(found) or examined.kind == "clicks":
        return
    values = examined.read.rows.values[found.rows].astype(np.float64)
    n, pairs = len(examined.read.rows), found.pairs
    lowest, highest = np.full(pairs, np.inf), np.full(pairs, -np.inf)
    np.minimum.at(lowest, found.of, values)
    np.maximum.at(highest, found.of, values)
    unlike = int((lowest != highest).sum())
    if same := pairs - unlike:
        yield Finding(
            "repeated-ratings",
            "note",
            "Some ratings occur more than once",
            f"{many(same, 'pair')} of a user and an item with the same rating each time. Each "
            "counts once.",
            "Nothing needs to be done; if files overlap, give each row once.",
        )
    if unlike:
        first = int(found.rows[found.last][lowest != highest][0])
        user = examined.read.users[int(examined.read.rows.users[first])]
        item = examined.read.items[int(examined.read.rows.items[first])]
        timed = "by time" if examined.read.rows.times is not None else "in the file"
        yield Finding(
            "contradicting-ratings",
            "warning" if unlike > 0.01 * n else "note",
            "Some users rated the same item differently",
            f"{many(unlike, 'pair')} of a user and an item, such as user {clip(user)!r} and item "
            f"{clip(item)!r}. The last {timed} counts.",
            "Check whether the ids are what they seem: several people or items may share one.",
        )


def few_ratings(examined: Examined) -> Iterator[Finding]:
    """Users with one row."""
    single, users = int((examined.per_user == 1).sum()), len(examined.per_user)
    if single:
        yield Finding(
            "one-rating-users",
            "warning" if single > 0.5 * users else "note",
            "Some users have one row only",
            f"{many(single, 'user')}, {percent(single, users)} of {users:,}. Nothing of them can "
            "be held out, and little can be learned of their taste.",
            "A model treats them much like an average user; to measure the others, leave them out.",
        )


def long_tail(examined: Examined) -> Iterator[Finding]:
    """A few items with many rows, many with few."""
    counts = np.sort(examined.per_item)[::-1]
    top = max(1, len(counts) // 100)
    share, once = counts[:top].sum() / counts.sum(), int((counts == 1).sum())
    if len(counts) >= 100 and (share > LONG_TAIL or once > 0.2 * len(counts)):
        yield Finding(
            "long-tail",
            "note",
            "A few items have many of the rows",
            f"The top 1% ({many(top, 'item')}) have {percent(share, 1)} of the rows; "
            f"{many(once, 'item')} ({percent(once, len(counts))}) occur once. Gini coefficient "
            f"{gini(counts):.2f} (0: all alike).",
            "Look at the coverage of recommendations beside their accuracy: recommending what is "
            "popular measures well, and shows nobody anything new.",
        )


def gini(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """How unequal some counts are, from 0 (all alike) to 1."""
    ordered = np.sort(counts).astype(np.float64)
    n, places = len(ordered), np.arange(1, len(ordered) + 1)
    return float(2 * (places * ordered).sum() / (n * ordered.sum()) - (n + 1) / n)


def leaked_share(examined: Examined) -> float:
    """Share of the dev rows that are older than the newest row of their user in train."""
    train, dev = examined.splits["train"], examined.splits["dev"]
    assert train.times is not None
    assert dev.times is not None
    newest = np.full(len(examined.per_user), np.iinfo(np.int64).min)
    np.maximum.at(newest, train.users, train.times)
    return float((dev.times < newest[dev.users]).mean())


def leak_in_time(examined: Examined) -> Iterator[Finding]:
    """A random split of dated rows, which lets a model look at the future."""
    if examined.way != "random" or examined.rows.times is None or "dev" not in examined.splits:
        return
    share = leaked_share(examined)
    if share > 0.01:
        yield Finding(
            "leak-in-time",
            "warning",
            "A random split lets models look into the future",
            f"{percent(share, 1)} of the dev rows are older than their user's newest row in train: "
            "a model predicts the past from the future, and measures better than in use.",
            "Set `split_by=last` or `split_by=time`; keep `random` to compare with published "
            "figures that are measured so.",
        )


def floods(examined: Examined) -> Iterator[Finding]:
    """Users with far more rows than others."""
    median = float(np.median(examined.per_user))
    many_rows = np.flatnonzero(examined.per_user > FLOOD * median)
    if len(many_rows):
        shown = ", ".join(
            f"{clip(examined.read.users[user])!r} ({examined.per_user[user]:,})"
            for user in many_rows[np.argsort(-examined.per_user[many_rows])][:3]
        )
        yield Finding(
            "suspicious-users",
            "warning",
            "Some users have far more rows than others",
            f"{many(len(many_rows), 'user')} with more than {FLOOD:,} times the median of "
            f"{median:g}: {shown}. They may be programs, or an id that stands for nobody.",
            "Look at them, and leave them out if they are not people.",
        )


def titles_unlike(examined: Examined) -> Iterator[Finding]:
    """Items without title, titles without rows."""
    titles, items = examined.titles, examined.read.items
    if not isinstance(titles, Titles):
        return
    without = [item for item in items if not titles.by_id.get(item)]
    if without:
        shown = ", ".join(repr(clip(item)) for item in without[:3])
        yield Finding(
            "no-title",
            "warning" if len(without) > 0.1 * len(items) else "note",
            "Some items have no title",
            f"{many(len(without), 'item')} of {len(items):,}, such as {shown}. They are called by "
            "their ids.",
            "Add them to the file of titles.",
        )
    if unrated := len(titles.by_id.keys() - set(items)):
        yield Finding(
            "never-rated",
            "note",
            "Some items with a title have no row",
            f"{many(unrated, 'item')}. No model can recommend what nobody has rated.",
            "Nothing needs to be done.",
        )


CHECKS: tuple[Callable[[Examined], Iterator[Finding]], ...] = (
    splits_refused,
    leak_in_time,
    off_scale,
    zeros,
    times_wrong,
    duplicates,
    floods,
    one_value,
    bursts,
    few_ratings,
    long_tail,
    titles_unlike,
)
