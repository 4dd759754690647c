"""Which settings a sweep varies, and over which values: as typed, or as each family declares it.

Names and values are held against the settings themselves, whose types and limits are the only ones
there are.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from hornbook.errors import SettingsError
from hornbook.experiments.sweep.declared import declared
from hornbook.experiments.sweep.spans import HOW, SHOWN, bare_type, read_span, stepped, steps_within
from hornbook.ranges import Choices, Range, spelled, word
from hornbook.rendering import clip
from hornbook.settings import Settings, check
from hornbook.suggestions import did_you_mean, settings_without_commas
from hornbook.tasks import Data, Family, Task
from hornbook.training.settings import TrainingSettings

__all__ = ["Over", "Setting", "Space", "read_space"]

Over: TypeAlias = Mapping[str, Range | Choices | str | Sequence[Any]] | Sequence[str] | None
"""By name a range, as written or as an object, or a list of values; or words `name=range`."""

UNVARIED = {
    "seed": "what one seed is better by is luck",
    "rates": "it is a list of patterns",
    **dict.fromkeys(
        ("device", "threads", "precision", "gradients", "compile", "recompute"),
        "it changes how fast a net is trained, not what it learns",
    ),
    **dict.fromkeys(
        ("watch", "watch_every", "evaluate_on", "evaluate_every", "checkpoint_every"),
        "it changes what is recorded, not what is learned",
    ),
}
"Settings that a search over them would tell nothing of, and why."
LARGE = 10**6  # different trials: from here on nobody counts them


@dataclass(frozen=True)
class Setting:
    """A setting that is varied."""

    name: str
    of: Literal["settings", "training"]
    "Of the family, or of training."
    span: Range | Choices
    whole: bool
    "Whether its numbers are whole."

    @property
    def values(self) -> Sequence[Any] | None:
        """All that it can be; None if these are too many to list."""
        if isinstance(self.span, Choices):
            return self.span.values
        step = self.span.step or (1 if self.whole else 0)
        if not step:
            return None
        count = steps_within(self.span.low, self.span.high, step) + 1
        if count > LARGE:
            return None
        every = (stepped(self.span.low, step, at) for at in range(count))
        return [int(one) if self.whole else one for one in every]

    def holds(self, value: Any) -> bool:
        """Whether a value can come up."""
        if (every := self.values) is not None:
            yes_no = isinstance(value, bool)  # True is 1
            return any(one == value and isinstance(one, bool) is yes_no for one in every)
        assert isinstance(self.span, Range)
        return isinstance(value, int | float) and self.span.low <= value <= self.span.high


@dataclass(frozen=True)
class Space:
    """The settings that are varied, in their order."""

    settings: tuple[Setting, ...]

    @cached_property
    def size(self) -> float:
        """How many different trials there are; infinite if that is not to be counted."""
        size = 1.0
        for one in self.settings:
            size *= math.inf if one.values is None else len(one.values)
        return size if size <= LARGE else math.inf

    def written(self) -> dict[str, str]:
        """Each range as it is written, by the name of the setting."""
        return {one.name: spelled(one.span) for one in self.settings}

    def parted(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values by name, parted into those of the family and those of training."""
        found: dict[str, dict[str, Any]] = {"settings": {}, "training": {}}
        for one in self.settings:
            found[one.of][one.name] = values[one.name]
        return found["settings"], found["training"]


