"""Columns of a Parquet file, in pieces, as `Rows` gives those of texts: of any size, types kept.

    rows = ParquetRows(Source("houses.parquet"))
    rows.names                                  ("street", "area", "price")
    for chunk in rows.chunks((1, 2), header=True):
        areas, prices = chunk.columns           numbers that were never texts

Numbers stay numbers, texts stay texts though they look like numbers, dates and times become seconds
since 1970, UTC; booleans are the texts True and False. A null is a missing value.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np

from hornbook.errors import DataError, as_typed
from hornbook.extras import needing
from hornbook.sources.cells import Cells, Declared, NumberCells, TextCells, zoned
from hornbook.sources.rows import Chunk
from hornbook.sources.source import Source

__all__ = ["Batch", "ParquetRows", "is_parquet"]

MAGIC = b"PAR1"
BATCH = 65_536  # rows at a time
SAMPLE = 100  # rows of a first look
EXACT = 2**53  # whole numbers from here on may not be floats: they are read as texts
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
DAY = 86_400


def is_parquet(source: Source) -> bool:
    """Whether a file is Parquet, by its first bytes."""
    return source.head(len(MAGIC)) == MAGIC


class ParquetRows:
    """A Parquet file; looked at when it is made, and read row group by row group.

    Args:
        source: one file.
        left_out: names of columns that are not read: their cells are missing.
        whole: whether each chunk has its whole rows as `records`, a `Batch`; then a column that
            holds no plain values is not an error, and has missing cells.

    Attributes:
        kind: what it is.
        unit: what the numbers in `Chunk.lines` are those of.
        separator: empty; it is here since `Rows` has one.
        names: of the columns.
        width: how many there are.

    Raises:
        DataError: if the file is damaged, or has no columns.
        MissingPackageError: if pyarrow is not installed.
    """

    kind: Literal["Parquet"] = "Parquet"
    unit = "row"
    separator = ""

    def __init__(
        self, source: Source, left_out: Collection[str] = (), *, whole: bool = False
    ) -> None:
        with needing("pyarrow", "Reading Parquet"):
            import pyarrow.parquet as parquet
        self.where, self.left_out, self.whole = source.where, frozenset(left_out), whole
        with self.told():
            self.file = parquet.ParquetFile(seekable(source))
            self.schema = self.file.schema_arrow
        self.names = tuple(self.schema.names)
        self.width = len(self.names)
        if not self.width:
            raise DataError(f"{self.where} has no columns.", hint="Give a table that has some.")

    @cached_property
    def sample(self) -> list[list[str]]:
        """Some rows, as texts; what holds no single values is empty."""
        plain = [at for at in range(self.width) if self.refused(at) is None]
        found: list[list[str]] = []
        for batch in self.batches(plain, SAMPLE):
            made = self.cells_of(batch, plain)
            empty = [""] * batch.num_rows
            texts = [made[at].texts if at in made else empty for at in range(self.width)]
            found += [list(row) for row in zip(*texts, strict=True)]
            break
        return found[:SAMPLE]

    def chunks(self, places: Sequence[int], *, header: bool) -> Iterator[Chunk]:
        """Some columns, piece by piece.

        Args:
            places: of the columns in `names`.
            header: of no meaning here: names are not a row.

        Raises:
            DataError: if the file is damaged, or a column holds no plain values.
        """
        read = [place for place in places if self.names[place] not in self.left_out]
        for place in read:
            if not self.whole and (what := self.refused(place)) is not None:
                raise DataError(
                    f"{self.where}: column {self.names[place]!r} holds {what}, not one value in "
                    "each row.",
                    hint=f"Leave it out: `ignore={as_typed(self.names[place])}`.",
                    setting="ignore",
                )
        if self.whole:
            read = [place for place in read if self.refused(place) is None]
        begin = 1
        for batch in self.batches(range(self.width) if self.whole else read, BATCH):
            made = self.cells_of(batch, read)
            n = batch.num_rows
            missing = NumberCells(np.full(n, np.nan))
            columns = tuple(made.get(place, missing) for place in places)
            records = Batch(batch) if self.whole else ()
            yield Chunk(columns, range(begin, begin + n), records=records)
            begin += n

    def batches(self, places: Sequence[int], size: int) -> Iterator[Any]:
        """Some rows at a time.

        By row groups, one after the other: no more than one is held.
        """
        names = [self.names[place] for place in places]
        with self.told():
            for group in range(self.file.num_row_groups):
                found = self.file.iter_batches(
                    size, row_groups=[group], columns=names, use_threads=False
                )
                for batch in found:
                    if batch.num_rows:
                        yield batch

    def cells_of(self, batch: Any, places: Sequence[int]) -> dict[int, Cells]:
        """The cells of some columns of a batch, by their places."""
        with self.told():
            return {
                place: cells(batch.column(self.names[place]), self.schema.types[place])
                for place in places
            }

    def refused(self, place: int) -> str | None:
        """What a column holds that is not a single value; None if it can be read."""
        import pyarrow.types as is_

        kind = self.schema.types[place]
        kind = kind.value_type if is_.is_dictionary(kind) else kind
        if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
            return "lists"
        if is_.is_nested(kind):
            return "records"
        if is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_fixed_size_binary(kind):
            return "bytes"
        return None

    @contextmanager
    def told(self) -> Iterator[None]:
        """A context whose errors become those of data."""
        from pyarrow import ArrowException

        try:
            yield
        except (ArrowException, OSError, UnicodeDecodeError) as error:
            first = str(error).partition("\n")[0]
            raise DataError(
                f"{self.where} is a damaged Parquet file: {first[:200].rstrip('.')}.",
                hint="Copy or download it again.",
            ) from error


class Batch(Sequence[Mapping[str, Any]]):
    """Rows of a Parquet file by name, each made when it is asked for, of values that JSON has.

    Args:
        held: the rows, a record batch of Arrow.
    """

    def __init__(self, held: Any) -> None:
        self.held = held

    def __len__(self) -> int:
        return int(self.held.num_rows)

    @overload
    def __getitem__(self, at: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, at: slice) -> Batch: ...

    def __getitem__(self, at: int | slice) -> Mapping[str, Any] | Batch:
        if isinstance(at, slice):
            start, stop, _ = at.indices(len(self))
            return Batch(self.held.slice(start, stop - start))
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        row = self.held.slice(at % len(self), 1)
        return {
            name: as_json_value(row.column(place)[0].as_py())
            for place, name in enumerate(row.schema.names)
        }


def as_json_value(value: Any) -> Any:
    """A value of Arrow as JSON has it: a date as ISO 8601 writes it, bytes as hexadecimals."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(name): as_json_value(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json_value(one) for one in value]
    if isinstance(value, Decimal):
        return as_json_value(float(value))
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def seekable(source: Source) -> Any:
    """A file that can be read at any place: standard input and what is within gzip are held."""
    import pyarrow as pa

    if source.can_be_read_again and not source.dataset:
        with source.path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                return pa.OSFile(str(source.path))
    return pa.BufferReader(source.read())


