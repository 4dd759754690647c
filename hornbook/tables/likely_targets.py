"""Which columns of a table a person may want to predict: proposed, never chosen."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.tables.kinds import words_of

__all__ = ["likely_targets"]

TARGETS = ("target", "label", "class", "y", "outcome", "response", "price", "sales", "survived",
           "default", "churn", "churned", "cnt", "count", "quality", "result", "income", "salary",
           "wage", "species", "diagnosis")  # fmt: skip
MOST = 3


def likely_targets(names: Sequence[str]) -> list[str]:
    """Some of the columns, the likeliest first: by their names, then the last.

    Args:
        names: of the columns that can be predicted: no free texts, and no dates.
    """
    by_name = [name for word in TARGETS for name in names if word == name.strip().lower()]
    within = [name for name in names if words_of(name) & set(TARGETS)]
    return list(dict.fromkeys([*by_name, *within, *names[-1:]]))[:MOST]
