"""Categories by other spellings than a run knows: 1.0 is 1, 7 is 07, true is True."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hornbook.tables.written import as_label, number_of

__all__ = ["is_truth", "respelled"]

TRUTH = ("true", "false")
"However a program writes them: JSON has true, CSV files and arrays mostly True."


def respelled(labels: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Labels, those that are known by one other spelling of the same value by that one.

    So 1.0 is 1, and 7 is 07, as when a spreadsheet has left out the zeros of a code.
    """
    names, others = set(known), Counter(map(usual, known))
    spelled = {usual(one): one for one in known if others[usual(one)] == 1}
    return tuple(
        label if label in names else spelled.get(usual(label) or " ", label) for label in labels
    )


def usual(label: str) -> str:
    """A number or a truth value in its usual spelling; empty of what is neither."""
    if is_truth(label):
        return label.lower()
    value = number_of(label)
    return as_label(value) if value == value else ""


def is_truth(label: str) -> bool:
    """Whether a label is a truth value."""
    return label.lower() in TRUTH
