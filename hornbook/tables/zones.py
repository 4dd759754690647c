"""Zones of times: those that can be known, and those of which only the name is there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = ["UNKNOWN_ZONE", "in_utc", "unknown_zone", "without_zone", "zone_in"]

OFFSETS = {
    "z": 0, "utc": 0, "ut": 0, "gmt": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
"""Hours from UTC of the zones of RFC 5322, section 4.3. Other names have no one meaning: Python's
`ZoneInfo("CET")` has summer time, and what writes CET in July mostly means it not to."""
CLOCK = r":\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
AREA = r"[A-Z][A-Za-z]+(?:/[A-Za-z_+-]+){1,2}"
ZONED = re.compile(
    rf"(?P<time>.*{CLOCK})\s*(?:(?P<offset>[+-]\d{{2}}(?::?\d{{2}})?)"
    rf"|[(\[]?(?P<name>{AREA}|[A-Za-z]{{1,5}}(?:[+-]\d{{1,2}})?)[)\]]?)",
    re.ASCII,
)
UNKNOWN_ZONE = "which is not known: write how far it is from UTC, such as +01:00"


def zone_in(cell: str) -> tuple[str, str]:
    """A time without its zone, and the zone; both empty where it has none."""
    if ":" not in cell or len(cell) > 64:
        return "", ""
    found = ZONED.fullmatch(cell)
    zone = "" if found is None else found["offset"] or found["name"]
    if found is None or zone.lower() in ("am", "pm"):
        return "", ""
    return found["time"], zone


def offset_of(zone: str) -> int | None:
    """Seconds that a zone is ahead of UTC; None if that hangs on the day, or is not known."""
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        hours, minutes = int(digits[:2]), int(digits[2:])
        if hours > 23 or minutes > 59:
            return None
        return (-1 if zone[0] == "-" else 1) * (3600 * hours + 60 * minutes)
    known = OFFSETS.get(zone.lower())
    return None if known is None else 3600 * known


@lru_cache(256)
def area_of(zone: str) -> ZoneInfo | None:
    """The zone of an area and a city, such as Europe/Berlin; None if there is none."""
    if "/" not in zone:
        return None
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return None


def unknown_zone(cell: str) -> str:
    """The zone of a time, if what it stands for is not known; else empty."""
    _, zone = zone_in(cell)
    return zone if zone and offset_of(zone) is None and area_of(zone) is None else ""


def without_zone(cell: str) -> tuple[str, str]:
    """As `zone_in`, of a zone that is known; the cell as it is and nothing where there is none."""
    time, zone = zone_in(cell)
    return (time, zone) if zone and not unknown_zone(cell) else (cell, "")


def in_utc(seconds: int, zone: str) -> int:
    """Seconds since 1970 of a time of a zone.

    Args:
        seconds: as if it were UTC.
        zone: that is known.

    Raises:
        ValueError: if the hour occurs twice there, or not at all, as the clock is changed.
    """
    offset = offset_of(zone)
    if offset is not None:
        return seconds - offset
    local = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=area_of(zone))
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    if first != second or first is None:
        raise ValueError(f"{local} occurs twice in {zone}, or not at all")
    return seconds - int(first / timedelta(seconds=1))
