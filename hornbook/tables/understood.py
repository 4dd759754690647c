"""A table of which it is known what its columns are, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.rendering import amount, clip, listed
from hornbook.tables.column_of_times import column_of_times
from hornbook.tables.faults import Fault, FaultsError
from hornbook.tables.faulty_cells import FORCED, faulty_cells, refuse_tiny, wrong_targets
from hornbook.tables.frame import Frame, Numbers, Typed, typed
from hornbook.tables.header import named_column
from hornbook.tables.kinds import ASKED, Column, ColumnKind, column_as, date_form, kind_of
from hornbook.tables.lost_codes import lost_code, told_of_lost_code
from hornbook.tables.options import TableOptions
from hornbook.tables.reading import RawTable
from hornbook.tables.seen_column import Seen
from hornbook.tables.spellings import spelled_alike, told_alike
from hornbook.tables.splits import Times, group_codes, times_of
from hornbook.tables.target import target_kind
from hornbook.tables.written_dates import other_reading

__all__ = ["Understood"]


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
            values = ", ".join(map(amount, seen.values))
            self.remarks.append(
                f"{self.target} is predicted as a number, one of {values}; if these are names of "
                "classes, set `predicts=class`"
            )
        if self.predicts == "class" and seen.unread and options.predicts == "auto":
            self.remarks.append(f"{self.target} is read as classes: it holds {seen.unread}")
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
            if found.kind == "category" and (code := lost_code(seen.raw)):
                self.remarks.append(f"{name} {told_of_lost_code(code)}")
            if found.kind != "number" and seen.is_mixed:
                self.remarks.append(seen.mixture)
            elif found.kind in ("category", "left out") and seen.unread:
                self.remarks.append(f"{name} holds {seen.unread}")
            elif found.unit:
                self.remarks.append(f"{name} is read as {found.reason}")
            return found
        _, kind = told[0]
        if kind == "left out":
            return Column(name, kind, ASKED)
        if not seen.known:
            return Column(name, "left out", "it is empty")
        if kind == "date":
            form = date_form(seen, asked=True)
            if not form:
                raise self.no_dates(seen)
            return Column(name, kind, ASKED, form)
        return column_as(seen, kind, ASKED)

    def named(self, setting: str) -> Sequence[str]:
        """The columns that a setting names.

        Raises:
            DataError: if one of them is not there, or is the target.
        """
        asked = getattr(self.options, setting)
        names = [named_column(one, self.table.names, self.where, setting, asked) for one in asked]
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
            self.faults.append(faulty_cells(self.table, column, wrong, self.target))
        self.bad |= wrong
        return made

    def refuse_target(self) -> None:
        """Note as faults rows without a target, or with one that has no logarithm.

        Raises:
            DataError: if the target is too small.
        """
        column = self.frame.columns[self.target]
        for wrong, what, hint in wrong_targets(column, self.predicts):
            self.refuse(wrong, what, hint)
        if isinstance(column, Numbers):
            refuse_tiny(self.target, column.values[~self.bad])

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
        dates = [column.name for column in self.columns if column.kind == "date"]
        name, told = column_of_times(self.options, self.table.names, dates, self.frame, self.where)
        self.remarks += told
        return None if name is None else times_of(name, self.frame.columns[name], self.place)

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
