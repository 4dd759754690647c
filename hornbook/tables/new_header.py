"""What the columns of a file that comes later are called, by what a run reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hornbook.errors import DataError
from hornbook.rendering import listed, many
from hornbook.sources.parquet import ParquetRows
from hornbook.sources.rows import Rows
from hornbook.tables.header import column_names, has_header, named_or_numbered
from hornbook.tables.mapper import Mapper

__all__ = ["Header", "header_of"]


@dataclass(frozen=True)
class Header:
    """What the columns of a file are called."""

    names: tuple[str, ...]
    there: bool
    "Whether the first row of the file says so."


def header_of(rows: Rows | ParquetRows, mapper: Mapper, target: str) -> Header:
    """What the columns of a file are called, when it is known which ones a run reads.

    Args:
        rows: of the file.
        mapper: of the run.
        target: the name of the column that the run predicts.

    Raises:
        DataError: if it has no header and needs one, has another number of columns than the table
            without a header that the run has learned from, or two columns of one name.
    """
    known = [column.name for column in mapper.columns]
    if rows.kind == "table" and is_numbered([*known, target]):
        if has_header(rows):
            raise DataError(
                f"{rows.where} begins with a header, and the run has learned from a table without "
                f"one, whose columns are numbered: {listed(rows.names)}.",
                hint="Remove the first row.",
                setting="file",
            )
        if rows.width == len(known) + 1:
            return Header(tuple(map(str, range(1, rows.width + 1))), there=False)
        if rows.width == len(known):  # as it is where the target is not known yet
            return Header(tuple(known), there=False)
        raise DataError(
            f"{rows.where} has {many(rows.width, 'column')} and no header; the run has learned "
            f"from a table of {len(known) + 1:,}, so {len(known):,} were expected, or one more "
            f"with the target (column {target}).",
            hint="Give a file with the same columns in the same order.",
            setting="file",
        )
    if rows.kind == "table" and not has_header(rows) and not set(known) & set(rows.names):
        raise DataError(
            f"{rows.where} has no header: its first row is {listed(rows.names, 6)}.",
            hint="Put the names of its columns in the first row. The run reads "
            f"{listed([column.name for column in mapper.needed])}.",
            setting="file",
        )
    return Header(named(rows), there=True)


def named(rows: Rows | ParquetRows) -> tuple[str, ...]:
    """The names in the first row."""
    if has_header(rows):
        return column_names(rows)
    return named_or_numbered(rows)


def is_numbered(names: Sequence[str]) -> bool:
    """Whether columns have numbers for names, as those of a table without a header."""
    return sorted(names) == sorted(map(str, range(1, len(names) + 1)))
