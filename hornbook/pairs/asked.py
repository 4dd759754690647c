"""What can be asked of a run on pairs: name, what it does, and the class."""

from __future__ import annotations

__all__ = ["QUESTIONS"]

QUESTIONS: dict[str, tuple[str, str]] = {}
