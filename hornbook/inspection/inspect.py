"""What can be seen of a run from within: what is amiss with it, and a report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError, RunError
from hornbook.inspection.tables import layer_table, parameter_table
from hornbook.inspection.verdicts import examine
from hornbook.monitoring.history import History, Ignorance
from hornbook.monitoring.record import label
from hornbook.plots.saving import save
from hornbook.records import JSONObject, as_json
from hornbook.reports import Finding, Page, Section, View
from hornbook.runs.run import Run
from hornbook.storage import write_bytes

__all__ = ["Inspection", "inspect"]

UNKNOWN = Ignorance(float("inf"), "")  # where a task cannot say what knowing nothing costs


@dataclass(frozen=True)
class Inspection:
    """What was found of a run."""

    run: Run
    history: History | None
    "What was recorded in training; None if it was not watched."
    findings: tuple[Finding, ...]
    "What is amiss with it."
    views: tuple[View, ...]
    "Of the trained model, and why others cannot be had."
    trouble: str = ""
    "Why what was recorded cannot be read."

    @property
    def unwatched(self) -> str:
        """Why nothing is known of the training, where nothing was recorded."""
        if self.trouble:
            return f"{self.trouble} What the model has become can be seen all the same."
        if self.run.record.training is None:
            return "It was made in one pass, without gradients: there was no training to watch."
        return (
            "Its training was not watched: what went on inside is not known. Train with `watch` to "
            "see activations, gradients and updates."
        )

    @property
    def about(self) -> str:
        """The run in a line."""
        run, summary = self.run, self.run.directory.read_summary()
        parts = [f"{run.family} on {run.record.data.name}"]
        parts.append(f"{run.model.n_parameters:,} parameters")
        if summary is not None:
            reached = summary.reached(run.task.decides)
            if reached:
                parts.append(", ".join(f"{name} {value:.4f}" for name, value in reached.items()))
            if summary.steps:
                parts.append(f"{summary.steps:,} updates")
        if self.history:
            parts.append(f"{len(self.history.records)} of them watched")
        return "; ".join(parts)

    @property
    def bypassed(self) -> str:
        """Which layers the training went around, so that nothing is known of them."""
        if not self.history or not self.history.last.unseen:
            return ""
        names = ", ".join(map(label, self.history.last.unseen))
        return f"Not seen, since the model computes them together with others: {names}."

    def as_dict(self) -> JSONObject:
        """For machines."""
        return {
            "run": str(self.run.path),
            "watched": len(self.history.records) if self.history else 0,
            "findings": as_json(self.findings),
        }

    def page(self) -> Page:
        """The report."""
        return Page(str(self.run.path), self.about, [self.told(), *self.sections])

    @cached_property
    def sections(self) -> list[Section]:
        """Pictures and tables, first of the training, then of what the model has become."""
        found: list[Section] = []
        if self.history is not None:
            from hornbook.inspection.training_pictures import PICTURES

            for draw in PICTURES:
                found += draw(self.history)
            step = f"At update {self.history.last.step:,}"
            layers = layer_table(self.history.last)
            found.append(Section("Layers", f"{step}. {self.bypassed}".strip(), table=layers))
            updates = f"{step}; updates where the rate was high, in the median."
            found.append(Section("Parameters", updates, table=parameter_table(self.history)))
        return found + [drawn(view) for view in self.views if not view.why_not]

    def written(self) -> Iterator[str]:
        """The views that a terminal can show; one that cannot be had says why in its place."""
        for view in self.views:
            if view.written is not None and not view.why_not:
                try:
                    yield view.written()
                except HornbookError as error:
                    yield error.message

    def save_pictures(self, folder: Path) -> None:
        """Write every picture as an SVG named after its title.

        Raises:
            RunError: if one cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(
                f"Cannot make {folder}: {error.strerror or error}.",
                hint="Give a directory where you may write as `pictures`.",
            ) from error
        for section in self.sections:
            if section.figure is not None:
                name = re.sub(r"[^a-z]+", "-", section.title.lower().removeprefix("inside: "))
                save(section.figure, folder / f"{name}.svg")

    def told(self) -> Section:
        """The findings as a section."""
        if not self.history:
            return Section("Health", self.unwatched)
        return Section("Health", findings=self.findings)

    def write(self, path: Path | str) -> Path:
        """Write the report.

        Raises:
            RunError: if it cannot be written.
        """
        path = Path(path)
        write_bytes(path, self.page().html().encode("utf-8", "surrogatepass"))
        return path


def drawn(view: View) -> Section:
    """A view as a section; one that cannot be drawn says why in its place."""
    title, text = f"Inside: {view.name}", f"{view.shows[0].upper()}{view.shows[1:]}."
    try:
        return Section(title, text, view.draw())
    except HornbookError as error:
        return Section(title, f"{text} It cannot be drawn: {error}")


def inspect(run: Run, **options: Any) -> Inspection:
    """Look into a run.

    Args:
        run: of any task.
        options: of the task's views, by name (of a text: `text`, `prefix`).

    Raises:
        HornbookError: if the views cannot be shown on what was given.
    """
    views = tuple(run.task.views(run, run.task.seen_with.from_dict(options)))
    try:
        history, findings = watched(run)
    except RunError as error:
        return Inspection(run, None, (), views, trouble=error.message)
    return Inspection(run, history, findings + tuple(run.task.findings(run)), views)


def watched(run: Run) -> tuple[History | None, tuple[Finding, ...]]:
    """What was recorded of a training, and what it says.

    Raises:
        RunError: if it was watched and the record is damaged.
    """
    training = run.record.training
    records = run.directory.read_health()
    if training is None or not records:
        if training is not None and training.watch:
            raise RunError(f"{run.directory.health}: no whole record is left, or none was made.")
        return None, ()
    history = History(
        records,
        run.task.ignorance(run.data.shape) or UNKNOWN,
        clip=training.clip,
        metrics=run.directory.read_metrics(),
        unit=run.task.decides.unit if run.task.decides.name == "loss" else "",
    )
    return history, tuple(examine(history))
