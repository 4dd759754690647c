"""Which settings a sweep varies, and over which values: as typed, or as each family declares it.

Names and values are held against the settings themselves, whose types and limits are the only ones
there are.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, TypeAlias

from hornbook.errors import SettingsError
from hornbook.ranges import Around, Choices, Range, spelled, spelled_number, word
from hornbook.rendering import clip
from hornbook.settings import Bounds, Settings, check
from hornbook.suggestions import did_you_mean
from hornbook.tasks import Data, Family, Task
from hornbook.training.settings import TrainingSettings

__all__ = ["Over", "Setting", "Space", "declared_by", "read_space"]

Over: TypeAlias = Mapping[str, Range | Choices | str | Sequence[Any]] | Sequence[str] | None
"""By name a range, as written or as an object, or a list of values; or words `name=range`."""

HOW = "Write a range as 16..64, 1e-3..3e-2:log or 16..64:step=16, or values as relu,tanh."
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
YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
SHOWN = 60  # characters of what was typed
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
        if not equals or not name or not span:
            raise SettingsError(
                f"{clip(one, SHOWN)!r} does not name a setting and its range.",
                hint="Write them as n_embd=16..64.",
                setting="over",
            )
        if name in seen:
            raise SettingsError(f"`{name}` has two ranges.", hint="Give it one.", setting="over")
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
            f"`{name}` is not varied: {UNVARIED[name]}.", hint="Leave it out.", setting="over"
        )
    if name in known:
        return
    if name in known_names(task.options):
        raise SettingsError(
            f"`{name}` is an option of the data: a sweep varies settings of the model and of "
            "training, on the same data.",
            hint="Make a sweep for each of its values.",
            setting="over",
        )
    if name in known_names(TrainingSettings):
        raise SettingsError(
            f"`{name}` is a setting of training by gradients, and {family} is made in one pass.",
            hint=f"Settings of {family}: {', '.join(known) or 'none'}.",
            setting="over",
        )
    varied = [one for one in known if one not in UNVARIED]
    raise SettingsError(
        f"{family} has no setting `{clip(name, SHOWN)}`.",
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
        message = error.message if f"`{name}`" in error.message else f"`{name}`: {error.message}"
        raise SettingsError(message, hint=error.hint or HOW, setting="over") from None
    return Setting(name, of, span, bare is int)


def known_names(kind: type[Settings]) -> list[str]:
    """The names of its settings."""
    return [field.name for field in dataclasses.fields(kind)]


def bare_type(hint: Any) -> Any:
    """The type of a setting's value, without limits and without None."""
    while typing.get_origin(hint) in (typing.Annotated, types.UnionType, typing.Union):
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def read_span(name: str, given: Any, bare: Any, hint: Any) -> Range | Choices:
    """A range of values of a type.

    Raises:
        SettingsError: if it is none.
    """
    if isinstance(given, Choices):
        return given
    if isinstance(given, Range):
        return numbers(given, name, bare)
    if not isinstance(given, str):
        if not isinstance(given, Sequence):
            raise SettingsError(f"`{name}`: {clip(repr(given), SHOWN)} is not a range.", hint=HOW)
        return Choices(tuple(tuple(one) if isinstance(one, list) else one for one in given))
    if ".." not in given:
        return Choices(tuple(read_value(one.strip(), bare, hint) for one in given.split(",")))
    ends, *marks = given.split(":")
    low, _, high = ends.partition("..")
    log, step = False, None
    for mark in marks:
        if mark == "log":
            log = True
        elif mark.startswith("step="):
            step = read_number(mark.removeprefix("step="), given)
        else:
            raise SettingsError(
                f"`{name}`: there is no {clip(mark, SHOWN)!r} in a range; it is {given!r}.",
                hint=HOW,
            )
    found = Range(read_number(low, given), read_number(high, given), log, step)
    return numbers(found, name, bare)


