"""Dataclasses as the parser reads them: what is a word, what a flag, and what help says of it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import linecache
import types
import typing
from collections.abc import Hashable
from functools import cache
from typing import Annotated, Any, TypeVar

import tyro
from tyro.conf import Positional

from hornbook.settings import Given

__all__ = [
    "as_typed", "first_needed", "group_help", "group_in", "is_required", "mark", "one_of_several",
    "restored", "value_type",
]  # fmt: skip

T = TypeVar("T")

# What help calls the value of a flag: by the setting's name, or else by its type.
NAMED = {
    "categorical": "COLUMN", "check": "FILE", "condition": "COLUMN", "data": "DATA",
    "dates": "COLUMN", "effect": "COLUMN", "from_": "LANGUAGE", "group": "COLUMN",
    "ignore": "COLUMN", "init_from": "RUN", "item": "COLUMN", "label_column": "COLUMN",
    "likes": "TITLE", "model": "FAMILY", "numerical": "COLUMN", "out": "PATH", "picture": "FILE",
    "pictures": "DIR", "preset": "NAME", "rated": "FILE", "rates": "RATE", "rating": "COLUMN",
    "resume": "RUN", "source_column": "COLUMN", "target": "COLUMN", "target_column": "COLUMN",
    "task": "TASK", "time": "COLUMN", "titles": "FILE", "user": "COLUMN",
}  # fmt: skip
TYPED = {str: "TEXT", int: "INT", float: "FLOAT"}


def as_typed(kind: type[Any]) -> type[Any]:
    """A dataclass as the parser reads it.

    What is marked as given becomes a positional word, a name of one letter a flag of one dash; the
    value of a flag is called by what it is, and a default of nothing goes without saying.
    """
    twin: type[Any] = typed_twin(typing.cast(Hashable, kind))
    return twin


@cache
def typed_twin(kind: Any) -> type[Any]:
    """`as_typed`, made once for each dataclass."""
    hints = typing.get_type_hints(kind, include_extras=True)
    helps = field_helps(kind)
    fields: list[Any] = []
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if (group := group_in(hint)) is not None and not is_twin(group):
            fields.append((field.name, as_typed_group(hint, group), again_as_typed(field)))
            continue
        if (given := mark(hint, Given)) is not None:
            marks: tuple[Any, ...] = (Positional, word_of(field, hint, given))
        else:
            marks = flag_of(field, hint, helps.get(field.name))
        if marks:
            fields.append((field.name, Annotated[hint, *marks], again(field)))
    made: type[Any] = kind
    if not fields:
        return made
    made = dataclasses.make_dataclass(
        kind.__name__, fields, bases=(kind,), frozen=True,
        namespace={"__module__": kind.__module__, "twin_of": kind},
    )  # fmt: skip
    made.__doc__ = kind.__doc__
    return made


def is_twin(kind: type[Any]) -> bool:
    """Whether a dataclass is one as the parser reads it."""
    return "twin_of" in vars(kind)


def as_typed_group(hint: Any, group: type[Any]) -> Any:
    """The type hint of a group of flags, as the parser reads it."""
    marks = typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()
    return Annotated[as_typed(group), tyro.conf.arg(help=group_help(group)), *marks]


def again_as_typed(field: dataclasses.Field[Any]) -> Any:
    """A field like another, with its default as the parser reads it."""
    if is_required(field):
        return again(field)

    def usual() -> Any:
        made: Any = field.default
        if field.default_factory is not dataclasses.MISSING:
            made = field.default_factory()
        values = {one.name: getattr(made, one.name) for one in dataclasses.fields(made)}
        return as_typed(type(made))(**values)

    return dataclasses.field(default_factory=usual, kw_only=bool(field.kw_only))


def group_in(hint: Any) -> type[Any] | None:
    """The dataclass of a group of flags, marked or not; None if a type hint is of no group."""
    inner = unmarked(hint)
    return inner if dataclasses.is_dataclass(inner) and isinstance(inner, type) else None


def unmarked(hint: Any) -> Any:
    """A type hint without its marks."""
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def restored(parsed: Any) -> Any:
    """What was parsed, and all within it, as instances of the classes that were meant."""
    kind = vars(type(parsed)).get("twin_of", type(parsed))
    values = {field.name: getattr(parsed, field.name) for field in dataclasses.fields(parsed)}
    return kind(**{k: restored(v) if dataclasses.is_dataclass(v) else v for k, v in values.items()})


def field_helps(kind: type[Any]) -> dict[str, str]:
    """The strings after the fields of a dataclass, each as one paragraph."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if "__dataclass_fields__" not in vars(base) or is_twin(base):
            continue
        try:
            source = inspect.getsourcefile(base)
        except (OSError, TypeError):  # made where there is no file: its bases have the strings
            continue
        body = classes_of(source or "").get(base.__qualname__, [])  # none of one made at run time
        for line, after in itertools.pairwise(body):
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                text = getattr(getattr(after, "value", None), "value", None)
                if isinstance(after, ast.Expr) and isinstance(text, str):
                    found[line.target.id] = " ".join(text.split())
    return found


