"""What is wrong with a file of rows: gathered in one reading, and told in one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hornbook.errors import DataError, as_typed
from hornbook.rendering import many

__all__ = ["LEAVING", "Fault", "FaultsError", "ragged_fault"]

SHOWN = 12  # faults in a list
LEAVING = {"skip": "such rows out", "empty": "the predictions of such rows empty"}
"What each value of `bad_rows` does, after `leave`."


@dataclass(frozen=True)
class Fault:
    """One kind of fault in the rows of a file."""

    what: str
    "Where the first one stands, and what is wrong there; without a full stop."
    hint: str
    "How to mend it where it is the only one."
    count: int = 0
    "How many there are of it; 0 where it is not of rows."
    such: str = "such row"
    "What is counted, in the singular."
    of: int = 0
    "Among how many rows; 0 where that is not known."
    setting: str | None = "bad_rows"
    "Which setting mends it; None where only the file can be mended."
    mark: str = ""
    "The text of all its cells, if they have the same: it may say that nothing is known."

    @property
    def counted(self) -> str:
        """How many there are, for people; empty where it is not of rows."""
        if not self.count:
            return ""
        return many(self.count, self.such) + (f" of {self.of:,}" if self.of else "")

    @property
    def line(self) -> str:
        """It in one line."""
        return self.what + (f" ({self.counted} in all)" if self.count > 1 else "")


class FaultsError(DataError):
    """Rows cannot be read; all that is wrong with them, as far as they could be looked at.

    Attributes:
        faults: one at least.
    """

    def __init__(self, faults: Sequence[Fault], where: str, skip: str = "skip") -> None:
        """Tell of them.

        Args:
            faults: one at least.
            where: what to call the file.
            skip: the value of `bad_rows` with which such rows do no harm.
        """
        self.faults, self.skip = tuple(faults), skip
        one = self.faults[0]
        if len(self.faults) == 1:
            in_all = f" In all: {one.counted}." if one.counted else ""
            super().__init__(f"{one.what}.{in_all}", hint=one.hint, setting=one.setting)
            return
        lines = [f"  {fault.line}" for fault in self.faults[:SHOWN]]
        if len(self.faults) > SHOWN:
            lines.append(f"  and {len(self.faults) - SHOWN:,} more")
        marks = self.marks
        also = f"; where a text says that nothing is known: `missing={as_typed(*marks)}`"
        super().__init__(
            f"{where} has {len(self.faults)} kinds of faults:\n" + "\n".join(lines),
            hint=(
                f"Correct them, or leave {LEAVING[skip]}: `bad_rows={as_typed(skip)}`"
                f"{also if marks else ''}."
                if self.mends
                else "Correct them in the file: no setting mends all of them."
            ),
            setting="bad_rows" if any(fault.setting for fault in self.faults) else None,
        )

    @property
    def marks(self) -> list[str]:
        """Texts that may say that nothing is known."""
        return list(dict.fromkeys(fault.mark for fault in self.faults if fault.mark))

    @property
    def mends(self) -> Mapping[str, object]:
        """Settings with which it can be read; empty if there are none."""
        if any(fault.setting != "bad_rows" for fault in self.faults):
            return {}
        found: dict[str, object] = {"missing": tuple(self.marks)} if self.marks else {}
        if any(not fault.mark for fault in self.faults):
            found["bad_rows"] = self.skip
        return found


def ragged_fault(rows: Iterable[tuple[str, int, int]], count: int, width: int, skip: str) -> Fault:
    """The fault that rows have too many or too few cells.

    Args:
        rows: file, line and number of cells of the first ones.
        count: how many there are.
        width: how many cells were expected.
        skip: what leaves them out, as a sentence goes on: `set ... to leave them out`.
    """
    where, line, cells = next(iter(rows))
    return Fault(
        f"{where}, line {line:,}: it has {many(cells, 'cell')}, and {width:,} were expected",
        "Correct these rows (a cell with the separator in it stands in quotation marks), or "
        f"{skip}.",
        count,
    )
