"""The tasks of users and items: predict ratings, or rank what a user will turn to next.

    run = hornbook.ratings.fit(users, items, ratings)
    run.recommend("42", n=5)

A file is trained on as any other: `hornbook.train("ratings.csv")`. `fit` is imported when it is
first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hornbook.ratings.arrays import fit

__all__ = ["fit"]


def __dir__() -> list[str]:
    return list(__all__)


def __getattr__(name: str) -> Any:
    if name == "fit":
        from hornbook.extras import needing_torch

        with needing_torch():
            from hornbook.ratings.arrays import fit

            return fit
    raise AttributeError(f"module 'hornbook.ratings' has no attribute {name!r}")
