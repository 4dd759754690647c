"""What can be seen of a run from within: what is amiss with its training, and a report."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hornbook.errors import HornbookError, RunError
from hornbook.inspection.tables import layer_table, parameter_table
from hornbook.inspection.verdicts import examine
from hornbook.monitoring.history import History, Ignorance
from hornbook.monitoring.record import label, read_update
from hornbook.plots.saving import save
from hornbook.records import JSONObject, as_json, read_record
from hornbook.reports.finding import Finding
from hornbook.reports.page import Page
from hornbook.reports.section import Section
from hornbook.runs.run import Run
from hornbook.storage import write_bytes
from hornbook.text.corpus import SPLITS

if TYPE_CHECKING:
    from hornbook.text.views.pictures import Picture

__all__ = ["Inspection", "inspect"]

SHOWN = 24  # symbols of the example: more make small pictures


@dataclass(frozen=True)
class Inspection:
    """What was found of a run."""

    run: Run
    history: History | None
    "What was recorded in training; None if it was not watched."
    findings: tuple[Finding, ...]
    "What is amiss with it."
    text: str
    "The string that attention and hidden units are shown on."
    prefix: str
    "Where the tree of next symbols begins."
    trouble: str = ""
    "Why what was recorded cannot be read."

    @cached_property
    def pictures(self) -> list[Picture]:
        """Pictures of the trained model, and why others cannot be had."""
        from hornbook.text.views.pictures import pictures_of

        return pictures_of(self.run.model, self.run.tokenizer, text=self.text, prefix=self.prefix)

    @property
    def unwatched(self) -> str:
        """Why nothing is known of the training, where nothing was recorded."""
        if self.trouble:
            return f"{self.trouble} What the model has become can be seen all the same."
        if self.run.plan["training"] is None:
            return "It was made in one pass, without gradients: there was no training to watch."
        return (
            "Its training was not watched: what went on inside is not known. Train with --watch to "
            "see activations, gradients and updates."
        )

    @property
    def about(self) -> str:
        """The run in a line."""
        parts = [f"{self.run.family} on {self.run.plan['data']['name']}"]
        parts.append(f"{self.run.model.n_parameters:,} parameters")
        if losses := self.run.summary.get("losses"):
            parts.append(", ".join(f"{name} {loss:.4f}" for name, loss in losses.items()))
        if steps := self.run.summary.get("steps"):
            parts.append(f"{steps:,} updates")
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
        """Pictures and tables, first of the training, then of what the model has become.

        A picture that cannot be drawn says why in its place: the others are worth having.
        """
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
        shown = {"attention": self.text, "traces": self.text, "coloured": self.text}
        shown["tree"] = self.prefix
        for picture in self.pictures:
            if picture.why_not:
                continue
            title, on = f"Inside: {picture.name}", shown.get(picture.name)
            text = picture.shows[0].upper() + picture.shows[1:] + (f": {on!r}." if on else ".")
            try:
                found.append(Section(title, text, picture.draw()))
            except HornbookError as error:
                found.append(Section(title, f"{text} It cannot be drawn: {error}"))
        return found

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
                hint="Give a directory where you may write with --pictures.",
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
        try:
            write_bytes(path, self.page().html().encode("utf-8", "surrogatepass"))
        except OSError as error:
            raise RunError(
                f"Cannot write {path}: {error.strerror or error}.",
                hint="Give a place where you may write with --out.",
            ) from error
        return path


def inspect(run: Run, *, text: str | None = None, prefix: str | None = None) -> Inspection:
    """Look into a run.

    Args:
        run: of any family.
        text: the string that attention and hidden units are shown on; by default a thing of the
            data that was held out, or the beginning of one.
        prefix: where the tree of next symbols begins; by default the text's first two symbols.

    Raises:
        UnknownSymbolError: if the text or the prefix holds a symbol that is not in the alphabet.
    """
    if text is None:
        text = example(run)
    prefix = text[:2] if prefix is None else prefix
    for given in (text, prefix):
        run.tokenizer.encode(given)
    try:
        return Inspection(run, *watched(run), text, prefix)
    except RunError as error:
        return Inspection(run, None, (), text, prefix, trouble=error.message)


def watched(run: Run) -> tuple[History | None, tuple[Finding, ...]]:
    """What was recorded of a training, and what it says.

    Raises:
        RunError: if it was watched and the record is damaged.
    """
    training = run.plan["training"] or {}
    path, lines = run.directory.health, run.directory.read_health()
    if not lines:
        if training.get("watch"):
            raise RunError(f"{path}: no whole record is left, or none was made.")
        return None, ()
    size = run.tokenizer.vocab_size
    even = math.log(size)
    history = History(
        [read_update(line, f"{path}, line {number},") for number, line in enumerate(lines, 1)],
        Ignorance(even, f"guessing evenly among {size} symbols costs ln {size} = {even:.2f}"),
        clip=training["clip"],
        metrics=[Losses.of(line) for line in run.directory.read_metrics()],
        unit="nats a symbol",
    )
    return history, tuple(examine(history))


@dataclass(frozen=True)
class Losses:
    """The losses of one evaluation."""

    step: int
    losses: Mapping[str, float]

    @classmethod
    def of(cls, line: JSONObject) -> Losses:
        """From a line of the metrics."""
        step, losses = line["step"], {name: line[name] for name in SPLITS if name in line}
        return read_record(cls, {"step": step, "losses": losses}, "metrics.jsonl")


def example(run: Run) -> str:
    """A thing that was held out, as far as it can be shown."""
    held_out = next(run.splits[name] for name in ("dev", "test", "train") if run.splits[name])
    # The boundary before it takes a place of the context too.
    room = min(SHOWN, (run.model.context or SHOWN) - run.tokenizer.boundary)
    return held_out[0].lstrip("\n")[: max(1, room)]
