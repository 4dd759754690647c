"""Columns of a table that know of each other how numbers are written; and what of that is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from hornbook.rendering import clip
from hornbook.tables.number_style import dotted
from hornbook.tables.raw import Raw
from hornbook.tables.signs import named_sign, signed
from hornbook.tables.written import ALIKE, as_label

__all__ = ["told_of_points", "told_of_signs", "written_alike"]


def written_alike(columns: dict[str, Raw]) -> dict[str, Raw]:
    """Columns that know of each other: where one has decimal commas, 1.234 is a whole number."""
    if not any(has_commas(raw) for raw in columns.values()):
        return columns
    return {
        name: replace(raw, commas=True) if raw.codes is not None and dotted(raw.told) else raw
        for name, raw in columns.items()
    }


def has_commas(raw: Raw) -> bool:
    """Whether a column holds numbers with decimal commas, and not one among texts."""
    return raw.codes is not None and raw.style == "comma" and mostly_numbers(raw)


def mostly_numbers(raw: Raw) -> bool:
    """Whether nearly all texts of a column that say something are numbers."""
    known = ~np.isnan(raw.text_numbers)
    return bool(known.sum() >= ALIKE * (~raw.text_is_missing).sum())


def told_of_points(columns: Mapping[str, Raw]) -> Iterator[str]:
    """How points in numbers are read, where the numbers of a column do not show it.

    Args:
        columns: by their names.
    """
    for name, raw in columns.items():
        if raw.codes is None or raw.told_form is not None or not dotted(raw.told):
            continue
        if any("," in text for text in raw.told) or raw.style == "thousands":
            continue
        if raw.style == "plain" and raw.separator != ";":
            continue  # numbers with three decimals are common there
        if not mostly_numbers(raw):
            continue
        cell = next((text for text in raw.told if dotted((text,))), "")
        value = raw.form.number_of(cell)
        if not cell or np.isnan(value):
            continue
        other = "if its points stand between thousands" if raw.style == "plain" else (
            "if a point stands before decimals")  # fmt: skip
        instead = "without points" if raw.style == "plain" else "with a decimal comma"
        yield (
            f"{name}: {clip(cell, 40)!r} is read as {value:,.10g}; {other}, write its numbers "
            f"{instead}"
        )


def told_of_signs(columns: Mapping[str, Raw]) -> Iterator[str]:
    """Columns of money in which some amounts have no sign: they are read as those that have it.

    Args:
        columns: by their names.
    """
    for name, raw in columns.items():
        if raw.codes is None or raw.told_form is not None or not raw.form.sign:
            continue
        if not raw.form.takes("") or not mostly_numbers(raw):
            continue
        known = [text for text, value in zip(raw.texts, raw.text_numbers.tolist(), strict=True)
                 if value == value]  # fmt: skip
        with_sign = next((text for text in known if signed(text).sign), "")
        bare = next((text for text in known if not signed(text).sign), "")
        if not bare and raw.numbers is not None and np.isfinite(raw.numbers).any():
            bare = as_label(float(raw.numbers[np.isfinite(raw.numbers)][0]))
        if with_sign and bare:
            yield (
                f"{name} has {clip(with_sign, 20)!r} and {clip(bare, 20)!r}: amounts without a "
                f"sign are read as {named_sign(raw.form.sign)} too"
            )
