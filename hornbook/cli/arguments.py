"""Command lines from dataclasses."""

from __future__ import annotations

import dataclasses
import io
import itertools
import shutil
import sys
import textwrap
import typing
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import tyro

from hornbook.cli.complaints import in_one_line
from hornbook.cli.flags import as_typed, first_needed, is_required, mark, restored
from hornbook.cli.streams import write_beside
from hornbook.cli.taken_words import left_without_value, told_of_taken
from hornbook.cli.typed_numbers import NUMBERS
from hornbook.cli.unknown_words import (
    end,
    refuse_unknown,
    suggest_file,
    suggest_joining,
    suggest_parting,
)
from hornbook.errors import SettingsError
from hornbook.rendering import clip, visible
from hornbook.settings import CALLED, Given

__all__ = [
    "CONFIG",
    "DataArguments",
    "ModelArguments",
    "OutputArgument",
    "RunArgument",
    "laid_out",
    "parse",
    "parsed_by",
]

T = TypeVar("T")

CONFIG = (tyro.conf.OmitArgPrefixes,)


@dataclass(frozen=True)
class OutputArgument:
    """Output."""

    json: bool = False
    "Print the result as JSON."


@dataclass(frozen=True)
class RunArgument:
    """What every verb that reads a run takes."""

    run: Annotated[str, Given("RUN")]
    "Run directory."


@dataclass(frozen=True)
class ModelArguments(RunArgument):
    """What every verb that runs a run's model takes."""

    device: Literal["cpu", "auto", "cuda", "mps"] = "cpu"
    "Device to run the model on (auto: a GPU if there is one)."


@dataclass(frozen=True)
class DataArguments:
    """What every verb that reads data takes."""

    data: Annotated[tuple[str, ...], Given("DATA")]
    "A file or several, a folder of files, - for standard input, or the name of a data set."
    task: str | None = None
    "Kind of data; by default it is decided from the file."


def parse(
    kind: type[T],
    verb: str,
    description: str,
    argv: Sequence[str],
    *,
    foreign: Callable[[Sequence[str]], None] = lambda words: None,
    others: Sequence[type[Any]] = (),
) -> T:
    """The arguments of a verb, as an instance of its dataclass; exits with 2 if they are wrong.

    Args:
        kind: the dataclass.
        verb: its name.
        description: for its help, see `laid_out`.
        argv: what was typed after the verb.
        foreign: is shown the words that the dataclass does not know, and may say whose they are.
        others: dataclasses of flags that there would be with another first word.
    """
    how: dict[str, Any] = {
        "prog": f"hornbook {verb}",
        "description": laid_out(description),
        "config": CONFIG,
    }
    typed = as_typed(kind)
    if not argv and (needed := first_needed(typed)):
        refuse_empty(verb, needed)
    if (name := left_without_value(typed, argv)) and not {"-h", "--help"} & set(argv):
        end(verb, f"{name} has no value: type one or several after it, or leave it out.")
    try:
        parsed, unknown = parsed_by(
            partial(tyro.cli, typed, return_unknown_args=True, **how), argv, verb
        )
    except SystemExit as stop:
        if stop.code:
            suggest_device(verb, argv)
            suggest_joining(verb, typed, argv)
            suggest_file(verb, argv)
            suggest_parting(verb, typed, argv)
            if told := taken_first([typed, *others], verb, argv):
                write_beside(f"hornbook {verb}: {told}\n")
        raise
    except SettingsError:  # perhaps of a value that was none
        if told := taken_first([typed], verb, argv):
            end(verb, told)
        raise
    if unknown:
        foreign(unknown)
        refuse_unknown(verb, typed, unknown, argv)
    if word := left_empty(parsed):
        if told := told_of_taken(verb, word, [typed], argv):
            end(verb, told)
        refuse_empty(verb, word)
    return typing.cast(T, restored(parsed))


def refuse_empty(verb: str, word: str) -> NoReturn:
    """End with the word that is missing."""
    write_beside(f"hornbook {verb} needs {word}: see hornbook {verb} --help.\n")
    sys.exit(2)


def taken_first(kinds: Sequence[type[Any]], verb: str, argv: Sequence[str]) -> str:
    """Which flag took what stands first, where no word does; empty if none did."""
    word = first_needed(kinds[0])
    if not word or not argv[0].startswith("-"):
        return ""
    return told_of_taken(verb, word, kinds, argv, sure=False)


def suggest_device(verb: str, argv: Sequence[str]) -> None:
    """Say which device was perhaps meant by a name that is not one."""
    words = [part for word in argv for part in word.split("=", 1)]
    for name, value in itertools.pairwise(words):
        if name == "--device" and (meant := CALLED.get(value.lower())):
            write_beside(f"hornbook {verb}: there is no device {value}; use --device {meant}.\n")


SHOWN = 200  # characters of a word in a complaint about it


def parsed_by(parser: Callable[..., Any], argv: Sequence[str], verb: str) -> Any:
    """What a parser makes of words; exits with 2, and its complaint in one line, if it is wrong.

    Args:
        parser: of tyro, which prints what it does not understand as it was typed; takes `args`.
        argv: the words.
        verb: that they were typed after.
    """
    box = io.StringIO()
    with NUMBERS:
        try:
            with redirect_stderr(io.StringIO()):
                return parser(args=list(argv))
        except SystemExit as stop:
            if not stop.code:
                raise
        try:
            with redirect_stderr(box):  # the same complaint, of words that are fit to be shown
                return parser(args=[visible(clip(word, SHOWN)) for word in argv])
        except SystemExit:
            write_beside(f"{in_one_line(box.getvalue(), verb)}\n")
            raise


class LaidOut(str):
    """Text whose lines the parser leaves as they are; it joins the lines of any other."""

    def split(self, *_: Any) -> list[str]:
        """The text as a single line."""
        return [str(self)]


def laid_out(description: str) -> LaidOut:
    """A description for help: paragraphs fill the terminal, indented lines stay as they are.

    It starts with a sentence that says what the verb does, then two examples, then details.
    """
    width = shutil.get_terminal_size().columns
    paragraphs = [
        paragraph
        if "\n  " in paragraph
        else textwrap.fill(paragraph, width, break_long_words=False, break_on_hyphens=False)
        for paragraph in description.strip().split("\n\n")
    ]
    return LaidOut("\n\n".join(paragraphs))


def left_empty(parsed: Any) -> str | None:
    """What help calls the words of which there must be one at least, and are none."""
    hints = typing.get_type_hints(type(parsed), include_extras=True)
    for field in dataclasses.fields(parsed):
        value = getattr(parsed, field.name)
        if dataclasses.is_dataclass(value) and (inner := left_empty(value)):
            return inner
        if value == () and is_required(field) and (given := mark(hints[field.name], Given)):
            return given.word or field.name.upper()
    return None
