"""What can be asked of a finished run, and how it is answered: row by row."""

from __future__ import annotations

import importlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.records import JSONObject
from hornbook.rendering import figure
from hornbook.settings import Settings

if TYPE_CHECKING:
    from hornbook.reports import Shaded, Table
    from hornbook.runs import Run

__all__ = ["Answer", "Beside", "Listed", "Question", "Row", "Verb"]


@dataclass(frozen=True)
class Beside:
    """A remark on what was just shown, for a person at a terminal: it is not part of the result."""

    text: str
    always: bool = False
    "Whether to show it even if the result goes to a file."


class Row(ABC):
    """One row of an answer.

    Attributes:
        whole: whether half of it could be taken for a whole one: a file gets it all at once.
    """

    whole: bool = True

    @abstractmethod
    def shown(self) -> Iterator[str | Table | Beside | Shaded]:
        """The row for a terminal: texts as they come, tables, shades, and remarks on them."""

    @abstractmethod
    def as_dict(self) -> JSONObject:
        """The row as JSON; what `shown` has not given yet is waited for."""


class Answer(ABC):
    """The answer to a question: rows that come one after the other, and what is said after them.

    Attributes:
        key: the name of the list of rows in JSON; empty: the rows are all there is.
    """

    key: str = ""

    @abstractmethod
    def __iter__(self) -> Iterator[Row]:
        """The rows."""

    def close(self) -> None:  # noqa: B027 - most answers hold nothing that is to be closed
        """No more rows are wanted: something broke off."""

    def ending(self) -> JSONObject:
        """What JSON holds beside the rows, known when they have come."""
        return {}

    def remarks(self) -> Sequence[str | Action]:
        """What a person is told after the rows: sentences, and what could be asked next."""
        return ()


class Question(ABC):
    """What can be asked of a run of one task.

    Attributes:
        description: for help: a sentence that says what it does, and paragraphs of details.
        examples: calls that work, for help.
    """

    description: str
    examples: Sequence[Action] = ()

    @property
    @abstractmethod
    def options(self) -> type[Settings]:
        """The settings of the question."""

    @abstractmethod
    def answer(self, run: Run, options: Any) -> Answer:
        """The answer, row by row.

        Raises:
            HornbookError: if it cannot be had.
        """

    @abstractmethod
    def ask(self, run: Run, *given: Any, **options: Any) -> Any:
        """The same for a program: what `run.NAME(...)` gives."""

    def settled(self, given: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """The settings of a call: whole or left out, and some of them by name.

        Raises:
            SettingsError: if something else was given, or one is not allowed.
        """
        kind = self.options
        if not given:
            return kind.from_dict(dict(options))
        whole = given[0]
        # Those that the question's own extend are whole, too: what they lack has its default.
        known = isinstance(whole, kind) or (
            isinstance(whole, Settings) and issubclass(kind, type(whole))
        )
        if not known or len(given) > 1:
            raise SettingsError(
                f"Settings must be {kind.__name__}; given: {', '.join(map(repr, given))}.",
                hint="Give settings by name: (n=20).",
            )
        return kind.from_dict({**whole.as_dict(), **options})


@dataclass(frozen=True)
class Verb:
    """A question by name, before it is loaded."""

    summary: str
    "What the answer is, in a few words, for help."
    home: str | type[Question]
    "The class, or its `module:name`."

    def load(self) -> Question:
        """The question."""
        if isinstance(self.home, type):
            return self.home()
        module, _, name = self.home.partition(":")
        made: Question = getattr(importlib.import_module(module), name)()
        return made


class Listed(Answer):
    """Rows that are known by the names of their columns, shown as one table.

    Args:
        rows: each with the same names.
        remarks: what a person is told after them.
    """

    def __init__(self, rows: Sequence[JSONObject], remarks: Sequence[str | Action] = ()) -> None:
        self.rows, self.said = rows, remarks

    def __iter__(self) -> Iterator[Row]:
        return (ListedRow(row, self.rows if at == 0 else ()) for at, row in enumerate(self.rows))

    def remarks(self) -> Sequence[str | Action]:
        """What was given."""
        return self.said


@dataclass(frozen=True)
class ListedRow(Row):
    """A row of a list; the first one shows the table of all."""

    values: JSONObject
    table: Sequence[JSONObject]

    def shown(self) -> Iterator[str | Table | Beside]:
        """The table, from its first row."""
        from hornbook.reports import Table

        if self.table:
            columns = [cells([row[name] for row in self.table]) for name in self.values]
            yield Table(tuple(self.values), tuple(zip(*columns, strict=True)))

    def as_dict(self) -> JSONObject:
        """The row."""
        return self.values


def cells(values: Sequence[object]) -> list[str]:
    """The values of a column of a table: figures with equally many digits after the point."""
    sizes = [abs(one) for one in values if isinstance(one, float) and math.isfinite(one) and one]
    digits = 0
    if sizes:  # four of the largest, but two of the smallest, and six at most
        largest, smallest = (math.floor(math.log10(one)) for one in (max(sizes), min(sizes)))
        digits = min(6, max(0, 3 - largest, 1 - smallest))
    return [
        figure(one, digits, cut=False) if isinstance(one, float) else str(one) for one in values
    ]
