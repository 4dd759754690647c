"""The records of a run: what it is (`run.json`) and how it ended (`summary.json`)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from hornbook.environment import Versions
from hornbook.errors import NewerRunError, RunError
from hornbook.records import JSON, read_record
from hornbook.rendering import figure
from hornbook.runs.upgrade import upgraded_record, upgraded_summary
from hornbook.storage import SEAL, is_sound, read_json
from hornbook.tasks import Baseline, Start, Task, task_named
from hornbook.training.measures import LOSS, Extent, Measure
from hornbook.training.settings import TrainingSettings
from hornbook.version import __version__

__all__ = ["FORMAT", "KeptData", "Member", "Resumption", "RunRecord", "Search", "Summary"]

FORMAT = 3
TOLD = 0.1  # seconds of compiling that are worth a word


@dataclass(frozen=True)
class KeptData:
    """The data of a run, in its directory."""

    name: str
    source: str
    "Where the data came from, as text to print."
    files: Mapping[str, str]
    "SHA-256 of each file, by its name in the run directory."
    details: Mapping[str, JSON] = field(default_factory=dict)
    "What the task needs to open the data."
    removed: tuple[str, ...] = ()
    "Names of files that were removed on purpose; their sums stay."


@dataclass(frozen=True)
class Resumption:
    """A resume that changed something of a training, with what was asked for until then."""

    step: int
    "Updates done before it."
    steps: int
    threads: int
    device: Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True)
class RunRecord:
    """What a run is: which model on which data, how it was loaded, and how it is trained."""

    id: str
    "Sixteen hexadecimal digits; also stored in every tensor file, to recognise another run's."
    task: str
    family: str
    settings: Mapping[str, JSON]
    "Settings of the family."
    options: Mapping[str, JSON]
    "Options of loading and splitting the data."
    training: TrainingSettings | None
    "Settings as used, with every `auto` decided; None for a model that is fitted in one pass."
    data: KeptData
    start: Start
    versions: Versions
    calibration: str = ""
    "Digest of the kind of training that threads, precision and gradients were chosen for."
    calibration_seconds: float = 0.0
    "Time taken to find the fastest way to train, without compiling."
    baseline: bool = False
    "Whether baselines are evaluated after training."
    resumptions: tuple[Resumption, ...] = ()
    "Those that changed its training, the first first."
    parameters: int | None = None
    "Number of parameters of a net; None if it was not recorded, or is known at the end only."
    together: bool = False
    "Whether it was trained, at least in part, by turns with others: its time was shared with them."
    format: int = FORMAT

    def with_data(self, data: KeptData) -> RunRecord:
        """The same with the data as they were kept."""
        return replace(self, data=data)

    def task_of_data(self) -> Task[Any]:
        """The task, as it is for the data.

        Raises:
            SettingsError: if there is none of its name.
        """
        return task_named(self.task).for_data(self.data.details)

    def extended_at(self, step: int) -> bool:
        """Whether a resume after so many updates has changed the number of steps."""
        asked = [one.steps for one in self.resumptions]
        asked += [self.training.steps] if self.training else []
        after = zip(self.resumptions, asked[1:], strict=False)
        return any(one.step == step and one.steps != then for one, then in after)

    @staticmethod
    def new_id() -> str:
        """An id that no other run has."""
        return secrets.token_hex(8)

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """The record in a file, of this format or an older one.

        Raises:
            RunError: naming the field that is wrong, or the version that wrote it.
        """
        held = read_json(path)
        value = upgraded_record(current(unsealed(held), path))
        if isinstance(training := value.get("training"), Mapping):
            for field in fields(TrainingSettings):
                if field.name not in training:  # a default would be a guess
                    raise RunError(
                        f"{path} is damaged: training.{field.name}: is missing.",
                        hint="Restore it from an intact copy.",
                    )
        record = read_record(cls, value, str(path))
        refuse_unsound(held, path)
        return record


@dataclass(frozen=True)
class Member:
    """A run that is part of a mixture."""

    run: str
    family: str
    weight: float
    "Its weight in an average, or its exponent in a product."
    dev: float
    "Its loss on the dev split."
    ending: float | None = None
    "Its exponent in whether an example ends, where a product has one for that."


@dataclass(frozen=True)
class Search:
    """How a run was found: the best of several, in a given time."""

    minutes: float
    filter: str = ""
    "The command that told which samples pass; it is never run because it stands here."
    trials: int = 0
    "Of a search over settings, how many were tried; 0 if it was none."


@dataclass(frozen=True)
class Summary:
    """How a run ended."""

    ending: Literal["finished", "early", "interrupted", "diverged"]
    "`diverged`: the saved weights are worse than the untrained ones."
    parameters: int
    seconds: float
    "Time in training, evaluations included, and compiling left out."
    losses: Mapping[str, float]
    "Loss of the saved weights, by split."
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    "Further values by split, if the task has any."
    steps: int | None = None
    best_step: int | None = None
    baselines: tuple[Baseline, ...] = ()
    members: tuple[Member, ...] = ()
    "Members of a mixture."
    pictures: tuple[str, ...] = ()
    "Names of picture files in the run directory."
    untrained: float | None = None
    "The deciding measure before the first update, on dev, or on train where there is no dev."
    guessing: float | None = None
    "The loss of a uniform guess; None for other measures, and for models fitted in one pass."
    found: Search | None = None
    "Of the best of several: how it was found."
    suited: Mapping[str, JSON] = field(default_factory=dict)
    "Settings of questions that were found to suit this run, by name."
    remarks: tuple[str, ...] = ()
    "What to know of how a model was made: fitted in one pass, or changed when training had ended."
    measured_on: Mapping[str, Extent] = field(default_factory=dict)
    "How much of each split its figures are of; empty where it was not recorded."
    compiling: float = 0.0
    """Seconds in which steps were compiled for the machine, which it does once; before they were
    recorded they were part of `seconds`."""
    format: int = FORMAT

    @property
    def took(self) -> str:
        """The time in words, with that of compiling, which no further training has to wait for."""
        told = f"{self.seconds:,.1f} s"
        if self.compiling < TOLD:
            return told
        return f"{told} (after compiling for {self.compiling:,.1f} s, once)"

    def in_words(self, measure: Measure) -> list[str]:
        """The values of one measure, with what they were measured on where that is a part."""
        told = []
        for split, value in self.reached(measure).items():
            extent = self.measured_on.get(split)
            of = f" (on {extent})" if extent and not extent.is_whole else ""
            told.append(f"{split} {figure(value, measure.digits)}{of}")
        return told

    def reached(self, measure: Measure) -> Mapping[str, float]:
        """The values of one measure by split, where it was measured."""
        if measure.name == LOSS.name:
            return self.losses
        found = self.measures.items()
        return {split: held[measure.name] for split, held in found if measure.name in held}

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.ending != "interrupted"

    @classmethod
    def read(cls, path: Path) -> Summary:
        """The summary in a file, of this format or an older one.

        Raises:
            RunError: naming the field that is wrong.
        """
        held = read_json(path)
        summary = read_record(cls, upgraded_summary(current(unsealed(held), path)), str(path))
        refuse_unsound(held, path)
        return summary


def unsealed(value: dict[str, Any]) -> dict[str, Any]:
    """A record's fields, without its checksum."""
    return {name: held for name, held in value.items() if name != SEAL}


def refuse_unsound(value: dict[str, Any], path: Path) -> None:
    """Refuse a record whose fields are all possible, but not those that were written.

    Raises:
        RunError: if its checksum says so.
    """
    if not is_sound(value):
        raise RunError(
            f"{path} is damaged: its checksum does not match.",
            hint="Restore it from an intact copy.",
        )


def current(value: dict[str, Any], path: Path) -> dict[str, Any]:
    """The value, unless a newer hornbook wrote it.

    Raises:
        RunError: if it did.
    """
    form = value.get("format", 1)
    if not isinstance(form, int) or form < 1:
        raise RunError(
            f"{path} is damaged: format: must be an integer of at least 1; it is {form!r}.",
            hint="Restore it from an intact copy.",
        )
    if form > FORMAT:
        versions = value.get("versions")
        by = versions.get("hornbook") if isinstance(versions, dict) else value.get("hornbook")
        raise NewerRunError(
            f"{path} was written by a newer hornbook ({by}, format {form}); this one "
            f"({__version__}) reads formats up to {FORMAT}.",
            hint="Upgrade hornbook.",
        )
    return value
