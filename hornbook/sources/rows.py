"""Columns of a file of rows, in pieces: a table or JSON objects, of any size.

    rows = Rows(Source("ratings.csv"))
    rows.names                                  ("userId", "movieId", "rating")
    for chunk in rows.chunks((0, 2), header=True):
        users, ratings = chunk.columns

A table is cut by commas, tabs, semicolons, vertical bars, or `::` as MovieLens has it; by which of
them, a first line `sep=;` may say, as Excel writes it: it is not a row. What has no
quotation mark is cut at once, a piece at a time; from the first quotation mark on, the csv module
reads. Cells come without the white space around them.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hornbook.errors import DataError
from hornbook.sources.cells import Cells, Cut
from hornbook.sources.columns import as_text, badly_quoted, field_of, lines_of, long_cells
from hornbook.sources.encoding import codec_of, undecodable
from hornbook.sources.formats import SEPARATORS, delimited, flat, said_separator, whole_lines
from hornbook.sources.json_rows import first_records, json_array, json_lines
from hornbook.sources.lines import line_pieces
from hornbook.sources.quotation import Quotes, are_literal
from hornbook.sources.source import Source

__all__ = ["DOUBLE", "Chunk", "Kind", "Rows"]

Kind = Literal["table", "JSON lines", "JSON array"]
DOUBLE = "::"
MARK = "\x1f"  # ASCII's separator of units: one character in the place of `::`
CUT_BY = (DOUBLE, *SEPARATORS)
LOOKED = 2**17  # bytes of a first look
ENDS = re.compile(rb"[\r\n]")
LONGEST = 2**26  # bytes of it where the first line of a table is longer than that
ROWS = 1_000  # most rows of a first look
BATCH = 20_000  # rows that the csv module or a JSON array gives at a time
LARGEST = 2**24  # characters of a cell, and of an object of a JSON array


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file."""

    columns: tuple[Cells, ...]
    "The cells of each column that was asked for, stripped; all of one length."
    lines: Sequence[int]
    "The line of the file that each row begins on, from 1; of a JSON array its place, from 1."
    ragged: tuple[tuple[int, int], ...] = ()
    "Line and number of cells of each row that was left out: it has more or fewer than others."
    records: Sequence[Mapping[str, Any]] = ()
    "Of JSON the objects themselves; of Parquet whole rows, if asked for; of a table nothing."


