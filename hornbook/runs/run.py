"""A finished run, or one that was stopped: opened, measured, asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from types import GeneratorType
from typing import Any

from hornbook.actions import Action
from hornbook.compute.pinned import pinned, pinned_steps
from hornbook.errors import RunError, SettingsError
from hornbook.extras import has_torch
from hornbook.records import read_record
from hornbook.rendering import figure, many
from hornbook.reports import Finding
from hornbook.runs.directory import RunDirectory
from hornbook.runs.outcome import findings_of
from hornbook.runs.record import RunRecord, Summary
from hornbook.settings import Settings
from hornbook.tasks import Data, Family, Question, Task, of_kind, tasks
from hornbook.tensor_files import tensor_sizes
from hornbook.training.settings import TrainingSettings

__all__ = ["Run"]


class Run:
    """An open run directory.

    The questions of its task are methods: `run.sample(n=5)`, `run.score("emma")`.

    Args:
        path: the directory, or one that is open already.
        device: where its model runs: cpu, cuda, mps, or auto, which takes a GPU if there is one.

    Raises:
        RunError: if it is not a run, is damaged, or is of a newer version or an unknown task.
    """

    def __init__(self, path: Path | str | RunDirectory, device: str = "cpu") -> None:
        self.device = device
        self.directory = path if isinstance(path, RunDirectory) else RunDirectory(path)
        self.record: RunRecord = self.directory.read_record()
        try:
            self.task: Task[Any] = self.record.task_of_data()
            self.made_as: Family = self.task.family(self.record.family)
        except SettingsError as error:
            raise RunError(f"{self.directory.run}: {error.message}", hint=error.hint) from error

    def __repr__(self) -> str:
        record = self.record
        told = [f"Run {self.path}: {record.family} on {record.data.name} ({record.task})"]
        try:
            summary = self.directory.read_summary()
        except RunError:  # a repr must not fail; whoever asks for the summary is told
            return f"<{told[0]}, summary damaged>"
        if summary is None:
            return f"<{told[0]}, not finished>"
        measure = self.task.decides
        for split, value in summary.reached(measure).items():
            told.append(f"{split} {measure.title} {figure(value, measure.digits)}")
        if summary.ending == "diverged":
            told.append("diverged")
        if summary.steps is not None:
            told.append(many(summary.steps, "step"))
        return f"<{', '.join(told)}>"

    @property
    def path(self) -> Path:
        """The directory."""
        return self.directory.path

    @property
    def family(self) -> str:
        """The family of its model."""
        return self.record.family

    @cached_property
    def settings(self) -> Settings:
        """The settings of the model."""
        kind: type[Settings] = self.made_as.load().Settings
        return read_record(kind, self.record.settings, f"{self.directory.run}: settings")

    @property
    def has_data(self) -> bool:
        """Whether the files of the data are all there; a run can be stripped of them, and one that
        was imported never had any.
        """
        if self.record.start.kind == "import":
            return False
        return all(os.path.lexists(self.path / name) for name in self.record.data.files)

    @property
    def suited(self) -> TrainingSettings:
        """The training settings that suit its family and its data, where those are kept."""
        rows = self.data.sizes["train"] if self.has_data else 0
        line, begun = self.made_as, self.record.start.ancestor
        if begun is not None:
            line = line.begun(self.settings, imported=begun.imported)
        return line.training_for(self.data.kind, rows, self.data.shape)

    @cached_property
    @pinned()
    def data(self) -> Any:
        """The data, as they were split; what they are is the task's."""
        kept = self.record.data
        files = self.directory.files(self.record)
        data: Data = self.task.open(files, kept.name, kept.source, kept.details)
        return data

    @cached_property
    @pinned()
    def model(self) -> Any:
        """The model with the weights of its best dev loss, on the device.

        Raises:
            SettingsError: if there is no such device, or the family runs on none but the CPU.
        """
        where = chosen_device(self.device)
        self.refuse_unmade()
        self.refuse_too_large(self.directory.model)
        model = self.task.build(self.family, self.settings, self.data.shape)
        if self.has_data:
            self.task.acquaint(model, self.data)
        model.load_arrays(self.directory.read_weights(self.record))
        self.task.finish(model)
        if where is None:
            return model
        if not hasattr(model, "to"):
            raise SettingsError(
                f"`device` has no effect here: {self.family} runs on the CPU only.",
                hint="Leave `device` out.",
                setting="device",
            )
        return model.to(where)

    def refuse_unmade(self) -> None:
        """Refuse a model that is made in one pass, where that was stopped before its end.

        Raises:
            RunError: if it was: there is nothing to resume.
        """
        if self.record.training is None and not self.directory.model.exists():
            made = "imported" if self.record.start.kind == "import" else "made"
            raise RunError(
                f"{self.path} was stopped before its model was {made}.",
                hint="Do the same again, with this directory as `out`: nothing is lost.",
            )

    def refuse_too_large(self, path: Path) -> None:
        """Refuse settings that ask for more than a file of weights holds, before memory is taken.

        Raises:
            RunError: if they do.
        """
        if self.made_as.fitted or not has_torch():
            return  # what is counted takes no room before its file is read
        from hornbook.compute.shapes import shapes_only

        apart = self.directory.frozen
        files = [path, apart] if apart.exists() else [path]
        held = sum(size for file in files for size in tensor_sizes(file).values())
        with shapes_only():
            asked = self.task.build(self.family, self.settings, self.data.shape).n_parameters
        if asked > 2 * held:  # less is told name by name when they are loaded
            raise RunError(
                f"The settings of {self.path} ask for {asked:,} parameters, and {path.name} has "
                f"{held:,}.",
                hint="Restore run.json from an intact copy.",
            )

    @cached_property
    def summary(self) -> Summary:
        """How training ended.

        Its `ending` is `diverged` where the net that was kept is worse than the untrained one.

        Raises:
            RunError: if it has not ended.
        """
        summary = self.directory.read_summary()
        if summary is None:
            self.refuse_unmade()
            raise RunError(
                f"{self.path} has not finished training.",
                action=Action("resume", (str(self.path),)),
            )
        return summary

    def findings(self) -> list[Finding]:
        """What is amiss with the net that was kept; empty if nothing is, or training goes on."""
        summary, training = self.directory.read_summary(), self.record.training
        if summary is None:
            return []
        metrics = self.directory.read_metrics() if summary.ending == "diverged" else ()
        rate = training.learning_rate if training else None
        return findings_of(summary, self.task.decides, rate, metrics)

    @pinned()
    def evaluate(self, **options: Any) -> Mapping[str, Any]:
        """Evaluate the model on every split.

        Args:
            options: of the task, by name (of a text: `data`, `encoding`, `stride`).

        Raises:
            HornbookError: if that cannot be measured.
        """
        named = {name: str(v) if isinstance(v, Path) else v for name, v in options.items()}
        return self.task.report(self, self.task.evaluated_with.from_dict(named))

    def __getattr__(self, name: str) -> Any:
        # Reached for names that are nothing else: the task's questions.
        if not name.startswith("_") and "task" in vars(self):
            if name in self.task.questions:
                return partial(asked, self.task.questions[name].load(), self)
            if any(name in other.questions for other in tasks().values()):
                raise of_kind(self.task.name, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.task.questions]


def chosen_device(name: str) -> Any:
    """The device of a name; None for the CPU, for which nobody needs torch.

    Raises:
        SettingsError: if that device is not to be had here.
    """
    if name == "cpu" or (name == "auto" and not has_torch()):
        return None
    from hornbook.compute.device import choose_device

    device = choose_device(name)
    return None if device.type == "cpu" else device


def asked(question: Question, run: Run, *given: Any, **options: Any) -> Any:
    """What a question answers; rows that are computed one by one are, whoever asks for the next."""
    with pinned():
        answer = question.ask(run, *given, **options)
    return pinned_steps(answer) if isinstance(answer, GeneratorType) else answer
