"""Columns that give the target away, looked for whenever a table is loaded."""

from __future__ import annotations

from hornbook.reports.finding import Finding
from hornbook.tables.doctor.examined import Examined
from hornbook.tables.doctor.target import combination, gives_away
from hornbook.tables.understood import Understood

__all__ = ["leaks"]


def leaks(known: Understood) -> tuple[Finding, ...]:
    """What the doctor calls a problem with the columns beside the target, and it knows of them.

    Args:
        known: a table whose cells are still there.
    """
    examined = Examined(known.table, known.options, known.where, known)
    found = (one for check in (gives_away, combination) for one in check(examined))
    return tuple(one for one in found if one.severity == "problem")
