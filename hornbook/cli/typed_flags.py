"""The flags that were typed, read before they are parsed, and whose flags there are."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from typing import Any

from hornbook.cli.wording import flag
from hornbook.errors import MissingPackageError
from hornbook.settings import Settings
from hornbook.tasks import Family, Task

__all__ = [
    "flag_typed",
    "flags_of_family",
    "flags_of_kind",
    "flags_of_task",
    "names_typed",
    "settings_of",
    "value_typed",
    "values_typed",
]


def names_typed(words: Sequence[str]) -> list[str]:
    """The settings that words are flags of."""
    flags = [flag_typed(word) for word in words if word.startswith("-")]
    return [one.lstrip("-").replace("-", "_") for one in flags]


def value_typed(name: str, words: Sequence[str]) -> str | None:
    """What stands behind a flag the last time that it was typed; None if it was not."""
    found = None
    for k, word in enumerate(words):
        if flag_typed(word) == flag(name):
            behind = [word.partition("=")[2]] if "=" in word else words[k + 1 : k + 2]
            found = next(iter(behind), None)
    return found


def values_typed(group: Any, argv: Sequence[str]) -> dict[str, Any]:
    """The settings of a parsed group that were typed, by name."""
    if group is None:
        return {}
    names = set(names_typed(argv))
    return {
        one.name: getattr(group, one.name)
        for one in dataclasses.fields(group)
        if one.name in names or f"no_{one.name}" in names
    }


def flag_typed(word: str) -> str:
    """The flag that a word is, without its value."""
    return word.partition("=")[0].replace("_", "-")


def flags_of_kind(kind: type[Any]) -> set[str]:
    """The flags of a settings dataclass."""
    return {flag(field.name) for field in dataclasses.fields(kind)}


def flags_of_task(task: Task[Any]) -> set[str]:
    """The flags that a task brings: of loading, and of its families."""
    return flags_of_kind(task.options).union(*map(flags_of_family, task.families.values()))


def flags_of_family(line: Family) -> set[str]:
    """The flags of a family; none of one that cannot be loaded here."""
    kind = settings_of(line)
    return set() if kind is None else flags_of_kind(kind)


def settings_of(line: Family) -> type[Settings] | None:
    """The settings of a family; None of one that cannot be loaded here."""
    with contextlib.suppress(MissingPackageError):
        kind: type[Settings] = line.load().Settings
        return kind
    return None
