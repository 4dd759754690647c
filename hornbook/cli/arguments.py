"""Command lines from dataclasses."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar

import tyro
from tyro.conf import Positional

from hornbook.settings import Given

__all__ = ["CONFIG", "DataArguments", "OutputArgument", "RunArgument", "as_typed", "parse"]

T = TypeVar("T")

CONFIG = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)


@dataclass(frozen=True)
class OutputArgument:
    """What a verb takes that only lists."""

    json: bool = False
    "Print everything as JSON."


@dataclass(frozen=True)
class RunArgument:
    """What every verb that reads a run takes."""

    run: Annotated[str, Positional]
    "Run directory."


@dataclass(frozen=True)
class DataArguments:
    """What every verb that reads data takes."""

    data: Annotated[str, Positional]
    "File, - for standard input, or the name of a data set."
    task: str | None = None
    "What kind of data it is; by default a first look at the file tells."


def parse(
    kind: type[T],
    verb: str,
    description: str,
    argv: Sequence[str],
    *,
    foreign: Callable[[Sequence[str]], None] = lambda words: None,
) -> T:
    """The arguments of a verb, as an instance of its dataclass; exits with 2 if they are wrong.

    Args:
        kind: the dataclass.
        verb: its name.
        description: for its help.
        argv: what was typed after the verb.
        foreign: is shown the words that the dataclass does not know, and may say whose they are.
    """
    how: dict[str, Any] = {
        "prog": f"hornbook {verb}",
        "description": description,
        "args": list(argv),
        "config": CONFIG,
    }
    parsed, unknown = tyro.cli(kind, return_unknown_args=True, **how)
    if unknown:
        foreign(unknown)
        parsed = tyro.cli(kind, **how)  # says what it does not know, and ends
    return typing.cast(T, parsed)


def as_typed(kind: type[Any]) -> type[Any]:
    """A settings dataclass as the parser reads it.

    What is marked as given becomes a positional word, and a name of one letter a flag of one dash.
    """
    twin: type[Any] = typed_twin(typing.cast(Hashable, kind))
    return twin


@cache
def typed_twin(kind: Any) -> type[Any]:
    """`as_typed`, made once for each dataclass."""
    hints = typing.get_type_hints(kind, include_extras=True)
    fields: list[Any] = []
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if any(extra is Given or isinstance(extra, Given) for extra in typing.get_args(hint)[1:]):
            hint = Annotated[hint, Positional]
        elif len(field.name) == 1:
            hint = Annotated[hint, tyro.conf.arg(aliases=(f"-{field.name}",))]
        else:
            continue
        fields.append((field.name, hint, again(field)))
    made: type[Any] = kind
    if not fields:
        return made
    made = dataclasses.make_dataclass(
        kind.__name__, fields, bases=(kind,), frozen=True, namespace={"__module__": kind.__module__}
    )
    made.__doc__ = kind.__doc__
    return made


def again(field: dataclasses.Field[Any]) -> Any:
    """A field like another."""
    if field.default is not dataclasses.MISSING:
        return dataclasses.field(default=field.default)
    if field.default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=field.default_factory)
    return dataclasses.field()
