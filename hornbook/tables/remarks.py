"""What is said of the columns of a table when it has been read."""

from __future__ import annotations

from hornbook.rendering import clip
from hornbook.tables.understood import Understood

__all__ = ["about_columns", "told_of_zone"]


def told_of_zone(name: str, cell: str) -> str:
    """What to say of a column of times with a zone, and one of them."""
    return (
        f"{name} has times with a zone, such as {clip(cell, 40)}: they are turned into UTC, and so "
        "are the hours and days made of them"
    )


def about_columns(known: Understood) -> list[str]:
    """What the columns were read as, a line for each kind; the whole table is the doctor's."""
    told = []
    for kind, title in (("category", "categories"), ("number", "numbers"), ("date", "dates")):
        names = [column.name for column in known.columns if column.kind == kind]
        if names:
            told.append(f"{title}: {', '.join(names[:12])}" + (", …" if len(names) > 12 else ""))
    told += known.remarks
    told += [
        f"{name} is read as {form}, and {other} fits too: if that is meant, write 2015-07-31"
        for name, form, other in known.unclear_dates
    ]
    told += [told_of_zone(name, cell) for name, cell in known.zoned]
    out = [f"{c.name} ({c.reason})" for c in known.columns if c.kind == "left out"]
    if out:
        told.append(f"left out: {', '.join(out[:8])}" + (", …" if len(out) > 8 else ""))
    return told
