"""Checks of how classes and categories are written: in several ways, or as what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from hornbook.rendering import clip, many
from hornbook.reports.finding import Finding
from hornbook.tables.doctor.examined import Examined
from hornbook.tables.lost_codes import lost_code
from hornbook.tables.spellings import spelled_alike, told_alike

__all__ = ["codes_read_as_missing", "several_spellings"]

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


def codes_read_as_missing(examined: Examined) -> Iterator[Finding]:
    """Columns of codes of two letters in which NA may be one of them."""
    for name, one in examined.columns.items():
        raw = examined.table.columns[name]
        if one.kind == "category" and (code := lost_code(raw)):
            n = int(raw.missing.sum())
            yield Finding(
                "code-as-missing", "note",
                f"{clip(name)!r} has codes of two letters, and {code!r} is read as missing",
                f"{many(n, 'row')} of {raw.n:,} have no value there.",
                f"If it is a code too, such as that of Namibia, write it otherwise in the file: "
                f"{code + '_'!r}.",
            )  # fmt: skip
