"""Numbers as they are typed, alone or several: what is none is told in plain words."""

from __future__ import annotations

import types
import typing
from typing import Any

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

__all__ = ["NUMBERS"]

NUMBERS = ConstructorRegistry()
"Within `with NUMBERS:` the parser reads integers and numbers by the rules of this module."
NAMES: dict[Any, str] = {int: "an integer", float: "a number"}


@NUMBERS.primitive_rule
def one(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """How an integer or a number is read, or one that may be None."""
    kind, or_none = without_none(info.type)
    if kind not in NAMES:
        return None
    name = kind.__name__.upper()
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=f"{{None}}|{name}" if or_none else name,
        instance_from_str=lambda words: read(kind, words[0], or_none=or_none),
        is_instance=lambda value: is_one(kind, value) or (or_none and value is None),
        str_from_instance=lambda value: [str(value)],
    )


@NUMBERS.primitive_rule
def several(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """How any number of integers or numbers is read."""
    kind, *rest = typing.get_args(info.type) or (None,)
    if typing.get_origin(info.type) is not tuple or rest != [...] or kind not in NAMES:
        return None
    name = kind.__name__.upper()
    return PrimitiveConstructorSpec(
        nargs="*",
        metavar=f"[{name} [{name} ...]]",
        instance_from_str=lambda words: tuple(read(kind, word) for word in words),
        is_instance=lambda value: isinstance(value, tuple) and all(is_one(kind, v) for v in value),
        str_from_instance=lambda value: [str(one) for one in value],
    )


def without_none(hint: Any) -> tuple[Any, bool]:
    """A type without None, and whether None was in it."""
    if typing.get_origin(hint) not in (types.UnionType, typing.Union):
        return hint, False
    rest = [kind for kind in typing.get_args(hint) if kind is not type(None)]
    return (rest[0], True) if len(rest) == 1 else (hint, False)


def is_one(kind: Any, value: Any) -> bool:
    """Whether a default is a number of a kind."""
    return isinstance(value, kind | int) and not isinstance(value, bool)


def read(kind: Any, word: str, *, or_none: bool = False) -> Any:
    """The number that a word spells.

    Raises:
        ValueError: if it spells none; the parser puts the flag before the words.
    """
    if or_none and word == "None":
        return None
    try:
        return kind(word)
    except ValueError:
        raise ValueError(f"must be {NAMES[kind]}; it is {word!r}") from None