def cells(column: Any, kind: Any) -> Cells:
    """A column of a batch as cells.

    Args:
        column: an array of Arrow.
        kind: its type.
    """
    import pyarrow as pa
    import pyarrow.types as is_

    if is_.is_dictionary(kind):
        return cells(column.dictionary_decode(), kind.value_type)
    if is_.is_null(kind):
        return NumberCells(np.full(len(column), np.nan))
    if is_.is_boolean(kind):
        words = {True: "True", False: "False", None: ""}
        return TextCells([words[one] for one in column.to_pylist()])
    if is_.is_integer(kind):
        if beyond(column):
            return WholeCells([text_of(one) for one in column.to_pylist()])
        return NumberCells(as_floats(column))
    if is_.is_floating(kind) or is_.is_decimal(kind):
        return NumberCells(as_floats(column))
    if is_.is_date(kind) or is_.is_timestamp(kind):
        unit = "s" if is_.is_date(kind) else kind.unit
        days = column.cast(pa.date32()).cast(pa.int32()) if is_.is_date(kind) else None
        if days is not None:
            return NumberCells(as_floats(days) * DAY, "date")
        seconds = as_floats(column.cast(pa.int64())) / UNITS[unit]
        return NumberCells(seconds, "date", first_zoned(column, kind))
    if is_.is_duration(kind):
        return NumberCells(as_floats(column.cast(pa.int64())) / UNITS[kind.unit])
    return TextCells([text_of(one) for one in column.to_pylist()])


def first_zoned(column: Any, kind: Any) -> str:
    """The first time of a column whose type has a zone, as `zoned` tells it; else empty."""
    if kind.tz is None:
        return ""
    import pyarrow as pa
    from pyarrow import ArrowException

    first = column.drop_null()[:1].cast(pa.timestamp("s", kind.tz), safe=False)
    try:
        return "".join(map(zoned, first.to_pylist()))
    except (KeyError, ArrowException):  # no zone that this machine knows
        return str(kind.tz)


class WholeCells(Cells):
    """Whole numbers of which some are too large for floats."""

    declared: Declared = "number"


def beyond(column: Any) -> bool:
    """Whether some whole numbers are larger than floats hold to the last digit."""
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    low, high = ends["min"], ends["max"]
    return low is not None and (high >= EXACT or low <= -EXACT)


def as_floats(column: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers as floats, NaN where they are missing, shape (len(column),)."""
    import pyarrow as pa

    found = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(found, np.float64)


def text_of(value: object) -> str:
    """A value as text; a null is empty."""
    return "" if value is None else str(value).strip()
