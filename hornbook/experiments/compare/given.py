"""Settings that were given as words: `n_hidden=64`, `gpt.dropout=0.1`."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from hornbook.errors import SettingsError
from hornbook.experiments.sweep.spans import bare_type
from hornbook.rendering import clip
from hornbook.settings import Settings
from hornbook.suggestions import did_you_mean, settings_without_commas
from hornbook.tasks import Family
from hornbook.training.settings import TrainingSettings

__all__ = ["GivenSettings", "changes_of", "settings_of"]

ELSEWHERE = {
    "seed": "Runs differ by their seeds: set `seeds`.",
    "steps": "All nets have the same budget: set `steps` for all of them.",
}


@dataclass(frozen=True)
class GivenSettings:
    """Settings of one family that were given."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    "Of the family."
    training: Mapping[str, Any] = field(default_factory=dict)
    "Of training."
    written: str = ""
    "As they were given, without the family."

    def __or__(self, other: GivenSettings) -> GivenSettings:
        return GivenSettings(
            {**self.settings, **other.settings}, {**self.training, **other.training}
        )


def settings_of(words: Sequence[str], lines: Mapping[str, Family]) -> dict[str, GivenSettings]:
    """What was set, for each family.

    A setting without a family is of all families that have it.

    Args:
        words: as `NAME=VALUE` or `FAMILY.NAME=VALUE`.
        lines: of the families that are compared, by name.

    Raises:
        SettingsError: if a word is of no such form, or no family has such a setting.
    """
    found = dict.fromkeys(lines, GivenSettings())
    for word in words:
        for family, one in read(word, lines, "settings"):
            found[family] = found[family] | one
    return found


def changes_of(words: Sequence[str], lines: Mapping[str, Family]) -> dict[str, list[GivenSettings]]:
    """What is changed, one setting at a time, for each family that is trained.

    Args, Raises: as of `settings_of`; a change that comes twice is refused.
    """
    found: dict[str, list[GivenSettings]] = {name: [] for name in lines}
    nets = {name: line for name, line in lines.items() if line.trained}
    for word in words:
        for family, one in read(word, nets, "change"):
            if any(one.written == other.written for other in found[family]):
                raise SettingsError(
                    f"The change {clip(one.written)} of {family} is given twice.", setting="change"
                )
            found[family].append(one)
    return found


def read(
    word: str, lines: Mapping[str, Family], setting: str
) -> Iterable[tuple[str, GivenSettings]]:
    """The families that a word is of, each with what it sets.

    Raises:
        SettingsError: if it is not a setting of them.
    """
    left, equals, text = word.partition("=")
    if left != "rates" and (several := settings_without_commas(word, setting)):
        raise SettingsError(
            f"{clip(word)!r} is several settings.", hint=several.strip(), setting=setting
        )
    family, _, name = left.rpartition(".")
    name = name.strip().replace("-", "_")
    if not equals or not name:
        raise SettingsError(
            f"{clip(word)!r} is not a setting with a value.",
            hint="Write NAME=VALUE, or FAMILY.NAME=VALUE for one family alone: dropout=0.1, "
            "gpt.n_layer=2.",
            setting=setting,
        )
    if name in ELSEWHERE:
        raise SettingsError(
            f"`{name}` cannot be set by {clip(word)!r}.", hint=ELSEWHERE[name], setting=setting
        )
    if not lines:
        raise SettingsError(
            f"{clip(word)!r} cannot be set: no net is compared here.",
            hint="Name a net among `models`, such as mlp.",
            setting=setting,
        )
    if family and family not in lines:
        raise SettingsError(
            f"{clip(word)!r} is of the family {clip(family)}, which is not compared here.",
            hint=f"{did_you_mean(family, lines)}Families compared: {', '.join(lines)}.",
            setting=setting,
        )
    asked = {family: lines[family]} if family else lines
    found = [
        (each, given)
        for each, line in asked.items()
        if (given := given_to(line, name, text, word)) is not None
    ]
    if not found:
        known = {
            one for line in asked.values() for kind in kinds_of(line) for one in names_of(kind)
        } - ELSEWHERE.keys()
        whose = family or "None of the families compared"
        raise SettingsError(
            f"{whose} has {'no' if family else 'a'} setting {clip(name)!r}.",
            hint=f"{did_you_mean(name, known)}Settings: {', '.join(sorted(known))}.",
            setting=setting,
        )
    return found


def given_to(line: Family, name: str, text: str, word: str) -> GivenSettings | None:
    """What a setting is to a family; None if it has none of that name."""
    for kind in kinds_of(line):
        if name in names_of(kind):
            hint = typing.get_type_hints(kind, include_extras=True)[name]
            value = typed(hint, text)
            written = f"{name}={text}"
            if kind is TrainingSettings:
                return GivenSettings(training={name: value}, written=written)
            return GivenSettings(settings={name: value}, written=written)
    return None


def kinds_of(line: Family) -> list[type[Settings]]:
    """The kinds of settings that a family has: its own, and those of training if it is trained."""
    own: type[Settings] = line.load().Settings
    return [own, TrainingSettings] if line.trained else [own]


def names_of(kind: type[Settings]) -> set[str]:
    """The names of its settings."""
    return {one.name for one in dataclasses.fields(kind)}


def typed(hint: Any, text: str) -> Any:
    """A value of a setting's type; one that does not fit is left to the setting to refuse.

    Args:
        hint: the type of the setting.
        text: that was given.
    """
    if typing.get_origin(hint) is Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        apart = "[,x]" if bare_type(inner) in (int, float) else ","  # as tables show it: 256x160
        parts = re.split(apart, text.strip("()[] "))
        return tuple(typed(inner, part.strip()) for part in parts if part.strip())
    if hint is str:
        return text
    if hint is bool:
        return {"yes": True, "no": False, "true": True, "false": False}.get(text.lower(), text)
    if type(None) in typing.get_args(hint) and text.lower() in ("none", ""):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text
