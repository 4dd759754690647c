"""Settings that check themselves: frozen dataclasses whose types say what is allowed.

    @dataclass(frozen=True)
    class MLPSettings(Settings):
        n_embd: Annotated[int, Bounds(1, 4096)] = 10
        "Size of a token's embedding."

The same declaration serves the check at the door, the command line's flags and help, and the JSON
in a run directory.
"""

from __future__ import annotations

import dataclasses
import math
import os
import reprlib
import types
import typing
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, Self

from hornbook.errors import SettingsError
from hornbook.suggestions import did_you_mean

__all__ = ["CALLED", "Bounds", "Given", "Settings"]

CALLED = {"gpu": "cuda", "nvidia": "cuda", "metal": "mps"}
"What values are called elsewhere."


@dataclass(frozen=True)
class Bounds:
    """The range `low` to `high` of a number; `above` excludes `low` itself."""

    low: float
    high: float
    above: bool = False

    def allows(self, value: float) -> bool:
        """Whether the value lies in the range (NaN never does)."""
        return (self.low < value if self.above else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        low, high = written(self.low), written(self.high)
        if math.isinf(self.high):
            return f"above {low}" if self.above else f"at least {low}"
        return f"above {low} and at most {high}" if self.above else f"from {low} to {high}"


@dataclass(frozen=True)
class Given:
    """Marks a setting that is given first and without its name, as the subject of the sentence."""

    word: str = ""
    "Its name in help; by default the setting's name in capitals."


def written(number: float) -> str:
    """A limit as people write it: whole numbers in full."""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,g}"


@dataclass(frozen=True)
class Settings:
    """Base of every settings dataclass.

    Attributes:
        training_only: names of settings of a model that change how it is trained, and neither what
            it computes in use nor the shape of its weights.
        not_inherited: those of them that a training which begins with the weights of a run does not
            take from that.
        beside_learned: names of settings that add to weights which were learned, and have no use
            without.
        shortenable: names of sizes that a training which begins with the weights of a run may make
            smaller: it takes the first of what that has.
        files: names of settings that are paths of files.

    Raises:
        SettingsError: on construction, naming the setting, its value and what it may be.
    """

    training_only: ClassVar[frozenset[str]] = frozenset()
    not_inherited: ClassVar[frozenset[str]] = frozenset()
    beside_learned: ClassVar[frozenset[str]] = frozenset()
    shortenable: ClassVar[frozenset[str]] = frozenset()
    files: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        hints = hints_of(typing.cast(Hashable, type(self)))
        for name, hint in hints.items():
            given = getattr(self, name)
            value = listed_if_text(plain(given), hint)
            if value is not given:
                object.__setattr__(self, name, value)
            check(name, value, hint)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Settings from what `as_dict` gave.

        Raises:
            SettingsError: if a name is unknown here, a value is not allowed, or one that has no
                default is missing.
        """
        fields = dataclasses.fields(cls)
        known = {field.name for field in fields}
        if unknown := sorted(set(values) - known):
            raise SettingsError(
                f"{cls.__name__} has no setting {', '.join(unknown)}.",
                hint=f"{did_you_mean(unknown[0], known)}Settings: {', '.join(sorted(known))}.",
                setting=unknown[0],
            )
        needed = [
            field.name
            for field in fields
            if field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
            and field.name not in values
        ]
        if needed:
            names = ", ".join(f"`{name}`" for name in needed)
            raise SettingsError(
                f"{cls.__name__} needs {names}, and was given "
                f"{', '.join(f'`{name}`' for name in values) or 'nothing'}.",
                hint=f"Give {names}.",
                setting=needed[0],
            )
        return cls(**values)

    def changed(self) -> dict[str, Any]:
        """The settings that are not what they are by default, by name."""
        return {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    def without(self, names: Collection[str]) -> Self:
        """The same settings, with some as they are by default."""
        kept = {name: value for name, value in self.as_dict().items() if name not in names}
        return type(self).from_dict(kept)

    def refuse_unless(self, fits: bool, names: tuple[str, ...], needs: str) -> None:
        """Refuse settings that were changed though nothing would read them.

        Args:
            fits: whether the settings have an effect beside the others.
            names: the settings in question.
            needs: what they need, for the message, settings marked ("`optimizer=sgd`").

        Raises:
            SettingsError: if one of them differs from its default and `fits` is false.
        """
        if fits:
            return
        for field in dataclasses.fields(self):
            if field.name in names and getattr(self, field.name) != field.default:
                raise SettingsError(
                    f"`{field.name}` has no effect here: it requires {needs}.",
                    hint=f"Remove `{field.name}`.",
                    setting=field.name,
                )


@cache
def hints_of(kind: Hashable) -> dict[str, Any]:
    """The types of a dataclass's fields; asked once, for a list of runs reads thousands of them."""
    hints = typing.get_type_hints(typing.cast(type, kind), include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(typing.cast(Any, kind))}


