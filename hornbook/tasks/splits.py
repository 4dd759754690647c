"""Train, dev and test: what the tasks share that split rows of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError

__all__ = ["SPLITS", "Parts", "at_random", "empty_split", "refused_split"]

SPLITS = ("train", "dev", "test")
Parts = npt.NDArray[np.int8]
"Of each row the place of its split in SPLITS."


def at_random(n: int, shares: tuple[int, int, int], seed: int) -> Parts:
    """Rows drawn by NumPy's old generator: the first of the permutation are dev, the next test.

    With 80/20 and seed 42 dev is fast.ai's, there `get_cv_idxs`: `idxs[:int(0.2 * n)]` of
    `np.random.seed(42); idxs = np.random.permutation(n)`.

    Args:
        n: number of rows.
        shares: of train, dev and test, in percent.
        seed: of the permutation.
    """
    _, dev, test = shares
    drawn = np.random.RandomState(seed).permutation(n)
    first, second = n * dev // 100, n * (dev + test) // 100
    parts = np.zeros(n, np.int8)
    parts[drawn[:first]] = 1
    parts[drawn[first:second]] = 2
    return parts


def empty_split(sizes: Sequence[int], wanted: Sequence[object]) -> str:
    """The first split that should hold something and does not; empty if there is none.

    Args:
        sizes: of train, dev and test.
        wanted: whether each should hold something.
    """
    empty = (name for name, n, want in zip(SPLITS, sizes, wanted, strict=True) if want and not n)
    return next(empty, "")


def refused_split(what: str, split: str) -> DataError:
    """The error that a split that was asked for would be empty.

    Args:
        what: there is, as a sentence without its end.
        split: by name.
    """
    return DataError(
        f"{what}: the {split} split would be empty.",
        hint="Use more data, or change the split: for example `split=60/40` or `split=100/0`.",
        setting="split",
    )
