"""What is kept of a comparison beside its runs, so that it goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hornbook.experiments.owned import read_kept
from hornbook.records import JSON, as_json
from hornbook.runs.contents import COMPARED
from hornbook.storage import sealed, write_json

__all__ = ["ComparisonRecord", "Look", "Refusal"]

FORMAT = 1


@dataclass(frozen=True)
class Refusal:
    """A trial that could not be made."""

    data: str
    trial: str
    kind: str
    why: str
    missing_package: bool = False
    "Whether a package was missing."
    begun: bool = False
    """Whether training had begun, which is kept: it diverged, and would again. What was refused
    before that, for a missing package, too little time on a busy machine or too little memory, may
    be possible by the next call."""


@dataclass(frozen=True)
class Look:
    """A look at the test split."""

    when: str
    "Date and time."
    data: str
    runs: tuple[str, ...]
    "What was measured there: names of trials, runs and baselines."


@dataclass(frozen=True)
class ComparisonRecord:
    """What a comparison is of, and what has become of it."""

    task: str
    data: Mapping[str, Mapping[str, str]]
    "SHA-256 of the data as they were split, by file, for each data set by its name."
    asked: Mapping[str, JSON]
    "What is the same for all trials: budget, size, settings."
    refusals: tuple[Refusal, ...] = ()
    looks: tuple[Look, ...] = ()
    format: int = FORMAT

    def refused(self, data: str, trial: str) -> Refusal | None:
        """Why a trial could not be made; None if it was not tried, or is made."""
        found = (one for one in self.refusals if (one.data, one.trial) == (data, trial))
        return next(found, None)

    def looked(self, data: str) -> tuple[Look, ...]:
        """The looks at the test split of a data set."""
        return tuple(one for one in self.looks if one.data == data)

    def with_refusal(self, one: Refusal) -> ComparisonRecord:
        """The same with a trial that could not be made."""
        return replace(self, refusals=(*self.refusals, one))

    def tried_again(self) -> ComparisonRecord:
        """The same without the refusals that the next call tries again."""
        lasting = tuple(one for one in self.refusals if one.begun)
        return replace(self, refusals=lasting)

    def with_look(self, one: Look) -> ComparisonRecord:
        """The same after a look at a test split."""
        return replace(self, looks=(*self.looks, one))

    def differing(self, other: ComparisonRecord) -> str:
        """What keeps two from being of one comparison, in words; empty if nothing does."""
        if self.task != other.task:
            return f"of the task {self.task}, not {other.task}"
        for name, sums in other.data.items():
            if name in self.data and dict(self.data[name]) != dict(sums):
                return f"on other data, or another split, called {name} too"
        if not self.data.keys() <= other.data.keys():
            return f"on {', '.join(self.data)}, not {', '.join(other.data)}"
        of_both = sorted(other.asked.items(), key=lambda one: self.asked.get(one[0]) is None)
        for name, value in of_both:  # what it has first: its steps, before seconds it has not
            if self.asked.get(name) != value:
                return f"with `{name}={shown(self.asked.get(name))}`, not {shown(value)}"
        return ""

    def write(self, folder: Path) -> None:
        """Keep it.

        Raises:
            RunError: if it cannot be written.
        """
        write_json(folder / COMPARED, sealed(as_json(self)))

    @classmethod
    def read(cls, folder: Path) -> ComparisonRecord:
        """What `write` kept.

        Raises:
            RunError: if it is missing or damaged.
        """
        return read_kept(cls, folder / COMPARED, FORMAT)


def shown(value: JSON) -> str:
    """A value of what was asked, for people."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
