"""What is known of listed runs by name: columns to show, to sort by, and to choose runs by.

A column is one of `COLUMNS`; a split, for the deciding measure there (`dev`); a split and a measure
(`dev.loss`, `test.rmse`); or any setting of the runs (`learning_rate`, `n_embd`).

A condition is a column, a comparison and a value: `dev<2`, `parameters>=10000`, `family=gru,lstm`
(one of these), `tag!=old`, `run~wide` (has it in it), `when>=2026-11-01`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from hornbook.errors import SettingsError
from hornbook.records import JSON
from hornbook.suggestions import did_you_mean, settings_without_commas, without_commas

if TYPE_CHECKING:
    from hornbook.runs.listed_run import ListedRun

__all__ = ["COLUMNS", "Condition", "Value", "chosen", "known_columns", "sorted_by", "value_of"]

Value: TypeAlias = "str | float | bool | datetime | tuple[str, ...] | None"

COLUMNS: Mapping[str, Callable[[ListedRun], Value]] = {
    "run": lambda row: str(row.path),
    "name": lambda row: row.path.name,
    "task": lambda row: row.task,
    "family": lambda row: row.family,
    "data": lambda row: row.data,
    "parameters": lambda row: row.parameters,
    "steps": lambda row: row.steps,
    "figure": lambda row: row.value,
    "measure": lambda row: row.measure,
    "baseline": lambda row: row.baseline,
    "seconds": lambda row: row.seconds,
    "when": lambda row: row.changed,
    "status": lambda row: row.status,
    "ancestor": lambda row: row.ancestor,
    "tags": lambda row: row.tags,
    "note": lambda row: row.comment,
    "archived": lambda row: row.archived,
}
"""What is known of every run. The figure is that of the deciding measure on dev, or on train where
there is no dev; the baseline is the best one's figure on dev."""
SPLITS = ("train", "dev", "test")
CALLED = {"path": "run", "model": "family", "tag": "tags", "date": "when", "time": "seconds",
          "loss": "figure", "size": "parameters"}  # fmt: skip
"What columns are called, too."
CONDITION = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(<=|>=|!=|==|=|<|>|~)(.*)", re.DOTALL)
SIGNS = "=, !=, <, <=, >, >= or ~"
NOTHING = {"none", "null", ""}
TRUTH = {"true": True, "yes": True, "false": False, "no": False}
BEST_FIRST = {*SPLITS, "figure", "baseline"}


@dataclass(frozen=True)
class Condition:
    """Something that holds for a run, or does not."""

    column: str
    sign: str
    value: str

    @classmethod
    def read(cls, text: str) -> Condition:
        """A condition from what was typed.

        Raises:
            SettingsError: if it is none.
        """
        found = CONDITION.fullmatch(text)
        if found is None:
            raise SettingsError(
                f"{text[:60]!r} is not a condition.",
                hint=f'Give a column, one of {SIGNS}, and a value, such as "dev<2" or family=gru.',
                setting="where",
            )
        if found[2] != "~" and (several := settings_without_commas(text, "where")):
            raise SettingsError(
                f"{text[:60]!r} is several conditions.", hint=several.strip(), setting="where"
            )
        name, sign, value = found[1], found[2], found[3].strip()
        condition = cls(CALLED.get(name, name), "=" if sign == "==" else sign, value)
        if sign in ("<", "<=", ">", ">=") and not value:
            raise SettingsError(f"{text[:60]!r} compares with nothing.", setting="where")
        return condition

    def holds(self, row: ListedRun) -> bool:
        """Whether it holds for a run; of what a run does not have only `!=` does, and `=none`."""
        held = value_of(row, self.column)
        if self.column == "data" and self.sign in ("=", "!="):
            same = self.value in (row.data, row.data_name) or row.data_name in self.value.split(",")
            return same == (self.sign == "=")
        if self.sign in ("=", "!="):
            return is_one_of(held, self.value) == (self.sign == "=")
        if held is None:
            return False
        if self.sign == "~":
            return self.value.casefold() in as_text(held).casefold()
        return self.compares(held)

    def compares(self, held: Value) -> bool:
        """Whether a value is less or more than another, as the sign says.

        Raises:
            SettingsError: if they cannot be compared.
        """
        other: Any
        if isinstance(held, datetime):
            # A day, or a time of it: as many characters of the other as were given.
            mine, other = held.strftime("%Y-%m-%dT%H:%M:%S"), self.value.replace(" ", "T")
            if not re.fullmatch(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d)?)?)?)?)?", other):
                raise SettingsError(
                    f"`where`: {self.column} is a time, and {self.value!r} is none.",
                    hint=f"Give a day, such as {held:%Y-%m-%d}.",
                    setting="where",
                )
            first: Any = mine[: len(other)]
        elif isinstance(held, bool) or not isinstance(held, int | float):
            raise SettingsError(
                f"`where`: {self.column} is {as_text(held)!r} of a run, which is not a number: "
                f"{self.sign} cannot compare it.",
                hint="Use =, != or ~.",
                setting="where",
            )
        else:
            first, other = float(held), number_in(self.value)
            if other is None:
                raise SettingsError(
                    f"`where`: {self.column} is a number, and {self.value!r} is none.",
                    setting="where",
                )
        compared = {"<": first < other, "<=": first <= other, ">": first > other}
        return bool(compared.get(self.sign, first >= other))