def numbers(span: Range, name: str, bare: Any) -> Range:
    """A range of numbers, whole ones where the setting's are, that ends at one of its values.

    Raises:
        SettingsError: if the setting has no numbers, or they are whole and its ends are not.
    """
    if bare not in (int, float):
        raise SettingsError(
            f"`{name}` is not a number: {spelled(span)} is not a range of it.",
            hint=f"Give its values: {examples(bare)}.",
        )
    low, high, step = span.low, span.high, span.step
    if bare is int:
        for value in (low, high, step or 1):
            if not float(value).is_integer():
                raise SettingsError(
                    f"`{name}` must be an integer; the range {spelled(span)} has "
                    f"{spelled_number(value)}.",
                    hint="Give whole numbers.",
                )
        low, high, step = int(low), int(high), None if step is None else int(step)
    if step is not None:  # the last value that the steps come to
        high = stepped(low, step, steps_within(low, high, step))
        high = int(high) if bare is int else high
    return Range(low, high, span.log, step)


def steps_within(low: float, high: float, step: float) -> int:
    """How many steps there are from one number to another."""
    return int((Decimal(str(high)) - Decimal(str(low))) / Decimal(str(step)))


def stepped(low: float, step: float, count: int) -> float:
    """A number that is so many steps above another: three of 0.1 above 0 are 0.3."""
    return float(Decimal(str(low)) + Decimal(str(step)) * count)


def examples(bare: Any) -> str:
    """Values of a type, as they are written."""
    if typing.get_origin(bare) is Literal:
        return ",".join(map(str, typing.get_args(bare)))
    return {bool: "true,false"}.get(bare, "a,b") if typing.get_origin(bare) is None else "64,64x32"


def read_number(text: str, given: str) -> float:
    """A number of a written range.

    Raises:
        SettingsError: if it is none.
    """
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(
            f"{clip(text, SHOWN)!r} in {clip(given, SHOWN)!r} is not a number.", hint=HOW
        ) from None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def read_value(text: str, bare: Any, hint: Any) -> Any:
    """A value of a type, as it is written in a list; what is none of it is left as text."""
    inner = bare_type(typing.get_args(bare)[0]) if typing.get_origin(bare) is tuple else None
    if inner is not None:
        return tuple(read_value(one, inner, inner) for one in text.split("x"))
    if text == "none" and type(None) in typing.get_args(unannotated(hint)):
        return None
    if bare is bool:
        return YES_NO.get(text.lower(), text)
    if bare in (int, float):
        try:
            value = float(text)
        except ValueError:
            return text
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if typing.get_origin(bare) is Literal:
        return next((one for one in typing.get_args(bare) if str(one) == text), text)
    return text


def unannotated(hint: Any) -> Any:
    """A type without its limits."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


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


def declared_by(line: Family) -> dict[str, str]:
    """The ranges that a family declares, as they are written, where no data are known."""
    suited = line.training_for("").as_dict() if line.trained else {}
    found = {}
    for kind in (line.load().Settings, *([TrainingSettings] if line.trained else [])):
        for name, hint in typing.get_type_hints(kind, include_extras=True).items():
            if (span := declared(hint, suited.get(name))) is not None:
                found[name] = spelled(span)
    return found


def declared(hint: Any, suited: Any) -> Range | Choices | None:
    """The range that stands beside a setting's limits; None if none does.

    Args:
        hint: its type.
        suited: the value that is recommended.
    """
    extras = typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()
    for one in extras:
        if isinstance(one, Range | Choices):
            return one
        if isinstance(one, Around) and suited:
            bounds = next((other for other in extras if isinstance(other, Bounds)), None)
            high = suited * one.factor
            ends = [
                rounded(suited / one.factor),
                rounded(min(high, bounds.high if bounds else high)),
            ]
            return Range(ends[0], ends[1], log=True)
    return None


def rounded(value: float) -> float:
    """A number of two digits: where a range ends matters no more than that."""
    return float(f"{value:.2g}")
