"""What is known about data before training on it: facts and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hornbook.actions import Action
from hornbook.records import JSONObject
from hornbook.reports.finding import Finding
from hornbook.reports.table import Table

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """A task's report about data."""

    facts: Mapping[str, str]
    "For people, by name."
    findings: tuple[Finding, ...] = ()
    "Problems first, then warnings, then notes."
    figures: JSONObject = field(default_factory=dict)
    "For machines: everything, the findings included."
    proposed: tuple[Action, ...] = ()
    "What to do next with the data."
    tables: tuple[Table, ...] = ()
    "Shown between the facts and the findings."
