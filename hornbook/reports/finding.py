"""One thing that is amiss with data or a training, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["NOTHING", "SEVERITIES", "Finding", "Severity", "worst_first"]

Severity = Literal["problem", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")
NOTHING = "Nothing amiss was found."


@dataclass(frozen=True)
class Finding:
    """What was found: in a line, in full, and what to do."""

    name: str
    "A short name of its kind, for machines: `confident-start`."
    severity: Severity
    """`problem`: has to be mended. `warning`: probably should be. `note`: only worth knowing."""
    title: str
    detail: str
    "The figures, or why it matters."
    advice: str


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Problems, then warnings, then notes, each in their order."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
