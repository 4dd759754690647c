"""How an interface writes what the library says: settings and calls, in its own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hornbook.actions import Action

__all__ = ["Wording"]


def as_it_is(text: str) -> str:
    """A sentence with its settings in backticks, as the library writes it."""
    return text


@dataclass(frozen=True)
class Wording:
    """The words of an interface; by default those of Python."""

    sentence: Callable[[str], str] = as_it_is
    "Writes a sentence whose settings stand in backticks."
    call: Callable[[Action], str] = str
    "Writes a call of the library."
