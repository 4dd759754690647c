"""The contract of a task."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.records import JSONObject
from hornbook.settings import Settings
from hornbook.tasks.candidate import Candidate
from hornbook.tasks.data import Baseline, Claim, Data, Figures
from hornbook.tasks.family import Family, Start, find_family
from hornbook.tasks.grouped import AnswerPace, Grouped, GroupedBaseline
from hornbook.tasks.questions import Verb
from hornbook.training.measures import LOSS, Measure

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from hornbook.monitoring.history import Ignorance
    from hornbook.reports import Finding, Report, Samples, Table, View
    from hornbook.runs import Run
    from hornbook.sources.source import Source
    from hornbook.storage import HashedFiles
    from hornbook.training.settings import TrainingSettings

__all__ = ["NoOptions", "Task"]

LARGEST = 2_000_000_000  # parameters: more than GPT-2's largest is not a small model
MADE = 20_000_000  # parameters of a net that is made to see the shapes of its layers

D = TypeVar("D", bound=Data)


@dataclass(frozen=True)
class NoOptions(Settings):
    """Nothing to choose."""


class Task(ABC, Generic[D]):
    """A kind of data and what can be done with it.

    Attributes:
        name: in lower case; no two tasks share one, nor the name of a family or of a question.
        summary: what it is, in a line.
        families: of models, by name.
        default: the family that is taken where none is named; the first, if not said.
        questions: what can be asked of a run, by name.
        telling: options that tell, where they are given, that data are of this task, or what they
            are to `recognise`; all are texts.
        options: the settings of loading and splitting.
        decides: the measure by which a model is better than another, on the dev split.
        keeps_by: the measure on dev by which training keeps weights and ends early; `decides`, if
            not said. It may be another where that is rough or costly on a few examples.
        figures: the measures that `evaluate` tells, in their order.
        previewed: what the lines of `preview` are, in the plural.
        files: names of the files that it keeps in a run's directory.
        seen_with: the settings of `views`.
        evaluated_with: the settings of `report`.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    families: ClassVar[Mapping[str, Family]]
    default: ClassVar[str] = ""
    questions: ClassVar[Mapping[str, Verb]] = {}
    telling: ClassVar[tuple[str, ...]] = ()
    decides: ClassVar[Measure] = LOSS
    figures: ClassVar[tuple[Measure, ...]] = ()
    previewed: ClassVar[str] = "samples"

    @property
    def keeps_by(self) -> Measure:
        """The measure on dev by which training keeps weights and ends early."""
        return self.decides

    # Data

    @property
    def files(self) -> frozenset[str]:
        """Names of the files that it keeps in a run's directory."""
        return frozenset()

    @property
    def private(self) -> frozenset[str]:
        """Those of `files` that hold the data themselves, where a finished run can do without."""
        return frozenset()

    def still_private(self, run: Run) -> str:
        """What of the data the model of a run holds itself, though their files be removed.

        Returns:
            A clause for people, such as `the model holds ...`; empty if nothing is held as it was.
        """
        return ""

    @property
    def options(self) -> type[Settings]:
        """The settings of loading and splitting."""
        return NoOptions

    def recognise(self, source: Source, options: Mapping[str, Any]) -> Claim | None:
        """Whether a source holds data of this task; None if it does not.

        Args:
            source: looked at, not read.
            options: of loading, as far as they were given.
        """
        return None

    def for_data(self, details: JSONObject) -> Task[D]:
        """The task as it is for some data, by their `Data.details`: itself, if not said.

        One whose data are of several kinds can have a deciding measure and figures for each.
        """
        return self

    @abstractmethod
    def load(self, source: Source, options: Any) -> D:
        """Read and split data.

        Raises:
            DataError: if they cannot be read, or hold too little.
        """

    @abstractmethod
    def open(self, files: HashedFiles, name: str, source: str, details: JSONObject) -> D:
        """The data that `Data.keep` wrote.

        Raises:
            RunError: if they are not what was written.
        """

    @property
    def typical(self) -> Any:
        """A shape of data to build a family for where no data are given; None: there is none."""
        return None

    def typical_of(self, family: str) -> Any:
        """`typical`, as far as a family can learn from such data."""
        return self.typical

    def example(self, family: str) -> Action:
        """A call of `train` on data that a family can learn from, for help: their usual name, and
        what tells that they are of this task, where they do not tell it themselves.
        """
        return Action("train", ("DATA",))

    # Models

    def family(self, name: str) -> Family:
        """A family by its name.

        Raises:
            SettingsError: if there is none of that name.
        """
        return find_family(self.families, name)

    def usual_family(self, source: Source | None, options: Mapping[str, Any]) -> str:
        """The family that is taken where none is named: the default, if not said.

        Args:
            source: of the data, looked at, not read; None if it is not known yet.
            options: of loading, as far as they were given.
        """
        return self.default or next(iter(self.families))

    def refuse_unfit(self, family: str, data: D) -> None:
        """Refuse a family that cannot learn some data.

        Raises:
            SettingsError: if it cannot, with those that can.
        """

    def build(self, family: str, settings: Settings, shape: Any, start: Start | None = None) -> Any:
        """A model of a family; one that is trained begins at the seed of `start`."""
        made = self.family(family).load()
        if start is None or start.seed is None:
            return made(settings, shape)
        import torch

        return made(settings, shape, torch.Generator().manual_seed(start.seed))

    def typical_with(self, options: Mapping[str, Any]) -> Any:
        """`typical`, for data that are loaded with some options that are not as usual."""
        return self.typical

    def acquaint(self, model: Any, data: D) -> None:
        """Tell a model what it takes from the data beside the batches: nothing, if not said.

        It is called right after a model is built: when it is to be trained, and when a run is
        opened whose data are kept. Weights are loaded after it, so whatever of this is part of
        them is as it was kept; a run without its data has to do with that.
        """

    def refuse_too_large(self, family: str, settings: Settings, shape: Any) -> Any:
        """Refuse a net that would have more parameters than a small one has.

        Returns:
            The net, of tensors that have a shape and no numbers.

        Raises:
            SettingsError: if it would.
        """
        from hornbook.compute.shapes import shapes_only

        with shapes_only():
            bare = self.build(family, settings, shape)
        if bare.n_parameters > LARGEST:
            raise SettingsError(
                f"With these settings the model has {bare.n_parameters:,} parameters; the maximum "
                f"is {LARGEST:,}.",
                hint="Reduce the layer sizes or the context length.",
            )
        return bare

    def shapes(self, family: str, settings: Settings, shape: Any) -> Any:
        """The layers of a net; a large one is not made, and its numbers take no memory.

        Without numbers torch computes through its compiler, which takes four seconds to load; a
        small net is made and computes in less.

        Returns:
            `hornbook.nn.Shapes`.

        Raises:
            SettingsError: if it would be too large.
        """
        from hornbook.compute.shapes import shapes_only

        bare = self.refuse_too_large(family, settings, shape)
        if bare.n_parameters <= MADE:
            return self.build(family, settings, shape, Start("seed", 0)).shapes()
        with shapes_only():
            return bare.shapes()

    def taken_over(self, ancestor: Run) -> Mapping[str, Any]:
        """Options of loading that data must be read with to fit the weights of a run: none, if not
        said. Those that are given win.
        """
        return {}

    def inherit(self, model: Any, data: D, ancestor: Run, rates: Sequence[str] = ()) -> str:
        """Give a model, just initialised, the weights of a run of the same family and settings.

        Args:
            model: for `data`.
            data: to be trained on.
            ancestor: the run.
            rates: as in `TrainingSettings`, by which parts of the model may be frozen: what is new
                in such a part stays untrained, which has to be said.

        Returns:
            What it kept and what is new, in a sentence; empty if it is all the same.

        Raises:
            SettingsError: if the run's data are of another shape.
            RunError: if its weights cannot be read.
        """
        if ancestor.data.shape != data.shape:
            raise SettingsError(
                f"The data of {ancestor.path} have other columns, categories or sizes than these: "
                "training cannot begin with its weights.",
                hint="Leave `init_from` out; or give the data that the run was trained on.",
                setting="init_from",
            )
        model.load_arrays(ancestor.directory.read_weights(ancestor.record))
        return ""

    def finish(self, model: Any) -> None:
        """Do what makes a model of a finished run better to use: nothing, if not said.

        It is called once its weights are loaded; it is not trained any further.
        """

    def conclude(self, model: Any, data: D) -> Sequence[str]:
        """Give a net whose training has ended what only its final weights can tell, of `arrays`.

        It is called once, with the weights that are kept, before they are measured for good.

        Returns:
            What was done, in sentences for people; empty if the net is as it was.
        """
        return ()

    def fit(self, model: Any, data: D) -> Sequence[str]:
        """Fit a model that is made in one pass.

        Returns:
            What to know of how it was fitted; kept in the run's summary.
        """
        model.fit(data)
        return ()

    def settle(
        self, model: Any, data: D, training: TrainingSettings, processes: int
    ) -> TrainingSettings:
        """The training settings with everything decided that hangs on the data and the model.

        Raises:
            SettingsError: if they do not fit, or several processes cannot train it as one would.
        """
        if training.batches == "auto":
            return replace(training, batches="random")
        return training

    @abstractmethod
    def batches(self, model: Any, data: D, training: TrainingSettings) -> Any:
        """What a model is trained on, as `hornbook.training.protocols.BatchSource`."""

    def gradient_case(
        self, family: str, settings: Settings, generator: torch.Generator, seed: int
    ) -> tuple[Any, Any]:
        """A small net and a batch, to check the net's gradients on.

        Args:
            family: one that is trained.
            settings: of the net.
            generator: of its start.
            seed: of the batch.

        Raises:
            SettingsError: if the task has none.
        """
        raise SettingsError(f"Task {self.name} has no batch to check gradients on.")

    # The best of several

    def candidates(self, data: D, seconds: float) -> Sequence[Candidate]:
        """Models that are worth trying on some data; of nets the likeliest first: the default.

        Args:
            data: that they are sized by.
            seconds: that there are for all of them.
        """
        names = sorted(self.families, key=lambda name: name != self.default)
        return [Candidate(name, name) for name in names if self.family(name).made_by != "mixing"]

    def read_otherwise(self, data: D, options: Mapping[str, Any]) -> D:
        """Data that are there already, as other options of loading have them; not read again.

        Args:
            data: read with options of their own.
            options: all of them, of which only those differ that a candidate's `loading` has.

        Raises:
            SettingsError: if the task reads its data in one way.
        """
        raise SettingsError(f"The task {self.name} reads its data in one way.")

    def comparable(self, value: float, run: Run, split: str) -> float:
        """The deciding measure of a run, as it compares with runs that read the data otherwise."""
        return value

    @property
    def compared_in(self) -> str:
        """The unit of `comparable`."""
        return self.decides.unit

    @property
    def mixes(self) -> bool:
        """Whether several runs on the same data can be made one: there is a family for it."""
        return any(line.made_by == "mixing" for line in self.families.values())

    def mix(self, paths: Sequence[Path], out: Path) -> Run:
        """Several runs on the same data as one, where it `mixes`.

        Raises:
            HornbookError: if these cannot be.
        """
        raise SettingsError(f"Runs of task {self.name} cannot be mixed.")

    def soundness(self, run: Run, filter_command: str = "") -> float | None:
        """Share of what a run makes that is as the data are; None if it makes nothing.

        Args:
            run: that has ended.
            filter_command: decides instead, where one is given.

        Raises:
            ToolError: if the filter fails.
        """
        return None

    def sound_if(self, data: D, filter_command: str = "") -> str:
        """When `soundness` counts a sample, as a sentence; empty if it counts none."""
        return ""

    def suited(self, run: Run, filter_command: str = "") -> JSONObject:
        """Settings of its questions that suit a run better than those that suit any, by name.

        Args:
            run: that has ended.
            filter_command: tells what is right, where one is given.

        Raises:
            ToolError: if the filter fails.
        """
        return {}

    def passing(self, data: D, filter_command: str) -> float:
        """Share of some data that passes a filter: asked before anything is made.

        Raises:
            ToolError: if the filter fails.
            SettingsError: if nothing of this task can be filtered.
        """
        raise SettingsError(
            f"`filter` needs samples, and models of task {self.name} make none.",
            setting="filter",
        )

    # Figures

    @abstractmethod
    def evaluate(self, model: Any, data: D, split: str, limit: int = 0) -> Figures:
        """What is measured of a model on a split, or on about `limit` of its predictions."""

    @property
    def evaluated_with(self) -> type[Settings]:
        """The settings of `report`."""
        return NoOptions

    def report(self, run: Run, options: Any) -> Mapping[str, Any]:
        """The figures of a finished run, by split; each has `as_dict`.

        Where a figure has an interval, its ends stand there under its name with `_low` and `_high`.
        """
        return {name: self.evaluate(run.model, run.data, name) for name in run.data.sizes}

    def baselines(self, data: D, model: Any) -> Iterable[Baseline]:
        """What stands beside a model; those that would take too long are left out.

        Args:
            data: that all are measured on.
            model: finished, to tell how far they are apart.

        Raises:
            MissingPackageError: after those that can be had, if a package is missing for others.
        """
        return ()

    def grouped(self, model: Any, data: D, split: str) -> Grouped | None:
        """The deciding measure on a split, group by group; None if the task does not tell it so.

        The groups are what chance has drawn, and the same for all models of the same data.
        """
        return None

    def grouped_baselines(self, data: D) -> Iterable[GroupedBaseline]:
        """What stands beside every model and is of no family, by `grouped`, on dev and test.

        Raises:
            MissingPackageError: after those that can be had, if a package is missing for others.
        """
        return ()

    def pace(self, run: Run) -> AnswerPace:
        """How fast a finished model answers, measured here and now."""
        split, asked = next(name for name in ("dev", "train") if name in run.data.sizes), 2_000
        self.evaluate(run.model, run.data, split, asked)  # the first asks for memory
        began = time.perf_counter()
        found = self.evaluate(run.model, run.data, split, asked)
        predictions = found.predictions or min(asked, run.data.sizes[split])
        return AnswerPace(predictions / (time.perf_counter() - began), "predictions")

    def ignorance(self, shape: Any) -> Ignorance | None:
        """The loss of knowing nothing."""
        return None

    def draw(self, files: HashedFiles, model: Any, data: D) -> Iterable[str]:
        """Draw pictures of a model that was made in one pass, and give the names of their files."""
        return ()

    # People

    def in_words(self, value: float, run: Run, split: str) -> str:
        """What follows a value of the deciding measure in a sentence.

        Args:
            value: of the measure.
            run: whose it is.
            split: that it was measured on.
        """
        return self.decides.unit

    def preview(self, model: Any, data: D) -> Sequence[str]:
        """A few short lines that show what a model has learned, while it is trained."""
        return ()

    def introduce(self, run: Run) -> str:
        """What a model is and does, in a sentence or two, for a reader who does not know the field.

        Args:
            run: that it belongs to, perhaps without its data.
        """
        return f"A model that has learned from {run.record.data.name}."

    @property
    def measure_explained(self) -> str:
        """What a value of the deciding measure tells, for a reader who does not know it."""
        return ""

    def samples(self, run: Run) -> Samples | None:
        """Some of what a finished run makes, each marked as new or as in the data.

        None if models of this task make nothing.

        Args:
            run: that it belongs to, perhaps without its data.

        Raises:
            HornbookError: if the model cannot make any.
        """
        return None

    def show(self, run: Run, filter_command: str = "") -> Sequence[str | Table]:
        """What a finished run makes of what it has learned, and how good that is.

        Args:
            run: that has ended.
            filter_command: tells which of it is right, where one is given.
        """
        return ()

    def examine(self, source: Source, options: Any) -> Report:
        """What to know of data before training on it."""
        from hornbook.reports import Report

        data = self.load(source, options)
        return Report(facts={"source": data.source, "read as": "; ".join(data.about)})

    def findings(self, run: Run) -> Iterable[Finding]:
        """What is amiss with a finished run, beside what is amiss with any."""
        return ()

    @property
    def seen_with(self) -> type[Settings]:
        """The settings of `views`."""
        return NoOptions

    def views(self, run: Run, options: Any) -> Sequence[View]:
        """Pictures of what a model has become, and why others cannot be had."""
        return ()

    def next_steps(self, run: Run) -> Sequence[Action]:
        """What to try with a run that has just ended."""
        return ()
