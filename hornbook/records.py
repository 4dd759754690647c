"""Typed records: frozen dataclasses kept as JSON, and the one checked reader of them.

    @dataclass(frozen=True)
    class Summary:
        steps: int
        losses: Mapping[str, float]

    read_record(Summary, value, "runs/mine/summary.json")

The types of the fields say what is allowed. What does not fit is refused with the place of the
field that is wrong, so nothing behind the reader has to ask again what a value is.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from hornbook.errors import RunError, SettingsError
from hornbook.settings import Settings

__all__ = ["JSON", "JSONObject", "as_json", "read_record"]

if TYPE_CHECKING:
    JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
else:
    JSON = Any  # the reader takes it as it is
JSONObject: TypeAlias = Mapping[str, JSON]

T = TypeVar("T")
Reader = Callable[[Any], Any]

# JSON has no such numbers: `as_json` spells them as text.
SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LARGEST = 2**63 - 1  # of whole numbers: what NumPy and torch hold
KINDS = {int: "an integer", float: "a number", bool: "true or false", str: "text"}


class WrongFieldError(ValueError):
    """A value does not fit its field; `path` says where, from the outside in."""

    def __init__(self, what: str, *path: str) -> None:
        super().__init__(what)
        self.what, self.path = what, path


def as_json(value: Any) -> Any:
    """A record, or anything made of records and JSON values, as plain JSON values.

    Numbers that are not finite become the texts NaN, Infinity and -Infinity.
    """
    if isinstance(value, Settings):
        return as_json(value.as_dict())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        if {int}.issuperset(map(type, value)):
            return list(value)  # the same at once: histograms are thousands of numbers
        return [as_json(item) for item in value]
    return value


def read_record(kind: type[T], value: Any, where: str) -> T:
    """A record from what `as_json` gave.

    Args:
        kind: a dataclass.
        value: JSON values.
        where: what to call it in a message: its file, or a line of it.

    Raises:
        RunError: naming the first field that is missing, unknown, or of another type.
    """
    try:
        record: T = reader_of(typing.cast(Hashable, kind))(value)
    except WrongFieldError as error:
        place = ".".join(error.path).replace(".[", "[")
        raise RunError(
            f"{where} is damaged: {f'{place}: ' if place else ''}{error.what}.",
            hint="Restore it from an intact copy.",
        ) from error
    return record


@cache
def reader_of(hint: Hashable) -> Reader:
    """What turns a JSON value into a value of a type, or raises WrongFieldError."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return lambda value: value
    if isinstance(hint, type) and issubclass(hint, Settings):
        return settings_reader(hint)
    if dataclasses.is_dataclass(hint):
        return fields_reader(typing.cast(type, hint))
    if origin is Literal:
        return literal_reader(arguments)
    if origin in (types.UnionType, typing.Union):
        return union_reader(arguments)
    if origin is tuple:
        return tuple_reader(arguments)
    if origin is not None and issubclass(origin, Mapping):
        return mapping_reader(arguments[1])
    if origin is not None and issubclass(origin, Sequence):
        return tuple_reader((arguments[0], ...))
    return plain_reader(typing.cast(type, hint))


def plain_reader(kind: type) -> Reader:
    """Of a number, a truth value or a text."""
    if kind not in KINDS:
        raise TypeError(f"a record cannot hold {kind}")

    def read(value: Any) -> Any:
        if kind is float:
            if isinstance(value, str) and value in SPELLED:
                return SPELLED[value]
            if isinstance(value, float) or (is_whole(value) and abs(value) <= LARGEST):
                return float(value)
        elif kind is int:
            if is_whole(value) and abs(value) <= LARGEST:
                return value
        elif isinstance(value, kind):
            return value
        limit = " of at most 64 bits" if is_whole(value) and kind in (int, float) else ""
        raise WrongFieldError(f"must be {KINDS[kind]}{limit}; it is {shown(value)}")

    return read


def is_whole(value: Any) -> bool:
    """Whether a JSON value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def literal_reader(allowed: tuple[Any, ...]) -> Reader:
    """Of one of a few values."""

    def read(value: Any) -> Any:
        for one in allowed:
            if type(value) is type(one) and value == one:
                return value
        raise WrongFieldError(
            f"must be one of {', '.join(map(str, allowed))}; it is {shown(value)}"
        )

    return read


def union_reader(arguments: tuple[Any, ...]) -> Reader:
    """Of a value that may be None."""
    (rest,) = (argument for argument in arguments if argument is not type(None))
    inner = reader_of(rest)
    return lambda value: None if value is None else inner(value)


def tuple_reader(arguments: tuple[Any, ...]) -> Reader:
    """Of a list of items of one kind, or of a fixed number of items of a kind each."""
    if len(arguments) == 2 and arguments[1] is ...:
        kind, inner = arguments[0], reader_of(arguments[0])

        def read_all(value: Any) -> Any:
            plain = kind in KINDS and {kind}.issuperset(map(type, items(value)))
            if plain and (kind is not int or max(map(abs, value), default=0) <= LARGEST):
                return tuple(value)  # the same at once: histograms are thousands of numbers
            return tuple(inside(inner, item, f"[{at}]") for at, item in enumerate(items(value)))

        return read_all
    readers = [reader_of(argument) for argument in arguments]

    def read_each(value: Any) -> Any:
        if len(items(value)) != len(readers):
            raise WrongFieldError(f"must have {len(readers)} values; it has {len(value)}")
        pairs = enumerate(zip(readers, value, strict=True))
        return tuple(inside(reader, item, f"[{at}]") for at, (reader, item) in pairs)

    return read_each


def mapping_reader(argument: Any) -> Reader:
    """Of a JSON object with values of one kind."""
    inner = reader_of(argument)

    def read(value: Any) -> Any:
        return {key: inside(inner, item, key) for key, item in an_object(value).items()}

    return read


def fields_reader(kind: type) -> Reader:
    """Of a dataclass: every field that has no default must be there, and no other."""
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    readers = {name: reader_of(hints[name]) for name in fields}
    needed = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def read(value: Any) -> Any:
        given = an_object(value)
        if missing := sorted(needed - given.keys()):
            raise WrongFieldError("is missing", missing[0])
        if unknown := sorted(given.keys() - fields.keys()):
            raise WrongFieldError("is not a field of this record", unknown[0])
        return kind(**{name: inside(readers[name], item, name) for name, item in given.items()})

    return read


def settings_reader(kind: type[Settings]) -> Reader:
    """Of settings, which check themselves."""

    def read(value: Any) -> Any:
        try:
            return kind.from_dict(dict(an_object(value)))
        except SettingsError as error:
            raise WrongFieldError(error.message.rstrip(".")) from error

    return read


def inside(reader: Reader, value: Any, place: str) -> Any:
    """Read a part; a fault in it is told with its place."""
    try:
        return reader(value)
    except WrongFieldError as error:
        raise WrongFieldError(error.what, place, *error.path) from error


def an_object(value: Any) -> Mapping[str, Any]:
    """The value, which must be a JSON object."""
    if not isinstance(value, Mapping):
        raise WrongFieldError(f"must be a JSON object; it is {shown(value)}")
    return value


def items(value: Any) -> Sequence[Any]:
    """The value, which must be a list."""
    if not isinstance(value, list | tuple):
        raise WrongFieldError(f"must be a list; it is {shown(value)}")
    return value


def shown(value: Any) -> str:
    """A value in a message, not too long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
