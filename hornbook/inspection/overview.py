"""A run on one page: what it learned, from what, how well, what it makes, and how it was made.

The same for a page and for a terminal; nothing here knows which task the run is of.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.errors import HornbookError, RunError
from hornbook.inspection.members import made_of
from hornbook.inspection.standing import Standing, standing_of
from hornbook.rendering import duration, many
from hornbook.reports import Advice, Samples, Table
from hornbook.runs.advice import advice
from hornbook.runs.calls import calls_of, data_options, data_words, last_part, without_home
from hornbook.runs.record import Summary
from hornbook.runs.run import Run
from hornbook.version import __version__

__all__ = ["Overview"]

Tile = tuple[str, str]
ABOUT = "a program that trains small models on one's own data, and shows what they have learned"


@dataclass(frozen=True)
class Overview:
    """What is known of a run beside its pictures; each part is made when it is asked for."""

    run: Run
    summary: Summary | None
    "How its training ended; None if it has not."
    own_title: str = ""
    "A title to use in the place of the usual one; empty: none."

    @property
    def title(self) -> str:
        """What it is about, for a reader who knows neither the data nor the model."""
        if self.own_title:
            return self.own_title
        name = self.run.record.data.name
        if self.untrained:
            return f"{name}: a small model before its training"
        return f"{name}: what a small model learned from it"

    @property
    def untrained(self) -> bool:
        """Whether it is a net that was saved before any training."""
        return self.summary is not None and self.summary.steps == 0

    @property
    def introduction(self) -> str:
        """What the model does, for a reader who does not know the field."""
        if self.untrained:
            return (
                f"This model is untrained: it has not learned anything from "
                f"{self.run.record.data.name} yet, and what it makes is noise."
            )
        return self.run.task.introduce(self.run)

    @property
    def size(self) -> str:
        """What its parameters are, after their number."""
        is_one = self.run.model.n_parameters == 1
        learned = "at their initial values" if self.untrained else "the numbers that it learned"
        return f"parameter{'' if is_one else 's'}, {learned}"

    @property
    def model(self) -> str:
        """The kind of model, its size, and how long it took to make, or to find."""
        found = self.summary.found if self.summary is not None else None
        if found is None:
            return self.made
        asked = duration(60 * found.minutes)
        if found.trials == 1:
            return f"{self.made} Its settings are those of the only trial that was finished."
        if found.trials:
            return (
                f"{self.made} Its settings are the best on dev of {many(found.trials, 'trial')} in "
                f"{asked}, so its figure on dev is partly luck."
            )
        return f"{self.made} It is the best of the models that were tried in about {asked}."

    @property
    def made(self) -> str:
        """The kind of model, its size, and how long it was trained."""
        told = f"Model: {self.run.family}, {self.run.made_as.summary}."
        told += f" It has {self.run.model.n_parameters:,} {self.size}."
        summary = self.summary
        if summary is None:
            return f"{told} Its training has not ended."
        if self.run.made_as.made_by == "mixing":
            took = f"Mixing took {summary.seconds:,.1f} s, beside what it took to make those."
            return f"{told} It is made of {made_of(summary)}. {took}"
        if (imported := self.run.record.start.imported) is not None:
            return f"{told} It was imported from {without_home(imported.source)}."
        if summary.steps is None:
            return " ".join([told, f"Made in {summary.seconds:,.1f} s.", *summary.remarks])
        if self.untrained:
            return f"{told} It is untrained."
        endings = {"interrupted": ", then stopped", "early": ", when dev was no longer improving"}
        ending = endings.get(summary.ending, "")
        trained = f"Trained for {many(summary.steps, 'step')} in {summary.took}{ending}."
        return " ".join([told, trained, *summary.remarks])

    @property
    def measured_on(self) -> str:
        """On how much was measured in the course of the training; empty if on all of it."""
        training, run = self.run.record.training, self.run
        if training is None or not training.evaluate_on:
            return ""
        sizes = run.data.sizes if run.has_data else {}
        if sizes and training.evaluate_on >= max(sizes.values()):
            return ""
        most = training.evaluate_on
        return f"During training each split is measured on up to {most:,} predictions."

    @cached_property
    def standing(self) -> Standing | None:
        """How good it is; None if nothing was measured."""
        if self.summary is None:
            return None
        with pinned():
            return standing_of(self.run, self.summary)

    @cached_property
    def samples(self) -> Samples | None:
        """What it makes; None if models of this task make nothing."""
        try:
            with pinned():
                return self.run.task.samples(self.run)
        except HornbookError as error:
            return Samples(f"No samples can be drawn: {error.message}", ())

    @cached_property
    def extent(self) -> str:
        """What the data are, in a sentence."""
        record = self.run.record.data
        if not self.run.has_data:
            return f"{record.name}. The data itself is not in this run."
        return f"{record.name}: {self.run.data.extent}."

    @cached_property
    def table(self) -> Table | None:
        """How much each split holds; None if the data are not in the run."""
        return self.run.data.table if self.run.has_data else None

    @property
    def reading(self) -> tuple[str, ...]:
        """How the data were read and split; empty if they are not in the run."""
        return tuple(self.run.data.reading) if self.run.has_data else ()

    @property
    def roles(self) -> str:
        """What each split is for; empty if the data are not in the run."""
        sizes = self.run.data.sizes if self.run.has_data else {}
        told = ["The model learns from train only."] if sizes else []
        if "dev" in sizes:
            told.append("Dev is for choices, such as which weights to keep.")
        if "test" in sizes:
            told.append("No choice is based on test, so its figure is the fairest.")
        return " ".join(told)

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The figures that matter most, each with what it is."""
        found: list[Tile] = []
        standing, made = self.standing, self.samples
        if standing is not None and standing.split:
            measure, split = standing.measure, standing.split
            unit = f", {measure.unit}" if measure.title != measure.unit and measure.unit else ""
            found.append((standing.value(split), f"{measure.title} on {split}{unit}"))
            if (best := standing.best) is not None:
                way = "better" if standing.is_ahead else "worse"
                chance = ", which may be chance" if standing.by_chance else ""
                found.append((f"{standing.apart:.1%} {way}", f"than {best.name}{chance}"))
        if made is not None and any(one.kind for one in made.made) and not made.long:
            new = sum(one.kind in ("new", "near") for one in made.made)
            near = sum(one.kind == "near" for one in made.made)
            told = f"samples {'is' if new == 1 else 'are'} new: not in the data"
            told += f"; {near} of them one character away" if near else ""
            found.append((f"{new} of {len(made.made)}", told))
        found.append((f"{self.run.model.n_parameters:,}", self.size))
        return tuple(found)

    def advice(self, *, folders: bool) -> tuple[Advice, ...]:
        """What to try with it.

        Args:
            folders: name data and runs by their paths; else as others may see them.
        """
        tried: list[Advice] = []
        if self.summary is not None:
            with contextlib.suppress(RunError):  # of damaged metrics the inspection tells
                tried += advice(self.run)
            tried += map(self.proposed, self.run.task.next_steps(self.run))
        if folders:
            return tuple(tried)
        return tuple(
            replace(one, action=self.without_folders(one.action)) if one.action else one
            for one in tried
        )

    def proposed(self, action: Action) -> Advice:
        """A call that the task proposes, with what its answer is."""
        question = self.run.task.questions.get(action.verb)
        does = question.summary if question is not None else ""
        return Advice(f"{does[:1].upper()}{does[1:]}:" if does else "", action)

    def without_folders(self, action: Action) -> Action:
        """A call with the paths of the run and of its data as others may see them."""
        shown = {word: last_part(word) for word in data_words(self.run)}
        shown[str(self.run.path)] = without_home(str(self.run.path))
        options = data_options(self.run, folders=False)
        return replace(
            action,
            given=tuple(shown.get(word, word) for word in action.given),
            settings={name: options.get(name, value) for name, value in action.settings.items()},
        )

    def calls(self, *, folders: bool) -> Sequence[Action]:
        """The calls that make such a run; see `calls_of`."""
        return calls_of(self.run, folders=folders)

    @property
    def made_with(self) -> str:
        """What made it: versions, and what training decided by itself."""
        told = ", ".join(str(self.run.record.versions).splitlines())
        training = self.run.record.training
        if training is None:
            return f"Made with {told}."
        threads = f"{training.threads} thread{'' if training.threads == 1 else 's'}"
        return (
            f"Made with {told}; seed {training.seed}, {threads}, {training.precision}, gradients "
            f"by {training.gradients}."
        )

    @property
    def quoted(self) -> str:
        """What a page of this quotes of data that may be private, in a sentence; else empty.

        Data sets that anyone can have, and data that are not in the run, are nobody's secret.
        """
        if not (self.run.task.private and self.run.has_data):
            return ""
        if self.run.record.data.source.startswith("data set "):
            return ""
        copies = self.samples.copies if self.samples is not None else 0
        occur = "occurs" if copies == 1 else "occur"
        samples = f"{copies} of its samples {occur} in it word for word, and " if copies else ""
        return f"It quotes the data: {samples}its pictures and examples may show pieces of it."

    @property
    def foot(self) -> str:
        """What made the page, for a reader who has never heard of it."""
        return f"Made with hornbook {__version__}: {ABOUT}."

    @property
    def contents(self) -> str:
        """What a page of this holds and what it does not, for whoever sends it."""
        made = self.samples
        samples = f"{many(len(made.made), made.one)}, " if made is not None and made.made else ""
        told = (
            f"This page contains the name and size of the data, {samples}and figures and "
            "pictures of the model. It does not say in which folder the data was. It loads "
            "nothing and sends nothing."
        )
        if self.quoted:
            told += (
                f" {self.quoted} The data itself is not on this page; it is in the run directory "
                "until it is removed with `strip`."
            )
        return told
