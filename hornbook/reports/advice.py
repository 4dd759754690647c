"""Something to try, and why."""

from __future__ import annotations

from dataclasses import dataclass

from hornbook.actions import Action

__all__ = ["Advice"]


@dataclass(frozen=True)
class Advice:
    """Something to try."""

    reason: str
    "What is known, and what follows, as a sentence or two."
    action: Action | None = None
    "How, if it is a call."