@cache
def classes_of(source: str) -> dict[str, list[ast.stmt]]:
    """What stands in each class of a file, by its qualified name.

    `inspect` reads the whole file again for each class.
    """
    found: dict[str, list[ast.stmt]] = {}
    waiting: list[tuple[str, list[ast.stmt]]] = [
        ("", ast.parse("".join(linecache.getlines(source))).body)
    ]
    while waiting:
        home, body = waiting.pop()
        for one in body:
            if isinstance(one, ast.ClassDef):
                found[home + one.name] = one.body
                waiting.append((f"{home}{one.name}.", one.body))
            elif isinstance(one, ast.FunctionDef):
                waiting.append((f"{home}{one.name}.<locals>.", one.body))
            elif isinstance(one, ast.If | ast.Try | ast.With):
                waiting.append((home, one.body))
    return found


def group_help(kind: type[Any]) -> str:
    """What help says of a group of flags: what its dataclass says of itself.

    The parser would look for it in the source of every class that has to do with it.
    """
    return inspect.cleandoc(kind.__doc__ or "")


def flag_of(field: dataclasses.Field[Any], hint: Any, text: str | None) -> tuple[Any, ...]:
    """What the parser is told of a setting that is a flag; `text` is its help."""
    if mark(hint, type(tyro.conf.arg())) is not None:
        return ()  # it says itself what its value is called
    # The parser would keep the line breaks of the source.
    how: dict[str, Any] = {} if text is None else {"help": text}
    kind, may_be_none = value_type(hint)
    if kind in TYPED:
        how["metavar"] = NAMED.get(field.name, TYPED[kind])
    elif (one := one_of_several(kind)) in TYPED:
        word = NAMED.get(field.name, TYPED[one])
        how["metavar"] = f"{word} [{word} ...]"
    elif typing.get_origin(kind) is typing.Literal:  # an empty one is never typed
        how["metavar"] = "{" + ",".join(filter(None, map(str, typing.get_args(kind)))) + "}"
    if field.name.endswith("_"):  # a word of Python's, which no field can be named by
        how["name"] = field.name.rstrip("_")
    if len(field.name) == 1:
        how["aliases"] = (f"-{field.name}",)
    if may_be_none or field.default is False or field.default in ("", ()):
        how["help_behavior_hint"] = ""
    marks = (tyro.conf.arg(**how),) if how else ()
    # What is off can only be switched on; what is on is switched off by --no-NAME.
    return (*marks, tyro.conf.FlagCreatePairsOff) if field.default is False else marks


def word_of(field: dataclasses.Field[Any], hint: Any, given: Given) -> Any:
    """What the parser is told of a setting that is given without its name."""
    word = given.word or field.name.upper()
    needed = is_required(field)
    several = typing.get_origin(value_type(hint)[0]) is tuple
    if several and " " not in word:  # one that names several is whole
        word = f"{word} [{word} ...]" if needed else f"[{word} ...]"
    elif not several and not needed:
        word = f"[{word}]"
    return tyro.conf.arg(metavar=word, help_behavior_hint="(required)" if needed else "")


def value_type(hint: Any) -> tuple[Any, bool]:
    """The type of a setting that has a value, and whether it may also be None."""
    bare = unmarked(hint)
    if typing.get_origin(bare) not in (types.UnionType, typing.Union):
        return bare, False
    others = [unmarked(kind) for kind in typing.get_args(bare) if kind is not type(None)]
    return others[0] if len(others) == 1 else bare, len(others) < len(typing.get_args(bare))


def one_of_several(kind: Any) -> Any:
    """The type of each value where there may be any number of them; else None."""
    inner = typing.get_args(kind)
    several = typing.get_origin(kind) is tuple and inner[1:] == (...,)
    return unmarked(inner[0]) if several else None


def mark(hint: Any, kind: type[T]) -> T | None:
    """The mark of a kind that an annotation bears."""
    found = (extra for extra in typing.get_args(hint)[1:] if isinstance(extra, kind))
    return next(found, None) if typing.get_origin(hint) is Annotated else None


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether a field has no default."""
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def again(field: dataclasses.Field[Any]) -> Any:
    """A field like another."""
    by_name = bool(field.kw_only)
    if field.default is not dataclasses.MISSING:
        return dataclasses.field(default=field.default, kw_only=by_name)
    if field.default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=field.default_factory, kw_only=by_name)
    return dataclasses.field(kw_only=by_name)


def first_needed(kind: type[Any]) -> str:
    """What help calls the first word that cannot be left out; empty if there is none."""
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        if is_required(field) and (given := mark(hints[field.name], Given)):
            return given.word or field.name.upper()
    return ""
