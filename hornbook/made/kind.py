"""The contract of a kind of made pairs.

A kind is a settings dataclass beside two functions: what its two columns are called, and of which
parts its pairs consist. A part knows how many pairs it has and makes each from its number, so
that pairs are drawn without a repetition, and nobody has to keep those that were drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hornbook.settings import Settings

__all__ = ["Kind", "Pair", "Part", "changed_sides", "listed"]

Pair = tuple[str, str]
"A source and its target."


@dataclass(frozen=True)
class Part:
    """Pairs that are drawn equally often: all words of five letters, all dates in one form."""

    size: int
    "How many there are."
    pair: Callable[[int], Pair]
    "The pair of a number from 0 to `size` - 1; no two of a kind have the same source."


@dataclass(frozen=True)
class Kind:
    """How pairs of a kind are made."""

    settings: type[Settings]
    "What can be chosen."
    columns: Columns
    parts: Parts


class Columns(Protocol):
    """Names the columns of a kind."""

    def __call__(self, settings: Any, /) -> Pair:
        """The names of source and target."""
        ...


class Parts(Protocol):
    """Makes the parts of a kind, which are equally probable until one of them is used up."""

    def __call__(self, settings: Any, /) -> Sequence[Part]:
        """The parts.

        Raises:
            SettingsError: if settings do not fit each other.
            MissingPackageError: if a package of an extra is missing.
        """
        ...


def listed(pairs: Iterable[Pair]) -> list[Part]:
    """The parts of a kind whose pairs are a list: one part; of equal sources the first counts."""
    found: dict[str, str] = {}
    for source, target in pairs:
        found.setdefault(source, target)
    kept = list(found.items())
    return [Part(len(kept), kept.__getitem__)]


def changed_sides(pair: Pair) -> Pair:
    """A pair the other way round."""
    source, target = pair
    return target, source
