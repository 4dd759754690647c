"""The sources that a question is asked about: typed, or the lines of a file, or a column of it."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from hornbook.errors import DataError, HornbookError, SettingsError, as_typed
from hornbook.pairs.columns import has_header, place_of
from hornbook.pairs.data import PairData
from hornbook.pairs.options import longest_of
from hornbook.pairs.rows import Ids
from hornbook.paths import exists
from hornbook.rendering import clip, many
from hornbook.settings import Bounds, Given, Settings
from hornbook.sources.lines import line_pieces
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["Asked", "GivenTexts", "asked_in_parts", "refuse_empty", "texts_given"]

FILE = re.compile(r"\S+\.[A-Za-z]{2,5}|\S*/\S+")  # what a file is called
AT_ONCE = 1_024  # sources that are answered before the next are read


@dataclass(frozen=True)
class GivenTexts(Settings):
    """What is asked about."""

    texts: Annotated[tuple[str, ...], Given("TEXT")]
    """Texts to answer; or one file, whose lines they are, if the only word is its name; or - for
    the lines of standard input."""
    column: str | None = None
    """Column of the file that holds the texts, where it is a table or JSON lines: its name, or
    its number from 1. By default each line is one."""
    bad_lines: Literal["refuse", "empty"] = "refuse"
    """Lines that cannot be read: they have a character that the run does not know, or are too long
    for it. empty: leave their answer empty, and say how many there are."""
    longest_text: Annotated[int, Bounds(0, 10**8)] = 0
    "Most characters of a text (0: as in training, where nothing else was said 1,000, or 10,000)."
    encoding: str = "auto"
    "Text encoding of the file. auto: UTF-8, or what a byte order mark says."

    @property
    def file(self) -> str | None:
        """The file that is read, or `-`; None where sources were typed."""
        if len(self.texts) != 1:
            return None
        return self.texts[0] if self.texts[0] == "-" or exists(self.texts[0]) else None


@dataclass(frozen=True)
class Asked:
    """A source."""

    text: str
    ids: Ids | None
    "With its boundary; None where it is not answered: it is empty, or cannot be read."
    why: str = ""
    "Why it cannot be read."


@dataclass(frozen=True)
class Limits:
    """How long a source may be."""

    characters: int
    tokens: int | None
    "With its boundary, as far as the model reads; None: as many as there are."


def refuse_empty(texts: tuple[str, ...]) -> None:
    """Refuse texts that were typed and hold nothing.

    Raises:
        SettingsError: if one is empty.
    """
    if not texts or not all(text.strip() for text in texts):
        raise SettingsError(
            "There is nothing to answer: the text is empty.",
            hint="Give at least one character.",
            setting="texts",
        )


def texts_given(verb: str, given: Sequence[Any]) -> tuple[tuple[str, ...], bool]:
    """The texts that a program asks about, and whether it is one by itself, not a list.

    Args:
        verb: the question.
        given: a text, or a list of them.

    Raises:
        SettingsError: if it is something else.
    """
    one = len(given) == 1 and isinstance(given[0], str)
    texts = given if one else given[0] if len(given) == 1 else None
    if not isinstance(texts, list | tuple) or not all(isinstance(o, str) for o in texts):
        raise SettingsError(
            f"{verb} expects a text or a list of texts; it was given "
            f"{', '.join(map(repr, given)) or 'nothing'}.",
            hint=f'Call it so: {verb}(["cat", "dog"]).',
            setting="texts",
        )
    return tuple(texts), one


def asked_in_parts(
    run: Run, settings: GivenTexts, longest: int | None, typed: bool = False
) -> Iterator[list[Asked]]:
    """The sources, some at a time, in their order; white space around them is not theirs.

    An empty line is none, but keeps its place.

    Args:
        run: that is asked.
        settings: with the texts, or the file.
        longest: most tokens of a source that the model reads, its boundary counted; None: any.
        typed: whether the texts are sources even where one is the name of a file.

    Raises:
        SettingsError: if a text is empty, or a setting of files was given without one.
        DataError: if a line cannot be read, and that is not to be left empty.
    """
    data: PairData = run.data
    most = longest_of(settings.longest_text, run.record.options, bool(data.labels))
    limits = Limits(most, longest)
    if settings.file is None or typed:
        settings.refuse_unless(False, ("column", "encoding", "bad_lines"), "a file of sources")
        refuse_empty(settings.texts)
        yield [typed_text(data, settings, text, limits, typed) for text in settings.texts]
        return
    lines = read_lines(settings.file, settings.column, settings.encoding)
    while part := list(itertools.islice(lines, AT_ONCE)):
        found = []
        for place, text in part:
            try:
                found.append(asked(data, text, limits) if text else Asked("", None))
            except HornbookError as error:
                if settings.bad_lines == "refuse":
                    raise DataError(
                        f"{place}: {error.message}",
                        hint=f"{column_instead(settings, data)}{error.hint or ''} Or set "
                        "`bad_lines=empty` to go on without the answer to such lines.".strip(),
                        setting="bad_lines",
                    ) from error
                found.append(Asked(text, None, f"{place}: {error.message}"))
        yield found


def typed_text(
    data: PairData, settings: GivenTexts, text: str, limits: Limits, typed: bool
) -> Asked:
    """A text that was typed; where it cannot be read and is written as a file is called, that
    there is no such file is told too.

    Raises:
        HornbookError: as `asked`.
    """
    try:
        return asked(data, text, limits)
    except HornbookError as error:
        if not typed and len(settings.texts) == 1 and FILE.fullmatch(text):
            error.hint = f"There is no file {text!r}, so it was read as a text. {error.hint}"
        raise


def column_instead(settings: GivenTexts, data: PairData) -> str:
    """What to say of a file whose lines cannot be read where it is a table; empty if it is none."""
    file = settings.file
    if file is None or file == "-" or settings.column is not None:
        return ""
    with contextlib.suppress(HornbookError, ValueError):
        rows = Rows(Source(file), settings.encoding, "auto")
        if rows.width < 2:
            return ""
        name = data.columns[0] if data.columns[0] in rows.names else "1"
        if rows.kind != "table" and name == "1":
            name = rows.names[0]
        return (
            "The file looks like a table, and whole lines were read: "
            f"`column={as_typed(name)}` reads one column. "
        )
    return ""


def asked(data: PairData, text: str, limits: Limits) -> Asked:
    """A source as ids.

    Raises:
        UnknownTokenError: if it cannot be written in the run's tokens.
        DataError: if it is longer than the model reads.
    """
    text = text.strip()
    if len(text) > limits.characters:
        raise DataError(
            f"{clip(text, 30)!r} has {len(text):,} characters; at most {limits.characters:,} are "
            "read.",
            hint="Give shorter texts, or set a higher `longest_text`, which takes more memory.",
            setting="longest_text",
        )
    ids, longest = data.read(text), limits.tokens
    if longest is not None and len(ids) > longest:
        raise DataError(
            f"{clip(text)!r} is {many(len(ids), 'token')} long with its end; this model reads at "
            f"most {longest:,}.",
            hint="Give shorter texts, or train on data with sources as long.",
        )
    return Asked(text, ids)


def read_lines(file: str, column: str | None, encoding: str) -> Iterator[tuple[str, str]]:
    """The sources of a file, each with its place for messages.

    Raises:
        DataError: if it cannot be read, or has no such column.
        EncodingError: if it is not text.
    """
    source = Source(file)
    if column is not None:
        rows = Rows(source, encoding, "auto")
        header = has_header(rows, [column])
        at = place_of(rows, column, "column", header)
        for chunk in rows.chunks((at,), header=header):
            if chunk.ragged:
                line, cells = chunk.ragged[0]
                raise DataError(
                    f"{source.where}, {rows.unit} {line:,}: {many(cells, 'cell')}; there are "
                    f"{rows.width}.",
                    hint="Mend it, or leave it out.",
                )
            for line, text in zip(chunk.lines, chunk.columns[0], strict=True):
                yield f"{source.where}, {rows.unit} {line:,}", text
        return
    number = 0
    for piece in line_pieces(source.pieces(), source.where, encoding):
        for text in piece.removesuffix("\n").split("\n"):
            number += 1
            yield f"{source.where}, line {number:,}", text.strip()
