"""Inspect a run: what it learned and how well, what is wrong with it, and what is inside.

`overview` has what comes first on the page and in a terminal; here are the pictures, and the page.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hornbook.compute.pinned import pinned
from hornbook.errors import HornbookError, RunError
from hornbook.inspection.loss_curves import loss_curves
from hornbook.inspection.members import where_to_watch
from hornbook.inspection.overview import Overview
from hornbook.inspection.tables import layer_table, parameter_table
from hornbook.inspection.verdicts import behind, examine
from hornbook.monitoring.history import History, Ignorance
from hornbook.monitoring.record import label
from hornbook.outputs import format_of, refuse_foreign
from hornbook.plots.drawing import drawing
from hornbook.plots.saving import save
from hornbook.records import JSONObject, as_json
from hornbook.rendering import many
from hornbook.reports import Finding, Page, Section, View, Wording
from hornbook.reports.finding import NOTHING, worst_first
from hornbook.runs.advice import remedy
from hornbook.runs.outcome import overfitted
from hornbook.runs.run import Run
from hornbook.storage import refuse_unwritable, write_bytes
from hornbook.training.record import Record

__all__ = ["Inspection", "inspect", "make_folder"]

CHECKED = (
    "Looked for: a model that does not beat guessing or its baseline, or overfits, a start that is "
    "confident and wrong, gradients that vanish or explode, dead units, a learning rate that does "
    "not fit."
)
OUTCOME = (
    "Looked for: a model that does not beat guessing, its baseline, or itself untrained, "
    "and one that overfits."
)
UNEXAMINED = (
    "Not looked for: problems. They show in the training and in losses on data; an imported model "
    "comes with neither. What is inside it was computed from its weights as they are. To measure "
    "it, evaluate it on a file (`data`)."
)
UNKNOWN = Ignorance(float("inf"), "")  # for tasks that cannot say what a uniform guess costs


@dataclass(frozen=True)
class Inspection:
    """The inspection of a run: findings, figures and tables."""

    run: Run
    history: History | None
    "The records of the training; None if it was not watched."
    findings: tuple[Finding, ...]
    "What is wrong with the run."
    views: tuple[View, ...]
    "Views of the trained model; one that is not available says why."
    overview: Overview
    "What comes first: data, figures, samples, calls."
    metrics: tuple[Record, ...] = ()
    "The evaluations in the course of training."
    trouble: str = ""
    "Why the records of the training cannot be read."

    @property
    def measured(self) -> tuple[str, ...]:
        """The splits on which the model was measured."""
        standing = self.overview.standing
        return () if standing is None else tuple(sorted(standing.own))

    @property
    def without_findings(self) -> str:
        """What is to be said of problems if there are none: that nothing was looked for, too."""
        return NOTHING if self.measured or self.history else UNEXAMINED

    @property
    def unwatched(self) -> str:
        """Why there are no figures of the training, if nothing was recorded."""
        if self.trouble:
            return f"{self.trouble} Views of the trained model are still available."
        if self.run.made_as.made_by == "mixing":
            return where_to_watch(self.run, self.overview.summary)
        if self.run.record.start.kind == "import":
            return "This model was imported: how it was trained was not recorded."
        if self.run.record.training is None:
            return "This model is fitted in one pass, without gradients: there is nothing to watch."
        return (
            "This run has no records of activations, gradients and updates; to get them, train "
            "with `watch`."
        )

    @property
    def about(self) -> str:
        """The run in one line."""
        run, summary = self.run, self.overview.summary
        parts = [f"{run.family} on {run.record.data.name}"]
        parts.append(many(run.model.n_parameters, "parameter"))
        if summary is not None:
            if reached := summary.in_words(run.task.decides):
                parts.append(", ".join(reached))
            if summary.ending == "diverged":
                parts.append("diverged")
            if summary.steps is not None:
                parts.append(many(summary.steps, "update") if summary.steps else "untrained")
        if self.history and not (summary is not None and summary.steps == 0):
            parts.append(f"{len(self.history.records)} of them recorded")
        return "; ".join(parts)

    @property
    def bypassed(self) -> str:
        """Which layers could not be observed, because training fuses them with others."""
        if not self.history or not self.history.last.unseen:
            return ""
        names = ", ".join(map(label, self.history.last.unseen))
        return f"Not recorded, because the model fuses them with other layers: {names}."

    def as_dict(self) -> JSONObject:
        """The findings as JSON values."""
        return {
            "run": str(self.run.path),
            "watched": len(self.history.records) if self.history else 0,
            "measured": list(self.measured),
            "findings": as_json(self.findings),
        }

    def page(self) -> Page:
        """The report."""
        one = self.overview
        standing, samples = one.standing, one.samples
        found: list[Section] = []
        if samples is not None:
            found.append(Section(samples.title, samples=samples))
        if standing is not None:
            found.append(
                Section(
                    "How good it is",
                    self.run.task.measure_explained,
                    bars=standing.bars(),
                    note=f"{standing.verdict} {standing.explained}".strip(),
                )
            )
        found.append(Section("The data", one.extent, table=one.table, note=one.roles))
        if one.reading:
            read = Section("How they were read", points=tuple(one.reading))
            found[-1] = replace(found[-1], parts=(read,))
        if self.curves is not None:
            curves = replace(self.curves, title="How the training went", note=one.measured_on)
            found.append(curves)
        found.append(self.told())
        if tried := one.advice(folders=False):
            found.append(Section("What to try next", advice=tried))
        if self.drawn_views:
            about = "Pictures of what the model has learned."
            found.append(Section("Inside the model", about, parts=tuple(self.drawn_views)))
        if self.of_training:
            found.append(
                Section(
                    "Inside the training",
                    "Activations, gradients and updates of each layer while the model was trained.",
                    parts=tuple(self.of_training),
                )
            )
        found.append(
            Section(
                "How it was made",
                "The command, with every setting that is not the default. On the same data it "
                "trains this model again.",
                calls=tuple(one.calls(folders=False)),
                note=one.made_with,
            )
        )
        found.append(Section("About this page", one.contents))
        worst = tuple(finding for finding in self.findings if finding.severity == "problem")
        return Page(
            one.title,
            one.introduction,
            found,
            more=one.model,
            tiles=one.tiles,
            findings=Section("", findings=worst) if worst else None,
            foot=one.foot,
        )

    @cached_property
    def curves(self) -> Section | None:
        """The loss curves; None if nothing was evaluated in the course of the training."""
        if not self.metrics and self.history is None:
            return None
        task, summary = self.run.task, self.overview.summary
        batches = [(one.step, one.loss) for one in self.history.records] if self.history else []
        with drawing():
            return loss_curves(
                self.metrics,
                kept_of(self.metrics),
                task.decides,
                task.ignorance(self.run.data.shape) or UNKNOWN,
                summary.baselines if summary else (),
                batches,
            )

    @cached_property
    def of_training(self) -> list[Section]:
        """Figures and tables of the layers in a training that was watched."""
        if self.history is None:
            return []
        from hornbook.inspection.training_pictures import PICTURES, STILL

        found: list[Section] = []
        with drawing():
            for draw in PICTURES if len(self.history.records) > 1 else STILL:
                found += draw(self.history)
        step = f"At update {self.history.last.step:,}"
        layers = layer_table(self.history.last)
        found.append(Section("Layers", f"{step}. {self.bypassed}".strip(), table=layers))
        updates = (
            f"{step}. The update ratio is the median over the updates at half of the highest "
            "learning rate or more."
        )
        found.append(Section("Parameters", updates, table=parameter_table(self.history)))
        return found

    @cached_property
    def drawn_views(self) -> list[Section]:
        """The views of the trained model that it has."""
        return [drawn(view) for view in self.views if not view.why_not]

    @cached_property
    def sections(self) -> list[Section]:
        """Figures and tables, first of the training, then of the trained model."""
        curves = [] if self.curves is None else [self.curves]
        return [*curves, *self.of_training, *self.drawn_views]

    def written(self) -> Iterator[str]:
        """The views that a terminal can show; one that fails is replaced by the reason."""
        for view in self.views:
            if view.written is not None and not view.why_not:
                try:
                    yield view.write()
                except HornbookError as error:
                    yield error.message

    def save_pictures(self, folder: Path) -> None:
        """Write every figure as an SVG file named after its title.

        Raises:
            RunError: if a file cannot be written.
        """
        make_folder(folder)
        names: set[str] = set()
        for section in self.sections:
            if section.figure is not None:
                name = file_name(section.title, names)
                names.add(name)
                save(section.figure, folder / f"{name}.svg")

    def told(self) -> Section:
        """The findings as a section."""
        if self.history:
            return Section("Problems", CHECKED, findings=self.findings)
        if not self.findings and self.without_findings != NOTHING:
            return Section("Problems", self.without_findings, note=self.unwatched)
        return Section("Problems", OUTCOME, findings=self.findings, note=self.unwatched)

    def write(self, path: Path | str, wording: Wording | None = None) -> Path:
        """Write the report.

        Args:
            path: the file.
            wording: how settings and calls are written in it; by default as in Python.

        Raises:
            SettingsError: if the name does not end in .html.
            RunError: if it cannot be written, or a file stands there that is not such a report.
        """
        path = Path(path)
        if path != self.run.directory.report:  # that one is the run's own
            format_of(path, "html")
            refuse_foreign(path)
        write_bytes(path, self.page().html(wording).encode())
        return path


def file_name(title: str, taken: Collection[str]) -> str:
    """The name of a picture's file, without its ending: letters and digits of its title."""
    name = re.sub(r"[\W_]+", "-", title.lower()).strip("-")[:60] or "picture"
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def make_folder(folder: Path) -> None:
    """Make the directory for pictures, if it is not there.

    Raises:
        RunError: if it cannot be made, or not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"Cannot create the directory {folder}: {error.strerror or error}.",
            hint="Set `pictures` to a directory that you can write to.",
        ) from error
    refuse_unwritable(folder / "picture.svg")


def drawn(view: View) -> Section:
    """A view as a section; one that cannot be drawn is replaced by the reason."""
    title, text = view.name.capitalize(), f"{view.shows[0].upper()}{view.shows[1:]}."
    try:
        return Section(title, text, view.draw(), view.tabulate())
    except HornbookError as error:
        return Section(title, f"{text} It cannot be drawn: {error}")


@pinned()
def inspect(run: Run, *, title: str = "", **options: Any) -> Inspection:
    """Inspect a run.

    Args:
        run: a finished run of any task.
        title: of the report; empty: one that names the data.
        options: settings of the task's views by name (for text: `text`, `prefix`).

    Raises:
        HornbookError: if the views cannot be drawn for the given options.
    """
    views = tuple(run.task.views(run, run.task.seen_with.from_dict(options)))
    overview = Overview(run, run.directory.read_summary(), title.strip())
    found = (*run.findings(), *shortcomings(run, overview), *run.task.findings(run))
    metrics: tuple[Record, ...] = ()
    try:
        if run.record.training is not None:
            metrics = tuple(run.directory.read_metrics())
            if memorised := overfitted(metrics, run.task.decides):
                found = (*found, memorised)
        history, findings = watched(run)
    except RunError as error:
        return Inspection(
            run, None, worst_first(found), views, overview, metrics, trouble=error.message
        )
    found = worst_first((*found, *findings))
    return Inspection(run, history, found, views, overview, metrics)


def shortcomings(run: Run, overview: Overview) -> Iterator[Finding]:
    """Where the model stands behind its baselines; of an untrained one that says nothing."""
    if overview.standing is not None and not overview.untrained:
        yield from behind(overview.standing, remedy(run))


def kept_of(metrics: Sequence[Record]) -> int | None:
    """The step whose weights were kept."""
    return next((record.step for record in reversed(metrics) if record.best), None)


def watched(run: Run) -> tuple[History | None, tuple[Finding, ...]]:
    """The records of a training, and the findings from them.

    Raises:
        RunError: if the training was watched and the records are damaged.
    """
    training = run.record.training
    records = run.directory.read_health()
    if training is None or not records:
        if training is not None and training.watch:
            raise RunError(f"{run.directory.health} has no complete record.")
        return None, ()
    metrics = run.directory.read_metrics()
    history = History(
        records,
        run.task.ignorance(run.data.shape) or UNKNOWN,
        clip=training.clip,
        metrics=metrics,
        kept=kept_of(metrics),
        settings=tuple(field.name for field in fields(run.settings)),
        unit=run.task.decides.unit if run.task.decides.name == "loss" else "",
    )
    return history, tuple(examine(history))
