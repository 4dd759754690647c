"""The question whether a run repeats its training data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from hornbook.actions import Action
from hornbook.records import JSONObject, as_json
from hornbook.reports import Table
from hornbook.settings import Bounds, Settings
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.text.memorising import Memorising, memorising
from hornbook.text.memorising_told import evidence_table, figures_table, told

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["NoveltyQuestion", "NoveltySettings"]


@dataclass(frozen=True)
class NoveltySettings(Settings):
    """Samples to hold against the data."""

    n: Annotated[int, Bounds(0, 10**7)] = 0
    "How many samples to draw (0: 1,000 lines, or 20 texts)."
    temperature: Annotated[float | None, Bounds(0, 100)] = None
    "Temperature to draw at (default: as for sample)."
    condition: tuple[str, ...] = ()
    "What to draw them with, as NAME=VALUE (only for a run trained with conditions)."
    seed: Annotated[int, Bounds(0, 2**63 - 1)] = 0
    "Random seed; the same seed gives the same samples."
    longest: Annotated[int, Bounds(0, 10**7)] = 0
    "Maximum length of a sample in tokens (0: as for sample)."


class NoveltyQuestion(Question):
    """Whether samples are new, and whether the model has memorised its data."""

    description = (
        "Tell whether RUN has memorised its data, by its samples.\n\n"
        "Each sample is held against all examples, by edits. A model that repeats nothing from "
        "memory makes samples whose nearest example stands in train as often as examples do; what "
        "is more than that, and more than chance, comes from memory. Of one long text it is the "
        "longest passages that count, beside those of held-out stretches. Lengths and tokens are "
        "compared with train's as well. The samples nearest to train stand beside the examples "
        "that they are nearest to."
    )
    examples = (
        Action("novelty", ("runs/net",), {"n": 200}),
        Action("novelty", ("runs/counts",), {"n": 200, "temperature": 0.7}),
    )
    options = NoveltySettings

    def ask(self, run: Run, *given: NoveltySettings, **options: Any) -> Memorising:
        """What was found: `run.novelty(n=200).verdict`.

        Raises:
            RunError, SettingsError: if it cannot be had.
        """
        s: NoveltySettings = self.settled(given, options)
        return memorising(
            run, s.n, s.temperature, seed=s.seed, longest=s.longest, condition=s.condition
        )

    def answer(self, run: Run, options: NoveltySettings) -> Answer:
        """Figures, a verdict, and what shows it."""
        return NoveltyAnswer(run, self.ask(run, options))


class NoveltyAnswer(Answer):
    """Figures, then the verdict, then the samples nearest to train."""

    key = "samples_beside_train"

    def __init__(self, run: Run, found: Memorising) -> None:
        self.run, self.found = run, found

    def __iter__(self) -> Iterator[Row]:
        parts = as_json(self.found.evidence())
        if self.found.copied is not None:
            parts = as_json(self.found.copied.passages)
        return (NoveltyRow(self.found, one, first=not at) for at, one in enumerate(parts))

    def ending(self) -> JSONObject:
        """The figures and the verdict."""
        known = self.found.as_dict()
        del known["nearest"]
        if isinstance(copied := known["copied"], Mapping):
            known["copied"] = {name: v for name, v in copied.items() if name != "passages"}
        return {**known, "told": told(self.found)}

    def remarks(self) -> Sequence[str | Action]:
        """What follows from it."""
        if self.found.verdict == "unknown":
            return ("Train with a dev split to know more.",)
        if self.found.verdict == "none":
            return ()
        less = "Fewer steps, a smaller net, more `weight_decay`, or more data help against it"
        if not self.run.made_as.trained:
            less = "More data help against it"
        return (
            f"{less}; `only_new` keeps copies out of what is drawn:",
            Action("sample", (str(self.run.path),), {"n": 20, "only_new": True}),
        )


@dataclass(frozen=True)
class NoveltyRow(Row):
    """A sample beside what it is nearest to; the first one shows all."""

    found: Memorising
    values: JSONObject
    first: bool

    def shown(self) -> Iterator[str | Table | Beside]:
        """Everything, from the first row."""
        if self.first:
            yield figures_table(self.found)
            yield f"\n{told(self.found)}\n\n"
            yield evidence_table(self.found)

    def as_dict(self) -> JSONObject:
        """The sample."""
        return self.values
