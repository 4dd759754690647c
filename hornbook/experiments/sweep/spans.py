"""Ranges and values as they are typed, read as the type of their setting asks."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from hornbook.errors import SettingsError
from hornbook.ranges import Choices, Range, spelled, spelled_number
from hornbook.rendering import clip

__all__ = ["HOW", "SHOWN", "bare_type", "read_span", "stepped", "steps_within"]

HOW = "Write a range as 16..64, 1e-3..3e-2:log or 16..64:step=16, or values as relu,tanh."
LISTS = "Join the numbers of a list by x, and lists by commas: 64,64x32."
YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
SHOWN = 60  # characters of what was typed


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
        values = tuple(read_value(one.strip(), bare, hint) for one in given.split(","))
        for text, value in zip(given.split(","), values, strict=True):
            refuse_no_list(name, text, value, bare)
        return Choices(values)
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
    if (inner := list_of(bare)) is not None:
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


def refuse_no_list(name: str, text: str, value: Any, bare: Any) -> None:
    """Refuse a value of a setting that is a list of numbers, if it holds what is not a number.

    Raises:
        SettingsError: saying how a list is written.
    """
    if list_of(bare) in (int, float) and any(isinstance(one, str) for one in value):
        raise SettingsError(
            f"`{name}` is a list of numbers; {clip(text.strip(), SHOWN)!r} is none.", hint=LISTS
        )


def list_of(bare: Any) -> Any:
    """What a setting is a list of; None if it is not a list."""
    return bare_type(typing.get_args(bare)[0]) if typing.get_origin(bare) is tuple else None


def unannotated(hint: Any) -> Any:
    """A type without its limits."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint
