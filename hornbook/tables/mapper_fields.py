"""The fields of a mapper that was kept as JSON, each checked as it is read."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

from hornbook.tables.features import Scale
from hornbook.tables.kinds import Column
from hornbook.tables.signs import ANY_SIGN, is_pattern
from hornbook.tables.written_dates import DATE_FORMATS

__all__ = ["a_column", "a_scale", "a_sign", "a_text", "finite", "texts", "the_ends"]

WITH_SIGNS = ("category", "number")
COLUMN = {one.name for one in fields(Column)}  # older ones are without a unit, or a sign


def a_column(value: Any) -> Column:
    """A column from JSON.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    if not isinstance(value, dict) or {*value, "unit", "sign"} != COLUMN:
        raise ValueError(f"a column was expected, not {value!r}")
    known = {"sign": ANY_SIGN if value.get("kind") in WITH_SIGNS else "", **value}
    column = Column(**{key: a_text(one) for key, one in known.items()})
    if column.kind not in ("category", "number", "date", "left out"):
        raise ValueError("a column is of no known kind")
    dates = (*DATE_FORMATS, "yyyymmdd", "seconds", "milliseconds")
    numbers = ("", "comma", "thousands")
    forms = {"date": dates, "number": numbers, "category": numbers}.get(column.kind, ("",))
    if column.form not in forms:
        raise ValueError(f"a {column.kind} has no format {column.form!r}")
    if (column.unit or column.sign) and column.kind not in WITH_SIGNS:
        raise ValueError(f"a {column.kind} has no unit or sign {column.unit or column.sign!r}")
    a_sign(column.sign)
    return column


def a_scale(value: Any) -> Scale | None:
    """A scale from JSON; None of older mappers, which have none.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"a scale was expected, not {value!r}")
    found = Scale(**{key: finite(one) for key, one in value.items()})
    if found.std <= 0 or found.low > found.high:
        raise ValueError("a scale has no spread, or no range")
    return found


def a_sign(value: Any) -> str:
    """The sign of a column.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, str) or not is_pattern(value):
        raise ValueError(f"the sign of a column was expected, not {value!r}")
    return value


def the_ends(value: Any) -> tuple[float, float] | None:
    """The lowest and the highest of train from JSON; None of older mappers, which have none.

    Raises:
        TypeError, ValueError: if they are none.
    """
    if value is None:
        return None
    low, high = map(finite, value)
    if not low < high:
        raise ValueError("a number has no range")
    return low, high


def a_text(value: Any) -> Any:
    """A text.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"a text was expected, not {value!r}")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of different texts.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, list) or len(set(map(a_text, value))) != len(value):
        raise ValueError("a list of different texts was expected")
    return tuple(value)


def finite(value: Any) -> float:
    """A finite number.

    Raises:
        ValueError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"a finite number was expected, not {value!r}")
    if not abs(value) <= sys.float_info.max:
        raise ValueError("a number is not finite")
    return float(value)
