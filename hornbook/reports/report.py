"""What is known of data before training on them: facts, and what was found amiss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hornbook.records import JSONObject
from hornbook.reports.finding import Finding

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """What a task's doctor tells of data."""

    facts: Mapping[str, str]
    "For people, by what they are facts of."
    findings: tuple[Finding, ...] = ()
    "Problems first, then warnings, then notes."
    figures: JSONObject = field(default_factory=dict)
    "For machines: everything, the findings included."
