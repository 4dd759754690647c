"""What each column of a table is: a category, a number, a date, or left out; and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hornbook.rendering import clip, many
from hornbook.tables.column_words import LABELS, MOMENTS
from hornbook.tables.number_form import POWERS, NumberForm
from hornbook.tables.seen_column import FEW, Seen
from hornbook.tables.signs import named_sign
from hornbook.tables.written import ALIKE
from hornbook.tables.written_dates import date_format, other_reading

__all__ = ["ASKED", "Column", "ColumnKind", "column_as", "date_form", "form_named", "kind_of"]

ColumnKind = Literal["category", "number", "date", "left out"]

OWN = 0.5  # share of rows with a text of their own from which on it is not a category
LEAST = 50  # rows, before a text that never repeats is not a category
YEARS = (1900, 2100)


ASKED = "asked for"
"Why a column is read as what its owner said."


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is read as, and why."""

    name: str
    kind: ColumnKind
    reason: str
    "For people, to be read after the kind."
    form: str = ""
    """Of dates: the format of the cells, `yyyymmdd`, `seconds` or `milliseconds`. Of all others:
    how numbers are written, a `NumberStyle`; empty where plain."""
    unit: str = ""
    "Of all but dates: what stands behind the numbers, as of `NumberForm`."
    sign: str = ""
    "Of all but dates: of percent or money, as of `NumberForm`."

    @property
    def written(self) -> NumberForm:
        """How numbers are written in it."""
        return form_named("" if self.kind == "date" else self.form, self.unit, self.sign)


def form_named(style: str, unit: str, sign: str = "") -> NumberForm:
    """How numbers are written, as a run keeps it."""
    return NumberForm(style or "plain", unit, sign)  # type: ignore[arg-type]


def column_as(seen: Seen, kind: ColumnKind, reason: str) -> Column:
    """A column of categories or numbers, with how its numbers are written."""
    raw = seen.raw
    if kind not in ("category", "number") or (kind == "category" and raw.declared == "text"):
        return Column(seen.name, kind, reason)
    style = "" if raw.style == "plain" else raw.style
    return Column(seen.name, kind, reason, style, raw.form.unit, raw.form.sign)


def kind_of(seen: Seen) -> Column:
    """What a column is, where nobody has said it."""

    def found(kind: ColumnKind, reason: str) -> Column:
        return column_as(seen, kind, reason)

    if seen.raw.too_long:
        return found("left out", "its texts are too long to be categories")
    if not seen.known:
        return found("left out", "it is empty")
    if seen.distinct == 1 and seen.known == seen.raw.n:
        return found("left out", "all rows have the same value")
    if seen.raw.declared == "category":
        return found("category", f"{seen.distinct:,} different, by its type")
    if (form := date_form(seen)) != "":
        return Column(seen.name, "date", told_of_dates(seen, form), form)
    if seen.of_numbers:
        return of_numbers(seen)
    if seen.distinct > max(LEAST, OWN * seen.known):
        if seen.is_mixed:
            some = f"{seen.n_numbers:,} of {seen.known:,} values are numbers"
            return found(
                "left out", f"{some}, others are texts such as {clip(seen.odd_text, 40)!r}"
            )
        if seen.unread:
            return found("left out", seen.unread)
        own = "each row has a text of its own" if seen.distinct == seen.known else (
            f"{seen.distinct:,} different texts in {seen.known:,} rows")  # fmt: skip
        return found("left out", f"{own}: it identifies rows, or is free text")
    if seen.raw.zero_filled and seen.n_numbers == seen.known:
        return found("category", f"numbers with zeros before them, {seen.distinct:,} different")
    why = f": {seen.unread}" if seen.unread else ""
    return found("category", f"{many(seen.distinct, 'text')}{why}")


def of_numbers(seen: Seen) -> Column:
    """What a column of numbers is."""
    n, name = seen.distinct, seen.name
    if seen.whole and seen.n_numbers == seen.known:
        labels = seen.words & LABELS
        counted = not seen.raw.form.unit and not seen.raw.form.sign and counts_rows(seen)
        if n == seen.raw.n and (labels or counted):
            return Column(name, "left out", "each row has a number of its own: it identifies rows")
        if labels and n <= max(LEAST, OWN * seen.known):
            word = sorted(labels)[0]
            why = f"{n:,} whole numbers, and its name has {word!r}"
            return column_as(seen, "category", why)
        if n <= FEW and 2 * n <= seen.known and seen.raw.declared != "date":
            return column_as(seen, "category", f"{n} different whole numbers{told_of_unit(seen)}")
    if seen.n_numbers < seen.known and seen.whole and n <= FEW and 2 * n <= seen.known:
        odd = f": {clip(seen.odd_text, 20)!r} has no place in their order" if seen.odd_text else ""
        return column_as(seen, "category", f"{n} different texts and whole numbers{odd}")
    written = {"comma": ", with decimal commas", "thousands": ", with commas between thousands"}
    how = written.get(seen.raw.style, "") + told_of_unit(seen)
    return column_as(seen, "number", f"{n:,} different numbers{how}")


def told_of_unit(seen: Seen) -> str:
    """What to say of the unit and the sign of numbers; empty if they have none."""
    form = seen.raw.form
    sign = f", with {named_sign(form.sign)!r}" if named_sign(form.sign) else ""
    if not form.unit:
        return sign
    if form.unit in POWERS:
        return f", with {form.unit!r} for {10 ** POWERS[form.unit]:,}{sign}"
    return f" of the unit {form.unit!r}{sign}"


def counts_rows(seen: Seen) -> bool:
    """Whether its numbers count the rows, in their order."""
    numbers = seen.raw.as_numbers()
    return len(numbers) > LEAST and bool((np.diff(numbers) == 1).all())


def date_form(seen: Seen, *, asked: bool = False) -> str:
    """The format of a column of dates; empty if it is none.

    Of dates that are not texts it is that in which they are written into most files.

    Args:
        seen: the column.
        asked: whether somebody said that it is one: then numbers may be dates whatever its name.
    """
    if seen.raw.declared == "date":
        return "iso"
    if seen.n_numbers <= (1 - ALIKE) * seen.known and not seen.raw.too_long:
        return date_format(seen.raw.told)
    numbers = seen.n_numbers == seen.known and seen.whole
    if not numbers or not (asked or seen.words & MOMENTS):
        return ""
    low, high = float(seen.values[0]), float(seen.values[-1])
    if YEARS[0] * 10_000 <= low <= high < YEARS[1] * 10_000:
        months, days = seen.values // 100 % 100, seen.values % 100
        fits = (months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)
        return "yyyymmdd" if fits.all() else ""
    for form, unit in (("seconds", 1), ("milliseconds", 1_000)):
        if 315_532_800 * unit <= low <= high < 4_102_444_800 * unit:  # the years 1980 to 2100
            return form
    return ""


def told_of_dates(seen: Seen, form: str) -> str:
    """What to say of a format."""
    if seen.raw.declared == "date":
        return "by its type"
    if form in ("seconds", "milliseconds"):
        return f"{form} since 1970"
    shown = {"iso": "ISO", "yyyymmdd": "yyyymmdd"}.get(form, form)
    other = other_reading(seen.raw.told, form)
    return f"dates ({shown}; {other} fits too)" if other else f"dates ({shown})"