class Rows:
    """A file of rows; looked at when it is made, and read once.

    Args:
        source: one file.
        encoding: see `decode`.
        quotes: whether quotation marks group what is between them; auto: as it looks.

    Attributes:
        kind: what the file is.
        separator: what stands between the cells of a table.
        said: whether the first line says that, and is not a row.
        literal: whether quotation marks are characters as others.
        names: the cells of the first row of a table, its header if it has one; the fields of JSON.
        sample: some rows; of a table the first row is the first, of JSON the first object.

    Raises:
        DataError: if the file cannot be read, or is empty.
    """

    def __init__(self, source: Source, encoding: str = "auto", quotes: Quotes = "yes") -> None:
        self.source, self.encoding, self.where = source, encoding, source.where
        head = first_look(source)
        codec, mark = codec_of(head, encoding)
        text = looked(head, mark, codec, self.where)
        if len(head) >= LOOKED:
            text = text.rpartition("\n")[0] or text
        said, after = said_separator(text)
        self.said, text = bool(said), text[after:]
        begins = text.lstrip()[:1]
        if not begins:
            raise DataError(f"{self.where} is empty.", hint="Give a file that has rows.")
        self.kind: Kind = "table"
        if not said and begins in "{[":
            self.kind = "JSON lines" if begins == "{" else "JSON array"
        self.separator, self.literal = "", quotes == "no"
        self.sample: list[list[str]]
        if self.kind == "table":
            known = (said,) if said else CUT_BY
            self.separator, self.sample = cut_best(text, known, literal=self.literal)
            tabs = "\t" in known and (self.separator == "\t" or usual_width(self.sample) < 2)
            if tabs and quotes == "auto" and are_literal(text):
                self.literal = True
                self.separator, self.sample = cut_best(text, ("\t",), literal=True)
            self.width = fitting_width(self.sample)
            self.names = tuple(fitted(self.sample[0], self.width))
        else:
            records = first_records(text)
            fields = dict.fromkeys(name for record in records for name in flat(record))
            self.names = tuple(fields)
            self.sample = [[as_text(field_of(r, name)) for name in self.names] for r in records]
            self.width = len(self.names)

    @property
    def unit(self) -> str:
        """What the numbers in `Chunk.lines` are those of."""
        return "item" if self.kind == "JSON array" else "line"

    def chunks(self, places: Sequence[int], *, header: bool) -> Iterator[Chunk]:
        """Some columns, piece by piece.

        Args:
            places: of the columns in `names`.
            header: whether the first row of a table is none of data.

        Raises:
            DataError: if the file is damaged: quotation marks do not pair, a line is not JSON.
            EncodingError: if it is not text.
        """
        pieces = line_pieces(self.source.pieces(), self.where, self.encoding)
        if self.kind == "JSON lines":
            yield from self.objects(json_lines(pieces, self.where), places)
        elif self.kind == "JSON array":
            yield from self.objects(json_array(pieces, self.where), places)
        else:
            yield from self.table(pieces, places, header=header)

    def told(self, place: int, *, header: bool) -> str:
        """How to tell a column: by its name, or if that is not its own by its number from 1."""
        name = self.names[place]
        if header and (self.kind != "table" or (name and self.names.count(name) == 1)):
            return name
        return str(place + 1)

    def cells(self, place: int) -> list[str]:
        """The cells of a column in `sample`, with that of the header if there is one."""
        return [row[place] for row in self.sample if place < len(row)]

    # Tables

    def table(
        self, pieces: Iterator[str], places: Sequence[int], *, header: bool
    ) -> Iterator[Chunk]:
        """The rows of a table."""
        line, said = 1, self.said
        for piece in pieces:
            if said:
                line, said, piece = 2, False, piece.partition("\n")[2]
            if '"' in piece and self.separator != DOUBLE and not self.literal:
                rest = itertools.chain([piece], pieces)
                yield from self.quoted(rest, line, places, header=header)
                return
            while header and piece:
                first, _, piece = piece.partition("\n")
                header, line = not first.strip(), line + 1
            if not piece:
                continue
            count = piece.count("\n")
            text = piece[:-1] if piece.endswith("\n") else piece
            yield self.plain(text, line, places) or self.careful(
                [row.split(self.separator) for row in text.split("\n")],
                range(line, line + text.count("\n") + 1),
                places,
            )
            line += count

    def plain(self, text: str, line: int, places: Sequence[int]) -> Chunk | None:
        """The rows of a text, cut all at once; None unless each has the usual number of cells."""
        width, n = self.width, text.count("\n") + 1
        if width < 2:
            return None
        columns: tuple[Cells, ...] | None
        separator = self.separator
        if separator == DOUBLE and MARK not in text:
            text, separator = text.replace(DOUBLE, MARK), MARK
        if len(separator) == 1 and text.isascii():
            cut = Cut(text, separator, width)
            columns = tuple(cut.column(place) for place in places) if cut.is_even else None
        else:
            columns = evenly(text, separator, width, places)
        return None if columns is None else Chunk(columns, range(line, line + n))

    def careful(
        self, rows: Sequence[list[str]], lines: Sequence[int], places: Sequence[int]
    ) -> Chunk:
        """Rows one by one: without empty ones, and those apart that are too long or too short."""
        kept, at, ragged = [], [], []
        for row, line in zip(rows, lines, strict=True):
            if is_blank(row):
                continue
            cells = fitted(row, self.width) if len(row) > self.width else row
            if len(cells) != self.width:
                ragged.append((line, len(row)))
            else:
                kept.append(cells)
                at.append(line)
        columns = tuple(Cells([cells[place].strip() for cells in kept]) for place in places)
        return Chunk(columns, at, tuple(ragged))

    def quoted(
        self, pieces: Iterable[str], line: int, places: Sequence[int], *, header: bool
    ) -> Iterator[Chunk]:
        """The rows of a table with quotation marks."""
        lines = itertools.chain.from_iterable(io.StringIO(piece, newline="\n") for piece in pieces)
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        while True:
            before, rows = reader.line_num, list[list[str]]()
            broken: DataError | None = None
            try:
                with long_cells(LARGEST):
                    rows.extend(itertools.islice(reader, BATCH))
            except csv.Error as error:
                first = line + before + lines_of(rows)
                last = line + reader.line_num - 1
                broken = badly_quoted(error, self.where, first, last)
                broken.__cause__ = error
            if not rows:
                if broken is not None:
                    raise broken
                return
            begins: Sequence[int] = range(line + before, line + before + len(rows))
            if reader.line_num - before != len(rows):
                heights = (1 + sum(cell.count("\n") for cell in row) for row in rows)
                begins = list(itertools.accumulate(heights, initial=line + before))[:-1]
            while header and rows:
                header, rows, begins = is_blank(rows[0]), rows[1:], begins[1:]
            if set(map(len, rows)) == {self.width}:
                across = list(zip(*rows, strict=True))
                columns = tuple(Cells(list(map(str.strip, across[p]))) for p in places)
                yield Chunk(columns, begins)
            else:
                yield self.careful(rows, begins, places)
            if broken is not None:  # told when the rows before it were seen
                raise broken

    # JSON

    def objects(
        self, records: Iterator[tuple[int, Mapping[str, Any]]], places: Sequence[int]
    ) -> Iterator[Chunk]:
        """The fields of JSON objects; one that is not there is empty."""
        names = [self.names[place] for place in places]
        while batch := list(itertools.islice(records, BATCH)):
            columns = tuple(Cells([cell_of(record, name) for _, record in batch]) for name in names)
            whole = [record for _, record in batch]
            yield Chunk(columns, [line for line, _ in batch], records=whole)


