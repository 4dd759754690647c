"""How a row with its prediction is written: as the file has it, or as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.errors import RunError
from hornbook.outputs import format_of
from hornbook.paths import is_folder
from hornbook.records import JSONObject
from hornbook.sources.parquet import ParquetRows
from hornbook.sources.rows import Rows
from hornbook.storage import parse_json, refuse_unwritable
from hornbook.tasks.csv_lines import csv_lines

__all__ = ["Lines", "digits_of", "free_names", "lines_for", "number_text", "refuse_output"]

ENDINGS = ("csv", "tsv", "txt", "jsonl", "ndjson", "parquet")
SEPARATORS = {"tsv": "\t"}
JSON_ENDINGS = ("jsonl", "ndjson")


@dataclass(frozen=True)
class Lines:
    """How rows are written.

    Attributes:
        names: of the columns of the file, then those that are added.
        separator: of a table; empty: each row is a JSON object.
        header: whether the names stand in the first line.
        comma: whether the numbers that are added have a decimal comma.
        spread: by how much predictions differ, so that it is seen; 0: they are of any size.
    """

    names: tuple[str, ...]
    separator: str
    header: bool = True
    comma: bool = False
    spread: float = 0.0

    @property
    def first(self) -> str:
        """The line with the names; empty if there is none."""
        return self.maker()(self.names) if self.header and self.separator else ""

    def maker(self) -> Callable[[Sequence[str]], str]:
        """What makes a line of a table from cells."""
        if len(self.separator) > 1:  # the `::` of MovieLens, which knows no quotation marks
            return lambda cells: self.separator.join(cells) + "\n"
        return csv_lines(self.separator)

    def added(self, value: object) -> str:
        """What is added, as a cell."""
        if value is None:
            return ""
        if not isinstance(value, float):
            return str(value)
        text = number_text(value, self.spread)
        return text.replace(".", ",") if self.comma else text

    def as_json(self, record: JSONObject) -> str:
        """A row as a line of JSON."""
        return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def digits_of(value: float, spread: float, least: int) -> int:
    """How many digits a number needs so that a thousandth of a spread is seen, as a float has them.

    Of temperatures in kelvin or times in seconds six digits tell nothing: what differs from row
    to row is behind them.

    Args:
        value: finite.
        spread: by how much such numbers differ; 0 if that is not known.
        least: the digits without it.
    """
    if not (value and spread > 0):
        return least
    size, finest = (math.floor(math.log10(abs(one))) for one in (value, spread))
    return min(17, max(least, size - finest + 4))


def number_text(value: float, spread: float = 0.0) -> str:
    """A number with six digits, and all before the point: 1234567, 12.3457, 0.00123457.

    Args:
        value: the number; empty where it is none.
        spread: as of `digits_of`.
    """
    if not math.isfinite(value):
        return ""
    size = math.floor(math.log10(abs(value))) if value else 0
    digits = digits_of(value, spread, 6)
    if not -6 <= size <= 15:
        return f"{value:.{digits - 1}e}"
    text = f"{value:.{max(0, digits - 1 - size)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def free_names(names: Sequence[str], target: str, more: Sequence[str]) -> list[str]:
    """What to call the columns that are added, so that none has the name of another.

    Args:
        names: that are taken.
        target: the column that is predicted.
        more: further columns, such as `probability`.
    """
    taken, found = set(names), []
    for name in ("prediction", *more):
        tried = [name, f"{name} of {target}"]
        tried += [f"{name} of {target} {n}" for n in range(2, len(taken) + 3)]
        found.append(next(one for one in tried if one not in taken))
        taken.add(found[-1])
    return found


def lines_for(
    rows: Rows | ParquetRows, names: tuple[str, ...], *, header: bool, comma: bool, spread: float,
    out: str,
) -> Lines:  # fmt: skip
    """How the rows of a file are written: as they are, unless the name of a file says otherwise.

    Those of Parquet are written as CSV.

    Args:
        rows: of the file.
        names: of its columns and of those that are added.
        header: whether its first row names its columns.
        comma: whether its numbers have decimal commas.
        spread: by how much predictions differ.
        out: the file that is written; empty: standard output.

    Raises:
        SettingsError: if the name has none of the endings that are known.
    """
    ending = format_of(Path(out), *ENDINGS) if out else ""
    is_table = rows.kind == "table"
    if ending in JSON_ENDINGS or (not ending and rows.kind.startswith("JSON")):
        return Lines(names, "", spread=spread)
    own = rows.separator if is_table else ","
    separator = SEPARATORS.get(ending, own)
    if ending == "csv" and separator == "\t":
        separator = ","
    return Lines(names, separator, header, comma and separator != ",", spread)


def refuse_output(path: Path, lines: Lines, added: Sequence[str]) -> None:
    """Refuse a file that cannot be written, or holds something other than such predictions.

    Raises:
        RunError: if it does.
    """
    if path.exists() and not is_folder(path):
        first: Any = b""
        if path.is_file():  # a pipe may never end
            with path.open("rb") as file:
                first = file.readline(2**20).decode("utf-8", "replace")
        if not is_ours(str(first), lines, added):
            raise RunError(
                f"{path} exists, and does not hold predictions of such a file: it is not replaced.",
                hint="Give another name, or move that file away first.",
            )
    refuse_unwritable(path)


def is_ours(first: str, lines: Lines, added: Sequence[str]) -> bool:
    """Whether a file that begins with a line was written in the same way."""
    if lines.separator:
        return bool(lines.first) and first == lines.first
    try:
        record = parse_json(first)
    except ValueError:
        return False
    return isinstance(record, dict) and list(record)[-len(added) :] == list(added)
