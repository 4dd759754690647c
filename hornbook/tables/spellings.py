"""Categories by other spellings than a run knows: 1.0 is 1, 7 is 07, true is True."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from hornbook.rendering import clip
from hornbook.tables.raw import Raw
from hornbook.tables.written import as_label, number_of

__all__ = ["Alike", "is_truth", "respelled", "spelled_alike", "told_alike"]

Alike = tuple[tuple[str, int], ...]
"Labels that differ only by upper and lower case or by blanks, and the cells of each."
SHOWN = 3

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


def spelled_alike(raw: Raw) -> list[Alike]:
    """The labels of a column that are probably the same, written in several ways.

    They stay apart: in some columns case means something, as in symbols of genes.
    """
    codes, labels = raw.as_labels()
    groups: dict[str, list[int]] = {}
    for code, label in enumerate(labels):
        groups.setdefault(" ".join(label.split()).lower(), []).append(code)
    several = [codes_of for codes_of in groups.values() if len(codes_of) > 1]
    if not several:
        return []
    counts = np.bincount(codes[codes >= 0], minlength=len(labels)).tolist()
    return [
        tuple(sorted(((labels[one], counts[one]) for one in group), key=lambda pair: -pair[1]))
        for group in several
    ]


def told_alike(found: Sequence[Alike]) -> str:
    """Such labels, for people: the most frequent of each group first."""
    shown = "; ".join(
        ", ".join(f"{clip(label, 40)!r} ({count:,})" for label, count in group)
        for group in found[:SHOWN]
    )
    return shown + "; …" * (len(found) > SHOWN)