SHOWN = reprlib.Repr()
SHOWN.maxstring = SHOWN.maxother = 60  # characters of a value in a message


PLAIN = frozenset({bool, int, float, str, type(None)})


def plain(value: Any) -> Any:
    """A value as a setting holds it: Python's number, a path as text, a list as a tuple."""
    if type(value) in PLAIN:
        return value
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return value.item()
    if getattr(value, "ndim", None) == 1 and hasattr(value, "tolist"):
        return tuple(value.tolist())
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple):
        made = tuple(map(plain, value))
        same = isinstance(value, tuple) and all(a is b for a, b in zip(made, value, strict=True))
        return value if same else made
    return value


def listed_if_text(value: Any, hint: Any) -> Any:
    """A text where texts are expected as a list of one: its characters are never meant.

    Args:
        value: of a setting.
        hint: the setting's type.
    """
    if not isinstance(value, str):
        return value
    kinds = [hint]
    for kind in kinds:  # grows by what an annotation or a union holds
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is tuple and (arguments[0] is str or typing.get_origin(arguments[0]) is Literal):
            return (value,)
        if origin is typing.Annotated:
            kinds.append(arguments[0])
        elif origin in (types.UnionType, typing.Union):
            kinds.extend(arguments)
    return value


@cache
def parts_of(hint: Any) -> tuple[Any, Bounds | None, Any, tuple[Any, ...]]:
    """A type without its annotations, the bounds among these, its origin and its arguments."""
    bounds: Bounds | None = None
    if typing.get_origin(hint) is typing.Annotated:
        hint, *extras = typing.get_args(hint)
        bounds = next((extra for extra in extras if isinstance(extra, Bounds)), None)
    return hint, bounds, typing.get_origin(hint), typing.get_args(hint)


def check(name: str, value: Any, hint: Any) -> None:
    """Hold one value against its type and its bounds.

    Raises:
        SettingsError: if it does not fit.
    """
    hint, bounds, origin, arguments = parts_of(hint)
    if origin is Literal:
        if value not in arguments:
            raise SettingsError(
                f"`{name}` must be one of {', '.join(filter(None, map(str, arguments)))}; it is "
                f"{SHOWN.repr(value)}.",
                hint=did_you_mean(str(value), map(str, arguments), also=CALLED).strip(),
                setting=name,
            )
    elif origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return
        check(name, value, next(argument for argument in arguments if argument is not type(None)))
        if bounds is not None:
            check_bounds(name, value, bounds)
    elif origin is tuple:
        if not isinstance(value, tuple):
            raise SettingsError(
                f"`{name}` must be a list; it is {SHOWN.repr(value)}.",
                hint=f"Write it as [{SHOWN.repr(value)}].",
                setting=name,
            )
        for item in value:
            check(name, item, typing.Annotated[arguments[0], bounds] if bounds else arguments[0])
    else:
        number = float if hint is float else hint
        right = isinstance(value, (int, float) if number is float else number)
        if not right or (isinstance(value, bool) and hint is not bool):
            kind = {int: "an integer", float: "a number", bool: "true or false", str: "text"}
            raise SettingsError(
                f"`{name}` must be {kind.get(hint, hint)}; it is {SHOWN.repr(value)}.", setting=name
            )
        if bounds is not None:
            check_bounds(name, value, bounds)


def check_bounds(name: str, value: float, bounds: Bounds) -> None:
    """Raise SettingsError unless the value lies within the bounds."""
    if not bounds.allows(value):
        raise SettingsError(f"`{name}` must be {bounds}; it is {value:,}.", setting=name)
