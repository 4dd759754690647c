"""Check of classes and categories that are written in several ways."""

from __future__ import annotations

from collections.abc import Iterator

from hornbook.rendering import clip
from hornbook.reports.finding import Finding
from hornbook.tables.doctor.examined import Examined
from hornbook.tables.spellings import spelled_alike, told_alike

__all__ = ["several_spellings"]

SHOWN = 5  # columns


def several_spellings(examined: Examined) -> Iterator[Finding]:
    """Classes, and categories of a column, that differ only by case or by blanks."""
    target = examined.known.target if examined.known is not None and examined.labels else None
    columns = [name for name, one in examined.columns.items() if one.kind == "category"]
    shown = 0
    for name in [target, *columns]:
        found = spelled_alike(examined.table.columns[name]) if name is not None else []
        if not found or shown == SHOWN:
            continue
        shown += 1
        what = "classes" if name == target else "categories"
        yield Finding(
            "spellings", "warning" if name == target else "note",
            f"{clip(str(name))!r} has {what} that differ only by case or blanks",
            f"{told_alike(found)}. Each spelling is one of the {what} by itself.",
            "If they mean the same, write them in one way in the file.",
        )  # fmt: skip