def first_look(source: Source) -> bytes:
    """The first bytes of a file; more of them while they are only a part of its first line.

    The columns of a table are those of its first line. An array of JSON may be a single line.
    """
    head = source.head(LOOKED)
    while len(head) >= LOOKED and not ENDS.search(head) and not head.lstrip().startswith(b"["):
        more = source.head(4 * len(head))
        if len(more) == len(head) or len(more) > LONGEST:
            break
        head = more
    return head


def evenly(
    text: str, separator: str, width: int, places: Sequence[int]
) -> tuple[Cells, ...] | None:
    """Some columns of a text; None unless each row has so many cells.

    With a separator put before each line end, every line but the first begins with one in its
    first cell, and nowhere else if all have the same number of cells.
    """
    n = text.count("\n") + 1
    cells = text.replace("\n", f"{separator}\n").split(separator)
    first = "".join(cells[::width]).split("\n")
    if len(cells) != n * width or len(first) != n:
        return None
    columns = (first if place == 0 else cells[place::width] for place in places)
    return tuple(Cells(list(map(str.strip, column))) for column in columns)


# Looking


def looked(head: bytes, mark: bytes, codec: str, where: str) -> str:
    """The beginning of a file as text; it may end within a character.

    Raises:
        EncodingError: if it is not text.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        text = decoder.decode(head[len(mark) :])
    except UnicodeError as error:
        raise undecodable(error, where, codec, head, len(mark)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cut_best(
    text: str, separators: Sequence[str] = CUT_BY, *, literal: bool = False
) -> tuple[str, list[list[str]]]:
    """The separator that cuts the first rows alike, into the most cells, and those rows.

    Before all others stands one that cuts the first row as the rest: decimal commas cut all rows
    alike but for the header.
    """
    found: list[tuple[bool, bool, int, str, list[list[str]]]] = []
    for separator in separators:
        rows = first_rows(text, separator, literal=literal)
        width = usual_width(rows) if rows else 0
        alike = sum(len(row) == width for row in rows) >= 0.9 * len(rows)
        if width > 1:
            if separator == DOUBLE and alike and width > 2:
                return separator, rows
            found.append((alike and len(rows[0]) == width, alike, width, separator, rows))
    if not found:
        own = separators[0] if len(separators) == 1 else ","
        return own, [[line] for line in text.split("\n") if line.strip()][:ROWS]
    best = max(found, key=lambda one: one[:3])
    return best[3], best[4]


def first_rows(text: str, separator: str, *, literal: bool = False) -> list[list[str]]:
    """The first rows of a table that are not empty, as far as quotation marks pair."""
    if separator == DOUBLE or literal:
        lines = itertools.islice((line for line in whole_lines(text) if line.strip()), ROWS)
        return [[cell.strip() for cell in line.split(separator)] for line in lines]
    rows = []
    with contextlib.suppress(csv.Error), long_cells(LARGEST):
        for row in delimited(text, separator):
            if not is_blank(row):
                rows.append([cell.strip() for cell in row])
            if len(rows) == ROWS:
                break
    return rows


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """How many cells rows have, whatever the first has, which may be a header."""
    return Counter(map(len, rows[1:] or rows)).most_common(1)[0][0]


def fitting_width(rows: Sequence[Sequence[str]]) -> int:
    """How many cells a table has in a row: as most rows, if the first fits these; else as it.

    Names of columns would be those of others where a header had fewer cells than the rows.
    """
    usual, first = usual_width(rows), rows[0]
    fewer = len(first) < usual and any(
        len(fitted(row, len(first))) > len(first) for row in rows[1:]
    )
    return len(first) if fewer or len(fitted(first, usual)) > usual else usual


def is_blank(row: Sequence[str]) -> bool:
    """Whether a row is an empty line."""
    return len(row) < 2 and not "".join(row).strip()


def fitted(row: Sequence[str], width: int) -> list[str]:
    """A row of so many cells, if only empty ones have to be added or left out; else as it is."""
    if len(row) > width and any(cell.strip() for cell in row[width:]):
        return list(row)
    return [*row[:width], *[""] * (width - len(row))]


def cell_of(record: Mapping[str, Any], name: str) -> str:
    """A field as a cell; what is not there is empty."""
    value = record.get(name)
    return (value if type(value) is str else as_text(field_of(record, name))).strip()