def chosen(rows: Sequence[ListedRun], where: Sequence[str]) -> list[ListedRun]:
    """The runs for which all conditions hold.

    Raises:
        SettingsError: if one cannot be understood, or is of a column that no run has.
    """
    conditions = [Condition.read(text) for text in where]
    for condition in conditions:
        refuse_unknown(condition.column, rows, "where")
    return [row for row in rows if all(one.holds(row) for one in conditions)]


def sorted_by(rows: Sequence[ListedRun], column: str) -> list[ListedRun]:
    """The runs by the values of a column: figures the best first, all else the smallest.

    With `-` before the column it is the other way round. What has no value comes last.

    Raises:
        SettingsError: if there is no such column.
    """
    name = column.removeprefix("-")
    name = CALLED.get(name, name)
    refuse_unknown(name, rows, "sort")
    back = column.startswith("-")
    valued = [(value_of(row, name), row) for row in rows]
    known = [(value, row) for value, row in valued if value is not None and value == value]
    kinds = {"number" if isinstance(v, int | float) else type(v).__name__ for v, _ in known}

    def key(one: tuple[Any, ListedRun]) -> Any:
        value, row = one
        if len(kinds) > 1:  # settings of one name in different families
            return as_text(value)
        highest_first = name in BEST_FIRST and row.best == "highest"
        return -value if highest_first else value

    ordered = [row for _, row in sorted(known, key=key, reverse=back)]
    return [*ordered, *(row for value, row in valued if value is None or value != value)]


def value_of(row: ListedRun, column: str) -> Value:
    """What is known of a run under the name of a column; None: nothing."""
    column = CALLED.get(column, column)
    if (own := COLUMNS.get(column)) is not None:
        return own(row)
    split, _, measure = column.partition(".")
    if split in SPLITS:
        return row.figures.get(split, {}).get(measure or row.measure)
    return plain(row.settings.get(column))


def plain(value: JSON) -> Value:
    """A setting as something to compare: several numbers as `64x64`, several texts as they are."""
    if isinstance(value, list | tuple):
        if all(isinstance(one, int | float) for one in value):
            numbers = [one for one in value if isinstance(one, int | float)]
            return numbers[0] if len(numbers) == 1 else "x".join(f"{one:g}" for one in numbers)
        return tuple(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={held}" for name, held in value.items())
    return value  # type: ignore[return-value]  # a number, a truth value, a text or nothing


def known_columns(rows: Iterable[ListedRun]) -> list[str]:
    """The columns that some of the runs have a value for, and those that every run has."""
    found = dict.fromkeys(COLUMNS)
    for row in rows:
        for split, measures in row.figures.items():
            if row.measure in measures:
                found[split] = None
            found.update(dict.fromkeys(f"{split}.{name}" for name in measures))
        found.update(dict.fromkeys(row.settings))
    return list(found)


def refuse_unknown(
    column: str, rows: Sequence[ListedRun], setting: str, among: Sequence[str] = ()
) -> None:
    """Refuse a column that none of the runs knows, one of those that were asked for.

    Raises:
        SettingsError: if it is one.
    """
    if column in COLUMNS or not rows or any(value_of(row, column) is not None for row in rows):
        return
    known = known_columns(rows)
    if column in known or column in SPLITS:
        return
    several = without_commas(column, [*known, *SPLITS], setting=setting, among=among)
    raise SettingsError(
        f"`{setting}`: none of the runs has {column!r}.",
        hint=f"{several or did_you_mean(column, known)}Columns: {', '.join((*COLUMNS, *SPLITS))}, "
        "and every setting of the runs, such as learning_rate.",
        setting=setting,
    )


def is_one_of(held: Value, values: str) -> bool:
    """Whether a value is the one that was typed, or one of several with commas between them."""
    return any(is_value(held, one.strip()) for one in (values, *values.split(",")))


def is_value(held: Value, typed: str) -> bool:
    """Whether a value is what was typed."""
    if held is None:
        return typed.casefold() in NOTHING
    if isinstance(held, bool):
        return TRUTH.get(typed.casefold()) is held
    if isinstance(held, tuple):
        return typed in held if typed else not held
    if isinstance(held, datetime):
        return bool(typed) and held.strftime("%Y-%m-%d %H:%M:%S").startswith(typed)
    if isinstance(held, int | float):
        number = number_in(typed)
        return number is not None and math.isclose(held, number, rel_tol=1e-12)
    return held == typed


def number_in(text: str) -> float | None:
    """The number that a text is; None if it is none."""
    try:
        found = float(text)
    except ValueError:
        return None
    return None if math.isnan(found) else found


def as_text(value: Value) -> str:
    """A value as text."""
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.isoformat(" ", "seconds") if isinstance(value, datetime) else str(value)
