"""Marks of what is missing: the usual ones, and those that are named beside them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import numpy as np

from hornbook.errors import SettingsError
from hornbook.tables.written import MISSING, as_label, number_of

__all__ = ["all_marks", "mark_numbers", "marks_named"]


def all_marks(named: Collection[str]) -> frozenset[str]:
    """The usual marks and further ones, in lowercase."""
    return MISSING | {text.strip().lower() for text in named}


@lru_cache(64)
def mark_numbers(marks: frozenset[str]) -> tuple[float, ...]:
    """The marks that are numbers: -999 says that nothing is known in whatever way it is written."""
    found = map(number_of, marks)
    return tuple(number for number in found if not math.isnan(number))


def marks_named(missing: Any) -> tuple[str, ...]:
    """Marks that a program names: a text or a number, or some of them; numbers as texts.

    Raises:
        SettingsError: if one is something else.
    """
    one = isinstance(missing, str | numbers.Number) or missing is None
    try:
        given = [missing] if one else list(missing)
    except TypeError:
        given = [None]
    found = []
    for mark in given:
        is_truth = isinstance(mark, bool | np.bool_)
        if isinstance(mark, str):
            found.append(mark)
        elif isinstance(mark, numbers.Real) and not is_truth and math.isfinite(float(mark)):
            found.append(as_label(float(mark)))
        else:
            raise SettingsError(
                "`missing` must name texts or finite numbers that say that nothing is known, such "
                f"as [-999, 'k.A.']; it is {missing!r}.",
                hint="None and NaN say so by themselves.",
                setting="missing",
            )
    return tuple(found)
