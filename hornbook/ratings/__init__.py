"""The tasks of users and items: predict ratings, or rank what a user will turn to next.

    run = hornbook.ratings.fit(users, items, ratings)
    run.recommend("42", n=5)

A file is trained on as any other: `hornbook.train("ratings.csv")`. `fit` is imported when it is
first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.first_use import on_first_use

if TYPE_CHECKING:
    from hornbook.ratings.arrays import fit

__all__ = ["fit"]

HOMES = {"fit": "hornbook.ratings.arrays"}

if not TYPE_CHECKING:  # a checker would take it that every name is there
    __getattr__, __dir__ = on_first_use(__name__, HOMES)
