"""A problem with data or a training run, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["NOTHING", "SEVERITIES", "Finding", "Severity", "worst_first"]

Severity = Literal["problem", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")
NOTHING = "No problems found."


@dataclass(frozen=True)
class Finding:
    """What was found, in one line and in detail, and what to do about it."""

    name: str
    "A short identifier of its kind, such as `confident-start`."
    severity: Severity
    """`problem`: must be fixed. `warning`: probably should be fixed. `note`: good to know."""
    title: str
    detail: str
    "The numbers, or why it matters."
    advice: str


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Problems, then warnings, then notes; otherwise the order is unchanged."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
