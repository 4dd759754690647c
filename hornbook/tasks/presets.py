"""Settings of published models by name, looked up in the families of all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hornbook.errors import SettingsError
from hornbook.settings import Settings
from hornbook.suggestions import did_you_mean
from hornbook.tasks.family import Family, Preset
from hornbook.tasks.table import tasks

__all__ = ["NamedPreset", "named_preset", "presets"]


@dataclass(frozen=True)
class NamedPreset:
    """A preset, and whose it is."""

    name: str
    task: str
    family: str
    line: Family
    "The family, with the training settings that the preset recommends."
    preset: Preset

    def settings(self, given: Settings | Mapping[str, Any] | None = None) -> Settings:
        """The family's settings as the preset has them, but for those that are given.

        Raises:
            SettingsError: if one is unknown or not allowed.
        """
        if isinstance(given, Settings):
            return given
        kind: type[Settings] = self.line.load().Settings
        return kind.from_dict({**self.preset.settings, **(given or {})})

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Options of loading as the preset has them, but for those that are given."""
        return {**self.preset.options, **given}

    def changes(self, settings: Settings, options: Mapping[str, Any]) -> str:
        """What is not as the preset has it, as a sentence; empty if nothing."""
        pairs = [(self.settings().as_dict(), settings.as_dict()), (self.preset.options, options)]
        told = [
            f"`{name}` is {now[name]} in place of {value}"
            for usual, now in pairs
            for name, value in usual.items()
            if name in now and now[name] != value
        ]
        return f"Not as in the preset {self.name}: {', '.join(told)}." if told else ""


def presets() -> dict[str, NamedPreset]:
    """All presets by name."""
    return {
        name: NamedPreset(name, task.name, family, line.trained_with(preset.training), preset)
        for task in tasks().values()
        for family, line in task.families.items()
        for name, preset in line.presets.items()
    }


def named_preset(name: str, model: str | None = None) -> NamedPreset:
    """A preset by its name.

    Args:
        name: its name.
        model: the family that was asked for beside it, if one was.

    Raises:
        SettingsError: if there is none of this name, or it is of another family.
    """
    known = presets()
    if not isinstance(name, str) or name not in known:
        meant = did_you_mean(name, known) if isinstance(name, str) else ""
        raise SettingsError(
            f"Unknown preset {name!r}.",
            hint=f"{meant}Presets: {', '.join(known)}.",
            setting="preset",
        )
    found = known[name]
    if model not in (None, found.family):
        raise SettingsError(
            f"`model` is {model}, and the preset {name} is of the family {found.family}.",
            hint="Leave `model` out, or leave `preset` out.",
            setting="model",
        )
    return found
