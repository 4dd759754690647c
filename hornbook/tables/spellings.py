"""Categories by other spellings than a run knows: 1.0 is 1, 7 is 07, true is True."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from hornbook.rendering import clip
from hornbook.tables.number_form import NumberForm
from hornbook.tables.raw import Raw
from hornbook.tables.signs import ANY_SIGN, named_sign, signed
from hornbook.tables.written import as_label, number_of

__all__ = ["Alike", "is_truth", "respelled", "spelled_alike", "told_alike"]

Alike = tuple[tuple[str, int], ...]
"Labels that differ only by upper and lower case or by blanks, and the cells of each."
SHOWN = 3
PLAIN = NumberForm()

TRUTH = ("true", "false")
"However a program writes them: JSON has true, CSV files and arrays mostly True."


def respelled(
    labels: Sequence[str], known: Sequence[str], written: NumberForm = PLAIN
) -> tuple[str, ...]:
    """Labels, those that are known by one other spelling of the same value by that one.

    So 1.0 is 1, and 7 is 07, as when a spreadsheet has left out the zeros of a code.

    Args:
        labels: of new rows.
        known: those of train.
        written: how the column writes numbers.
    """
    names = set(known)
    of_known = [usual(one, written) for one in known]
    others = Counter(of_known)
    spelled = {
        name: one for name, one in zip(of_known, known, strict=True) if others[name] == 1
    }  # fmt: skip
    return tuple(
        label if label in names else spelled.get(usual(label, written) or " ", label)
        for label in labels
    )


def usual(label: str, written: NumberForm = PLAIN) -> str:
    """A number, with its sign, or a truth value in its usual spelling; empty of what is neither."""
    if is_truth(label):
        return label.lower()
    if written.sign == ANY_SIGN:
        value, sign = number_of(label), ""
    else:
        body, sign, _ = signed(label)
        value = number_of(body)
        sign = sign or (named_sign(written.sign) if written.takes("") else "")
    return f"{as_label(value)}{sign}" if value == value else ""


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
