"""Command lines from dataclasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

import tyro
from tyro.conf import Positional

__all__ = ["DataArguments", "OutputArgument", "RunArgument", "parse"]

T = TypeVar("T")


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
    "Text file, - for standard input, or the name of a data set."
    mode: Literal["auto", "lines", "text"] = "auto"
    "lines: each line is one thing. text: one long stream. auto: look at the file."
    encoding: str = "auto"
    "Encoding of the file; auto: UTF-8, or what its byte order mark says."


def parse(kind: type[T], verb: str, description: str, argv: Sequence[str]) -> T:
    """The arguments of a verb, as an instance of its dataclass; exits with 2 if they are wrong."""
    return tyro.cli(
        kind,
        prog=f"hornbook {verb}",
        description=description,
        args=list(argv),
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff),
    )
