"""A table of which it is known what its columns are, or what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, as_typed
from hornbook.rendering import clip, listed, many
from hornbook.tables.faults import Fault, FaultsError
from hornbook.tables.frame import Categories, Dates, Frame, Numbers, Typed, typed
from hornbook.tables.header import named_column
from hornbook.tables.kinds import Column, ColumnKind, Seen, column_as, date_form, kind_of
from hornbook.tables.options import TableOptions
from hornbook.tables.reading import RawTable
from hornbook.tables.spellings import spelled_alike, told_alike
from hornbook.tables.splits import Times, group_codes, times_of
from hornbook.tables.target import target_kind
from hornbook.tables.unread import why_unread
from hornbook.tables.written import NO_DATE, other_reading

__all__ = ["Understood"]

FORCED: tuple[tuple[str, ColumnKind], ...] = (
    ("categorical", "category"), ("numerical", "number"), ("dates", "date"), ("ignore", "left out")
)  # fmt: skip
"Options that say what columns are."
LARGEST = 1e100  # of a target: the squares of errors must be floats
SMALLEST = 1e-100  # and not all be 0


class Understood:
    """A table of which it is known what its columns are.

    Args:
        table: read.
        options: how.
        where: what to call it in messages.

    Attributes:
        target: the name of the column to predict.
        predicts: what is predicted, and `why`.
        remarks: what may be meant otherwise than it is read.
        columns: what each other column is read as, in the order of the table.
        unclear_dates: of each column of dates that may be read with month and day swapped, its
            name, the format it is read by, and the other one.
        zoned: of each column of times with a zone other than UTC its name, and such a time.
        faults: what is wrong with rows; those that have it are left out.
        frame: the columns that are not left out, the target and the group among them.

    Raises:
        DataError: if there is no such column, or nothing to learn from.
    """

    def __init__(self, table: RawTable, options: TableOptions, where: str) -> None:
        self.table, self.options, self.where = table, options, where
        self.target = self.the_target()
        seen = Seen(self.target, table.columns[self.target])
        self.predicts, self.why = target_kind(seen, options)
        self.remarks: list[str] = []
        if options.predicts == "auto" and self.predicts == "number" and seen.has_few_values:
            values = ", ".join(f"{one:g}" for one in seen.values)
            self.remarks.append(
                f"{self.target} is predicted as a number, one of {values}; if these are names of "
                "classes, set `predicts=class`"
            )
        self.columns = tuple(self.column(name) for name in table.columns if name != self.target)
        self.bad = np.zeros(table.n, bool)
        self.faults = list(table.faults)
        of_target: ColumnKind = "category" if self.predicts == "class" else "number"
        wanted = [column_as(seen, of_target, "the target"), *self.columns]
        self.unclear_dates = [
            (column.name, column.form, other)
            for column in self.columns
            if column.kind == "date"
            and (other := other_reading(table.columns[column.name].told, column.form))
        ]
        self.extra = self.extra_columns()
        dates = [one.name for one in (*self.columns, *self.extra) if one.kind == "date"]
        self.zoned = [
            (name, cell) for name in dict.fromkeys(dates) if (cell := table.columns[name].zoned)
        ]
        made: dict[str, Typed] = {}
        for column in wanted:
            if column.kind != "left out":
                made[column.name] = self.typed(column)
        for column in self.extra:
            made.setdefault(column.name, self.typed(column))
        self.frame = Frame(table.n, made)
        self.refuse_target()
        if any(one.setting is None for one in self.faults) or (
            self.faults and options.bad_rows == "refuse"
        ):
            raise FaultsError(self.faults, where)
        self.remark_spellings(one.name for one in wanted if one.kind == "category")

    def remark_spellings(self, names: Iterable[str]) -> None:
        """Note columns with categories that are probably the same."""
        for name in names:
            if found := spelled_alike(self.table.columns[name]):
                what = "classes" if name == self.target else "categories"
                self.remarks.append(
                    f"{name} has {what} that differ only by case or blanks: "
                    f"{told_alike(found)}; if they mean the same, write them in one way in the file"
                )

    def the_target(self) -> str:
        """The column to predict.

        Raises:
            DataError: if it is not named, or there is none of this name.
        """
        names = self.table.names
        if self.options.target is None:
            raise DataError(
                f"{self.where} is a table, and it is not said which column to predict; its columns "
                f"are {listed(names)}.",
                hint="Set `target` to one of them. To learn the texts of a column, set `task=text` "
                "and `column`.",
                setting="target",
            )
        return named_column(self.options.target, names, self.where, "target")

    def column(self, name: str) -> Column:
        """What a column is read as: as it was told, or else as it looks."""
        seen = Seen(name, self.table.columns[name])
        told = [
            (setting, kind)
            for setting, kind in FORCED
            if name in self.named(setting)
        ]  # fmt: skip
        if len(told) > 1:
            both = " and ".join(f"`{setting}`" for setting, _ in told)
            raise DataError(f"Column {name!r} stands in {both}.", hint="Name it in one of them.")
        if not told:
            found = kind_of(seen)
            if found.kind != "number" and seen.is_mixed:
                self.remarks.append(seen.mixture)
            elif found.kind in ("category", "left out") and seen.unread:
                self.remarks.append(f"{name} holds {seen.unread}")
            elif found.unit:
                self.remarks.append(f"{name} is read as {found.reason}")
            return found
        _, kind = told[0]
        if kind == "left out":
            return Column(name, kind, "asked for")
        if not seen.known:
            return Column(name, "left out", "it is empty")
        if kind == "date":
            form = date_form(seen, asked=True)
            if not form:
                raise self.no_dates(seen)
            return Column(name, kind, "asked for", form)
        return column_as(seen, kind, "asked for")

    def named(self, setting: str) -> Sequence[str]:
        """The columns that a setting names.

        Raises:
            DataError: if one of them is not there, or is the target.
        """
        names = [
            named_column(one, self.table.names, self.where, setting)
            for one in getattr(self.options, setting)
        ]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise DataError(
                f"`{setting}` names column {twice!r} twice.",
                hint="Name each column once.",
                setting=setting,
            )
        if self.target in names:
            raise DataError(
                f"Column {self.target!r} is the target, and stands in `{setting}` too.",
                hint="Leave it out there."
                + (
                    " To predict classes, set `predicts=class`." if setting == "categorical" else ""
                ),
                setting=setting,
            )
        return names

    def no_dates(self, seen: Seen) -> DataError:
        """The error that a column that was named holds no dates."""
        first = seen.raw.told[0] if seen.raw.told else f"{seen.values[0]:g}"
        return DataError(
            f"Column {seen.name!r} does not hold dates of one known format: its first value is "
            f"{clip(first, 40)!r}.",
            hint="Write dates as 2015-07-31, or leave the column out: `ignore`.",
            setting="dates",
        )

    def extra_columns(self) -> list[Column]:
        """Columns that order or group rows, and are not read otherwise.

        Raises:
            DataError: if one is the target, or is not there.
        """
        found = []
        read = {column.name for column in self.columns if column.kind != "left out"}
        for setting in ("time", "group"):
            name = getattr(self.options, setting)
            if name is None:
                continue
            name = named_column(name, self.table.names, self.where, setting)
            if name == self.target:
                raise DataError(
                    f"`{setting}` is the target {name!r}: its values are not known of new rows.",
                    hint=f"Set `{setting}` to another column, or leave it out.",
                    setting=setting,
                )
            if name not in read:
                seen = Seen(name, self.table.columns[name])
                form = date_form(seen, asked=True)
                number = seen.of_numbers
                kind: ColumnKind = "date" if form else "number" if number else "category"
                found.append(Column(name, kind, "", form) if form else column_as(seen, kind, ""))
        return found

    def typed(self, column: Column) -> Typed:
        """A column as what it is; rows with cells that are not such are noted as faults."""
        made, wrong = typed(self.table.columns[column.name], column)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            what = "number" if column.kind == "number" else "date"
            cell = clip(self.table.cell(column.name, row), 40)
            seen = Seen(column.name, self.table.columns[column.name])
            named = seen.odd_text and what == "number" and seen.n_numbers
            mark = f"`missing={as_typed(seen.odd_text)}`" if named else "`missing`"
            also = (
                "Correct them, say what stands for a value that is not known ("
                f"{mark}), leave such rows out (`bad_rows=skip`)"
            )
            other = "" if column.name == self.target else (
                ", or read the column as categories: "
                f"`categorical={as_typed(column.name)}`")  # fmt: skip
            if column.reason == "asked for":
                setting = next(name for name, kind in FORCED if kind == column.kind)
                other = f", or leave the column out of `{setting}`"
            known = int((~self.table.columns[column.name].missing).sum())
            others = "as others are" if wrong.sum() < known else "and no other is"
            why = why_unread(cell, seen.raw.form, what)
            which = f"{cell!r} in column {column.name!r}" + (f", {why}," if why else "")
            alike = named and not why and self.table.columns[column.name].is_text(
                wrong, seen.odd_text)  # fmt: skip
            self.faults.append(
                Fault(
                    f"{self.table.place(row)}: {which} is not a {what}, {others}",
                    f"{also}{other}.",
                    int(wrong.sum()),
                    "such cell",
                    self.table.n,
                    mark=seen.odd_text if alike and column.name != self.target else "",
                )
            )
        self.bad |= wrong
        return made

    def refuse_target(self) -> None:
        """Note as faults rows without a target, or with one that has no logarithm.

        Raises:
            DataError: if the target is too small.
        """
        column = self.frame.columns[self.target]
        if isinstance(column, Categories):
            missing = column.codes < 0
        else:
            assert isinstance(column, Numbers)
            missing = np.isnan(column.values)
        self.refuse(missing, "is empty", "Fill it, or leave such rows out: `bad_rows=skip`.")
        if isinstance(column, Numbers):
            self.refuse(
                np.abs(column.values) > LARGEST,
                f"is beyond ±{LARGEST:g}",
                "Correct it, or leave such rows out: `bad_rows=skip`.",
            )
            self.refuse_tiny(column.values)
        if self.predicts == "logarithm":
            assert isinstance(column, Numbers)
            self.refuse(
                column.values <= 0,
                "is not above 0, so it has no logarithm",
                "Leave such rows out (`bad_rows=skip`), or leave `log_target` out.",
            )

    def refuse_tiny(self, values: npt.NDArray[np.float64]) -> None:
        """Refuse a target of which no error has a square that is a float above 0.

        Raises:
            DataError: if it is such a one.
        """
        largest = float(np.abs(values[~self.bad]).max(initial=0.0))
        if 0 < largest < SMALLEST:
            raise DataError(
                f"The target {self.target!r} lies within ±{largest:g}: the squares of errors so "
                "small are 0.",
                hint=f"Multiply it, such as by 1e{-math.floor(math.log10(largest))}.",
                setting="target",
            )

    def refuse(self, wrong: npt.NDArray[np.bool_], what: str, hint: str) -> None:
        """Note some rows as faulty."""
        wrong = wrong & ~self.bad
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            self.faults.append(
                Fault(
                    f"{self.table.place(row)}: the target {self.target!r} {what}",
                    hint,
                    int(wrong.sum()),
                    of=self.table.n,
                )
            )
        self.bad |= wrong

    def times(self) -> Times | None:
        """When rows were: by the column that was named, or the first one of dates."""
        options = self.options
        name = options.time
        if name is not None:
            name = named_column(name, self.table.names, self.where, "time")
        elif options.split_by in ("auto", "time"):
            dates = [column.name for column in self.columns if column.kind == "date"]
            name = next(iter(dates), None)
            dated = bool(options.dev_from or options.test_from)
            if options.split_by == "auto" and not dated:
                name = self.whole_dates(dates)
            if name is None and dated:
                raise DataError(
                    "There is no column of dates, so it is not known when a row was.",
                    hint="Set `time` to a column.",
                    setting="time",
                )
        return None if name is None else times_of(name, self.frame.columns[name], self.place)

    def whole_dates(self, names: Sequence[str]) -> str | None:
        """The first of some columns of dates in which every row has one; None if there is none.

        Nobody has asked for a split by time: where rows have no time, none is made, and that is
        said; so is what other columns there are.
        """
        missing = {}
        for name in names:
            column = self.frame.columns[name]
            assert isinstance(column, Dates)
            missing[name] = int(np.count_nonzero(column.seconds == NO_DATE))
        whole = [name for name, gone in missing.items() if not gone]
        if names and not whole:
            gone = many(missing[names[0]], "row")
            self.remarks.append(
                f"{names[0]} has dates, but {gone} of {self.frame.n:,} have none, so the newest "
                "rows are not held out: `time` and `split_by` say how to split"
            )
        if len(whole) > 1:
            self.remarks.append(
                f"{whole[0]} tells which rows are the newest; {', '.join(whole[1:3])} could too: "
                "`time` chooses"
            )
        return whole[0] if whole else None

    def place(self, row: int) -> str:
        """Where a row of `frame` stands, for people; some may be left out there."""
        left = self.frame.n < self.table.n
        return self.table.place(int(np.flatnonzero(~self.bad)[row]) if left else row)

    def groups(self) -> npt.NDArray[np.int32] | None:
        """The group of each row, where there are groups."""
        if self.options.group is None:
            return None
        name = named_column(self.options.group, self.table.names, self.where, "group")
        return group_codes(self.frame.columns[name])
