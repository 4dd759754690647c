"""What a process of its own is for: the data that it reads, by words as they were typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hornbook import built_in
from hornbook.errors import RunError, SettingsError
from hornbook.experiments.making import data_sums
from hornbook.paths import is_file
from hornbook.records import as_json
from hornbook.runs import Run
from hornbook.runs.prepare import Prepared, prepare
from hornbook.sources.source import Source

__all__ = ["Errand", "refuse_alone"]


@dataclass(frozen=True)
class Errand:
    """The data that a process reads."""

    places: tuple[str, ...]
    "As they were named; or one run, which has them."
    task: str
    options: Mapping[str, Any]
    "Of loading and splitting."
    files: Mapping[str, str]
    "SHA-256 of the data as they were split."

    @classmethod
    def of(cls, prepared: Prepared, places: tuple[str, ...]) -> Errand:
        """The errand of reading again what was read from these places."""
        options = as_json(dict(prepared.options))
        return cls(places, prepared.task.name, options, dict(data_sums(prepared.data)))

    def read(self) -> Prepared:
        """The data.

        Raises:
            HornbookError: if they cannot be read.
            RunError: if they are others by now.
        """
        if len(self.places) == 1 and is_file(f"{self.places[0]}/run.json"):
            run = Run(self.places[0])
            prepared = Prepared(run.task, run.data, self.options)
        else:
            prepared = prepare(Source(self.places), self.task, self.options)
        if data_sums(prepared.data) != self.files:
            raise RunError(
                f"{', '.join(self.places)} has changed since it was first read here.",
                hint="Put the data back as they were, or choose another `out`.",
            )
        return prepared


def refuse_alone(source: Source, task: str) -> None:
    """Refuse several processes where each of them could not read the data.

    Raises:
        SettingsError: saying why.
    """
    if not source.can_be_read_again:
        raise SettingsError(
            "With several `jobs` each process reads the data, and standard input can be read once.",
            hint="Save it to a file, or leave `jobs` out.",
            setting="jobs",
        )
    if task not in built_in.TASKS:
        raise SettingsError(
            f"With several `jobs` each process needs the task {task}, which only this program has "
            "registered.",
            hint="Leave `jobs` out.",
            setting="jobs",
        )
