"""A Parquet file with its predictions: the columns as they are, types kept, and those added."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.errors import DataError, RunError, SettingsError
from hornbook.paths import is_folder
from hornbook.sources.parquet import Batch, ParquetRows
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.storage import refuse_unwritable

__all__ = ["ParquetFile"]

ENDING = ".parquet"


class Drained(io.BytesIO):
    """A file that gives what was written to it since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = 0

    def tell(self) -> int:
        """How much was written in all."""
        return self.gone + super().tell()

    def drain(self) -> bytes:
        """What was written since."""
        held = self.getvalue()
        self.gone += len(held)
        self.seek(0)
        self.truncate()
        return held

    def close(self) -> None:
        """Nothing: what was written is still to be had."""


@dataclass(frozen=True)
class ParquetFile:
    """How rows of a Parquet file are written as such a file.

    Attributes:
        rows: that are read.
        added: names of the columns that are added, and whether they are texts.
    """

    rows: ParquetRows
    added: Mapping[str, bool]

    @classmethod
    def asked(
        cls, rows: Rows | ParquetRows, added: Mapping[str, bool], out: str
    ) -> ParquetFile | None:
        """Such a file, if the name of a file asks for it.

        Raises:
            SettingsError: if it does, and the rows come from another kind of file.
        """
        if Path(out).suffix.lower() != ENDING:
            return None
        if not isinstance(rows, ParquetRows):
            raise SettingsError(
                f"Only a Parquet file comes back as one; {rows.where} is a file of text.",
                hint="Use an ending such as .csv or .jsonl.",
                setting="out",
            )
        return cls(rows, added)

    def refuse_other(self, path: Path) -> None:
        """Refuse a file that cannot be written, or holds something other than such predictions.

        Raises:
            RunError: if it does.
        """
        if path.exists() and not is_folder(path) and not self.is_ours(path):
            raise RunError(
                f"{path} exists, and does not hold predictions of such a file: it is not replaced.",
                hint="Give another name, or move that file away first.",
            )
        refuse_unwritable(path)

    def is_ours(self, path: Path) -> bool:
        """Whether a file was written in the same way."""
        try:
            there = ParquetRows(Source(str(path))) if path.is_file() else None
        except DataError:
            return False
        return there is not None and there.names == (*self.rows.names, *self.added)

    def pieces(
        self, blocks: Iterable[tuple[Sequence[Any], Sequence[tuple[object, ...]]]]
    ) -> Iterator[bytes]:
        """The file, piece by piece.

        Args:
            blocks: some rows, a `Batch`, and what is added to each; at least one.
        """
        import pyarrow as pa
        import pyarrow.parquet as parquet

        sink, writer = Drained(), None
        for rows, added in blocks:
            assert isinstance(rows, Batch)
            types = [pa.string() if text else pa.float64() for text in self.added.values()]
            across = zip(*added, strict=True)
            columns = [pa.array(one, kind) for one, kind in zip(across, types, strict=True)]
            fields = list(map(pa.field, self.added, types))
            schema = pa.schema([*self.rows.schema, *fields], self.rows.schema.metadata)
            if writer is None:
                writer = parquet.ParquetWriter(sink, schema)
            writer.write_batch(pa.record_batch([*rows.held.columns, *columns], schema=schema))
            yield sink.drain()
        assert writer is not None
        writer.close()
        yield sink.drain()