def read_space(
    over: Over,
    task: Task[Any],
    line: Family,
    name: str,
    data: Data,
    fixed: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> Space:
    """The settings to vary, checked.

    Args:
        over: what was asked for; None or empty: what the family declares.
        task: of the data.
        line: of the family.
        name: of the family.
        data: that it is trained on, by which some ranges are chosen.
        fixed: settings of the family and of training that are the same in all trials.

    Raises:
        SettingsError: if a setting is not there, is fixed, or a range is none for it.
    """
    kinds: dict[Literal["settings", "training"], type[Settings]] = {
        "settings": line.load().Settings
    }
    if line.trained:
        kinds["training"] = TrainingSettings
    held = {**fixed[0], **fixed[1]}
    if not over:
        return usual_space(line, name, data, kinds, held)
    asked = over if isinstance(over, Mapping) else dict(parted_words(over))
    found = []
    for setting, given in asked.items():
        refuse_unvaried(setting, kinds, task, name)
        if setting in held:
            raise SettingsError(
                f"`{setting}` is set to {word(held[setting])} and varied too.",
                hint="Leave one of the two out.",
                setting=setting,
            )
        found.append(read_setting(setting, given, kinds))
    return Space(tuple(found))


def parted_words(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and range of each word `name=range`.

    Raises:
        SettingsError: if one has no range, or a name stands twice.
    """
    seen = set()
    for one in [words] if isinstance(words, str) else words:
        name, equals, span = one.partition("=")
        name = name.strip().lstrip("-").replace("-", "_")
        if several := settings_without_commas(one, "over"):
            raise SettingsError(
                f"{clip(one, SHOWN)!r} is several settings.", hint=several.strip(), setting="over"
            )
        if not equals or not name or not span:
            raise SettingsError(
                f"{clip(one, SHOWN)!r} does not name a setting and its range.",
                hint="Write them as n_embd=16..64.",
                setting="over",
            )
        if name in seen:
            raise SettingsError(f"{name} has two ranges.", hint="Give it one.", setting="over")
        seen.add(name)
        yield name, span


def refuse_unvaried(
    name: str, kinds: Mapping[Any, type[Settings]], task: Task[Any], family: str
) -> None:
    """Refuse a name that is not of a setting which can be varied.

    Raises:
        SettingsError: saying whose it is, or which was perhaps meant.
    """
    known = [one for kind in kinds.values() for one in known_names(kind)]
    if name in UNVARIED and name in known:
        raise SettingsError(
            f"{name} is not varied: {UNVARIED[name]}.", hint="Leave it out.", setting="over"
        )
    if name in known:
        return
    if name in known_names(task.options):
        raise SettingsError(
            f"{name} is an option of the data: a sweep varies settings of the model and of "
            "training, on the same data.",
            hint="Make a sweep for each of its values.",
            setting="over",
        )
    if name in known_names(TrainingSettings):
        raise SettingsError(
            f"{name} is a setting of training by gradients, and {family} is made in one pass.",
            hint=f"Settings of {family}: {', '.join(known) or 'none'}.",
            setting="over",
        )
    varied = [one for one in known if one not in UNVARIED]
    raise SettingsError(
        f"{family} has no setting {clip(name, SHOWN)}.",
        hint=f"{did_you_mean(name, varied)}Settings that can be varied: {', '.join(varied)}.",
        setting="over",
    )


def read_setting(
    name: str, given: Any, kinds: Mapping[Literal["settings", "training"], type[Settings]]
) -> Setting:
    """A setting with its range, held against its type and its limits.

    Raises:
        SettingsError: if the range is none for it.
    """
    of = next(of for of, kind in kinds.items() if name in known_names(kind))
    hint = typing.get_type_hints(kinds[of], include_extras=True)[name]
    bare = bare_type(hint)
    try:
        span = read_span(name, given, bare, hint)
        ends = span.values if isinstance(span, Choices) else (span.low, span.high)
        for value in ends:
            check(name, value, hint)
    except SettingsError as error:
        # As it stands in the range that was given, not as a setting of its own, which is a flag.
        message = error.message.replace(f"`{name}`", name)
        message = message if message.startswith(name) else f"{name}: {message}"
        raise SettingsError(message, hint=error.hint or HOW, setting="over") from None
    return Setting(name, of, span, bare is int)


def known_names(kind: type[Settings]) -> list[str]:
    """The names of its settings."""
    return [field.name for field in dataclasses.fields(kind)]


def usual_space(
    line: Family,
    family: str,
    data: Data,
    kinds: Mapping[Literal["settings", "training"], type[Settings]],
    held: Mapping[str, Any],
) -> Space:
    """What a family declares beside its settings, without what is fixed.

    Raises:
        SettingsError: if it declares nothing.
    """
    suited = line.suiting(data).as_dict() if line.trained else {}
    found = []
    for of, kind in kinds.items():
        for name, hint in typing.get_type_hints(kind, include_extras=True).items():
            span = declared(hint, suited.get(name))
            if span is not None and name not in held:
                found.append(Setting(name, of, span, bare_type(hint) is int))
    if not found:
        raise SettingsError(
            f"Nothing is varied: {family} declares no ranges"
            f"{' beside those that are fixed' if held else ''}.",
            hint="Name a setting and its range, as n_embd=16..64.",
            setting="over",
        )
    return Space(tuple(found))
