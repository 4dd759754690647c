"""Ratings or clicks from files of any size: who, what, how much, when."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.compute.memory import available_memory
from hornbook.errors import DataError, SettingsError
from hornbook.ratings.cells import NO_TIME, Faults, Ids, Numbers, TimeCells, has_commas, held
from hornbook.ratings.columns import Columns, find_columns
from hornbook.ratings.data import Kind
from hornbook.ratings.guessing import readable
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.options import RatingsOptions
from hornbook.ratings.scale import Scale, ScaleFinder
from hornbook.rendering import many
from hornbook.sources.cells import Cells
from hornbook.sources.rows import Chunk, Rows
from hornbook.sources.source import Source

__all__ = ["Read", "read_ratings"]

TIMES = 0.5  # share of the first rows whose times must be readable, in a column of that name
ROW = 60  # bytes of memory for a row: 20 each, twice where columns are joined, and sorted
ID = 250  # bytes for an id: the text, its place in a table of hashes


@dataclass(frozen=True)
class Read:
    """What files of ratings or clicks hold, in the order of the files."""

    users: tuple[str, ...]
    "Ids by number: in the order in which they first occur."
    items: tuple[str, ...]
    rows: Interactions
    titles: tuple[str, ...]
    "Titles of the items that stand in the file itself; empty if none do."
    scale: Scale
    item_column: str
    "What the column of the items is called; empty if there is no header."
    remarks: tuple[str, ...]
    "How it was read, for people."


def read_ratings(source: Source, options: RatingsOptions, kind: Kind = "ratings") -> Read:
    """Read all files of a source.

    Raises:
        DataError: if a column is missing, a row cannot be read (unless `bad_rows` is `skip`), all
            ratings are the same, or there are fewer than two users or items.
        EncodingError: if a file is not text.
        SettingsError: if `at_least` does not fit.
    """
    if options.at_least is not None and kind == "ratings":
        raise SettingsError(
            "`at_least` reads ratings as clicks, and they are read as ratings.",
            hint="Leave `at_least` out, or set `task=clicks`.",
            setting="at_least",
        )
    if options.at_least is not None and not math.isfinite(options.at_least):
        raise SettingsError(
            f"`at_least` must be a finite number; it is {options.at_least:g}.", setting="at_least"
        )
    reader = Reader(options, kind)
    for file in source.files:
        try:
            reader.add(Rows(file, options.encoding))
        except DataError as error:
            if error.action is not None:  # the call is about all of the files
                error.action = replace(error.action, given=source.given)
            raise
    return reader.finish(source)


class Reader:
    """Gathers rows, piece by piece.

    Args:
        options: how to read them.
        kind: ratings or clicks.
    """

    def __init__(self, options: RatingsOptions, kind: Kind) -> None:
        self.options, self.kind = options, kind
        self.users, self.items = Ids(), Ids()
        self.parts: dict[str, list[npt.NDArray[Any]]] = {
            name: [] for name in ("users", "items", "values", "times")
        }
        self.numbers, self.times, self.faults = Numbers(), TimeCells(), Faults()
        self.untimed = ""
        self.scale = ScaleFinder()
        self.titles: dict[int, str] = {}
        self.titled = self.contradicting = 0
        self.columns: Columns | None = None
        self.read = self.left_out = 0
        self.there = available_memory()

    def add(self, rows: Rows) -> None:
        """Read a file."""
        columns = self.timed(
            rows,
            find_columns(
                rows, self.options.told, needs_rating=self.kind == "ratings", like=self.columns
            ),
        )
        comma = columns.rating is not None and has_commas(rows.cells(columns.rating))
        self.numbers = self.numbers if comma == self.numbers.comma else Numbers(comma=comma)
        if self.columns is not None and (columns.time is None) != (self.columns.time is None):
            raise DataError(
                f"{rows.where} and the files before it differ: only some have times.",
                hint="Give files with the same columns.",
                setting="time",
            )
        if self.options.at_least is not None and columns.rating is None:
            raise SettingsError(
                f"`at_least` needs a column of ratings or counts, and {rows.where} has none.",
                hint="Set `rating` to a column, or leave `at_least` out.",
                setting="at_least",
            )
        self.columns = self.columns or columns
        given = {
            "user": columns.user,
            "item": columns.item,
            "rating": columns.rating,
            "time": columns.time,
            "title": columns.title,
        }
        places = {role: place for role, place in given.items() if place is not None}
        for chunk in rows.chunks(list(places.values()), header=columns.header):
            for line, cells in chunk.ragged:
                what = f"it has {many(cells, 'cell')}, and {rows.width} were expected."
                self.faults.note("a wrong number of cells", rows.where, [line], what)
            self.read += len(chunk.lines) + len(chunk.ragged)
            if chunk.lines:
                self.take(rows.where, dict(zip(places, chunk.columns, strict=True)), chunk, columns)

    def timed(self, rows: Rows, columns: Columns) -> Columns:
        """Columns without a time that nobody asked for and that cannot be read."""
        if columns.time is None or self.options.time is not None:
            return columns
        cells = rows.cells(columns.time)[columns.header :]
        if not cells or readable(cells) >= TIMES:
            return columns
        example = next(filter(None, cells), "")
        self.untimed = (
            f"times left out: {held(example)} in column {columns.name(columns.time)!r} is neither "
            "a number nor an ISO date"
        )
        return replace(columns, time=None)

    def take(self, where: str, cells: dict[str, Cells], chunk: Chunk, columns: Columns) -> None:
        """Take the rows of a piece."""
        n = len(chunk.lines)
        values = self.numbers.read(cells["rating"]) if "rating" in cells else np.ones(n)
        times = self.times.read(cells["time"]) if "time" in cells else None
        keep = np.ones(n, bool)

        def refuse(bad: npt.NDArray[np.bool_], kind: str, role: str, what: str) -> None:
            found = np.flatnonzero(bad & keep).tolist()
            if found:
                name = columns.name(getattr(columns, role))
                first = f"{held(cells[role][found[0]])} in column {name!r} is {what}."
                self.faults.note(kind, where, [chunk.lines[i] for i in found], first)
                keep[found] = False

        for role in ("user", "item"):
            if cells[role].integers() is None and "" in cells[role].texts:
                empty = np.fromiter((not cell for cell in cells[role]), bool, n)
                refuse(empty, f"an empty {role}", role, f"empty, where a{'n' * (role == 'item')} "
                       f"{role} was expected")  # fmt: skip
        refuse(np.isnan(values), "a rating that is not a number", "rating", "not a finite number")
        if times is not None:
            refuse(times == NO_TIME, "a time that cannot be read", "time",
                   "neither a number nor an ISO date")  # fmt: skip
        if self.options.at_least is not None:
            low = keep & (values < self.options.at_least)
            self.left_out += int(low.sum())
            keep &= ~low
        elif columns.counts:
            what = "not above 0 (to leave such rows out, set `at_least=1`)"
            refuse(values <= 0, "a count that is not above 0", "rating", what)
        if not keep.all():
            cells = {
                role: Cells(list(itertools.compress(col, keep))) for role, col in cells.items()
            }
            values, times = values[keep], None if times is None else times[keep]
        if len(values):
            self.append(cells, values, times, columns)

    def append(
        self,
        cells: dict[str, Cells],
        values: npt.NDArray[np.float64],
        times: npt.NDArray[np.int64] | None,
        columns: Columns,
    ) -> None:
        """Keep sound rows."""
        items = self.items.numbers(cells["item"])
        if self.kind == "clicks" and not columns.counts:
            values = np.ones(len(values))
        self.scale.see(values)
        self.parts["users"].append(self.users.numbers(cells["user"]))
        self.parts["items"].append(items)
        self.parts["values"].append(values.astype(np.float32))
        if times is not None:
            self.parts["times"].append(times)
        if "title" in cells:
            for item, title in zip(items.tolist(), cells["title"], strict=True):
                known = self.titles.setdefault(item, title)
                self.titled += 1
                self.contradicting += known != title
        need = self.read * ROW + (len(self.users) + len(self.items)) * ID
        if self.there is not None and need > self.there:
            raise DataError(
                f"There is too much data: after {self.read:,} rows there are still more, and "
                f"that much takes about {need / 1e9:.1f} GB of memory; {self.there / 1e9:.1f} GB "
                "are available.",
                hint="Use a part of the data, or a machine with more memory.",
            )

    def finish(self, source: Source) -> Read:
        """What was gathered.

        Raises:
            DataError: as `read_ratings`.
        """
        if self.options.bad_rows == "refuse":
            self.faults.refuse(self.read)
        assert self.columns is not None
        n = sum(map(len, self.parts["users"]))
        if not n:
            why = "it has no rows" if not self.read else f"no row is left: {self.why_none}"
            raise DataError(
                f"Nothing can be read from {source.where}: {why}.",
                hint="Give a file with rows of a user, an item and a rating.",
            )
        scale = self.scale.found
        refuse_one(source.where, self.kind, scale, self.users, self.items)
        titles, remark = self.own_titles()
        name = self.columns.names[self.columns.item] if self.columns.header else ""
        users, items = tuple(self.users), tuple(self.items)
        rows = Interactions(
            joined(self.parts["users"]),
            joined(self.parts["items"]),
            joined(self.parts["values"]),
            joined(self.parts["times"]) if self.parts["times"] else None,
        )
        remarks = (*source.remarks, *self.remarks(self.columns), *filter(None, (remark,)))
        return Read(users, items, rows, titles, scale, name, remarks)

    @property
    def why_none(self) -> str:
        """Why no row is left."""
        below = f"{self.left_out:,} are below {self.options.at_least:g}" if self.left_out else ""
        return "; ".join(filter(None, (self.faults.told, below)))

    def own_titles(self) -> tuple[tuple[str, ...], str]:
        """The titles in the file itself, and what to say of them."""
        if not self.titles:
            return (), ""
        repeated = self.titled - len(self.titles)
        if self.contradicting > 0.1 * max(repeated, 1):
            return (), "titles left out: items have several, as reviews do"
        return tuple(self.titles[item] for item in range(len(self.items))), "titles from the file"

    def remarks(self, columns: Columns) -> Iterable[str]:
        """How it was read."""
        what = "count" if columns.counts else "rating"
        given = (("user", columns.user), ("item", columns.item), (what, columns.rating),
                 ("time", columns.time))  # fmt: skip
        told = [f"{role} {columns.names[place]!r}" for role, place in given if place is not None]
        yield columns.remark or f"columns: {', '.join(told)}"
        if self.kind == "clicks" and columns.rating is not None and not columns.counts:
            least = self.options.at_least
            which = "each rating" if least is None else f"each rating of at least {least:g}"
            yield f"{which} is read as a click"
        if self.numbers.comma:
            yield f"{what}s with decimal commas"
        if self.untimed:
            yield self.untimed
        if self.left_out:
            yield f"{many(self.left_out, 'row')} below {self.options.at_least:g} left out"
        if self.faults.counts:
            yield f"left out: {self.faults.told}"
        if self.times.dates:
            yield "dates read as seconds since 1970, UTC where no zone is given"
        if self.times.fractions:
            yield "fractions of times left out"


def joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Pieces of a column as one; they are given up on the way."""
    whole = np.empty(sum(map(len, parts)), parts[0].dtype)
    at = len(whole)
    while parts:
        part = parts.pop()
        whole[at - len(part) : at] = part
        at -= len(part)
    return whole


def refuse_one(where: str, kind: Kind, scale: Scale, users: Ids, items: Ids) -> None:
    """Refuse what nothing can be learned from.

    Raises:
        DataError: if there is one user, one item, or one value of all ratings.
    """
    for what, ids in (("user", users), ("item", items)):
        if len(ids) < 2:
            raise DataError(
                f"{where} has one {what} only, {held(next(iter(ids)))}: there is nothing to "
                "compare.",
                hint=f"Check whether `{what}` is the right column.",
                setting=what,
            )
    if kind == "ratings" and scale.low == scale.high:
        raise DataError(
            f"{where}: all ratings are {scale.low:g}: there is nothing to predict.",
            hint="They could be read as clicks: set `task=clicks`.",
            setting="rating",
        )
