"""Texts that look like numbers, and are not read as such: what they are, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hornbook.rendering import clip
from hornbook.tables.found_forms import units_among
from hornbook.tables.number_form import NumberForm, is_some_number
from hornbook.tables.signs import PERCENT, signed
from hornbook.tables.written import ALIKE, LOOKED
from hornbook.tables.written_dates import DATE_FORMATS, NO_DATE, date_of
from hornbook.tables.zones import UNKNOWN_ZONE, unknown_zone, zone_in

__all__ = ["unread", "why_unread"]

FEW = 6  # most units; what has more is an address or the like
SOME = 0.5  # of times with an unknown zone, beside others
PLAIN = NumberForm()


def unread(texts: Sequence[str]) -> str:
    """What nearly all of some texts are, where they look like numbers or times and are none.

    Args:
        texts: distinct ones, none of them missing.

    Returns:
        What they are and what to do; empty of any others.
    """
    if not texts:
        return ""
    signs = signs_among(texts)
    if len(signs) > 1:
        shown = " and ".join(repr(clip(text, 20)) for text in list(signs.values())[:2])
        return f"numbers with several signs, such as {shown}: write all in one"
    units = units_among(texts)
    if 1 < len(units) <= FEW:
        shown = " and ".join(repr(clip(unit, 20)) for unit, _ in units.most_common(2))
        return f"numbers with several units, such as {shown}: write all in one"
    some = texts[:: max(1, len(texts) // LOOKED)]
    whys = [PLAIN.why_not(text) for text in some]
    odd = Counter(why for why in whys if why in EXPLAINED)
    plain = sum(PLAIN.number_of(text) == PLAIN.number_of(text) for text in some)
    if odd and odd.total() + plain >= ALIKE * len(some):
        ((why, _),) = odd.most_common(1)
        shown = repr(clip(some[whys.index(why)], 20))
        return f"numbers and texts such as {shown}, {why}: {EXPLAINED[why]}"
    zones = Counter(zone for text in some if (zone := unknown_zone(text)))
    if zones and zones.total() >= SOME * len(some) and any(map(is_date, some)):
        ((zone, _),) = zones.most_common(1)
        return f"times with the zone {zone!r}, {UNKNOWN_ZONE}"
    return ""


def signs_among(texts: Sequence[str]) -> dict[str, str]:
    """The signs of some texts, each with the first that has it, if nearly all are numbers.

    Money that is written without a sign has that of others.
    """
    found: dict[str, str] = {}
    some = texts[:: max(1, len(texts) // LOOKED)]
    numbers = [text for text in some if is_some_number(text)]
    if len(numbers) < ALIKE * len(some):
        return found
    for text in numbers:
        found.setdefault(signed(text).sign, text)
    if PERCENT not in found:
        found.pop("", None)
    return found


def why_unread(cell: str, form: NumberForm, kind: str) -> str:
    """Why a cell of a column of numbers or dates is none, where that is not plain; else empty.

    Args:
        cell: which is none.
        form: of the column.
        kind: of the column.
    """
    if kind == "number":
        return form.why_not(cell)
    zone = unknown_zone(cell)
    return f"whose zone {zone!r} is not known (+01:00 would be)" if zone else ""


def is_date(text: str) -> bool:
    """Whether a text is a date and a time, but for the zone behind it."""
    time, _ = zone_in(text)
    return any(date_of(time, form) != NO_DATE for form in DATE_FORMATS)


EXPLAINED = {
    "which is not exact": "write the number alone to have it read as one",
    "which is a bound": "write a number in its place to have it read as one",
}
