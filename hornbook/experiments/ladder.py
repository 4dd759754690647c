"""The ladder that was climbed to the best model: what was tried, and what each reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from hornbook.errors import RunError
from hornbook.experiments.owned import read_kept
from hornbook.records import JSON, as_json
from hornbook.runs import Run
from hornbook.runs.contents import TRIED
from hornbook.storage import sealed, write_json
from hornbook.tasks import Baseline

__all__ = ["Ladder", "LadderRecord", "Rung"]

FORMAT = 1
Kind = Literal["counted", "net", "mixture"]


@dataclass(frozen=True)
class Rung:
    """A model that was tried."""

    name: str
    "Of its run directory in the ladder's folder."
    kind: Kind
    "Counted, trained, or made of the others."
    seconds: float
    "Time that it took, evaluations included."
    reached: float | None = None
    """The deciding measure on dev, as it compares with models that read the data otherwise; None if
    there is no model."""
    parameters: int = 0
    sound: float | None = None
    "Share of its samples that are like the data, or pass the filter; None if not asked."
    refused: str = ""
    "Why there is no model; empty if there is one."
    loading: Mapping[str, JSON] = field(default_factory=dict)
    "How the data was read for it, where that differs from what was asked for."


@dataclass(frozen=True)
class LadderRecord:
    """What is kept of a climb, so that it goes on where it was."""

    minutes: float
    task: str
    files: Mapping[str, str]
    "SHA-256 of the data as they were split, by file."
    rungs: tuple[Rung, ...] = field(default_factory=tuple)
    beside: float = 0.0
    "Seconds that were spent beside the rungs."
    format: int = FORMAT

    def with_rung(self, rung: Rung) -> LadderRecord:
        """The same with one more, or with another of that name."""
        others = [one for one in self.rungs if one.name != rung.name]
        return replace(self, rungs=(*others, rung))

    def same_data(self, other: LadderRecord) -> bool:
        """Whether two are on the same data."""
        return self.task == other.task and dict(self.files) == dict(other.files)

    def rung(self, name: str) -> Rung | None:
        """The one of that name."""
        return next((rung for rung in self.rungs if rung.name == name), None)

    @property
    def seconds(self) -> float:
        """Time that was spent so far."""
        return self.beside + sum(rung.seconds for rung in self.rungs)

    def write(self, folder: Path) -> None:
        """Keep it.

        Raises:
            RunError: if it cannot be written.
        """
        write_json(folder / TRIED, sealed(as_json(self)))

    @classmethod
    def read(cls, folder: Path) -> LadderRecord:
        """What `write` kept.

        Raises:
            RunError: if it is missing or damaged.
        """
        return read_kept(cls, folder / TRIED, FORMAT)


@dataclass(frozen=True)
class Ladder:
    """What `best` found."""

    run: Run
    "The winner, in a run directory of its own."
    folder: Path
    "Where all that was tried is kept: a run directory for each rung."
    rungs: tuple[Rung, ...]
    "In the order in which they were tried."
    winner: Rung
    why: str
    "Why it won, as a sentence."

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """What stands beside the winner, where no model made in one pass was tried."""
        if any(rung.kind == "counted" and not rung.refused for rung in self.rungs):
            return ()
        return tuple(self.run.summary.baselines)

    def as_dict(self) -> dict[str, JSON]:
        """All of it by name."""
        return {
            "run": str(self.run.path),
            "tried": str(self.folder),
            "winner": self.winner.name,
            "why": self.why,
            "rungs": [as_json(rung) for rung in self.rungs],
            "baselines": [as_json(one) for one in self.baselines],
        }


def other_ladder(kept: LadderRecord, wanted: LadderRecord, folder: Path) -> RunError:
    """The error that a ladder is of other data, or of another time."""
    if not kept.same_data(wanted):
        return RunError(
            f"{folder} holds models that were tried on other data.",
            hint="Choose another `out`, or delete that folder.",
        )
    return RunError(
        f"{folder} holds models that were tried with `minutes={kept.minutes:g}`, not "
        f"{wanted.minutes:g}.",
        hint="Replace them with `overwrite`, or choose another `out`.",
    )
