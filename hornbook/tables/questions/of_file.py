"""Predictions of a file of rows: its lines as they are, and what is added to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.actions import Action
from hornbook.records import JSONObject
from hornbook.rendering import many
from hornbook.sources.cells import Cells, NumberCells
from hornbook.sources.parquet import ParquetRows, is_parquet
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.storage import write_pieces
from hornbook.tables.faults import FaultsError
from hornbook.tables.new_rows import FilePiece, NewRows
from hornbook.tables.questions.lines import digits_of, free_names, lines_for, refuse_output
from hornbook.tables.questions.parquet_file import ParquetFile
from hornbook.tables.questions.predicting import Predicted, Predicting, missing_marks
from hornbook.tables.written_dates import date_label
from hornbook.tasks import Answer, Beside, Row

if TYPE_CHECKING:
    from hornbook.reports import Table
    from hornbook.runs import Run
    from hornbook.tables.questions.predict import PredictSettings

__all__ = ["FilePredictions"]

Floats = npt.NDArray[np.float64]


class FilePredictions(Answer):
    """The rows of a file with their predictions, piece by piece.

    Args:
        run: finished, perhaps without its data.
        settings: of the question.

    Raises:
        DataError: if a column is missing.
        RunError: if `out` cannot be written.
    """

    key = "predictions"

    def __init__(self, run: Run, settings: PredictSettings) -> None:
        self.run, self.settings, data = run, settings, run.data
        self.target, labels = data.target, data.target.labels
        rows = rows_of(Source(settings.file), settings.encoding)
        self.rows = NewRows(
            rows, data.mapper, self.target, missing_marks(run),
            refuse=settings.bad_rows == "refuse",
        )  # fmt: skip
        more = ["probability"] if labels else []
        if settings.probabilities:
            more = [f"probability of {label}" for label in labels]
        header = self.rows.header
        self.added = free_names(header.names, self.target.name, more)
        forms = {self.target.form, *(column.form for column in data.mapper.columns)}
        names = (*header.names, *self.added)
        texts = {name: bool(labels) and place == 0 for place, name in enumerate(self.added)}
        self.parquet = ParquetFile.asked(rows, texts, settings.out)
        self.lines = lines_for(
            rows, names, header=header.there, comma="comma" in forms,
            spread=self.target.spread, out="" if self.parquet is not None else settings.out,
        )  # fmt: skip
        if self.parquet is not None:
            self.parquet.refuse_other(Path(settings.out))
        elif settings.out:
            refuse_output(Path(settings.out), self.lines, self.added)
        self.predicting = Predicting(run, self.rows.later)

    def blocks(self) -> Iterator[Block]:
        """The pieces of the file with their predictions.

        Raises:
            DataError: if a row cannot be read, or there is none.
        """
        try:
            for piece in self.rows:
                start = self.predicting.count
                yield Block(self, piece, self.predicting.add(piece), start)
        except FaultsError as error:
            if len(error.faults) > 1 and error.mends:
                asked = {k: v for k, v in self.settings.changed().items() if k != "file"}
                given = (str(self.run.path), self.settings.file)
                error.action = Action("predict", given, {**asked, **error.mends})
            raise

    def __iter__(self) -> Iterator[Row]:
        """The rows; none where they go to a file.

        Raises:
            DataError: if one cannot be read.
        """
        if self.settings.out:
            self.write(self.blocks())
            return
        for block in self.blocks():
            for at in range(len(block.piece)):
                yield PredictedRow(block, at, first=block.start + at == 0)

    def write(self, blocks: Iterator[Block]) -> None:
        """Write the file `out`, whole or not at all."""
        path = Path(self.settings.out)
        if self.parquet is not None:
            tables = ((block.piece.chunk.records, block.added) for block in blocks)
            write_pieces(path, self.parquet.pieces(tables))
        else:
            write_pieces(path, (block.text().encode() for block in blocks))

    def whole(self) -> Predicted:
        """All predictions, and the file `out`, if it was asked for."""
        found: list[tuple[FilePiece, Floats]] = []

        def kept() -> Iterator[Block]:
            for block in self.blocks():
                found.append((block.piece, block.predicted))
                yield block

        if self.settings.out:
            self.write(kept())
        else:
            for _ in kept():
                pass
        return self.predicting.whole(found, more=self.told())

    def ending(self) -> JSONObject:
        """How many rows there are, and the errors."""
        found = self.predicting.ending()
        return {**found, "out": self.settings.out} if self.settings.out else found

    def remarks(self) -> Sequence[str | Action]:
        """What became of the file, what is unknown, and the errors."""
        return [*self.told(), *self.predicting.remarks()]

    def told(self) -> Iterator[str]:
        """What became of the file."""
        if self.settings.out:
            yield f"{many(self.predicting.count, 'row')} with predictions: {self.settings.out}"
        if self.rows.n_ragged:
            yield f"{many(self.rows.n_ragged, 'row')} with a wrong number of cells left out."
        if self.parquet is None:
            for name, what in self.rows.without_cells.items():
                yield (
                    f"Column {name!r} holds {what}, for which a table of text has no cells: it is "
                    "empty here. A Parquet file keeps it: `out` with the ending .parquet."
                )


def rows_of(file: Source, encoding: str) -> Rows | ParquetRows:
    """The rows of a file, whatever it is by its first bytes.

    Raises:
        DataError: if it cannot be read.
        MissingPackageError: if it is Parquet, and pyarrow is not installed.
    """
    return ParquetRows(file, whole=True) if is_parquet(file) else Rows(file, encoding)


class Block:
    """Some rows with their predictions.

    Args:
        of: all of them.
        piece: the rows.
        predicted: numbers, shape (n,); or probabilities, shape (n, classes).
        start: the place of the first one.
    """

    def __init__(
        self, of: FilePredictions, piece: FilePiece, predicted: Floats, start: int
    ) -> None:
        self.of, self.piece, self.predicted, self.start = of, piece, predicted, start

    @cached_property
    def added(self) -> list[tuple[object, ...]]:
        """What is added to each row: its prediction, and probabilities of classes."""
        labels, empty = self.of.target.labels, self.piece.bad.tolist()
        columns: list[list[object]]
        if not labels:
            columns = [self.predicted.tolist()]
        else:
            best = self.predicted.argmax(1)
            sure = self.predicted[np.arange(len(best)), best]
            every = self.of.settings.probabilities
            chances = self.predicted.T.tolist() if every else [sure.tolist()]
            columns = [[labels[place] for place in best.tolist()], *chances]
        none = (None,) * len(columns)
        return [none if gone else row
                for gone, row in zip(empty, zip(*columns, strict=True), strict=True)]  # fmt: skip

    @cached_property
    def cells(self) -> list[tuple[str, ...]]:
        """The cells of each row."""
        return list(zip(*map(texts_of, self.piece.chunk.columns), strict=True))

    def line(self, at: int) -> str:
        """A row as it is written."""
        lines = self.of.lines
        if not lines.separator:
            return lines.as_json(self.record(at))
        return str(self.made((*self.cells[at], *map(lines.added, self.added[at]))))

    @cached_property
    def made(self) -> Any:
        """What makes a line."""
        return self.of.lines.maker()

    def record(self, at: int) -> JSONObject:
        """A row by name, as JSON has it."""
        records = self.piece.chunk.records
        if len(records):
            known = dict(records[at])
        else:
            known = dict(zip(self.of.rows.header.names, self.cells[at], strict=True))
        added = [as_json_number(one, self.of.lines.spread) for one in self.added[at]]
        return {**known, **dict(zip(self.of.added, added, strict=True))}

    def text(self) -> str:
        """All rows as they are written, below the names if they are the first."""
        first = "" if self.start else self.of.lines.first
        return first + "".join(map(self.line, range(len(self.piece))))


@dataclass(frozen=True)
class PredictedRow(Row):
    """A row of the file."""

    block: Block
    at: int
    first: bool

    def shown(self) -> Iterator[str | Table | Beside]:
        """Its line, the names of the columns before the first."""
        yield (self.block.of.lines.first if self.first else "") + self.block.line(self.at)

    def as_dict(self) -> JSONObject:
        """The row by name."""
        return self.block.record(self.at)


def texts_of(cells: Cells) -> list[str]:
    """Cells as they are written into a table: those of a date as ISO 8601 has it."""
    if not isinstance(cells, NumberCells) or cells.declared != "date":
        return cells.texts
    return ["" if one != one else date_label(one) for one in cells.numbers.tolist()]


def as_json_number(value: object, spread: float) -> object:
    """A value that JSON has: of a number the digits that a person needs, or none."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.{digits_of(value, spread, 10)}g}") if np.isfinite(value) else None
